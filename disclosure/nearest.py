"""The nearest second table: the fewest changes in others by which one unknown count is another.

Used by the attack alone, for the last counts that were not shown to be open. A linear program starts from no change at all, and pays for
each step of each count.
"""

from __future__ import annotations

import highspy
import numpy as np
import numpy.typing as npt
from scipy import sparse

from disclosure.variation import mend, program

Whole = npt.NDArray[np.int64]


class Nearest:
    """Tables near one (unknowns,) that fits, within low and high, with all its sums, as far as `iterations` of one program lead."""

    def __init__(self, matrix: sparse.csr_matrix, table: Whole, low: Whole, high: Whole, iterations: int) -> None:
        self.matrix, self.table, self.low, self.high = matrix, table, low, high
        self.room = np.concatenate([high - table, table - low]).astype(float)  # upwards, then downwards
        count = len(self.room)
        both, nothing = sparse.hstack([matrix, -matrix]).tocsr(), np.zeros(matrix.shape[0], np.int64)
        self.solver = program(both, nothing, np.zeros(count), self.room, whole=False)
        self.solver.setOptionValue("simplex_scale_strategy", 0)
        self.solver.setOptionValue("simplex_iteration_limit", iterations)
        self.solver.changeColsCost(count, np.arange(count, dtype=np.int32), np.ones(count))
        self.solved = 0

    def reach(self, target: int, by: int) -> Whole | None:
        """A table in which the target is changed by so much; None if none was found."""
        count = len(self.table)
        there, back = (target, target + count) if by > 0 else (target + count, target)
        if self.room[there] < abs(by):
            return None
        self.solver.changeColBounds(there, abs(by), abs(by))
        self.solver.changeColBounds(back, 0.0, 0.0)
        self.solver.clearSolver()
        self.solver.run()
        self.solved += 1
        found = self.solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        values = np.array(self.solver.getSolution().col_value)
        self.solver.changeColBounds(there, 0.0, self.room[there])
        self.solver.changeColBounds(back, 0.0, self.room[back])
        if not found or len(values) != 2 * count:
            return None
        low, high = self.low.copy(), self.high.copy()
        low[target] = high[target] = self.table[target] + by
        return mend(self.matrix, self.matrix @ self.table, self.table + values[:count] - values[count:], low, high)
