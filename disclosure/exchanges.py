"""Exchanges: the simplest protecting moves, found by looking at every one.

Where a variable's codes are a tree, one child more in one leaf and one less in another, at every level up to where the two
meet, keeps all of its sums; one child more in a leaf and in all above it does too. One such change for each variable,
multiplied, is a move of the whole system: in three variables often the corners of a cube. What it costs is a sum over few
cells, so the cheapest of tens of thousands is found in milliseconds, without a linear program. Moves that are made of
several exchanges are not looked at; they may be cheaper. So this is for what is left when time is up.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from disclosure.dimension import is_tree
from disclosure.groups import Mask, Whole
from disclosure.problem import Pattern, Problem, Proofs, finish
from disclosure.secondary import FAR_COSTS
from disclosure.system import System, Variable

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
LARGEST = 20_000_000  # combinations of codes, up to which arrays over all of them are made
LEAVES = 8  # leaves tried below a code that is no leaf: those with most cells that can move


class Exchanges:
    """The cheapest exchange that moves a cell, as withheld cells become more. `cost` (cells,): of one step of each; inf: held."""

    def __init__(self, system: System, problem: Problem, cost: Floats) -> None:
        self.problem, self.places, self.cost = problem, system.places, cost.copy()
        self.shape = (*(len(variable.codes) for variable in system.variables), int(system.places[:, -1].max()) + 1)
        self.at = np.ravel_multi_index(tuple(system.places.T), self.shape)
        self.order = np.argsort(self.at)
        self.paths = [_paths(variable) for variable in system.variables] + [[[k] for k in range(self.shape[-1])]]
        self.use = [np.bincount(system.places[problem.movable, v], minlength=size) for v, size in enumerate(self.shape)]
        self.known: dict[tuple[int, int], tuple[Indices, Indices]] = {}
        self.grids: dict[int, tuple[Floats, Floats]] = {}

    def set_cost(self, cells: Whole, cost: Floats) -> None:
        """Changes what it costs to move some cells."""
        self.cost[cells] = cost
        for amount, grids in self.grids.items():
            for grid, values in zip(grids, self._sides(cells, amount), strict=True):
                grid.reshape(-1)[self.at[cells]] = values

    def cheapest(self, cell: int, amount: int) -> tuple[float, Whole] | None:
        """Cost, and move (cells,), of the cheapest exchange that changes a cell by `amount`; None if there is none."""
        place = self.places[cell].tolist()
        options = [self._options(v, code) for v, code in enumerate(place)]
        if any(not len(gain) for gain, _ in options):
            return None
        ahead, back = self._grids(abs(amount)) if amount > 0 else self._grids(abs(amount))[::-1]
        for v in sorted(range(len(place)), key=lambda v: len(options[v][0]) / self.shape[v]):
            ahead, back = (_along(one, other, *options[v], axis=v) for one, other in ((ahead, back), (back, ahead)))
        best = int(ahead.argmin())
        cost = float(ahead.reshape(-1)[best])
        if not np.isfinite(cost):
            return None
        move = self._move(list(zip(options, np.unravel_index(best, ahead.shape), strict=True)), amount)
        fits = (move <= self.problem.up).all() and (-move <= self.problem.down).all() and not (self.problem.matrix @ move).any()
        return (cost, move) if fits and move[cell] == amount else None

    def _move(self, chosen: list[tuple[tuple[Indices, Indices], np.intp]], amount: int) -> Whole:
        at, steps = np.zeros(1, np.int64), np.array([amount])
        for size, ((gain, loss), k) in zip(self.shape, chosen, strict=True):
            codes = np.concatenate([gain[k], loss[k]])
            signs = np.repeat([1, -1], [gain.shape[1], loss.shape[1]])[codes >= 0]
            at = (at[:, None] * size + codes[codes >= 0]).reshape(-1)
            steps = (steps[:, None] * signs).reshape(-1)
        ranked = self.at[self.order]
        found = np.minimum(np.searchsorted(ranked, at), len(ranked) - 1)
        there = ranked[found] == at  # a combination that is in no table is in no sum either
        move = np.zeros(len(ranked), np.int64)
        move[self.order[found[there]]] = steps[there]
        return move

    def _sides(self, cells: Whole | slice, amount: int) -> tuple[Floats, Floats]:
        cost, problem = self.cost[cells], self.problem
        return np.where(problem.up[cells] >= amount, cost, np.inf), np.where(problem.down[cells] >= amount, cost, np.inf)

    def _grids(self, amount: int) -> tuple[Floats, Floats]:
        """Cost of so many steps up, and down, of every combination of codes; nothing for those in no table."""
        if amount not in self.grids:
            grids = np.zeros(self.shape), np.zeros(self.shape)
            for grid, values in zip(grids, self._sides(slice(None), amount), strict=True):
                grid.reshape(-1)[self.at] = values
            self.grids[amount] = grids
        return self.grids[amount]

    def _options(self, v: int, code: int) -> tuple[Indices, Indices]:
        """Ways to raise one code of a variable: codes that gain (ways, most) and lose, -1 where there are fewer."""
        if (v, code) not in self.known:
            paths = self.paths[v]
            inner = {above for path in paths for above in path[1:]}
            leaves = [k for k in range(len(paths)) if k not in inner]
            under = sorted((leaf for leaf in leaves if code in paths[leaf]), key=lambda leaf: -int(self.use[v][leaf]))[:LEAVES]
            ways = [(paths[leaf], list[int]()) for leaf in under]
            for leaf in under:
                for other in leaves:
                    if code not in paths[other] and paths[other][-1] == paths[leaf][-1]:
                        shared = set(paths[leaf]) & set(paths[other])
                        ways.append(([k for k in paths[leaf] if k not in shared], [k for k in paths[other] if k not in shared]))
            self.known[v, code] = _padded([gain for gain, _ in ways]), _padded([loss for _, loss in ways])
        return self.known[v, code]


def _padded(lists: list[list[int]]) -> Indices:
    most = max(map(len, lists), default=0)
    return np.array([each + [-1] * (most - len(each)) for each in lists], np.intp).reshape(len(lists), most)


def _along(ahead: Floats, back: Floats, gain: Indices, loss: Indices, axis: int) -> Floats:
    """Sums of one variable's ways: steps ahead where it gains, back where it loses."""
    nothing = np.zeros_like(ahead.take([0], axis))
    total = np.zeros(())
    for grid, codes in ((ahead, gain), (back, loss)):
        padded = np.concatenate([grid, nothing], axis)
        for column in codes.T:
            total = total + padded.take(column, axis)  # -1 is the slice of nothing
    return np.asarray(total)


