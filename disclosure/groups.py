"""Cells that sums tie to each other, as one: what can only move together is one unknown, and what sums hold fast is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

Whole = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

UNBOUNDED = np.int64(2**40)
ELIMINATED = 1e-9  # what is left of an entry, below which it is nothing but rounding


@dataclass(frozen=True, eq=False)
class Groups:
    """Cells that can only move together. `of` (cells): group or -1 (cannot move at all); `sign`: in or against its direction.

    `matrix` (sums left, groups) holds what still has to be kept; `up` and `down` are how far each group can go.
    """

    of: Whole
    sign: Whole
    matrix: sparse.csr_matrix
    up: Whole
    down: Whole

    def cells(self, move: Whole) -> Whole:
        """The cells' changes (cells,) for the groups' changes."""
        return np.asarray(np.where(self.of >= 0, self.sign * move[self.of], 0), dtype=np.int64)


def group(matrix: sparse.csr_matrix, movable: Mask, up: Whole, down: Whole) -> Groups:
    """Puts together the movable cells that sums tie to each other, and drops those that sums hold fast.

    matrix (sums, cells); up, down (cells,): how far each cell can go, at least 0.
    """
    cells = np.flatnonzero(movable)
    of = np.full(matrix.shape[1], -1, np.int64)
    of[cells] = np.arange(len(cells))
    sign = np.ones(matrix.shape[1], np.int64)
    left = matrix[:, cells].astype(np.int64).tocsr()
    while True:
        left.eliminate_zeros()
        entries = np.diff(left.indptr)
        left, entries = left[entries > 0], entries[entries > 0]
        starts: Whole = np.asarray(left.indptr[:-1], dtype=np.int64)
        fixed: Mask = np.zeros(left.shape[1], np.bool_)
        fixed[left.indices[starts[entries == 1]]] = True
        pairs = starts[entries == 2]
        pairs = pairs[np.abs(left.data[pairs]) == np.abs(left.data[pairs + 1])]
        a, b = left.indices[pairs], left.indices[pairs + 1]
        opposite: Mask = np.asarray(np.sign(left.data[pairs]) == np.sign(left.data[pairs + 1]))
        if not fixed.any() and not len(pairs):
            break
        root, parity = _tie(left.shape[1], a, b, opposite, fixed)
        keep: Whole = np.flatnonzero(root == np.arange(len(root)))
        number = np.full(len(root) + 1, -1, np.int64)
        number[keep] = np.arange(len(keep))
        new = number[root]
        alive = of >= 0
        sign[alive] *= parity[of[alive]]
        of[alive] = new[of[alive]]
        good = new >= 0
        step = sparse.csr_matrix((parity[good], (np.flatnonzero(good), new[good])), shape=(len(root), len(keep)))
        left = (left @ step).tocsr()
    groups = left.shape[1]
    room_up = np.full(groups, UNBOUNDED)
    room_down = np.full(groups, UNBOUNDED)
    standing = np.flatnonzero(of >= 0)
    with_it = sign[standing] > 0
    np.minimum.at(room_up, of[standing], np.where(with_it, up[standing], down[standing]))
    np.minimum.at(room_down, of[standing], np.where(with_it, down[standing], up[standing]))
    return Groups(of, sign, _without_repeats(left), room_up, room_down)


def _tie(count: int, a: npt.NDArray[np.int32], b: npt.NDArray[np.int32], opposite: Mask, fixed: Mask) -> tuple[Whole, Whole]:
    """Union-find with signs: root of each column and its sign towards it; `count` as root of what cannot move.

    A group that is its own opposite is fixed. What is not seen to be so here is alone in a sum of the next round.
    """
    root, parity = list(range(count)), [1] * count

    def find(k: int) -> tuple[int, int]:
        path = []
        while root[k] != k:
            path.append(k)
            k = root[k]
        sign = 1
        for node in reversed(path):
            sign *= parity[node]
            root[node], parity[node] = k, sign
        return k, (parity[path[0]] if path else 1)

    for first, second, flip in zip(a.tolist(), b.tolist(), opposite.tolist(), strict=True):
        (i, si), (j, sj) = find(first), find(second)
        sign = -1 if flip else 1
        if i != j:
            root[j], parity[j] = i, si * sj * sign
        elif si * sj != sign:
            fixed[i] = True
    ends = [find(k) for k in range(count)]
    roots = np.array([end for end, _ in ends], np.int64)
    held = np.zeros(count, bool)
    held[roots[fixed]] = True
    roots[held[roots]] = count  # with one, all that are tied to it
    return roots, np.array([sign for _, sign in ends], np.int64)


def _without_repeats(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """Sums that differ in sign alone say the same."""
    matrix.sort_indices()
    seen: dict[bytes, int] = {}
    for row in range(matrix.shape[0]):
        span = slice(matrix.indptr[row], matrix.indptr[row + 1])
        signs = matrix.data[span] * np.sign(matrix.data[span][0])
        seen.setdefault(matrix.indices[span].tobytes() + signs.tobytes(), row)
    return matrix[sorted(seen.values())]


def independent(matrix: sparse.csr_matrix) -> Whole:
    """Rows that say all that the others say too, few entries first (by Gaussian elimination, over the reals)."""
    order = np.argsort(np.diff(matrix.indptr), kind="stable")
    left = matrix[order].toarray().astype(float)
    pivots = np.full(len(left), -1)
    for row in range(len(left)):
        pivot = int(np.abs(left[row]).argmax()) if left.shape[1] else -1
        if pivot < 0 or abs(left[row, pivot]) < ELIMINATED:
            continue
        pivots[row] = pivot
        later = row + 1 + np.flatnonzero(np.abs(left[row + 1 :, pivot]) > ELIMINATED)
        columns = np.flatnonzero(left[row])
        left[np.ix_(later, columns)] -= np.outer(left[later, pivot] / left[row, pivot], left[row, columns])
    return np.sort(order[pivots >= 0])
