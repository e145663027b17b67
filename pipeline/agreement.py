"""How well two people agree who read the same texts without seeing each other's marks, and what both may have missed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy.stats import norm

from retention.review import Reading
from retention.review_marks import Mark


@dataclass(frozen=True)
class Agreement:
    """Texts by what the first and the second reader made of them: both hid something, one alone, neither."""

    both: int
    first_only: int
    second_only: int
    neither: int

    @property
    def texts(self) -> int:
        """How many texts two people have read."""
        return self.both + self.first_only + self.second_only + self.neither

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa (1960): agreement beyond chance. None where chance alone gives full agreement, or there is no text."""
        if not self.texts:
            return None
        observed, expected = self._shares()
        return None if expected == 1 else (observed - expected) / (1 - expected)

    def _shares(self) -> tuple[float, float]:
        n = self.texts
        first, second = (self.both + self.first_only) / n, (self.both + self.second_only) / n
        return (self.both + self.neither) / n, first * second + (1 - first) * (1 - second)

    def interval(self, confidence: float = 0.95) -> tuple[float, float] | None:
        """Two-sided interval of kappa by the large-sample variance of Fleiss, Cohen and Everitt (1969); None where kappa is none."""
        kappa = self.kappa
        if kappa is None:
            return None
        n, (observed, expected) = self.texts, self._shares()
        cells = ((self.both / n, self.first_only / n), (self.second_only / n, self.neither / n))
        rows = [sum(row) for row in cells]
        columns = [cells[0][k] + cells[1][k] for k in (0, 1)]
        diagonal = sum(cells[k][k] * ((1 - expected) - (rows[k] + columns[k]) * (1 - observed)) ** 2 for k in (0, 1))
        beside = (1 - observed) ** 2 * sum(cells[j][k] * (columns[j] + rows[k]) ** 2 for j, k in ((0, 1), (1, 0)))
        variance = (diagonal + beside - (observed * expected - 2 * expected + observed) ** 2) / (n * (1 - expected) ** 4)
        reach = float(norm.ppf((1 + confidence) / 2)) * math.sqrt(max(variance, 0.0))
        return max(-1.0, kappa - reach), min(1.0, kappa + reach)


@dataclass(frozen=True)
class Pieces:
    """Pieces of personal data by who of two readers hid them. A piece is a stretch that at least one of them hid."""

    both: int
    first_only: int
    second_only: int

    @property
    def missed_by_both(self) -> float:
        """Estimated pieces that neither saw, by Chapman's (1951) capture and recapture: too few if both overlook the same kind."""
        return self.first_only * self.second_only / (self.both + 1)


def pairs(readings: Iterable[Reading]) -> list[tuple[Reading, Reading]]:
    """The first and second reading of each text that has both."""
    by_place = {(reading.item, reading.place): reading for reading in readings}
    return [(first, by_place[item, 2]) for (item, place), first in by_place.items() if place == 1 and (item, 2) in by_place]


def agreement(read: Sequence[tuple[Reading, Reading]]) -> Agreement:
    """Agreement over texts, on whether there is anything to hide."""
    hid = [(bool(first.marks), bool(second.marks)) for first, second in read]
    return Agreement(*(hid.count(case) for case in ((True, True), (True, False), (False, True), (False, False))))


def pieces(read: Sequence[tuple[Reading, Reading]]) -> Pieces:
    """Pieces over texts: marks of two readers that touch are one piece."""
    both = first_only = second_only = 0
    for first, second in read:
        touched = {mark for mark in second.marks if any(_touch(mark, other) for other in first.marks)}
        shared = sum(any(_touch(mark, other) for other in second.marks) for mark in first.marks)
        both += shared
        first_only += len(first.marks) - shared
        second_only += len(second.marks) - len(touched)
    return Pieces(both, first_only, second_only)


def _touch(mark: Mark, other: Mark) -> bool:
    return mark.start < other.end and other.start < mark.end
