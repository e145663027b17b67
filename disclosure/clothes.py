"""Numbers in other clothes: an attack on percentages, rates, means, bases and drawn lengths, as they stand in a published file.

A percentage with its digits and a base is a count: 33.3 % of 12 is 4. Without the base, the percentages of one group give the
base away. A mean and its base are a sum; a sum at the end of the scale is everybody's answer. Bars drawn to scale are counts.
Texts are read as published, so that the digits count: "40" says less than "40.0". What they leave open of each count becomes
bounds, and `disclosure.approximate` puts all of them together. It belongs to the attack, and shares no code with the defence.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from disclosure.approximate import Bounded, attack_approximate
from disclosure.audit import AuditReport, Exposure
from disclosure.dimension import TOTAL, Dimension
from disclosure.error import DisclosureError
from disclosure.policy import Group, Policy
from disclosure.published_table import WITHHELD, PublishedTable, Status
from disclosure.search import NO_LIMIT, TOLERANCE, Search

Whole = npt.NDArray[np.int64]
MOST_BASE = 100_000  # bases tried when a group's percentages stand without one
_NUMBER = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Columns:
    """Which columns hold what; "" for none.

    `rounded_to`: what counts are rounded to, conventionally. `of`: the variable whose total is the base of percentages, rates,
    means and bases. `length`: lengths of bars drawn to one scale. `scores`: least and largest value of the score that means
    are of; the codes of `score`, a variable of the table, are those values.
    """

    count: str = "n"
    rounded_to: int = 1
    percent: str = ""
    rate: str = ""
    per: int = 1000
    mean: str = ""
    base: str = ""
    length: str = ""
    of: str = ""
    scores: tuple[int, int] | None = None
    score: str = ""


def read_rows(text: str) -> list[dict[str, str]]:
    """Rows of a CSV file, or every list of objects in a JSON document (a chart's embedded data, say), with numbers as written."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            document = json.loads(text, parse_float=str)
        except ValueError:
            raise DisclosureError("a published file starts like JSON but cannot be read as JSON") from None
        return list(_objects(document))
    return [{name.strip(): (cell or "").strip() for name, cell in row.items() if name} for row in csv.DictReader(io.StringIO(text))]


def _objects(document: Any) -> Iterator[dict[str, str]]:
    if isinstance(document, dict):
        plain = {
            str(name): "" if value is None else str(value)
            for name, value in document.items()
            if name and not isinstance(value, dict | list)
        }
        if plain:
            yield plain
        for value in document.values():
            yield from _objects(value)
    elif isinstance(document, list):
        for value in document:
            yield from _objects(value)


def _span(text: str) -> tuple[float, float] | None:
    """What a number as written may stand for: half a unit of its last digit to each side; None if the text is no number."""
    found = _NUMBER.fullmatch(text.strip().removesuffix("%").strip())
    if found is None:
        return None
    digits = found[0].replace(",", "")
    half = 0.5 * 10.0 ** -len(digits.partition(".")[2])
    return float(digits) - half, float(digits) + half


class _Read:
    """One file's cells and what stands in its columns, and the bounds that follow of each count."""

    def __init__(self, name: str, text: str, dimensions: Sequence[Dimension], columns: Columns) -> None:
        self.name, self.dimensions, self.columns = name, tuple(dimensions), columns
        self.axis = next((k for k, d in enumerate(self.dimensions) if d.name == columns.of), None)
        if columns.of and self.axis is None:
            raise DisclosureError(f"'{name}' has no variable '{columns.of}' to take percentages of")
        if columns.score and columns.score not in {d.name for d in self.dimensions}:
            raise DisclosureError(f"'{name}' has no variable '{columns.score}' whose codes are scores")
        self.shape = tuple(len(d.codes) for d in self.dimensions)
        self.low, self.high = np.zeros(self.shape, np.int64), np.full(self.shape, NO_LIMIT)
        self.cells: dict[tuple[int, ...], dict[str, str]] = {}
        rows = read_rows(text)
        named = {columns.percent, columns.rate, columns.mean, columns.base, columns.length, columns.count} - {"", Columns.count}
        if missing := [column for column in sorted(named) if not any(column in row for row in rows)]:
            raise DisclosureError(f"'{name}' has no column '{missing[0]}': nothing would be attacked")
        if (columns.percent or columns.rate) and not columns.of:
            raise DisclosureError(f"percentages and rates in '{name}' are attacked with what they are of: name the variable")
        if columns.mean and columns.scores is None:
            raise DisclosureError(f"means in '{name}' are attacked with the scores they are of: name the least and the largest")
        for row in rows:
            at = self._place(row)
            if at is not None:
                self.cells[at] = {**self.cells.get(at, {}), **row}
        if not self.cells:
            raise DisclosureError(f"'{name}' holds no row with a known code in each of {', '.join(d.name for d in self.dimensions)}")
        self.means: dict[tuple[int, ...], tuple[float, float]] = {}

    def _place(self, row: Mapping[str, str]) -> tuple[int, ...] | None:
        place = [d.index.get(row.get(d.name) or d.total) for d in self.dimensions]
        return None if None in place or not any(d.name in row for d in self.dimensions) else tuple(p for p in place if p is not None)

    def _at_base(self, at: tuple[int, ...]) -> tuple[int, ...]:
        return at if self.axis is None else (*at[: self.axis], 0, *at[self.axis + 1 :])

    def _narrow(self, at: tuple[int, ...], low: float, high: float) -> None:
        """Takes bounds over."""
        new_low = max(int(self.low[at]), int(np.ceil(low - TOLERANCE)))
        new_high = min(int(self.high[at]), int(np.floor(min(high, float(NO_LIMIT)) + TOLERANCE)))
        if new_low > new_high:
            raise DisclosureError(f"the numbers in '{self.name}' contradict each other: a count would have to be above its upper bound")
        self.low[at], self.high[at] = new_low, new_high

    def _column(self, column: str) -> Iterator[tuple[tuple[int, ...], tuple[float, float]]]:
        for at, row in self.cells.items():
            if (span := _span(row.get(column, ""))) is not None:
                yield at, span

    def bounds(self) -> Bounded:
        """Puts a file's own columns together until nothing changes."""
        wider = (self.columns.rounded_to - 1) / 2
        for at, (low, high) in self._column(self.columns.count):
            self._narrow(at, low - wider, high + wider)
        for at, (low, high) in self._column(self.columns.base):
            self._narrow(self._at_base(at), low, high)
        shares = [(at, low / 100, high / 100) for at, (low, high) in self._column(self.columns.percent)]
        shares += [(at, low / self.columns.per, high / self.columns.per) for at, (low, high) in self._column(self.columns.rate)]
        before = b""
        while before != (now := self.low.tobytes() + self.high.tobytes()):
            before = now
            self._bases(shares)
            self._lengths()
            for share in shares:
                self._share(*share)
        for at, span in self._column(self.columns.mean):
            self.means[self._at_base(at)] = span
        status = np.full(self.shape, Status.SECONDARY.value)
        unknown = PublishedTable(self.name, self.dimensions, np.full(self.shape, WITHHELD), status, np.zeros(self.shape, np.int64))
        return Bounded(unknown, self.low, self.high)

    def _share(self, at: tuple[int, ...], low: float, high: float) -> None:
        base = self._at_base(at)
        if base == at:
            return
        self._narrow(at, max(low, 0.0) * int(self.low[base]), high * int(self.high[base]))
        if low > 0:  # a share of something: it is of somebody
            self._narrow(at, 1, float(NO_LIMIT))
            self._narrow(base, 0, int(self.high[at]) / low)
        self._narrow(base, int(self.low[at]) / high, float(NO_LIMIT))

    def _bases(self, shares: Sequence[tuple[tuple[int, ...], float, float]]) -> None:
        """Bases with which every percentage of a group is one of whole children, and the parts add up to it."""
        for base in {self._at_base(at) for at, _, _ in shares}:
            first, last = int(self.low[base]), int(self.high[base])
            if last > MOST_BASE or first == last or self.axis is None:
                continue
            group = {at[self.axis]: (low, high) for at, low, high in shares if self._at_base(at) == base and at != base}
            sizes = np.arange(max(first, 1), last + 1, dtype=float)
            fits = np.ones(len(sizes), bool)
            dimension = self.dimensions[self.axis]
            for low, high in group.values():
                fits &= np.ceil(sizes * low - TOLERANCE) <= np.floor(sizes * high + TOLERANCE)
            for parent, children in dimension.partitions:
                places = [dimension.index[child] for child in children]
                if parent == dimension.total and set(places) <= group.keys():
                    least = sum(np.maximum(np.ceil(sizes * group[k][0] - TOLERANCE), 0) for k in places)
                    most = sum(np.floor(sizes * group[k][1] + TOLERANCE) for k in places)
                    fits &= (least <= sizes) & (sizes <= most)
            left = sizes[fits]
            if len(left):
                self._narrow(base, left[0] if first else 0, left[-1])

    def _lengths(self) -> None:
        """Lengths are counts times one scale; counts that are known give the scale."""
        drawn = list(self._column(self.columns.length))
        scales = [(low / int(self.high[at]), high / int(self.low[at])) for at, (low, high) in drawn if self.low[at] > 0]
        if not scales:
            return
        least, most = max(low for low, _ in scales), min(high for _, high in scales)
        if least > most + TOLERANCE:
            raise DisclosureError(f"the lengths in '{self.name}' are not counts drawn to one scale, from nought on: name another column")
        for at, (low, high) in drawn:
            self._narrow(at, max(low, 0.0) / most, high / least if least > 0 else float(NO_LIMIT))

    def told_by_means(self, policy: Policy) -> Iterator[Exposure]:
        """Means that tell a small group's sum, everybody's answer, or a count of one score."""
        if self.columns.scores is None:
            return
        low, high = self.columns.scores
        apart = int(policy.group_disclosure is Group.ALL_BUT_ONE)
        for base, (least, most) in self.means.items():
            count = int(self.low[base])
            if count != self.high[base] or count == 0:
                continue
            where = {d.name: d.codes[k] for d, k in zip(self.dimensions, base, strict=True)}
            first, last = int(np.ceil(least * count - TOLERANCE)), int(np.floor(most * count + TOLERANCE))
            if count < policy.threshold:
                yield Exposure(self.name, where, first, last, f"a mean of {count} children is the sum of their answers")
            elif policy.group_disclosure is not Group.NONE and min(high * count - first, last - low * count) <= apart:
                yield Exposure(self.name, where, first, last, "a mean at the end of its scale is the answer of (nearly) everybody")
            yield from self._scores(base, count, first, last, policy)

    def _scores(self, base: tuple[int, ...], count: int, first: int, last: int, policy: Policy) -> Iterator[Exposure]:
        """Numbers of children with each score, from their number and the sum of their scores."""
        axis = next((k for k, d in enumerate(self.dimensions) if d.name == self.columns.score), None)
        if axis is None or self.columns.scores is None:
            return
        dimension = self.dimensions[axis]
        codes = [code for code in dimension.leaves if code.lstrip("-").isdigit()]
        at = [(*base[:axis], dimension.index[code], *base[axis + 1 :]) for code in codes]
        matrix = sparse.csr_matrix(np.array([[1] * len(codes) + [0], [int(code) for code in codes] + [-1]]))
        low = np.array([int(self.low[place]) for place in at] + [first])
        high = np.array([min(int(self.high[place]), count) for place in at] + [last])
        search = Search(matrix, np.array([count, 0]), low, high)
        for k, place in enumerate(at):
            top, bottom = search.extreme(k, 1)[0], search.extreme(k, -1)[0]
            most, least = int(np.floor(top + TOLERANCE)), int(np.ceil(bottom - TOLERANCE))
            told_already = self.low[place] == self.high[place]
            if most - least < policy.minimum_width and 0 < least < policy.threshold and not told_already:
                where = {d.name: d.codes[p] for d, p in zip(self.dimensions, place, strict=True)}
                yield Exposure(self.name, where, least, most, "the mean and the number of children leave only this")


def dimensions_in(text: str, variables: Sequence[str], trees: Mapping[str, Mapping[str, str]]) -> list[Dimension]:
    """The variables of a published text, from the codes in its rows ("Total" for totals), or from a hierarchy, code to parent.

    Raises DisclosureError for a variable that no row has.
    """
    rows, found = read_rows(text), []
    for variable in variables:
        codes = dict.fromkeys(row[variable] for row in rows if row.get(variable))
        if not codes:
            raise DisclosureError(f"no row has a code in '{variable}': name the columns that hold categories")
        flat = Dimension.flat(variable, [code for code in codes if code != TOTAL])
        found.append(Dimension.tree(variable, trees[variable]) if variable in trees else flat)
    return found


def attack_clothes(
    files: Mapping[str, str], dimensions: Mapping[str, Sequence[Dimension]], columns: Mapping[str, Columns], policy: Policy
) -> AuditReport:
    """Attacks published texts together: `files` by name, each with its variables (columns hold codes) and what its columns are.

    Raises DisclosureError for a file without a known cell, or numbers that contradict each other.
    """
    read = [_Read(name, text, dimensions[name], columns[name]) for name, text in files.items()]
    found = attack_approximate([each.bounds() for each in read], policy)
    report = found.report
    for each, low, high in zip(read, found.low, found.high, strict=True):
        each.low, each.high = low.copy(), high.copy()
    by_means = [exposure for each in read for exposure in each.told_by_means(policy)]
    return replace(report, exposed=(*report.exposed, *by_means))
