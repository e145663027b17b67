"""A first table for thousands of unknown counts: those that divide the others first, then each part for itself.

Used by the attack alone. Whole numbers for all counts at once are beyond a search. But once the counts of the regions are held, those
of one region's councils have nothing to do with another's. So the middle of all real solutions is found first; the counts above are put
to the whole numbers nearest to it, for which there is room around; then each part is solved by itself. A part that has no solution
then is taken into the question above, as real numbers, and all is asked again.
"""

from __future__ import annotations

import highspy
import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from disclosure.error import DisclosureError
from disclosure.variation import BROKEN, from_inside, mend, program

Whole = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

GAP = 0.05  # how much further than necessary from the middle, as a share, is near enough
NODES = 1000  # branch-and-bound nodes for the counts above


def divided(matrix: sparse.csr_matrix, known: Whole, low: Whole, high: Whole, above: Mask) -> Whole | None:
    """Whole numbers u with matrix @ u = known, low <= u <= high; None if none were found. `above`: unknowns that divide the others.

    Raises DisclosureError if there are not even real ones.
    """
    solver = program(matrix, known, low.astype(float), high.astype(float), whole=False)
    from_inside(solver, corner=False)
    solver.run()
    if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        raise DisclosureError("no table fits what is published: check how it was made")
    middle = np.array(solver.getSolution().col_value)
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal or len(middle) != len(low):
        return None
    held, below = np.flatnonzero(above), np.flatnonzero(~above)
    parts = [below[cells] for cells in _apart(matrix[:, below])]
    columns = matrix.tocsc()
    table = np.zeros(len(low), np.int64)
    asked: list[int] = []
    while True:
        cells = np.concatenate([held, *(parts[k] for k in asked)])
        found = _near_middle(matrix, known, low, high, middle, cells, len(held))
        if found is None:
            return None
        table[held] = found
        left = known - columns[:, held] @ found
        failed = []
        for k, part in enumerate(parts):
            rows = columns[:, part].tocsr()
            used = np.flatnonzero(np.diff(rows.indptr))
            one = _any_table(rows[used], left[used], low[part], high[part])
            if one is None:
                failed.append(k)
            else:
                table[part] = one
        if not failed:
            return table if (matrix @ table == known).all() else None
        if set(failed) <= set(asked):
            return None
        asked = sorted({*asked, *failed})


def _apart(matrix: sparse.csr_matrix) -> list[Whole]:
    """Columns of each independent part."""
    number, label = connected_components(abs(matrix).T @ abs(matrix), directed=False)
    return [np.flatnonzero(label == k) for k in range(number)]


def _near_middle(
    matrix: sparse.csr_matrix, known: Whole, low: Whole, high: Whole, middle: Floats, cells: Whole, whole: int
) -> Whole | None:
    """Whole numbers for the first `whole` of these unknowns, next to the middle, and real ones for the rest, in all sums of these alone."""
    alone = np.flatnonzero(np.diff(matrix[:, np.sort(cells)].tocsr().indptr) == np.diff(matrix.indptr))
    least, most = low[cells].astype(float), high[cells].astype(float)
    near = middle[cells[:whole]]
    least[:whole] = np.maximum(np.floor(near + BROKEN), least[:whole])
    most[:whole] = np.minimum(np.ceil(near - BROKEN), most[:whole])
    solver = program(matrix[alone][:, cells], known[alone], least, most, whole=True)
    real = np.arange(whole, len(cells), dtype=np.int32)
    solver.changeColsIntegrality(len(real), real, np.full(len(real), highspy.HighsVarType.kContinuous))
    solver.changeColsCost(whole, np.arange(whole, dtype=np.int32), 1 - 2 * (near - np.floor(near)))
    for option, value in (("mip_rel_gap", GAP), ("mip_max_nodes", NODES)):
        solver.setOptionValue(option, value)
    solver.run()
    values = np.array(solver.getSolution().col_value)
    if len(values) != len(cells) or not np.isfinite(values).all():
        return None
    return np.asarray(np.rint(values[:whole]), dtype=np.int64)


def _any_table(matrix: sparse.csr_matrix, known: Whole, low: Whole, high: Whole) -> Whole | None:
    """Whole numbers that fit one part; None if none were found."""
    solver = program(matrix, known, low.astype(float), high.astype(float), whole=False)
    from_inside(solver)
    solver.run()
    values = np.array(solver.getSolution().col_value)
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal or len(values) != len(low):
        return None
    return mend(matrix, known, values, low, high)
