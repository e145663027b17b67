"""The eleven gates: what each requires, and how a gate that is shut says what is missing. Nothing passes a gate by default."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

HELP_LINES_HOLD = timedelta(days=365)  # after a call to each of them


class Gate(StrEnum):
    """A requirement that stands between a plan and what is done to children's answers."""

    G1 = "G1"
    G2 = "G2"
    G3 = "G3"
    G4 = "G4"
    G5 = "G5"
    G6 = "G6"
    G7 = "G7"
    G8 = "G8"
    G9 = "G9"
    G10 = "G10"
    G11 = "G11"

    @property
    def requires(self) -> str:
        """The requirement in a sentence."""
        return _REQUIRES[self]


_REQUIRES = {
    Gate.G1: "Every question can be refused, and every form tells children beforehand what happens.",
    Gate.G2: "Named people sign for the measures and for the risk that is left; no review is overdue; the ICO was asked about high risks.",
    Gate.G3: "What runs is what was assessed, or somebody signed for the difference.",
    Gate.G4: "Every question has its purpose, lawful basis, Article 9 condition, retention and release rule on record.",
    Gate.G5: "Nothing is derived from answers without an entry of its own, least of all a special category.",
    Gate.G6: "Whoever runs the public server can decrypt nothing.",
    Gate.G7: "Analysis starts only with proof that postcodes and school names were destroyed.",
    Gate.G8: "A release lists its tables, its rules and what the attack found, and two people other than its author approve it.",
    Gate.G9: "Everything that is kept has a rule on how long, and destruction is the default.",
    Gate.G10: "Help lines were checked within the year, and the record of processing is complete.",
    Gate.G11: "Answers are used for purposes on record; a new use is a new entry.",
}


@dataclass(frozen=True)
class Missing:
    """One thing that keeps a gate shut: a sentence that says what to do."""

    gate: Gate
    sentence: str

    def __str__(self) -> str:
        return f"{self.gate}: {self.sentence}"


class GateShut(RuntimeError):
    """A gate is shut. The message says what is missing; `missing` has it one by one."""

    def __init__(self, missing: Iterable[Missing]) -> None:
        self.missing = tuple(missing)
        super().__init__(" ".join(str(one) for one in self.missing))


@dataclass(frozen=True)
class Standing:
    """Whether the survey may run now. `demonstration`: only to be tried out, with invented answers."""

    missing: tuple[Missing, ...]
    demonstration: bool = False

    @property
    def open(self) -> bool:
        """True if nothing is missing."""
        return not self.missing

    def require(self) -> None:
        """Raise GateShut with everything that is missing."""
        if self.missing:
            raise GateShut(self.missing)
