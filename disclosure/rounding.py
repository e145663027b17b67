"""Rounding: to the nearest multiple of a base, small counts withheld and the rest rounded, or controlled so that sums still hold.

Rounding each count by itself ("conventional") can give itself away: four counts that all read 0 below a total that reads 10
must be 2 each, to base 5. Controlled rounding moves every count to a multiple next to it, chosen together so that all sums
hold (Cox, 1987; zero-restricted: multiples stay); where no such table exists, as may be in three dimensions, the counts move
a little further. It is a mixed-integer program, solved by HiGHS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from disclosure.error import DisclosureError
from disclosure.published_table import WITHHELD
from disclosure.system import link
from disclosure.table import Table

Whole = npt.NDArray[np.int64]
WIDEST = 8  # bases a count may move before controlled rounding gives up
SECONDS = 60.0  # for each width tried


def conventional(counts: Whole, base: int) -> Whole:
    """Each count to the nearest multiple of `base`, halves up."""
    return np.asarray((2 * counts + base) // (2 * base) * base)


def small_counts_rounded(counts: Whole, threshold: int, base: int) -> Whole:
    """WITHHELD for counts from 1 to below the threshold; 0 stays 0, and all others are rounded, to no less than `base`."""
    rounded = np.maximum(conventional(counts, base), base)
    return np.where(counts == 0, 0, np.where(counts < threshold, WITHHELD, rounded))


def controlled(tables: Sequence[Table], base: int, progress: Callable[[float], None] | None = None) -> tuple[list[Whole], int]:
    """Each table's counts as multiples of `base` for which every sum holds, also across tables; and the width that it took.

    Width 1 is zero-restricted: every count moves by less than one base. The sum of changes is the least possible at its
    width, as far as the time allows. Raises DisclosureError if nothing was found within eight bases.
    """
    system = link(tables)
    x = system.x
    if (x == WITHHELD).any():
        raise DisclosureError("the tables leave counts open that sums depend on: controlled rounding needs tables with all their totals")
    for width in range(1, WIDEST + 1):
        if progress:
            progress((width - 1) / WIDEST)
        steps = _steps(x, system.matrix, base, width)
        if steps is not None:
            return [(steps * base)[at].reshape(table.counts.shape) for table, at in zip(tables, system.entries, strict=True)], width
    raise DisclosureError(f"no table of multiples of {base} was found near these counts: use fewer categories, or a smaller base")


def _steps(x: Whole, matrix: sparse.csr_matrix, base: int, width: int) -> Whole | None:
    """How many bases each count becomes: unknowns are its steps above the multiple below it, at a cost convex in the change."""
    below, over = x // base, x % base
    low = np.maximum(1 - width, -below)
    high = np.where(over == 0, width - 1, width)
    cells = len(x)
    # cost |steps * base - over|: its slope changes at 0 and at 1, so steps = -down + first + more
    first, more = np.minimum(high, 1), np.maximum(high - 1, 0)
    both = sparse.hstack([matrix, matrix, -matrix]).tocsr()
    cost = np.concatenate([base - 2.0 * over, np.full(cells, base), np.full(cells, base)])
    found = milp(
        cost,
        integrality=np.ones(3 * cells),
        bounds=Bounds(np.zeros(3 * cells), np.concatenate([first, more, -low])),
        constraints=LinearConstraint(both, -(matrix @ below), -(matrix @ below)),
        options={"time_limit": SECONDS, "mip_rel_gap": 1e-3},
    )
    if found.x is None:
        return None
    part = np.rint(found.x).astype(np.int64).reshape(3, cells)
    steps = below + part[0] + part[1] - part[2]
    if (matrix @ steps != 0).any() or (steps < 0).any():
        raise DisclosureError("controlled rounding did not keep the sums: report it, with the size of the table")
    return np.asarray(steps)
