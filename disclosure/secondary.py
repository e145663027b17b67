"""Secondary suppression: which further cells to withhold, at least cost, so that no withheld cell is pinned down.

For each withheld cell that no move changes yet, the cheapest move is found; the cells it needs join the withheld. A move
proves all the cells it changes at once, so most cells need none of their own. Then every further cell is tried again,
dearest first: it is published after all if each withheld cell keeps a proof without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from disclosure.moves import Finder, Groups, Mask, Whole, group

Floats = npt.NDArray[np.float64]
HIDDEN_COST = 1e-3  # one step of a cell that is withheld already
PROVEN_COST = 1e-2  # the same once it has its proof: a new move had better pass through cells that have none
FAR_COSTS = (3.0, 4.0)  # the two where much is withheld already: free steps would let a search wander


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

    def part(self, cells: Whole, *, free: Mask) -> Problem:
        """The problem of these cells alone, all others held fast; `free` (cells,) are in addition to the free ones."""
        matrix = self.matrix[:, cells].tocsr()
        return Problem(
            matrix[np.diff(matrix.indptr) > 0],
            self.up[cells],
            self.down[cells],
            self.weight[cells],
            self.movable[cells],
            self.hidden[cells],
            (self.free | free)[cells],
            self.width,
            self.fall[cells],
            self.order[cells],
        )


@dataclass(frozen=True)
class Effort:
    """How hard to look for a cheap pattern; any effort gives a safe one.

    `starts`: 1 or 2; `prune`: publish again what can be; `thorough`: search, too, for moves that linear programs do not give.
    """

    starts: int = 2
    prune: bool = True
    thorough: bool = True


def never() -> bool:
    """No limit to what may be spent."""
    return False


@dataclass(eq=False)
class Proofs:
    """Moves found so far, and how far each cell is known to go up and down."""

    problem: Problem
    moves: list[Whole] = field(default_factory=list)

    def __post_init__(self) -> None:
        cells = len(self.problem.up)
        self.above = np.zeros(cells, np.int64)
        self.below = np.zeros(cells, np.int64)

    def add(self, move: Whole) -> None:
        """Takes a move (cells,), and its reverse if that is allowed too."""
        self.moves.append(move)
        np.maximum(self.above, move, out=self.above)
        np.maximum(self.below, -move, out=self.below)
        if (-move <= self.problem.up).all() and (move <= self.problem.down).all():
            self.moves.append(-move)
            np.maximum(self.above, -move, out=self.above)
            np.maximum(self.below, move, out=self.below)

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
    """Cells to withhold, the moves that prove them (moves, cells), and the cells for which no move was found."""

    hidden: Mask
    moves: sparse.csr_matrix
    unproven: Mask


def _costs(groups: Groups, problem: Problem, hidden: Mask, proven: Mask, step: tuple[float, float]) -> Floats:
    """Cost of one step of each group: what its cells would add to the withheld; `step` of a withheld cell, or a proven one."""
    cost = np.where(hidden | problem.free, np.where(proven, step[1], step[0]), problem.weight)
    total = np.zeros(groups.matrix.shape[1])
    alive = groups.of >= 0
    np.add.at(total, groups.of[alive], cost[alive])
    return total


@dataclass(frozen=True, eq=False)
class _Needs:
    """How far each group must possibly be moved: `width` in all, of which `rise` up and `fall` down (groups,)."""

    width: int
    rise: Whole
    fall: Whole

    @classmethod
    def of(cls, problem: Problem, groups: Groups) -> _Needs:
        rise, fall = (np.zeros(groups.matrix.shape[1], np.int64) for _ in range(2))
        alive = np.flatnonzero((groups.of >= 0) & (problem.fall > 0))
        for side, sign in ((fall, 1), (rise, -1)):
            some = alive[groups.sign[alive] == sign]
            np.maximum.at(side, groups.of[some], problem.fall[some])
        return cls(problem.width, rise, fall)

    def ways(self, target: int) -> list[tuple[int, int]]:
        """Steps (up, down) that meet the need: all that is left up, or down, or some of both."""
        rise, fall = int(self.rise[target]), int(self.fall[target])
        rest = max(0, self.width - rise - fall)
        ways = [(rise + rest, fall), (rise, fall + rest), (rise + (rest + 1) // 2, fall + rest // 2)]
        return list(dict.fromkeys(ways))

    def met(self, above: Whole, below: Whole) -> Mask:
        """Which groups can go far enough."""
        return np.asarray((above + below >= self.width) & (above >= self.rise) & (below >= self.fall))


def _moves_for(finder: Finder, target: int, needs: _Needs, *, first: bool, thorough: bool = True) -> list[Whole]:
    """Moves (groups,) that meet a group's need: the first way that can be gone, or the cheapest. None: empty."""
    found: list[tuple[float, list[Whole]]] = []
    for above, below in needs.ways(target):
        moves = []
        for amount in (above, -below):
            if amount and (move := finder.find(target, amount, thorough=thorough)) is not None:
                moves.append(move)
        if len(moves) == (above > 0) + (below > 0):
            found.append((sum(float(finder.cost @ (move != 0)) for move in moves), moves))
            if first:
                break
    return min(found, key=lambda each: each[0])[1] if found else []


