"""ONSPD, NSPL and the ONS postcode lookup, of any edition, as a `Directory`.

Streamed in batches: a batch of postcodes becomes integers, and the areas of each postcode become one number, that of its
place. Only distinct places are ever looked at as text.
"""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from pipeline.councils import Councils, UnknownCouncilError
from pipeline.directory import ENGLAND, Directory, Origin
from pipeline.geography.assemble import NATION_OF_AREA, assemble, nations
from pipeline.geography.layout import Recognised
from pipeline.geography.licence import attribution
from pipeline.geography.source import GeographyError, Source
from pipeline.geography.stream import Postcodes, read_batches
from pipeline.postcode import AREAS, NO_CODE, unpack

# Areas in which every whole directory of the country has postcodes.
EVERYWHERE: Final = AREAS - {"BF", "GX", "GY", "JE", "IM"}
# A directory's rank is that of IMD 2019 in editions from here on; an earlier one may hold IMD 2015, which has as many LSOAs.
FIRST_WITH_IMD2019: Final = "2020-11"
LSOAS_2011: Final = 32_844
AREA_COLUMNS: Final = ("lad", "lsoa11cd", "msoa11cd", "lsoa21cd", "msoa21cd", "ruc21", "imd_rank")
_PREFIXES: Final = {"lsoa11cd": "E01", "lsoa21cd": "E01", "msoa11cd": "E02", "msoa21cd": "E02"}
_NOT_APPLICABLE: Final = r"[A-Z]99999999|\s*"
_DATE: Final = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])")
_COUNCIL: Final = r"[EWSNLM]\d{8}"
_AREA: Final = r"[EWSN]0\d{7}"  # a place on the border may have an area of the other nation


def read_postcodes(source: Source, recognised: Recognised, sha256: str) -> Directory:
    """The directory in a table of ONS. Raises GeographyError with what was expected and what was found."""
    columns = recognised.columns
    if not {"lsoa11cd", "lsoa21cd"} & set(columns):
        raise GeographyError(f"expected a column of LSOAs (lsoa11cd or lsoa21cd), found none in {source.name}")
    if not source.ends_with_newline():
        raise GeographyError(f"{source.name} ends in the middle of a line: download it again")
    read = read_batches(source, columns, [column for column in AREA_COLUMNS if column in columns])
    _check_whole(read, source)
    vintage = _vintage(read, source)
    places = _places(read.places, vintage, source)
    licence = attribution(recognised.product, vintage)
    origin = Origin(recognised.product.value, vintage, licence, {source.path.name: sha256})
    return assemble(origin, read.codes, read.place, read.terminated, places)


def _check_whole(read: Postcodes, source: Source) -> None:
    bad = int((read.codes == NO_CODE).sum())
    if bad:
        raise GeographyError(f"expected a postcode in every row of {source.name}, found {bad} rows without: is a second file in it?")
    starts = pd.unique(read.codes // 37**5)
    found = {re.sub("[^A-Z]", "", text[:2]) for text in unpack(starts * 37**5)}
    missing = sorted(EVERYWHERE - found)
    if missing:
        raise GeographyError(
            f"expected postcodes of all {len(EVERYWHERE)} areas of the country in {source.name}, found none of "
            f"{', '.join(missing[:5])}{' ...' if len(missing) > 5 else ''}: it is cut off or a part"
        )


def _vintage(read: Postcodes, source: Source) -> str:
    """The latest month in which a postcode was introduced or terminated, as YYYY-MM."""
    bad = [date for date in read.dates if not _DATE.fullmatch(date)]
    if bad or not read.dates:
        raise GeographyError(f"expected months as YYYYMM in dointr and doterm of {source.name}, found '{bad[0] if bad else ''}'")
    latest = max(read.dates)
    return f"{latest[:4]}-{latest[4:]}"


def _places(raw: pd.DataFrame, vintage: str, source: Source) -> pd.DataFrame:
    """Places as the product says them: England's areas only, councils of 2025, deciles instead of ranks."""
    council = _known(raw["lad"])
    _check_codes(raw["lad"], _COUNCIL, f"council codes like E09000001 in {source.name}")
    dependency = raw["dependency"].map(dict(enumerate(NATION_OF_AREA.values()))).astype("str")
    nation = nations(raw["lad"].where(raw["lad"].str.strip() != ""), dependency)
    here = nation == ENGLAND
    try:
        lad = council.where(here).map(Councils.of_2025().of_today, na_action="ignore").astype("str")
    except UnknownCouncilError as error:
        raise GeographyError(str(error)) from error
    places = pd.DataFrame({"nation": nation, "lad25cd": lad})
    for column, prefix in _PREFIXES.items():
        areas = _known(raw[column]) if column in raw else pd.Series(None, index=raw.index, dtype="str")
        english = areas.where(here)
        _check_codes(english, _AREA, f"codes like {prefix}000001 in {column} of {source.name}")
        if column in raw or column in ("lsoa11cd", "msoa11cd"):
            places[column] = english.where(english.str.startswith(prefix))
    if "ruc21" in raw:
        places["ruc21"] = raw["ruc21"].where(here & (raw["ruc21"].str.strip() != ""))
    if "imd_rank" in raw and vintage >= FIRST_WITH_IMD2019:
        places["imd19_decile"] = _deciles(raw["imd_rank"].where(here), source)
    return places


def _check_codes(codes: pd.Series[str], pattern: str, expected: str) -> None:
    present = codes[codes.notna() & (codes.str.strip() != "")]
    strange = present[~present.str.fullmatch(pattern)]
    if len(strange):
        raise GeographyError(f"expected {expected}, found '{strange.iloc[0]}'")


def _known(codes: pd.Series[str]) -> pd.Series[str]:
    """Codes, null where blank or filled with nines ("not applicable")."""
    return codes.where(~codes.str.fullmatch(_NOT_APPLICABLE).fillna(True))


def _deciles(ranks: pd.Series[str], source: Source) -> pd.Series[int]:
    """Deciles of England's ranks, 1 = most deprived; a rank of 0 or blank says that there is none."""
    numbers = pd.to_numeric(ranks, errors="coerce").astype("Int64")
    strange = (numbers.isna() & ranks.notna() & (ranks.str.strip() != "")) | (numbers < 0) | (numbers > LSOAS_2011)
    if bool(strange.fillna(False).any()):
        raise GeographyError(f"expected ranks of 1 to {LSOAS_2011} in the imd column of {source.name}, found another for England")
    return decile(numbers.mask(numbers == 0), LSOAS_2011)


def decile(ranks: pd.Series[int], count: int) -> pd.Series[int]:
    """Tenth of `count` areas that each rank (1 = most deprived) lies in, as MHCLG rounds: ceil(rank x 10 / count)."""
    return ((ranks * 10 + count - 1) // count).astype("Int8")
