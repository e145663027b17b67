"""Withheld cells whose sum a reader can work out: a published total less its published parts must not be small either."""

from __future__ import annotations

import numpy as np

from disclosure.groups import Mask
from disclosure.problem import Problem
from disclosure.published_table import WITHHELD
from disclosure.system import System


def small_sums(system: System, hidden: Mask, least: int) -> Mask:
    """Rows of the system whose total is published and whose other parts have a sum from 1 to below `least`.

    A cell that is in no table, or of which an earlier release withheld the count, is as little published as one withheld now.
    """
    unseen = hidden | system.implied | (system.x == WITHHELD)
    total_shown = system.matrix.minimum(0) @ unseen.astype(np.int64) == 0
    left = -(system.matrix @ np.where(unseen, 0, system.x))
    return np.asarray(total_shown & (left > 0) & (left < least))


def cells_for_sums(system: System, hidden: Mask, problem: Problem, least: int) -> Mask:
    """Further cells to withhold so that no known sum is small: those that mend most sums for their cost first.

    Where no part of a total can be added, the total itself is withheld; then its parts have no known sum. What is given is
    none only if no known sum is small, or nothing can be done about those that are.
    """
    more = np.zeros(len(hidden), bool)
    if not least:
        return more
    parts, totals = system.matrix.maximum(0).tocsr(), system.matrix.minimum(0).tocsr()
    able = problem.movable & ~hidden & ~system.implied
    while (rows := small_sums(system, hidden | more, least)).any():
        mends = parts.T @ rows.astype(np.int64)
        fit = able & ~more & (system.x >= least) & (mends > 0)
        if not fit.any():
            fit = able & ~more & (abs(totals).T @ rows.astype(np.int64) > 0)
            if not fit.any():
                break
            more |= fit
            continue
        cost = np.where(fit, problem.weight / np.maximum(mends, 1), np.inf)
        more[int(cost.argmin())] = True
    return more
