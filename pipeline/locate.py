"""From locators to places: what remains of a postcode, a council and a school once they have become statistics.

Pure: no database, no key. Nothing that a child wrote is in the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forms.answers import Locator
from pipeline.councils import Councils
from pipeline.directory import ENGLAND, Directory
from pipeline.outward import nations
from pipeline.postcode import Outcome, Reading, normalise
from pipeline.schools import SchoolDirectory, SchoolOutcome


class Source(StrEnum):
    """Which answer the council and region of a row come from."""

    HOME_POSTCODE = "home postcode"
    STATED_COUNCIL = "stated council"
    SCHOOL_POSTCODE = "school postcode"
    NONE = "none"


COLUMNS: Final = (
    "outcome",
    "source",
    "lsoa11cd",
    "msoa11cd",
    "lad25cd",
    "rgn",
    "nation",
    "imd_decile",
    "school_outcome",
    "school_phase",
    "school_type_group",
)
OPTIONAL: Final = ("lsoa21cd", "msoa21cd", "ruc21")
NO_POSTCODE: Final = "       "


def match(
    locators: Sequence[Locator], directory: Directory, schools: SchoolDirectory | None = None, unreadable: Sequence[int] = ()
) -> pd.DataFrame:
    """One row per locator, in their order, with the columns of COLUMNS, then those of OPTIONAL that the directory has.

    `unreadable`: positions of records that nobody could read; an empty Locator stands for each.

    `outcome` is that of the home postcode (`pipeline.postcode.Outcome`). `source` says where council and region come from:
    the home postcode, or the council that the child named, or the school's postcode, in this order. A home postcode
    outside England is an answer, so nothing is put in its place. Only the home postcode gives an LSOA, an MSOA and an IMD
    decile: a school's surroundings are not the child's. A partial postcode gives the nation if its outward code lies in
    one, and the council if every postcode of that outward code lies in one. `imd_decile` is null where the directory has
    no Index of Multiple Deprivation (`directory.imd` names the edition).
    """
    readings = [normalise(locator.postcode) if locator.asked else Reading(outcome=Outcome.NOT_ASKED) for locator in locators]
    frame = directory.lookup(np.array([reading.postcode or NO_POSTCODE for reading in readings], dtype="S7"))
    outcome = np.array([reading.outcome.value if reading.outcome else "" for reading in readings], dtype=object)
    frame["outcome"] = np.where(outcome == "", frame["outcome"].to_numpy(dtype=object), outcome)
    _add_partial(frame, readings, directory)
    home = (frame["lad25cd"].notna() | frame["nation"].notna() & (frame["nation"] != ENGLAND)).to_numpy()
    source = np.where(home, Source.HOME_POSTCODE.value, Source.NONE.value).astype(object)

    councils = Councils.of_2025()
    stated = np.array([place.council if place.asked and place.council in councils.names else None for place in locators], dtype=object)
    take = ~home & np.array([code is not None for code in stated], dtype=bool)
    lad = np.where(take, stated, frame["lad25cd"].to_numpy(dtype=object))
    source[take] = Source.STATED_COUNCIL.value

    school = _schools(locators, lad, schools)
    take = (source == Source.NONE.value) & school["lad25cd"].notna().to_numpy()
    lad = np.where(take, school["lad25cd"].to_numpy(dtype=object), lad)
    source[take] = Source.SCHOOL_POSTCODE.value

    frame["source"] = pd.Series(source, index=frame.index, dtype="str")
    frame["lad25cd"] = pd.Series(lad, index=frame.index, dtype="str")
    frame["rgn"] = frame["lad25cd"].map(dict(councils.regions)).astype("str")
    frame["nation"] = frame["nation"].mask(frame["lad25cd"].notna(), ENGLAND)
    frame["imd_decile"] = directory.imd_decile(frame)
    for column in ("school_outcome", "school_phase", "school_type_group"):
        frame[column] = school[column]
    frame.loc[list(unreadable), ["outcome", "school_outcome"]] = [Outcome.UNREADABLE.value, SchoolOutcome.UNREADABLE.value]
    return frame[[*COLUMNS, *(column for column in OPTIONAL if column in frame)]]


def _add_partial(frame: pd.DataFrame, readings: Sequence[Reading], directory: Directory) -> None:
    """Fill in what a partial postcode says: a nation, and perhaps a council."""
    rows = [row for row, reading in enumerate(readings) if reading.outcome is Outcome.PARTIAL]
    codes = [readings[row].outward for row in rows]
    frame.loc[rows, "nation"] = nations(codes)
    council = {code: directory.council_of_outward(code) for code in set(codes)}
    frame.loc[rows, "lad25cd"] = [council[code] for code in codes]


def _schools(locators: Sequence[Locator], lad: NDArray[np.object_], schools: SchoolDirectory | None) -> pd.DataFrame:
    """school_outcome, school_phase, school_type_group and lad25cd of the school that each child wrote."""
    names = [locator.school if locator.asked else "" for locator in locators]
    if schools is not None:
        found = schools.match(names, [None if pd.isna(code) else str(code) for code in lad])
    else:
        given = [SchoolOutcome.NO_DIRECTORY if name.strip() else SchoolOutcome.NOT_GIVEN for name in names]
        nothing = pd.Series([None] * len(names), dtype="str")
        found = pd.DataFrame({"school_outcome": pd.Series([str(value) for value in given], dtype="str")})
        found = found.assign(school_phase=nothing, school_type_group=nothing, lad25cd=nothing)
    asked = np.array([locator.asked for locator in locators], dtype=bool)
    found["school_outcome"] = found["school_outcome"].where(asked, SchoolOutcome.NOT_ASKED.value)
    return found
