"""Tables near one that fits: from table to table, a few whole counts at a time, without a linear program.

Used by the attack alone. A count that is published nearly lies between two bounds, and mostly somewhere in between: one more child in
it, and in whatever sums count that child as well, mostly fits too. Such a second table is found by changing the count, then a count in
each equation that no longer holds, always the one that leaves the fewest equations wrong. That may lead nowhere, and proves nothing
then; but each table found is a whole table of whole numbers that fits, and the walk goes on from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from random import Random

import numpy as np
import numpy.typing as npt
from scipy import sparse

Whole = npt.NDArray[np.int64]
Lines = list[list[tuple[int, int]]]

MOST_STEPS = 300  # counts that are changed before a way counts as leading nowhere
SEED = 20211108


class Neighbours:
    """The tables (unknowns,) around one that fits: matrix @ u = known, low <= u <= high."""

    def __init__(self, matrix: sparse.csr_matrix, table: Whole, low: Whole, high: Whole) -> None:
        self._equations, self._counts = _lines(matrix), _lines(matrix.T.tocsr())
        self._table, self._low, self._high = table.tolist(), low.tolist(), high.tolist()
        self._random = Random(SEED)  # noqa: S311 - which way is tried is no secret

    @property
    def table(self) -> Whole:
        """Where the walk is."""
        return np.array(self._table, np.int64)

    def step(self, count: int, by: int) -> Mapping[int, int] | None:
        """Walks on to a table in which this count is one more (`by` 1) or less (-1); gives every count it changed, and its new value.

        None, and it stays where it is, if no way was found.
        """
        change = self._way(count, by)
        if change is None:
            return None
        for changed, more in change.items():
            self._table[changed] += more
        return {changed: self._table[changed] for changed in change}

    def _way(self, count: int, by: int) -> dict[int, int] | None:
        if not self._low[count] <= self._table[count] + by <= self._high[count]:
            return None
        change = {count: by}
        wrong = {equation: sign * by for equation, sign in self._counts[count]}
        while wrong:
            found = self._mended(next(iter(wrong)), wrong, change)
            if found is None or len(change) == MOST_STEPS:
                return None
            other, more = found
            change[other] = more
            for equation, sign in self._counts[other]:
                if left := wrong.get(equation, 0) + sign * more:
                    wrong[equation] = left
                else:
                    del wrong[equation]
        return change

    def _mended(self, equation: int, wrong: Mapping[int, int], change: Mapping[int, int]) -> tuple[int, int] | None:
        """The count of an equation, not changed yet, that one more or less of brings it nearer and makes the fewest others wrong."""
        towards = -1 if wrong[equation] > 0 else 1
        best: tuple[int, float, int, int] | None = None
        for other, sign in self._equations[equation]:
            more = towards * sign
            if other in change or not self._low[other] <= self._table[other] + more <= self._high[other]:
                continue
            worse = 0
            for touched, factor in self._counts[other]:
                now = wrong.get(touched, 0)
                worse += abs(now + factor * more) - abs(now)
            tried = (worse, self._random.random(), other, more)
            best = tried if best is None else min(best, tried)
        return best[2:] if best else None


def _lines(matrix: sparse.csr_matrix) -> Lines:
    """The entries other than 0 of each row: (column, sign)."""
    columns, signs = matrix.indices.tolist(), matrix.data.tolist()
    bounds = matrix.indptr.tolist()
    return [list(zip(columns[a:b], signs[a:b], strict=True)) for a, b in pairwise(bounds)]
