"""Get Information about Schools (`edubasealldata*.csv`): the schools that a child can attend now.

What is kept of a school must not point to a child. Its type may: a special school, a pupil referral unit, a hospital school
or a secure unit often has a few dozen pupils in a whole council. So only the large mainstream groups keep their phase and
type group, by an allow-list; every other school is kept as a name without either, so that it is recognised and then said
nothing of, rather than mistaken for a neighbour with nearly the same name.
"""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from pipeline.geography.layout import Recognised
from pipeline.geography.source import GeographyError, Source
from pipeline.geography.table import read_table
from pipeline.postcode import normalise

OPEN: Final = ("Open", "Open, but proposed to close")
MAINSTREAM_GROUPS: Final = (
    "Academies",
    "Colleges",
    "Free Schools",
    "Independent schools",
    "Local authority maintained schools",
)
# Words of a type (within those groups) that make it one of the few: "Academy special converter", "Pupil referral unit" ...
FEW: Final = re.compile(r"special|referral|alternative|hospital|secure|online", re.IGNORECASE)
# A school of fewer pupils than this points to children whatever its type is called: many small independent schools teach a handful of
# children with special needs. Where GIAS states no number the school's type alone decides.
FEW_PUPILS: Final = 50
NO_SCHOOL: Final = re.compile(r"children'?s cent|offshore|overseas|welsh|higher education|universit|linked site", re.IGNORECASE)
PHASES: Final = {
    "Nursery": "Nursery",
    "Primary": "Primary",
    "Middle deemed primary": "Primary",
    "Secondary": "Secondary",
    "Middle deemed secondary": "Secondary",
    "16 plus": "16 plus",
    "All-through": "All-through",
}
_DAY: Final = r"(\d\d)[-/](\d\d)[-/](\d{4})"


def read_schools(source: Source, recognised: Recognised) -> tuple[pd.DataFrame, str]:
    """Open schools (name, town, locality, pcd7, lad, phase, type_group), and the vintage as YYYY-MM.

    phase and type_group are null where they are not kept. Raises GeographyError if a school is there twice, none is open,
    or nothing dates the file.
    """
    table = read_table(source, recognised)
    if not bool(table["urn"].str.fullmatch(r"\d{5,6}").fillna(False).all()) or bool(table["urn"].duplicated().any()):
        raise GeographyError(f"expected a different URN of five or six digits in every row of {source.name}, found something else")
    for column in ("town", "locality"):
        if column not in table:
            table[column] = pd.Series(None, index=table.index, dtype="str")
    kinds = table["type"].fillna("") + " / " + table["type_group"].fillna("")
    schools = table[table["status"].isin(OPEN) & ~kinds.str.contains(NO_SCHOOL) & table["name"].notna()]
    if schools.empty:
        raise GeographyError(f"expected schools with status '{OPEN[0]}' in {source.name}, found none")
    known = schools["type_group"].isin(MAINSTREAM_GROUPS) & schools["type"].notna() & ~schools["type"].fillna("").str.contains(FEW)
    if "pupils" in schools:
        known &= ~(pd.to_numeric(schools["pupils"], errors="coerce") < FEW_PUPILS)
    phase = schools["phase"].map(PHASES).astype("str")
    phase = phase.where(phase.notna(), _phase_of_ages(schools)).where(known)
    frame = pd.DataFrame(
        {
            "name": schools["name"],
            "town": schools["town"],
            "locality": schools["locality"],
            "pcd7": schools["postcode"].fillna("").map(lambda written: normalise(written).postcode),
            "lad": schools["lad"],
            "phase": phase,
            "type_group": schools["type_group"].where(phase.notna()),
        }
    ).astype("str")
    return frame.reset_index(drop=True), _vintage(table, source)


def _phase_of_ages(schools: pd.DataFrame) -> pd.Series[str]:
    """The phase of a school that states none, as independent schools do, from its statutory ages; null if they are not known."""
    low = pd.to_numeric(schools["low_age"], errors="coerce")
    high = pd.to_numeric(schools["high_age"], errors="coerce")
    phase = pd.Series(None, index=schools.index, dtype="str")
    phase = phase.mask((low < 11) & (high > 13), "All-through").mask((low < 11) & (high <= 13), "Primary")
    return phase.mask((low >= 11) & (low < 16), "Secondary").mask(low >= 16, "16 plus").mask(high <= 5, "Nursery")


def _vintage(table: pd.DataFrame, source: Source) -> str:
    """The latest month in which a school is said to have changed, closed or (if it is open) opened."""
    dates = [table[column] for column in ("updated", "closed") if column in table]
    if "opened" in table:
        dates.append(table["opened"].where(table["status"].isin(OPEN)))
    parts = pd.concat([column.str.extract(_DAY) for column in dates]) if dates else pd.DataFrame(columns=[0, 1, 2])
    months = (parts[2] + "-" + parts[1]).dropna()
    if months.empty:
        raise GeographyError(f"expected dates as dd-mm-yyyy in {source.name}, found none: nothing says how old it is")
    return str(months.max())
