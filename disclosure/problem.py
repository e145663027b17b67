"""What secondary suppression has to solve, what proves it, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from disclosure.groups import Mask, Whole

Floats = npt.NDArray[np.float64]


@dataclass(eq=False)
class Problem:
    """What has to be protected. Arrays over cells: `up`, `down` (how far a cell may go in a reader's eyes), `weight`.

    `hidden` cells must stay hidden, and keep `width` whole numbers between their least and largest count; `free` cells
    are not published anyway and need no proof; `movable` cells may be withheld; `weight` is the cost of withholding one.
    """

    matrix: sparse.csr_matrix
    up: Whole
    down: Whole
    weight: Floats
    movable: Mask
    hidden: Mask
    free: Mask
    width: int
    fall: Whole  # how far below its count each cell must possibly be, beside the width
    order: Whole  # count of each cell: the largest are proven first

    def digest(self) -> str:
        """The same for the same problem, and for no other."""
        matrix = self.matrix.sorted_indices()
        found = sha256(repr((matrix.shape, self.width)).encode())
        arrays = (matrix.indptr, matrix.indices, matrix.data, self.up, self.down, self.weight)
        for array in (*arrays, self.movable, self.hidden, self.free, self.fall, self.order):
            found.update(np.ascontiguousarray(array).astype(np.float64 if array.dtype.kind == "f" else np.int64).tobytes())
        return found.hexdigest()

    def part(self, cells: Whole) -> Problem:
        """The problem of these cells alone, all others held fast."""
        matrix = self.matrix[:, cells].tocsr()
        return Problem(
            matrix[np.diff(matrix.indptr) > 0],
            self.up[cells],
            self.down[cells],
            self.weight[cells],
            self.movable[cells],
            self.hidden[cells],
            self.free[cells],
            self.width,
            self.fall[cells],
            self.order[cells],
        )


@dataclass(eq=False)
class Proofs:
    """Moves found so far, and how far each cell is known to go up and down."""

    problem: Problem
    moves: list[tuple[Whole, Whole]] = field(default_factory=list)  # cells, and how far each of them moves

    def __post_init__(self) -> None:
        cells = len(self.problem.up)
        self.above = np.zeros(cells, np.int64)
        self.below = np.zeros(cells, np.int64)

    def add(self, move: Whole) -> None:
        """Takes a move (cells,), and its reverse if that is allowed too."""
        cells = np.flatnonzero(move)
        self.keep(cells, move[cells])
        if (-move <= self.problem.up).all() and (move <= self.problem.down).all():
            self.keep(cells, -move[cells])

    def keep(self, cells: Whole, steps: Whole) -> None:
        """Takes a move: these cells, and how far each of them moves."""
        self.moves.append((cells, steps))
        self.above[cells] = np.maximum(self.above[cells], steps)
        self.below[cells] = np.maximum(self.below[cells], -steps)

    def matrix(self) -> sparse.csr_matrix:
        """The moves (moves, cells)."""
        ends = np.cumsum([0, *(len(cells) for cells, _ in self.moves)])
        cells, steps = (np.concatenate([np.zeros(0, np.int64), *(move[side] for move in self.moves)]) for side in (0, 1))
        return sparse.csr_matrix((steps, cells, ends), shape=(len(self.moves), len(self.above)))

    def take(self, moves: sparse.csr_matrix) -> None:
        """Takes moves (moves, cells) that are kept elsewhere."""
        rising, falling = moves.maximum(0), (-moves).maximum(0)
        if moves.shape[0]:
            np.maximum(self.above, rising.max(axis=0).toarray().reshape(-1), out=self.above)
            np.maximum(self.below, falling.max(axis=0).toarray().reshape(-1), out=self.below)

    def proven(self, cells: Whole | slice | int = slice(None)) -> Any:
        """Which cells keep the width."""
        above, below = self.above[cells], self.below[cells]
        return (above + below >= self.problem.width) & (below >= self.problem.fall[cells])


@dataclass(frozen=True, eq=False)
class Pattern:
    """Cells to withhold, the moves that prove them (moves, cells), and the cells for which no move was found.

    `hurried`: cells that are withheld only because there was no time for a cheaper way.
    """

    hidden: Mask
    moves: sparse.csr_matrix
    unproven: Mask
    hurried: Mask | None = None


def finish(problem: Problem, hidden: Mask, moves: sparse.csr_matrix) -> Pattern:
    """The pattern, with the cells that these moves leave without proof."""
    proofs = Proofs(problem)
    proofs.take(moves)
    return Pattern(hidden, moves, hidden & ~problem.free & ~proofs.proven())
