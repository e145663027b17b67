"""The last step of every way to a directory: nations, places each there once, postcodes in order."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.directory import ENGLAND, OPTIONAL, REQUIRED, Directory, DirectoryError, Origin
from pipeline.postcode import pack

# First letter of a council's code, and the postcode areas of the dependencies, whose councils ONS fills with L and M.
NATION_OF_LETTER: Final = {"E": ENGLAND, "W": "Wales", "S": "Scotland", "N": "Northern Ireland"}
NATION_OF_AREA: Final = {"GY": "Guernsey", "JE": "Jersey", "IM": "Isle of Man"}
GIBRALTAR: Final = "GX111AA"  # its one postcode, which no ONS file lists
_AREA_SPAN: Final = 37**5


def dependency_codes(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each packed postcode the position of its crown dependency in NATION_OF_AREA, or -1."""
    found = np.full(len(codes), -1, dtype=np.int64)
    for position, start in enumerate(pack([f"{area}     " for area in NATION_OF_AREA]) // _AREA_SPAN):
        found[codes // _AREA_SPAN == start] = position
    return found


def nations(council: pd.Series[str], dependency: pd.Series[str]) -> pd.Series[str]:
    """The nation of each place; null where no council was recorded, which means that nobody knows where it is."""
    nation = council.str[0].map(NATION_OF_LETTER).astype("str")
    return nation.where(nation.notna(), dependency.where(council.notna())).astype("str")


def assemble(
    origin: Origin,
    codes: NDArray[np.int64],
    place: NDArray[np.int32],
    terminated: NDArray[np.bool_],
    places: pd.DataFrame,
) -> Directory:
    """A directory from postcodes in any order and places that may be there more than once. Adds Gibraltar.

    Raises DirectoryError if a postcode is there twice.
    """
    columns = [column for column in (*REQUIRED, *OPTIONAL) if column in places]
    gibraltar = pd.DataFrame({"nation": ["Gibraltar"]})
    listed = pd.concat([places[columns], gibraltar], ignore_index=True).astype(dict(places[columns].dtypes))
    distinct = listed.drop_duplicates().sort_values(columns, na_position="last", ignore_index=True)
    moved = listed.merge(distinct.reset_index(names="place"), on=columns, how="left")["place"].to_numpy(dtype=np.int32)
    codes = np.append(codes, pack([GIBRALTAR]))
    order = np.argsort(codes, kind="stable")
    codes = codes[order]
    twice = int((codes[1:] == codes[:-1]).sum())
    if twice:
        raise DirectoryError(f"expected every postcode once, found {twice} of them twice: are these two files in one?")
    everywhere = np.append(place, np.int32(len(places)))[order]
    return Directory(origin, codes, moved[everywhere], np.append(terminated, False)[order], distinct)
