"""How far cells could go at most, were everything withheld that may be: what cannot go far enough then, no pattern protects.

Bounds alone, narrowed in whole numbers by one sum after the other: milliseconds, where a search for moves that are not there takes
minutes. A cell that is not named here may be beyond protection all the same; one that is named is for certain.
"""

from __future__ import annotations

import numpy as np

from disclosure.groups import Mask, Whole
from disclosure.problem import Problem

ROUNDS = 1_000  # of narrowing; wherever it stops, nothing possible has been left out


def beyond_protection(problem: Problem) -> Mask:
    """Withheld cells (cells,) that keep neither the width nor the fall they need, whatever else is withheld."""
    low, high = reach(problem)
    needed = problem.hidden & ~problem.free
    return needed & ((high - low < problem.width) | (-low < problem.fall))


def reach(problem: Problem) -> tuple[Whole, Whole]:
    """Bounds of each cell's change (cells,), low and high: no move leaves them, though not every change within is a move's."""
    matrix = problem.matrix
    able = problem.movable | problem.hidden | problem.free
    low, high = np.where(able, -problem.down, 0), np.where(able, problem.up, 0)
    rows, columns = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)), matrix.indices
    child = matrix.data > 0
    for _ in range(ROUNDS):
        least, most = np.where(child, low[columns], -high[columns]), np.where(child, high[columns], -low[columns])
        all_least, all_most = (np.bincount(rows, ends).astype(np.int64) for ends in (least, most))
        bottom, top = most - all_most[rows], least - all_least[rows]  # no less, and no more, than what the others leave over
        new_low, new_high = low.copy(), high.copy()
        np.maximum.at(new_low, columns, np.where(child, bottom, -top))
        np.minimum.at(new_high, columns, np.where(child, top, -bottom))
        if (new_low == low).all() and (new_high == high).all():
            break
        low, high = new_low, new_high
    return low, high
