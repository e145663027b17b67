"""Second tables by the thousand: one linear program changes as many unknown counts at once as it can, in whole numbers.

Used by the attack alone. Asking for the bounds of one count after the other takes as many programs as there are counts; most
counts, though, can be changed together. A program whose objective pulls each open count one way gives a table in which
about half of them have moved. Where its values are not whole, what is whole is held, and a search for whole numbers mends the
rest, going further around it until it fits.
"""

from __future__ import annotations

import highspy
import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components

Whole = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

BROKEN = 1e-6  # how far from a whole number a value is not one
MENDS = 5  # times that the counts around a broken value are let go, too
NEAR = 2  # how far from its real value a whole one is looked for
MEND_NODES = 200  # branch-and-bound nodes of each such search
MANY = 4000  # counts from which on a program is solved through its inside
STEPS = 4  # how far beyond what is needed a count may move: short ways need less mending


def program(matrix: sparse.csr_matrix, known: Whole, low: Floats, high: Floats, *, whole: bool) -> highspy.Highs:
    """A solver for matrix @ u = known, low <= u <= high."""
    columns = matrix.tocsc()
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = columns.shape[1], columns.shape[0]
    model.col_cost_ = np.zeros(columns.shape[1])
    model.col_lower_, model.col_upper_ = low, high
    model.row_lower_ = model.row_upper_ = known.astype(float)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = columns.indptr, columns.indices
    model.a_matrix_.value_ = columns.data.astype(float)
    if whole:
        model.integrality_ = [highspy.HighsVarType.kInteger] * columns.shape[1]
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    options = (("output_flag", False), ("threads", 1), ("random_seed", 0), ("mip_max_nodes", MEND_NODES))
    for option, value in (*options, ("presolve", "choose" if whole else "off")):
        solver.setOptionValue(option, value)
    solver.passModel(model)
    return solver


def from_inside(solver: highspy.Highs, *, corner: bool = True) -> None:
    """Has a program solved through its inside: of thousands of counts, in a small part of the time. `corner`: ends at one."""
    for option, value in (("solver", "ipm"), ("presolve", "choose"), ("run_crossover", "on" if corner else "off")):
        solver.setOptionValue(option, value)


def mend(matrix: sparse.csr_matrix, known: Whole, values: Floats, low: Whole, high: Whole, *, times: int = MENDS) -> Whole | None:
    """Whole numbers that fit, as near to real `values` that fit as whole numbers around the broken ones allow; None if not found.

    Broken values that share no equation are mended apart: in each equation, they sum to a whole number by themselves. `times`: how often
    what is around them is let go, too, at most.
    """
    values = values.copy()
    broken = np.flatnonzero(np.abs(values - np.rint(values)) > BROKEN)
    touching = abs(matrix)
    joined = touching[:, broken]
    number, label = connected_components(joined.T @ joined, directed=False)
    for k in range(number):
        open_ = np.zeros(len(values), bool)
        open_[broken[label == k]] = True
        for _ in range(times):
            columns = np.flatnonzero(open_)
            if (found := _near(matrix[:, columns], values[columns], low[columns], high[columns])) is not None:
                values[columns] = found
                break
            open_ = touching.T @ (touching @ open_.astype(np.int64) > 0).astype(np.int64) > 0
        else:
            return None
    table = np.rint(values).astype(np.int64)
    return table if (table >= low).all() and (table <= high).all() and (matrix @ table == known).all() else None


def _near(matrix: sparse.csr_matrix, values: Floats, low: Whole, high: Whole) -> Whole | None:
    """Whole numbers near these with the same sums."""
    matrix = matrix[np.diff(matrix.indptr) > 0]
    sums = np.rint(matrix @ values).astype(np.int64)
    around = np.maximum(np.floor(values) - NEAR, low), np.minimum(np.ceil(values) + NEAR, high)
    solver = program(matrix, sums, *around, whole=True)
    solver.run()
    found = np.array(solver.getSolution().col_value)
    if len(found) != len(values) or not np.isfinite(found).all():
        return None
    whole = np.rint(found).astype(np.int64)
    return whole if (matrix @ whole == sums).all() else None


class Variation:
    """Tables around a first one (unknowns,) that fits: matrix @ u = known, low <= u <= high.

    `far` (unknowns,): how far each count has to move, at most; none goes more than a few steps further.
    """

    def __init__(self, matrix: sparse.csr_matrix, known: Whole, table: Whole, low: Whole, high: Whole, far: Whole) -> None:
        self.matrix, self.known, self.table = matrix, known, table
        self.low, self.high = np.maximum(low, table - far - STEPS), np.minimum(high, table + far + STEPS)
        self.solver = program(matrix, known, self.low.astype(float), self.high.astype(float), whole=False)
        if len(table) >= MANY:
            from_inside(self.solver)
        self.solved = 0

    def pulled(self, pull: Floats) -> Whole | None:
        """A table in which counts have moved the way they are pulled (above 0: up), as many as can; None if none was found."""
        count = len(self.table)
        able = np.where(pull > 0, self.high > self.table, self.low < self.table)
        pull = np.where(able, pull, -pull)
        self.solver.changeColsCost(count, np.arange(count, dtype=np.int32), -pull)
        self.solver.run()
        self.solved += 1
        values = np.array(self.solver.getSolution().col_value)
        if self.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal or len(values) != count:
            return None
        return mend(self.matrix, self.known, values, self.low, self.high)
