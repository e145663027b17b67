"""Which school a child wrote, known only by what is kept of it: phase, type group and council.

The name never leaves this module. A name fits the schools whose own name it spells, or nearly spells, with or without the
place after it. If several schools fit and differ in anything that is kept, the answer is "several", not the best guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

# Two spellings of at least this likeness (0 to 100, rapidfuzz's normalised Indel similarity of the sorted words) are one name;
# a second school closer than MARGIN to the best makes the answer doubtful. 90 lets one wrong letter in ten pass.
ALIKE: Final = 90.0
MARGIN: Final = 5.0
MAX_CHARS: Final = 200
KEPT: Final = ("phase", "type_group", "lad25cd")
REQUIRED: Final = ("name", "town", "locality", *KEPT)


class SchoolOutcome(StrEnum):
    """What became of one school's name."""

    MATCHED = "matched"
    SEVERAL = "several"  # schools that differ in what is kept
    NOT_MATCHED = "not_matched"
    NO_DIRECTORY = "no_directory"  # no list of schools has been added
    NOT_GIVEN = "not_given"
    NOT_ASKED = "not_asked"
    UNREADABLE = "unreadable"  # as the postcode beside it


_WORD = re.compile(r"[a-z0-9]+")
_PHRASES: Final = (
    (re.compile(r"\bc\.? ?(?:of|o|/) ?e\.?(?=\W|$)|\bcofe\b|\bce\b"), "churchofengland"),
    (re.compile(r"\bchurch of england\b"), "churchofengland"),
    (re.compile(r"\br\.? ?c\.?(?=\W|$)|\broman catholic\b"), "catholic"),
    (re.compile(r"['’`´]"), ""),
)
# Abbreviations in full; words that children leave out, or put in, are dropped.
_SHORT: Final = {
    "st": "saint",
    "sts": "saints",
    "school": "",
    "sch": "",
    "schl": "",
    "skool": "",
    "acad": "academy",
    "prim": "primary",
    "jnr": "junior",
    "jr": "junior",
    "inf": "infant",
    "infants": "infant",
    "sec": "secondary",
    "comp": "comprehensive",
    "coll": "college",
    "vc": "",
    "va": "",
    "voluntary": "",
    "controlled": "",
    "aided": "",
    "the": "",
    "and": "",
    "of": "",
    "in": "",
    "my": "",
}


def key(name: str) -> str:
    """The words of a school's name in one spelling and in sorted order, so that their order and small words do not matter."""
    text = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    if not text.isascii():
        text = "".join(c for c in text if not unicodedata.combining(c))
    for pattern, replacement in _PHRASES:
        text = pattern.sub(replacement, text)
    words = (_SHORT.get(word, word) for word in _WORD.findall(text))
    return " ".join(sorted(word for word in words if word))


