"""Second tables by the thousand, a few codes at a time: a walk from table to table, on which as many counts as can be change.

Used by the attack alone. Each step pulls every count that no table has shown to be open yet one way, among the counts of a few codes of
one variable, all others held where they are. Such programs are small and mostly give whole numbers. The walk goes on from the table
found, through all variables in turn, with more codes at once when little new is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from disclosure.axes import Axis
from disclosure.variation import Variation

Whole = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FEWEST = 2  # codes at once to begin with
GAIN = 0.2  # of the counts that are not shown to be open, the share that a round has to open, or else more codes are let go at once
GROWTH, LARGEST = 1.5, 7  # how many more, and how many at most: beyond, whole numbers become rare
TOO_LITTLE = 0.25  # the share below which the walk is given up for tables that are far away
ONCE = 1_000  # up to so many counts, all are let go at once from the beginning
MOST = 20_000  # counts let go at once
SLIGHT = 0.01  # how strongly counts are pulled that were shown to be open already: it takes the walk to new tables


class Walk:
    """The tables around one (unknowns,) that fits, within low and high, with all its sums.

    `cells`: what the axes call these unknowns; `far`: how far each has to move at most.
    """

    def __init__(
        self, matrix: sparse.csr_matrix, table: Whole, low: Whole, high: Whole, axes: Sequence[Axis], cells: Whole, far: Whole
    ) -> None:
        self.columns, self.table, self.low, self.high = matrix.tocsc(), table.copy(), low, high
        self.axes, self.cells, self.far = axes, cells, far
        self.rng = np.random.default_rng(20211108)
        self.solved = 0

    def tables(self, short: Callable[[], Mask], pull: Callable[[], Floats]) -> Iterator[Whole]:
        """Each table come to, as long as something new is seen.

        `short()`: counts not shown to be open so far; `pull()`: which way each of them is pulled.
        """
        size = float(FEWEST)
        while len(self.table) > ONCE and (before := short().sum()):
            groups = [group for axis in self.axes for group in axis.groups(self.cells, round(size), self.rng) if len(group) <= MOST]
            if not groups:
                break
            for group in groups:
                if short()[group].any() and self._step(group, short(), pull()):
                    yield self.table
            left = short().sum() / before
            if left > 1 - TOO_LITTLE and size == LARGEST:
                break
            size = min(LARGEST, size * GROWTH) if left > 1 - GAIN else size

    def _part(self, cells: Whole) -> sparse.csr_matrix:
        """The equations that these counts are in, of these alone."""
        matrix = self.columns[:, cells].tocsr()
        return matrix[np.diff(matrix.indptr) > 0]

    def _step(self, cells: Whole, short: Mask, pull: Floats) -> bool:
        """Goes to a table in which these counts have moved the way they are pulled, all others held; False if none was found."""
        matrix, here = self._part(cells), self.table[cells]
        ways = Variation(matrix, matrix @ here, here, self.low[cells], self.high[cells], self.far[cells])
        found = ways.pulled(np.where(short[cells], pull[cells], SLIGHT * pull[cells]))
        self.solved += 1
        if found is not None:
            self.table[cells] = found
        return found is not None