def prove(
    problem: Problem,
    proofs: Proofs,
    hidden: Mask,
    movable: Mask,
    *,
    free: bool,
    thorough: bool = True,
    step: tuple[float, float] = (HIDDEN_COST, PROVEN_COST),
) -> Mask:
    """Finds moves for all withheld cells without proof; returns the withheld cells, more than before unless `free`."""
    groups = group(problem.matrix, movable, problem.up, problem.down)
    needs = _Needs.of(problem, groups)
    finder = Finder(groups, _costs(groups, problem, hidden, proofs.proven(), step))
    hidden = hidden.copy()
    failed = np.zeros(len(hidden), bool)
    while True:
        waiting = np.flatnonzero(hidden & ~problem.free & ~proofs.proven() & ~failed & (groups.of >= 0))
        if not len(waiting):
            return hidden
        for cell in waiting[np.argsort(-problem.order[waiting], kind="stable")]:
            if proofs.proven(cell):
                continue
            moves = [groups.cells(move) for move in _moves_for(finder, int(groups.of[cell]), needs, first=free, thorough=thorough)]
            failed[cell] = True  # unless these moves prove it
            touched = np.zeros(len(hidden), bool)
            for move in moves:
                proofs.add(move)
                touched |= move != 0
            hidden |= touched & ~problem.free
            changed = np.unique(groups.of[touched & (groups.of >= 0)])
            finder.set_cost(changed, _costs(groups, problem, hidden, proofs.proven(), step)[changed])


def _prune(problem: Problem, proofs: Proofs, hidden: Mask, spent: Callable[[], bool]) -> tuple[Mask, list[Whole]]:
    """Publishes again what the proofs can do without, dearest first, until `spent`; returns what stays hidden, and its moves (cells,)."""
    groups = group(problem.matrix, hidden | problem.free, problem.up, problem.down)
    count = groups.matrix.shape[1]
    alive = np.flatnonzero(groups.of >= 0)
    first = np.full(count, len(hidden), np.int64)
    np.minimum.at(first, groups.of[alive], alive)
    needed, wanted, price = np.zeros(count, bool), np.zeros(count, bool), np.zeros(count)
    needed[groups.of[alive[problem.hidden[alive]]]] = True
    wanted[groups.of[alive[~problem.free[alive]]]] = True
    extra = alive[hidden[alive] & ~problem.hidden[alive] & ~problem.free[alive]]
    np.add.at(price, groups.of[extra], problem.weight[extra])
    price[needed] = 0
    finder = Finder(groups, HIDDEN_COST + price, fresh=False)
    pool = _Pool([groups.sign[first] * move[first] for move in proofs.moves], count, _Needs.of(problem, groups))
    gone = np.zeros(count, bool)
    wanted &= ~pool.short(gone)  # what has no proof yet cannot lose it
    for candidate in np.argsort(-price, kind="stable"):
        if spent():
            break
        if price[candidate] > 0 and not gone[candidate]:
            gone |= _spare(int(candidate), finder, pool, needed, wanted & ~gone)
    hidden = hidden.copy()
    hidden[alive[gone[groups.of[alive]]]] = False
    return hidden, [groups.cells(move) for move in pool.moves()]