def _paths(variable: Variable) -> list[list[int]]:
    """For each code, itself and all above it."""
    index = {code: k for k, code in enumerate(variable.codes)}
    above = {index[child]: index[parent] for parent, children in variable.partitions for child in children}
    paths = []
    for k in range(len(variable.codes)):
        path = [k]
        while path[-1] in above:
            path.append(above[path[-1]])
        paths.append(path)
    return paths


def exchangeable(system: System) -> bool:
    """True if every variable's codes are trees (so options of which several may be chosen are not), and not too many together."""
    trees = all(is_tree(variable.partitions) for variable in system.variables)
    return trees and bool(np.prod([float(len(variable.codes)) for variable in system.variables]) <= LARGEST)


def by_exchange(system: System, problem: Problem, pattern: Pattern) -> Pattern:
    """The pattern, with whatever exchanges protect cells that have no proof yet."""
    if not pattern.unproven.any() or not exchangeable(system):
        return pattern
    proofs, hidden = Proofs(problem), pattern.hidden.copy()
    proofs.take(pattern.moves)
    allowed = problem.movable | problem.hidden | problem.free | hidden

    def cost(cells: Whole | slice | Mask) -> Floats:
        return np.where(allowed[cells], np.where((hidden | problem.free)[cells], FAR_COSTS[0], problem.weight[cells]), np.inf)

    exchanges = Exchanges(system, problem, cost(slice(None)))
    waiting = np.flatnonzero(pattern.unproven)
    for cell in waiting[np.argsort(-problem.order[waiting], kind="stable")].tolist():
        if not proofs.proven(cell) and (moves := _cheapest(exchanges, problem, cell)):
            for move in moves:
                proofs.add(move)
                hidden |= (move != 0) & ~problem.free
                touched = np.flatnonzero(move)
                exchanges.set_cost(touched, cost(touched))
    return finish(problem, hidden, sparse.vstack([pattern.moves, proofs.matrix()]).tocsr())


def _cheapest(exchanges: Exchanges, problem: Problem, cell: int) -> list[Whole]:
    """Moves that give a cell its width: upwards as far as is needed, or all of it downwards; none if there are none."""
    fall = int(problem.fall[cell])
    rest = max(0, problem.width - fall)
    found = []
    for above, below in dict.fromkeys([(rest, fall), (0, fall + rest), ((rest + 1) // 2, fall + rest // 2)]):
        each = [exchanges.cheapest(cell, amount) for amount in (above, -below) if amount]
        moves = [exchange for exchange in each if exchange is not None]
        if len(moves) == len(each):
            found.append((sum(cost for cost, _ in moves), [move for _, move in moves]))
    return min(found, key=lambda each: each[0])[1] if found else []
