"""What the sums around one count say of it by themselves: bounds that hold, whatever all other sums say.

Used by the attack alone. Among tens of thousands of unknowns, each program over all of them takes seconds, and there may be hundreds of
counts to ask about; what a table gives away, though, mostly shows in the sums that a count is in and in those of its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator

import highspy
import numpy as np

from disclosure.error import DisclosureError
from disclosure.search import TOLERANCE, Search, Whole
from disclosure.variation import program

MOST = 3_000  # unknowns that are looked at together


class Nearby:
    """Bounds of the counts of one part, from the sums around each."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.rows, self.columns = search.matrix.tocsr(), search.matrix.tocsc()
        self.solved = 0

    def bounds(self, target: int) -> Iterator[tuple[int, int]]:
        """Whole numbers between which an unknown lies, each time from more sums. Raises DisclosureError if nothing fits those."""
        cells, sums = np.array([target]), np.zeros(0, np.int64)
        while True:
            before, sums = len(sums), np.unique(self.columns[:, cells].indices)
            cells = np.unique(self.rows[sums].indices)
            if len(sums) == before or len(cells) > MOST:
                return
            if (found := self._between(target, cells, sums)) is not None:
                yield found

    def _between(self, target: int, cells: Whole, sums: Whole) -> tuple[int, int] | None:
        search, at = self.search, int(np.searchsorted(cells, target))
        low, high = search.low[cells].astype(float), search.high[cells].astype(float)
        solver = program(self.rows[sums][:, cells], search.known[sums], low, high, whole=False)
        solver.setOptionValue("presolve", "choose")
        ends = []
        for direction in (1, -1):
            solver.changeColCost(at, -float(direction))
            solver.run()
            self.solved += 1
            if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
                raise DisclosureError("no table fits what is published: check how it was made")
            if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                return None
            ends.append(float(solver.getSolution().col_value[at]))
        return int(np.ceil(ends[1] - TOLERANCE)), int(np.floor(ends[0] + TOLERANCE))
