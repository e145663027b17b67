"""Counts that can only change together: where a sum has two unknown parts, what one gains the other loses.

Used by the attack alone, which then looks at one count of each tie only, and at no sum that says nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tied:
    """`matrix` (sums, ties): what changes of the ties have to add up to nothing in. `of` (unknowns,): the tie of each unknown count, -1
    where none can change; `sign`: 1 or -1, whether it goes with its tie or against it.
    """

    matrix: sparse.csr_matrix
    of: Whole
    sign: Whole

    def room(self, table: Whole, low: Whole, high: Whole) -> tuple[Whole, Whole]:
        """How far each tie can rise and fall before one of its counts is out of its bounds."""
        alive, ties = self.of >= 0, self.matrix.shape[1]
        above, below, ahead = (high - table)[alive], (table - low)[alive], self.sign[alive] > 0
        rise, fall = np.full(ties, np.iinfo(np.int64).max), np.full(ties, np.iinfo(np.int64).max)
        np.minimum.at(rise, self.of[alive], np.where(ahead, above, below))
        np.minimum.at(fall, self.of[alive], np.where(ahead, below, above))
        return rise, fall

    def spread(self, change: Whole) -> Whole:
        """Changes of the ties as changes of the counts."""
        return np.asarray(self.sign * np.append(change, 0)[self.of])


def tied(matrix: sparse.csr_matrix) -> Tied:
    """The ties among unknowns (columns) whose changes add up to nothing in each sum (row)."""
    count = matrix.shape[1]
    left, of, sign = matrix.astype(np.int64).tocsr(), np.arange(count), np.ones(count, np.int64)
    while True:
        left.eliminate_zeros()
        parts = np.diff(left.indptr)
        alone, pairs = left.indices[left.indptr[:-1][parts == 1]], left.indptr[:-1][parts == 2]
        pairs = pairs[np.abs(left.data[pairs]) == np.abs(left.data[pairs + 1])]
        if not len(alone) and not len(pairs):
            return Tied(left[parts > 0], of, sign)
        number, tie, against = _joined(
            left.shape[1], left.indices[pairs], left.indices[pairs + 1], left.data[pairs] != left.data[pairs + 1]
        )
        fixed = np.zeros(number, bool)
        fixed[tie[alone]] = True
        fixed[tie[against == 0]] = True
        renumbered = np.where(fixed, -1, np.cumsum(~fixed) - 1)[tie]
        moving = np.flatnonzero(renumbered >= 0)
        onto = sparse.csr_matrix((against[moving], (moving, renumbered[moving])), shape=(left.shape[1], int((~fixed).sum())))
        left, alive = (left @ onto).tocsr(), of >= 0
        sign[alive] *= against[of[alive]]
        of[alive] = renumbered[of[alive]]


def _joined(count: int, one: Whole, other: Whole, same: npt.NDArray[np.bool_]) -> tuple[int, Whole, Whole]:
    """Number of ties, the tie of each of `count`, and its sign in it: 0 where it would have to go with and against itself.

    Each stands twice, as it is and turned around; a pair joins those that go together.
    """
    turned = np.where(same, 0, count)
    ends = np.concatenate([one, one + count]), np.concatenate([other + turned, other + count - turned])
    _, label = connected_components(sparse.csr_matrix((np.ones(2 * len(one)), ends), shape=(2 * count, 2 * count)), directed=False)
    straight, around = label[:count], label[count:]
    first, tie = np.unique(np.minimum(straight, around), return_inverse=True)
    return len(first), tie, np.sign(around - straight).astype(np.int64)