@dataclass(frozen=True, eq=False)
class SchoolDirectory:
    """Schools that children can attend. `schools` has the columns REQUIRED; `name` names the product and its vintage.

    Phase and type group are null for a school whose type alone could point to a child (see `pipeline.geography.gias`); it is
    never a match, so that the outcome does not tell either.
    """

    name: str
    schools: pd.DataFrame
    sha256: str = ""  # of the file that they come from
    _spellings: dict[str, list[tuple[str, int]]] = field(init=False, repr=False)  # lad25cd -> (key, row)
    _exact: dict[str, dict[str, set[int]]] = field(init=False, repr=False)  # lad25cd -> key -> rows
    _everywhere: dict[str, set[int]] = field(init=False, repr=False)  # key -> rows

    _kept: NDArray[np.int64] = field(init=False, repr=False)  # rows of one number agree in all that is kept

    def __post_init__(self) -> None:
        missing = [column for column in REQUIRED if column not in self.schools]
        if missing:
            raise ValueError(f"a list of schools needs the columns {', '.join(REQUIRED)}; {', '.join(missing)} missing")
        spellings: dict[str, list[tuple[str, int]]] = defaultdict(list)
        exact: dict[str, dict[str, set[int]]] = defaultdict(dict)
        everywhere: dict[str, set[int]] = defaultdict(set)
        columns = (self.schools[column].fillna("") for column in ("name", "town", "locality", "lad25cd"))
        for row, (school, town, locality, lad) in enumerate(zip(*columns, strict=True)):
            for spelling in {key(school), key(f"{school} {town}"), key(f"{school} {locality}")}:
                spellings[lad].append((spelling, row))
                exact[lad].setdefault(spelling, set()).add(row)
                everywhere[spelling].add(row)
        kept = self.schools.groupby(list(KEPT), dropna=False, sort=False).ngroup().to_numpy()
        object.__setattr__(self, "_kept", np.where(self.schools["phase"].isna(), _WITHHELD, kept))
        object.__setattr__(self, "_spellings", dict(spellings))
        object.__setattr__(self, "_exact", dict(exact))
        object.__setattr__(self, "_everywhere", dict(everywhere))

    def match(self, names: Sequence[str], councils: Sequence[str | None]) -> pd.DataFrame:
        """One row per written name: school_outcome, school_phase, school_type_group, lad25cd (of the school).

        `councils` holds the lad25cd of each child where it is known; only that council's schools are considered then, also
        by nearly right spellings. Without it, a name counts only if it is spelled right.
        """
        results: dict[tuple[str, str | None], int] = {}
        wanted: dict[str, list[str]] = defaultdict(list)
        keys = {name: key(name) if len(name) <= MAX_CHARS else "" for name in set(names)}
        asked = [(keys[name], council) for name, council in zip(names, councils, strict=True)]
        for spelling, council in set(asked):
            if not spelling:
                results[spelling, council] = _NONE
            elif council is None:
                results[spelling, council] = self._only(self._everywhere.get(spelling, set()))
            else:
                wanted[council].append(spelling)
        for council, spellings in wanted.items():
            right = self._exact.get(council, {})
            doubtful = [spelling for spelling in spellings if spelling not in right]
            results |= {(spelling, council): self._only(right[spelling]) for spelling in spellings if spelling in right}
            for spelling, row in zip(doubtful, self._near(doubtful, council), strict=True):
                results[spelling, council] = row
        rows = np.array([results[pair] for pair in asked], dtype=np.int64)
        outcome = np.select([rows >= 0, rows == _SEVERAL], [SchoolOutcome.MATCHED, SchoolOutcome.SEVERAL], SchoolOutcome.NOT_MATCHED)
        empty = np.array([not name.strip() for name in names], dtype=bool)
        outcome = np.where(empty, SchoolOutcome.NOT_GIVEN, outcome)
        kept = self.schools[list(KEPT)].reset_index(drop=True).reindex(range(len(self.schools) + 1))
        frame = kept.take(np.where(rows >= 0, rows, len(self.schools)).tolist()).reset_index(drop=True)
        frame.columns = pd.Index(["school_phase", "school_type_group", "lad25cd"])
        frame.insert(0, "school_outcome", pd.Series([str(value) for value in outcome], dtype="str"))
        return frame

    def _near(self, spellings: Sequence[str], council: str) -> list[int]:
        """Row of the one school of this council that each spelling nearly fits; _NONE or _SEVERAL otherwise."""
        known = self._spellings.get(council, [])
        if not known:
            return [_NONE] * len(spellings)
        rows = np.array([row for _, row in known])
        found = []
        for start in range(0, len(spellings), _BLOCK):
            scores = process.cdist(spellings[start : start + _BLOCK], [k for k, _ in known], scorer=fuzz.ratio, score_cutoff=ALIKE - MARGIN)
            for line in scores:
                best = float(line.max())
                found.append(self._only(set(rows[line > best - MARGIN].tolist()) if best >= ALIKE else set()))
        return found

    def _only(self, rows: set[int]) -> int:
        """The one row, or any of several that agree in all that is kept; _NONE if nothing may be said of it."""
        if not rows:
            return _NONE
        kept = {int(self._kept[row]) for row in rows}
        if len(kept) > 1:
            return _SEVERAL
        return _NONE if kept == {_WITHHELD} else min(rows)


_NONE: Final = -1
_SEVERAL: Final = -2
_WITHHELD: Final = -1
_BLOCK: Final = 2048
