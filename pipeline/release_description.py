"""What a release says about itself and its tables: only what may be published can be put into these types.

A `ReleaseTable` wraps a table that has been through disclosure control, so an unprotected count cannot be passed by mistake;
the number of answers must be rounded, and a release whose attack found anything cannot be described at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from disclosure.dimension import NOT, Dimension
from disclosure.policy import Policy
from disclosure.published_table import Method, PublishedTable

if TYPE_CHECKING:
    from disclosure.audit import AuditReport

ROUNDED_TO = 10
_ID = re.compile(r"^[a-z0-9][a-z0-9-]{0,60}\Z")
_COLUMN = re.compile(r"^[a-z][a-z0-9_]{0,40}\Z")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what starts like this


class ReleaseInvalid(ValueError):
    """A release that cannot be described as asked. The message says what to mend."""


def _require(true: bool, message: str) -> None:
    if not true:
        raise ReleaseInvalid(message)


def _plain(text: str, what: str) -> None:
    _require(bool(text.strip()) and text == text.strip(), f"{what} is empty or has blanks around it: give it words.")
    _require(text.isprintable(), f"{what} holds a line break or a control character: write it as one line.")
    _require(not text.startswith(_FORMULA), f"{what} starts with a sign that a spreadsheet takes for a formula: reword it.")


@dataclass(frozen=True)
class ReleaseDimension:
    """Words for one dimension of a table: its title, and a label for every code that is shown."""

    title: str
    labels: Mapping[str, str]

    def __post_init__(self) -> None:
        _plain(self.title, "The title of a dimension")
        for code, label in self.labels.items():
            _plain(label, f"The label of code '{code}'")


@dataclass(frozen=True)
class ReleaseTable:
    """A protected table with its words. `dimensions` in the table's own order; `percent_of` names the dimension whose total is 100 %.

    Raises ReleaseInvalid for a missing label, a name that cannot be a column, or a dimension the table does not have.
    """

    published: PublishedTable
    title: str
    dimensions: tuple[ReleaseDimension, ...]
    percent_of: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        table = self.published
        _require(bool(_ID.match(table.id)), f"'{table.id}' cannot be a table's id: use small letters, digits and hyphens.")
        _plain(self.title, f"The title of table '{table.id}'")
        for note in self.notes:
            _plain(note, f"A note of table '{table.id}'")
        names = [dimension.name for dimension in table.dimensions]
        _require(len(self.dimensions) == len(names), f"Table '{table.id}' needs words for each of its {len(names)} dimensions.")
        _require(
            self.percent_of is None or self.percent_of in names,
            f"Table '{table.id}' has no dimension '{self.percent_of}' to make percentages of.",
        )
        for dimension, words in zip(table.dimensions, self.dimensions, strict=True):
            _require(
                bool(_COLUMN.match(dimension.name)) and dimension.name not in ("count", "percent", "shorthand"),
                f"'{dimension.name}' cannot be a column of a released file: use small letters, digits and underscores.",
            )
            for code in shown_codes(dimension):
                _require(code in words.labels, f"Table '{table.id}': code '{code}' of '{dimension.name}' has no label.")
                _plain(code, f"A code of '{dimension.name}'")

    @property
    def id(self) -> str:
        """The protected table's id."""
        return self.published.id


@dataclass(frozen=True)
class AttackResult:
    """What the attack on the protected tables found, in numbers that give nothing away.

    Neither intervals of single cells nor which of them are small belong here: those are for the output checker alone.
    """

    cells: int
    withheld: int
    exposed: int  # withheld cells that could be worked out, or narrowed beyond what the policy allows
    fewest_values: int | None  # so many counts at least stay possible for each cell attacked; None: there is none, or no limit
    earlier_releases: int = 0  # how many releases it was attacked together with
    nearly: bool = False  # counts are shown near the true ones: attacked was each that may be small, shown or withheld
    answers: int = 0  # how many other answers of the table builder it was attacked together with
    record_sets: int = 0  # sets of the tables from which records were put together: no small one was given back

    def __post_init__(self) -> None:
        _require(0 <= self.withheld <= self.cells and self.exposed >= 0, "The numbers of the attack do not fit together.")
        _require(self.exposed == 0, "The attack could work out withheld counts: protect the tables again before a release is built.")
        _require(
            self.fewest_values is None or ((self.nearly or self.withheld > 0) and self.fewest_values >= 2),
            "The attack must leave at least two possible counts for every one that it attacked.",
        )

    @classmethod
    def of(cls, report: AuditReport, tables: Sequence[PublishedTable], earlier_releases: int = 0, answers: int = 0) -> AttackResult:
        """From the attack's own report on `tables` and what they were attacked with. Raises ReleaseInvalid if it found anything."""
        nearly = not all(table.exact for table in tables)
        withheld = sum(int(table.withheld.sum()) for table in tables) if nearly else report.withheld
        fewest = None if report.narrowest is None or not (withheld or nearly) else report.narrowest + 1
        cells = sum(table.values.size for table in tables)
        return cls(cells, withheld, len(report.exposed), fewest, earlier_releases, nearly, answers)


