"""England's councils of 2025 (lower-tier and unitary local authorities), their regions, and what became of older ones.

Councils merge and are given new codes; every change since 2009 joins whole councils or renames one, so a code of an older
directory leads to exactly one council of 2025. A code that is neither is refused: it is newer than this list.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final, Self

VINTAGE: Final = "2025"
NO_PLACE: Final = frozenset({"L99999999", "M99999999"})  # how ONS files fill a council for the crown dependencies


class UnknownCouncilError(ValueError):
    """A council code that this list does not know. Holds the code only."""


@dataclass(frozen=True)
class Councils:
    """`names` and `regions` by lad25cd (region as its code, E12000001 to E12000009); `successors` older code -> lad25cd."""

    names: MappingProxyType[str, str]
    regions: MappingProxyType[str, str]
    region_names: MappingProxyType[str, str]
    successors: MappingProxyType[str, str]

    def __post_init__(self) -> None:
        if set(self.names) != set(self.regions) or not set(self.regions.values()) <= set(self.region_names):
            raise ValueError("the list of councils is not whole: every council needs a name and one of the nine regions")
        if not set(self.successors.values()) <= set(self.names) or set(self.successors) & set(self.names):
            raise ValueError("the list of older councils must lead from codes no longer in use to councils of today")

    @classmethod
    @cache
    def of_2025(cls) -> Self:
        """The embedded list: 296 councils in 9 regions."""
        councils = _rows("councils.csv")
        return cls(
            names=MappingProxyType({row["lad25cd"]: row["lad25nm"] for row in councils}),
            regions=MappingProxyType({row["lad25cd"]: row["rgn"] for row in councils}),
            region_names=MappingProxyType({row["rgn"]: row["rgnnm"] for row in _rows("regions.csv")}),
            successors=MappingProxyType({row["ladcd"]: row["lad25cd"] for row in _rows("council_successors.csv")}),
        )

    def of_today(self, code: str) -> str:
        """The council of 2025 for an English council code of any year since 2009. Raises UnknownCouncilError."""
        found = code if code in self.names else self.successors.get(code)
        if found is None:
            raise UnknownCouncilError(
                f"'{code}' is no English council of {VINTAGE} or earlier: the file is newer than this program's list of councils"
            )
        return found

    def region(self, code: str) -> str | None:
        """The region's code for a council of 2025; None if it is none."""
        return self.regions.get(code)


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("pipeline") / "data" / "geography" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