class _Pool:
    """Moves over groups, and which groups they prove."""

    def __init__(self, moves: list[Whole], count: int, needs: _Needs) -> None:
        self.needs = needs
        self.kept = np.array(moves, dtype=np.int64).reshape(len(moves), count)

    def short(self, without: Mask) -> Mask:
        """Groups that lose their proof without the moves that use some groups."""
        left = self.kept[~(self.kept[:, without] != 0).any(axis=1)]
        return np.asarray(~self.needs.met(left.max(axis=0, initial=0), -left.min(axis=0, initial=0)))

    def add(self, moves: list[Whole]) -> None:
        self.kept = np.vstack([self.kept, *moves])

    def combine(self, target: int, without: Mask, groups: Groups) -> bool:
        """Takes up a move of the target that adds two known ones so that they use none of some groups; False if none fits."""
        using = self.kept[(self.kept[:, without] != 0).any(axis=1)]
        which = int(np.flatnonzero(without)[0])
        found: list[Whole] = []
        for move in using[(using[:, target] != 0) & (using[:, which] != 0)]:
            share = np.gcd(move[which], using[:, which])
            both = move * (using[:, which] // share)[:, None] - using * (move[which] // share)[:, None]
            both //= np.gcd.reduce(both, axis=1, keepdims=True).clip(1)
            both = np.vstack([both, -both])[(both[:, target] != 0)[np.arange(2 * len(both)) % len(both)]]
            fits = (both <= groups.up).all(axis=1) & (-both <= groups.down).all(axis=1) & (both[:, without] == 0).all(axis=1)
            found += list(both[fits])
        if not found:
            return False
        least = min(found, key=np.count_nonzero)
        self.add([least, *([-least] if (-least <= groups.up).all() and (least <= groups.down).all() else [])])
        return True

    def drop(self, without: Mask) -> None:
        self.kept = self.kept[~(self.kept[:, without] != 0).any(axis=1)]

    def moves(self) -> list[Whole]:
        return list(self.kept)


def _spare(candidate: int, finder: Finder, pool: _Pool, needed: Mask, wanted: Mask) -> Mask:
    """The groups that can be published: the candidate, and whatever only it kept possible; none if a needed one is lost."""
    without = np.zeros(len(needed), bool)
    without[candidate] = True
    finder.forbid(np.array([candidate]))
    while True:
        short = np.flatnonzero(pool.short(without) & wanted & ~without)
        if not len(short):
            pool.drop(without)
            return without
        target = int(short[np.argmax(needed[short])])
        if pool.combine(target, without, finder.groups) and not pool.short(without)[target]:
            continue
        moves = _moves_for(finder, target, pool.needs, first=True, thorough=False)
        if moves:
            pool.add(moves)
        elif needed[target]:
            finder.forbid(np.flatnonzero(without), False)
            return np.zeros(len(needed), bool)
        else:
            without[target] = True
            finder.forbid(np.array([target]))


def suppress(problem: Problem, progress: Callable[[float], None], effort: Effort, spent: Callable[[], bool] = never) -> Pattern:
    """Chooses the cells to withhold. Whatever cannot be protected is in `unproven`, never published and never passed over.

    Two starts, proving the largest counts first and the cells as they come, are put together before anything is published
    again: what both propose is rarely needed, and pruning their union ends below what either gives. Once `spent` says so, what
    is found by then is given: safe, only dearer than it need be.
    """
    start = problem.hidden & ~problem.free
    proofs, hidden = Proofs(problem), start.copy()
    for number, order in enumerate((problem.order, np.arange(len(start)))[: effort.starts]):
        if number and spent():
            break
        own = replace(problem, order=order)
        found = Proofs(own)
        kept = prove(own, found, start, start | problem.free, free=True, thorough=False)
        hidden |= prove(own, found, kept, problem.movable | kept | problem.free, free=False, thorough=effort.thorough)
        proofs.moves += found.moves
        progress(0.3 * (number + 1))
    moves = proofs.moves
    if effort.prune:
        hidden, moves = _prune(problem, proofs, hidden, spent)
    return finish(problem, hidden, sparse.csr_matrix(np.array(moves, np.int64).reshape(len(moves), len(hidden))))


def finish(problem: Problem, hidden: Mask, moves: sparse.csr_matrix) -> Pattern:
    """The pattern, with the cells that these moves leave without proof."""
    proofs = Proofs(problem)
    proofs.take(moves)
    return Pattern(hidden, moves, hidden & ~problem.free & ~proofs.proven())