@dataclass(frozen=True)
class ReleaseDescription:
    """What a release is. `answers` is rounded to a multiple of 10; days are the first and last of collection."""

    id: str
    title: str
    summary: str
    wave: str
    survey: str
    collected_from: date
    collected_to: date
    answers: int
    policy: Policy
    attack: AttackResult
    reached: str = (
        "Children answered if they wished, mostly through schools and services that passed the invitation on. "
        "Those who answered are not a random sample: the figures describe them, not all children in England."
    )
    contact: str = "The evidence team of the office that ran the survey."
    licence: str = "Open Government Licence v3.0"
    replaces: str | None = None  # the id of the release that this one is a new version of
    changes: tuple[str, ...] = ()  # what is new since then, a sentence each
    quality: tuple[str, ...] = (
        "Anybody could answer, and nobody was asked to prove an age: some answers may be from adults, or given twice.",
        "Answers are not weighted. Areas and groups that answered more count for more.",
        "A child who did not want to say, or was not asked, is not counted in a table of that question.",
    )
    protection: tuple[str, ...] = (
        "No answer carries a name, an address or a device; where a child lives was turned into areas, and then destroyed.",
        "Somebody who knows a child, and knows that the child answered, should learn nothing new about the child from these tables.",
        "That holds for each withheld count even for a reader who has every table here and the earlier releases, and knows the rules.",
    )

    @property
    def citation(self) -> str:
        """How to cite it. The day of release is added where the release is shown: it is not known when the files are made."""
        return f"{self.survey}, wave {self.wave}: {self.title}. Release {self.id}. {self.licence}."

    def __post_init__(self) -> None:
        _require(bool(_ID.match(self.id)), f"'{self.id}' cannot be a release's id: use small letters, digits and hyphens.")
        for what in ("title", "summary", "wave", "survey", "reached", "contact", "licence"):
            _plain(str(getattr(self, what)), f"The {what} of release '{self.id}'")
        for sentence in (*self.changes, *self.quality, *self.protection):
            _plain(sentence, f"A note of release '{self.id}'")
        _require(
            (self.replaces is None) == (not self.changes),
            f"Release '{self.id}' must say what it is a new version of and what changed, or neither.",
        )
        _require(self.replaces != self.id, f"Release '{self.id}' cannot be a new version of itself.")
        _require(self.collected_from <= self.collected_to, f"Release '{self.id}' ends before it begins: check its days.")
        _require(
            self.answers >= 0 and self.answers % ROUNDED_TO == 0,
            f"The number of answers must be rounded to a multiple of {ROUNDED_TO}: an exact number is not published.",
        )


def protection_by(policy: Policy) -> tuple[str, ...]:
    """What a release under this policy says of protection, in sentences: how far a shown count may be from the true one is told."""
    sentences = ReleaseDescription.protection[:2]
    if policy.method is Method.SUPPRESSION:
        return ReleaseDescription.protection
    far = policy.perturbation_maximum
    if policy.method is Method.CELL_KEY:
        usual = round(policy.perturbation_variance**0.5, 1)
        moved = f"Each count was moved by itself: by about {usual:g} as a rule and {far} at most, and always alike for the same children."
    else:
        far = policy.rounding_base // 2 if policy.method is not Method.CONTROLLED_ROUNDING else policy.rounding_base - 1
        moved = f"Each count that is shown was rounded to a multiple of {policy.rounding_base}: it is {far} at most from the true one."
    sums = () if policy.method is Method.CONTROLLED_ROUNDING else ("So parts need not add up to their total, nor percentages to 100.",)
    last = "That holds for each small count even for a reader who has every table here and the earlier releases, and knows the rules."
    return (*sentences, moved, *sums, last)


def rounded_answers(exact: int) -> int:
    """A number of answers as a release may state it: to the nearest multiple of 10, halves up."""
    return (exact + ROUNDED_TO // 2) // ROUNDED_TO * ROUNDED_TO


def shown_codes(dimension: Dimension) -> tuple[str, ...]:
    """Codes that a reader sees: all, less the complements ("not chosen") that only close the sums of multiple response."""
    codes = set(dimension.codes)
    return tuple(code for code in dimension.codes if not (code.startswith(NOT) and code.removeprefix(NOT) in codes))


def parents(dimension: Dimension) -> dict[str, str]:
    """The code above each code that has one; where several hierarchies meet, the first."""
    found: dict[str, str] = {}
    for parent, children in dimension.partitions:
        for child in children:
            found.setdefault(child, parent)
    return found
