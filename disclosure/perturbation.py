"""Perturbation tables of the cell-key method: how far a count is moved, for each count and each cell key.

A table is stated by four numbers (variance, maximum change, smallest count that may appear, number of keys) and is then the
distribution of largest entropy that is unbiased and has that variance for every count; zeros stay zero, nothing becomes
negative, and no count from 1 to below the smallest appears. Formulation after Fraser and Wooton (2005), Marley and Leaver
(2011) and the maximum-entropy tables of Giessing and Enderle. Probabilities are whole shares of the keys, found by an integer
program, so that "unbiased" holds exactly, and not only nearly.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp, root

from disclosure.error import DisclosureError

Whole = npt.NDArray[np.int64]
Shares = Mapping[int, int]  # change -> number of keys that bring it
COLUMNS = ["count", "change", "keys"]
WIDEST = 40  # how far an integer share may lie from the real one


@dataclass(frozen=True)
class Perturbation:
    """What a perturbation table must keep: variance and largest change in children, smallest count shown, number of keys."""

    variance: float
    maximum: int
    smallest: int
    keys: int

    def __post_init__(self) -> None:
        if not (0 < self.variance < self.maximum**2 and self.maximum <= 100 and self.smallest >= 1 and 256 <= self.keys <= 2**16):
            raise DisclosureError(
                "a perturbation needs a variance above 0 and below the square of the maximum change, a maximum of at most 100, "
                "a smallest count of at least 1, and 256 to 65536 keys"
            )
        if self.smallest > self.maximum + 1:
            raise DisclosureError("a count of 1 could not be moved to the smallest count shown: allow a larger maximum change")

    @property
    def last(self) -> int:
        """The first count from which on all are treated alike."""
        return self.maximum + self.smallest

    def changes(self, count: int) -> Whole:
        """Changes allowed for a count, ascending."""
        change = np.arange(-min(count, self.maximum), self.maximum + 1)
        return change[(count + change == 0) | (count + change >= self.smallest)] if count else np.zeros(1, np.int64)

    def reachable_variance(self, count: int) -> float:
        """The stated variance, or the nearest that an unbiased change of this count can have."""
        change = self.changes(count)
        least = -int(change[change <= 0].max()) * int(change[change >= 0].min())
        return float(np.clip(self.variance, least, -int(change[0]) * int(change[-1])))


@dataclass(frozen=True)
class PerturbationTable:
    """`shares[count]` tells, for each change, how many of the keys bring it. Checked in whole numbers when made.

    Raises DisclosureError for a table that is biased, leaves the stated range or misses the stated variance.
    """

    rules: Perturbation
    shares: tuple[Shares, ...]

    def __post_init__(self) -> None:
        if len(self.shares) != self.rules.last + 1:
            raise DisclosureError(f"a perturbation table needs the counts 0 to {self.rules.last}, and no others")
        for count, shares in enumerate(self.shares):
            allowed = set(self.rules.changes(count).tolist())
            if not set(shares) <= allowed or sum(shares.values()) != self.rules.keys or min(shares.values()) < 1:
                raise DisclosureError(f"the perturbation of the count {count} leaves what its rules allow: generate the table again")
            if sum(change * keys for change, keys in shares.items()):
                raise DisclosureError(f"the perturbation of the count {count} is biased: generate the table again")
            spread = sum(change**2 * keys for change, keys in shares.items()) / self.rules.keys
            if abs(spread - self.rules.reachable_variance(count)) > 2 / self.rules.keys:
                raise DisclosureError(f"the perturbation of the count {count} misses its variance: generate the table again")

    def variance(self, count: int) -> float:
        """The exact variance of the perturbation of a count, in children squared."""
        shares = self.shares[min(count, self.rules.last)]
        return sum(change**2 * keys for change, keys in shares.items()) / self.rules.keys

    @cached_property
    def lookup(self) -> npt.NDArray[np.int8]:
        """Change by count and key, (last + 1, keys).

        The keys of each row are dealt in an order of its own, fixed for ever: in ascending order, two cells that differ by
        a child with a small record key would nearly always be moved alike, and their difference would tell of that child.
        """
        rows = []
        for count, shares in enumerate(self.shares):
            changes = np.repeat(np.fromiter(shares, np.int8), np.fromiter(shares.values(), np.int64))
            stream = hashlib.shake_128(f"perturbation of {count}".encode()).digest(8 * self.rules.keys)
            rows.append(changes[np.argsort(np.frombuffer(stream, "<u8"), kind="stable")])
        lookup = np.stack(rows)
        lookup.setflags(write=False)
        return lookup

    def change(self, counts: Whole, cell_keys: Whole) -> npt.NDArray[np.int8]:
        """How far each count is moved, for arrays of one shape. Raises DisclosureError for a key or count out of range."""
        counts, cell_keys = np.asarray(counts), np.asarray(cell_keys)
        if counts.shape != cell_keys.shape:
            raise DisclosureError("counts and cell keys must have the same shape")
        if counts.size and (counts.min() < 0 or cell_keys.min() < 0 or cell_keys.max() >= self.rules.keys):
            raise DisclosureError(f"counts must be at least 0, and cell keys from 0 to {self.rules.keys - 1}")
        at = np.minimum(counts, self.rules.last).astype(np.intp)
        at *= self.rules.keys
        at += cell_keys
        return np.asarray(self.lookup.take(at))

    def perturb(self, counts: Whole, cell_keys: Whole) -> Whole:
        """Perturbed counts, for arrays of one shape. The same count and key always give the same result."""
        return np.asarray(np.asarray(counts, np.int64) + self.change(counts, cell_keys))

    def write(self, path: Path) -> None:
        """Writes the table as CSV: count, change, keys."""
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows((count, *pair) for count, shares in enumerate(self.shares) for pair in shares.items())


def read_perturbation(path: Path, rules: Perturbation) -> PerturbationTable:
    """The table of a CSV file, checked against its rules. Raises DisclosureError."""
    shares: list[dict[int, int]] = [{} for _ in range(rules.last + 1)]
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            if next(reader) != COLUMNS:
                raise ValueError
            for row in reader:
                count, change, keys = (int(part) for part in row)
                if not 0 <= count <= rules.last or change in shares[count]:
                    raise ValueError
                shares[count][change] = keys
    except (OSError, ValueError, StopIteration):
        raise DisclosureError(f"'{path.name}' is no perturbation table of counts 0 to {rules.last}: generate it again") from None
    return PerturbationTable(rules, tuple(shares))


def generate(rules: Perturbation) -> PerturbationTable:
    """The perturbation table of largest entropy under these rules. Raises DisclosureError if the keys cannot be shared out."""
    rows = []
    for count in range(rules.last + 1):
        changes, variance = rules.changes(count), rules.reachable_variance(count)
        keys = _whole_shares(changes, _largest_entropy(changes, variance), variance, rules.keys)
        rows.append({int(change): int(share) for change, share in zip(changes, keys, strict=True) if share})
    return PerturbationTable(rules, tuple(rows))


def _largest_entropy(change: Whole, variance: float) -> npt.NDArray[np.float64]:
    """Probabilities of largest entropy with mean 0 and this variance: exp(a * change + b * change squared), scaled."""
    least, most = -int(change[change <= 0].max()) * int(change[change >= 0].min()), -int(change[0]) * int(change[-1])
    if variance <= least or variance >= most:  # only the two nearest, or the two outermost, changes are possible
        below, above = (change[change <= 0].max(), change[change >= 0].min()) if variance <= least else (change[0], change[-1])
        if below == above:
            return np.asarray(change == 0, float)
        return np.asarray(np.where(change == below, above, np.where(change == above, -below, 0)) / float(above - below))

    def shares(multipliers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        exponent = multipliers[0] * change + multipliers[1] * change**2
        weight = np.exp(exponent - exponent.max())
        return np.asarray(weight / weight.sum())

    def missed(multipliers: npt.NDArray[np.float64]) -> list[float]:
        p = shares(multipliers)
        return [float(p @ change), float(p @ change**2 - variance)]

    found = root(missed, np.zeros(2), tol=1e-12)
    if max(abs(part) for part in missed(found.x)) > 1e-6:
        raise DisclosureError("no perturbation has this variance within this maximum change: choose another variance")
    return shares(found.x)


def _whole_shares(change: Whole, p: npt.NDArray[np.float64], variance: float, keys: int) -> Whole:
    """Whole numbers of keys nearest to p, of exactly mean 0, and of the variance as near as whole numbers come."""
    ideal, n = p * keys, len(change)
    start = np.floor(ideal).astype(np.int64)
    square = 2 * round(variance * keys / 2)  # change and its square are odd together, so that the sum of squares is even
    powers = np.stack([np.ones(n, np.int64), change, change**2])
    left = np.array([keys, 0, square]) - powers @ start
    # unknowns: whole steps from the start, and how far each share then is from the ideal
    sums = np.hstack([powers, np.zeros((3, n))])
    apart = np.block([[np.eye(n), -np.eye(n)], [-np.eye(n), -np.eye(n)]])
    over = ideal - start
    found = milp(
        np.repeat([0.0, 1.0], n),
        integrality=np.repeat([1, 0], n),
        bounds=Bounds(np.concatenate([-np.minimum(start, WIDEST), np.zeros(n)]), np.repeat([WIDEST, np.inf], n)),
        constraints=[LinearConstraint(sums, left, left), LinearConstraint(apart, -np.inf, np.concatenate([over, -over]))],
    )
    if found.x is None:
        raise DisclosureError(f"{keys} keys cannot be shared out without bias: choose another number of keys or another variance")
    return np.asarray(start + np.rint(found.x[:n]).astype(np.int64))
