"""Withheld cells whose sum a reader can work out: a published total less its published parts must not be small either."""

from __future__ import annotations

import numpy as np

from disclosure.groups import Mask
from disclosure.problem import Problem
from disclosure.system import System


def small_sums(system: System, hidden: Mask, least: int) -> Mask:
    """Rows of the system whose total is published and whose withheld parts have a sum from 1 to below `least`."""
    matrix = system.matrix
    total_shown = matrix.minimum(0) @ hidden.astype(np.int64) == 0
    together = matrix.maximum(0) @ np.where(hidden, system.x, 0)
    return np.asarray(total_shown & (together > 0) & (together < least))


def cells_for_sums(system: System, hidden: Mask, problem: Problem, least: int) -> Mask:
    """Further cells to withhold so that no known sum is small: those that mend most sums for their cost first.

    Where no part of a total can be added, the total itself is withheld; then its parts have no known sum.
    """
    more = np.zeros(len(hidden), bool)
    if not least:
        return more
    parts = system.matrix.maximum(0).tocsr()
    rows = np.flatnonzero(small_sums(system, hidden, least))
    while len(rows):
        left = np.full(parts.shape[0], 0)
        left[rows] = 1
        mends = parts.T @ left
        able = problem.movable & ~hidden & ~more & (system.x >= least) & (mends > 0)
        if not able.any():
            for row in rows:
                span = slice(system.matrix.indptr[row], system.matrix.indptr[row + 1])
                more[system.matrix.indices[span][system.matrix.data[span] < 0]] = True
            break
        cost = np.where(able, problem.weight / np.maximum(mends, 1), np.inf)
        more[int(cost.argmin())] = True
        rows = np.flatnonzero(small_sums(system, hidden | more, least))
    return more
