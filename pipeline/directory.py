"""A postcode directory in memory: which place each postcode of the United Kingdom lies in.

On disk a directory is a folder: `postcodes.parquet` (code, place, terminated; sorted by code), `places.parquet` (the
distinct places, one row each) and `directory.json` (what it was made from). Most postcodes share their place with dozens
of others, so two integers and a flag per postcode hold the whole country in two megabytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.councils import Councils
from pipeline.postcode import INWARD_SPAN, NO_CODE, Outcome, pack, pack_outward

ENGLAND: Final = "England"
NATIONS: Final = (ENGLAND, "Wales", "Scotland", "Northern Ireland", "Isle of Man", "Guernsey", "Jersey", "Gibraltar")
REQUIRED: Final = ("nation", "lsoa11cd", "msoa11cd", "lad25cd")
OPTIONAL: Final = ("lsoa21cd", "msoa21cd", "ruc21", "imd19_decile", "imd25_decile")
# Each edition with its own LSOA vintage; the newer one is read where a directory has both.
IMD_COLUMNS: Final = {"IoD 2025": "imd25_decile", "IMD 2019": "imd19_decile"}


class DirectoryError(ValueError):
    """A directory that cannot be used. The message says what was expected and what was found."""


@dataclass(frozen=True)
class Origin:
    """What a directory was made from, for the record of every data set that was located with it."""

    product: str  # "ONSPD"
    vintage: str  # "2025-11"
    licence: str  # the attribution that the licence asks for
    sources: dict[str, str]  # file name -> sha256

    @property
    def name(self) -> str:
        """Product and vintage in one."""
        return f"{self.product} {self.vintage}"


@dataclass(frozen=True, eq=False)
class Directory:
    """Postcodes and their places.

    `codes` (n,) packed postcodes, strictly increasing; `place` (n,) rows of `places`; `terminated` (n,). `places` has the
    columns REQUIRED and perhaps some of OPTIONAL, null where a place has none (Scotland has no lsoa11cd here).
    """

    origin: Origin
    codes: NDArray[np.int64]
    place: NDArray[np.int32]
    terminated: NDArray[np.bool_]
    places: pd.DataFrame

    def __post_init__(self) -> None:
        missing = [column for column in REQUIRED if column not in self.places]
        if missing:
            raise DirectoryError(f"a directory needs the columns {', '.join(REQUIRED)}; {', '.join(missing)} missing")
        if not len(self.codes) == len(self.place) == len(self.terminated) > 0:
            raise DirectoryError("a directory needs a place and a status for every postcode, and at least one postcode")
        if self.codes[0] <= NO_CODE or not bool(np.all(self.codes[1:] > self.codes[:-1])):
            raise DirectoryError("the postcodes of a directory must be sorted, well formed and each there once")
        if int(self.place.min()) < 0 or int(self.place.max()) >= len(self.places):
            raise DirectoryError("a postcode of the directory points to a place that is not there")
        strangers = set(self.places["lad25cd"].dropna()) - set(Councils.of_2025().names)
        if strangers:
            raise DirectoryError(f"expected English councils of 2025, found {', '.join(sorted(strangers)[:3])}")
        unknown = set(self.places["nation"].dropna()) - set(NATIONS)
        if unknown:
            raise DirectoryError(f"expected nations out of {', '.join(NATIONS)}, found {', '.join(sorted(unknown))}")
        abroad = self.places["lad25cd"].notna() & (self.places["nation"] != ENGLAND)
        if bool(abroad.any()):
            raise DirectoryError("a place of the directory has an English council and lies in another nation")

    @classmethod
    @cache
    def embedded(cls) -> Self:
        """The directory that comes with the program (see `pipeline/data/geography/README.md`)."""
        with as_file(files("pipeline") / "data" / "geography") as folder:
            return cls.load(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a directory from its folder. Raises DirectoryError if it is not whole."""
        try:
            postcodes = pq.read_table(folder / "postcodes.parquet")
            places = pd.read_parquet(folder / "places.parquet")
            origin = Origin(**json.loads((folder / "directory.json").read_text(encoding="utf-8")))
            columns = {name: postcodes[name].to_numpy() for name in ("code", "place", "terminated")}
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise DirectoryError(f"the directory in {folder.name} cannot be read ({type(error).__name__}): add it again") from error
        return cls(origin, columns["code"], columns["place"], columns["terminated"], places)

    def save(self, folder: Path, level: int = 3) -> None:
        """Write the directory's three files into `folder`, which exists. The same directory gives the same bytes.

        `level` is that of zstd: what is written once and shipped deserves more of it than what is imported.
        """
        table = pa.table({"code": self.codes, "place": self.place, "terminated": self.terminated})
        options = {"compression": "zstd", "compression_level": level, "write_statistics": False, "data_page_size": 1 << 26}
        encodings = {"code": "DELTA_BINARY_PACKED", "place": "PLAIN", "terminated": "RLE"}
        pq.write_table(
            table, folder / "postcodes.parquet", use_dictionary=False, column_encoding=encodings, row_group_size=1 << 23, **options
        )
        pq.write_table(pa.Table.from_pandas(self.places, preserve_index=False), folder / "places.parquet", **options)
        (folder / "directory.json").write_text(json.dumps(asdict(self.origin), indent=2) + "\n", encoding="utf-8")

    @property
    def name(self) -> str:
        """Product and vintage."""
        return self.origin.name

    @property
    def vintage(self) -> str:
        """Vintage of the product, as YYYY-MM."""
        return self.origin.vintage

    @property
    def licence(self) -> str:
        """The attribution that the licence asks for."""
        return self.origin.licence

    @property
    def imd(self) -> str | None:
        """The edition of the Index of Multiple Deprivation that `imd_decile` reads, if the directory has one."""
        return next((edition for edition, column in IMD_COLUMNS.items() if column in self.places), None)

    def imd_decile(self, frame: pd.DataFrame) -> pd.Series[int]:
        """Deciles (1 = most deprived tenth of England's LSOAs) of a frame that `lookup` gave; null where unknown."""
        column = IMD_COLUMNS.get(self.imd or "")
        deciles = frame[column] if column is not None else pd.Series([None] * len(frame), index=frame.index)
        return deciles.astype("Int8")

    def find(self, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of these packed postcodes, shape (n,); -1 where there is none.

        Asked in sorted order, so that neighbouring questions find the table's memory at hand: faster than a bare
        `searchsorted` in the order given, the sorting included (`benchmarks/locate.py`).
        """
        order = np.argsort(codes)
        wanted = codes[order]
        rows = np.searchsorted(self.codes, wanted)
        rows[rows == len(self.codes)] = 0
        rows[self.codes[rows] != wanted] = -1
        found = np.empty_like(rows)
        found[order] = rows
        return found

    def lookup(self, postcodes: NDArray[np.bytes_]) -> pd.DataFrame:
        """One row per normalised postcode ('S7', see `pipeline.postcode`): its outcome and the columns of its place."""
        rows = self.find(pack(postcodes))
        known = rows >= 0
        place = np.where(known, self.place[rows], len(self.places))
        frame = self._places_and_none.take(place).reset_index(drop=True)
        status = self._status[place]
        status[(status == 0) & self.terminated[rows]] = 1  # an unknown postcode has status 4, whatever row -1 says
        frame.insert(0, "outcome", pd.Series(_OUTCOMES.take(status), dtype="str"))
        return frame

    def places_of_outward(self, outward: str) -> pd.DataFrame:
        """The distinct places of every postcode of an outward code ("M1"), terminated ones too; no row if it has none."""
        return self.places.iloc[np.unique(self._place_of_outward(outward))]

    def council_of_outward(self, outward: str) -> str | None:
        """The one English council in which every postcode of an outward code lies; None if it has none or several.

        Terminated postcodes count; those of which nobody knows the place do not.
        """
        return self._councils_of_outwards.get(pack_outward(outward) // INWARD_SPAN)

    def _place_of_outward(self, outward: str) -> NDArray[np.int32]:
        start = pack_outward(outward)
        first, last = np.searchsorted(self.codes, [start, start + INWARD_SPAN])
        return self.place[first:last]

    @cached_property
    def _councils_of_outwards(self) -> dict[int, str]:
        """The council of each outward code that has exactly one, by its packed number; worked out for all of them at once."""
        numbers, councils = pd.factorize(self.places["lad25cd"])
        numbers = np.where((numbers < 0) & self.places["nation"].notna(), len(councils), numbers)[self.place]  # abroad: one more
        outwards, starts = np.unique(self.codes // INWARD_SPAN, return_index=True)
        lowest = np.minimum.reduceat(np.where(numbers < 0, len(councils) + 1, numbers), starts)
        highest = np.maximum.reduceat(numbers, starts)
        single = (lowest == highest) & (highest < len(councils))
        return {int(code): str(councils[number]) for code, number in zip(outwards[single], highest[single], strict=True)}

    @cached_property
    def _places_and_none(self) -> pd.DataFrame:
        """The places, and one more row of nulls for a postcode that is nowhere."""
        return self.places.reindex(range(len(self.places) + 1))

    @cached_property
    def _status(self) -> NDArray[np.int8]:
        """Index into _OUTCOMES of each place of `_places_and_none`."""
        nation = self.places["nation"]
        located = (nation == ENGLAND) & self.places["lad25cd"].notna()
        status = np.where(located, 0, np.where(nation.notna() & (nation != ENGLAND), 2, 3))
        return np.append(status, 4).astype(np.int8)


_OUTCOMES: Final = np.array(
    [
        Outcome.MATCHED.value,
        Outcome.MATCHED_TERMINATED.value,
        Outcome.NOT_IN_ENGLAND.value,
        Outcome.NO_GRID_REFERENCE.value,
        Outcome.UNKNOWN.value,
    ],
    dtype=object,
)
