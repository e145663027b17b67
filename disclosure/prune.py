"""Publishing again what turned out not to be needed: each further cell is tried, dearest first, and goes if every proof can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from disclosure.groups import Groups, Mask, Whole, group
from disclosure.moves import Finder
from disclosure.needs import Needs, moves_for
from disclosure.problem import Pattern, Problem, Proofs, finish

HIDDEN_COST = 1e-3  # one step of a cell that is withheld already


def publish_again(problem: Problem, proofs: Proofs, hidden: Mask, spent: Callable[[], bool]) -> tuple[Mask, Proofs]:
    """Publishes again what the proofs can do without, dearest first, until `spent`; returns what stays hidden, and its proofs."""
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
    pool = _Pool(groups.sign[first] * proofs.matrix()[:, first].toarray(), Needs.of(problem, groups))
    gone = np.zeros(count, bool)
    wanted &= ~pool.short(gone)  # what has no proof yet cannot lose it
    for candidate in np.argsort(-price, kind="stable"):
        if spent():
            break
        if price[candidate] > 0 and not gone[candidate]:
            gone |= _spare(int(candidate), finder, pool, needed, wanted & ~gone)
    hidden = hidden.copy()
    hidden[alive[gone[groups.of[alive]]]] = False
    left = Proofs(problem)
    for move in map(groups.cells, pool.kept):
        cells = np.flatnonzero(move)
        left.keep(cells, move[cells])
    return hidden, left


class _Pool:
    """Moves over groups, and which groups they prove."""

    def __init__(self, moves: Whole, needs: Needs) -> None:
        self.needs = needs
        self.kept = moves

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
        moves = moves_for(finder, target, pool.needs, first=True, thorough=False)
        if moves:
            pool.add(moves)
        elif needed[target]:
            finder.forbid(np.flatnonzero(without), False)
            return np.zeros(len(needed), bool)
        else:
            without[target] = True
            finder.forbid(np.array([target]))


def without_spare(problem: Problem, pattern: Pattern) -> Pattern:
    """The pattern without cells that its proofs can do without as they are, dearest first: no new moves are looked for."""
    hidden, rows = pattern.hidden.copy(), pattern.moves.tocsr()
    columns, alive = pattern.moves.tocsc(), np.ones(pattern.moves.shape[0], bool)
    spare = np.flatnonzero(hidden & ~problem.hidden & ~problem.free)
    for cell in spare[np.argsort(-problem.weight[spare], kind="stable")].tolist():
        using = columns.indices[columns.indptr[cell] : columns.indptr[cell + 1]]
        using = using[alive[using]]
        touched = np.unique(rows[using].indices)
        touched = touched[hidden[touched] & ~problem.free[touched] & (touched != cell)]
        alive[using] = False
        left = columns[:, touched].tocoo()
        kept = alive[left.row]
        above, below = np.zeros(len(touched), np.int64), np.zeros(len(touched), np.int64)
        np.maximum.at(above, left.col[kept], left.data[kept])
        np.maximum.at(below, left.col[kept], -left.data[kept])
        if ((above + below >= problem.width) & (below >= problem.fall[touched])).all():
            hidden[cell] = False
        else:
            alive[using] = True
    return replace(finish(problem, hidden, rows[alive]), hurried=None if pattern.hurried is None else pattern.hurried & hidden)
