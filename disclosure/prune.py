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
    own = alive[~problem.free[alive]]
    wanted[groups.of[own]] = True
    np.add.at(price, groups.of[own], problem.weight[own])
    price[needed] = 0
    finder = Finder(groups, HIDDEN_COST + price, fresh=False)
    pool = _Pool(groups.sign[first] * proofs.matrix()[:, first].toarray(), Needs.of(problem, groups))
    gone = np.zeros(count, bool)
    wanted &= pool.met(np.arange(count), pool.using(gone))  # what has no proof yet cannot lose it
    for candidate in np.argsort(-price, kind="stable"):
        if spent():
            break
        if price[candidate] > 0 and not gone[candidate]:
            gone |= _spare(int(candidate), finder, pool, needed, wanted & ~gone)
    hidden = hidden.copy()
    hidden[alive[gone[groups.of[alive]]]] = False
    left = Proofs(problem)
    for move in map(groups.cells, pool.kept.T):
        cells = np.flatnonzero(move)
        left.keep(cells, move[cells])
    return hidden, left


class _Pool:
    """Moves over groups, and which groups they prove."""

    def __init__(self, moves: Whole, needs: Needs) -> None:
        self.needs = needs
        self.room, self.size = moves.T.copy(), len(moves)  # (groups, moves and room for more)

    @property
    def kept(self) -> Whole:
        """The moves (groups, moves)."""
        return self.room[:, : self.size]

    def using(self, without: Mask) -> Mask:
        """Moves that use some groups."""
        return np.asarray((self.kept[without] != 0).any(axis=0))

    def met(self, groups: Whole, gone: Mask) -> Mask:
        """Which of these groups have a proof, some moves gone."""
        left = self.kept[groups]
        left[:, gone] = 0
        return self.needs.met(left.max(axis=1, initial=0), -left.min(axis=1, initial=0), groups)

    def short(self, without: Mask) -> Whole:
        """Groups without a proof, of all that the moves touch which use some groups."""
        gone = self.using(without)
        touched = np.flatnonzero((self.kept[:, gone] != 0).any(axis=1))
        return touched[~self.met(touched, gone)]

    def add(self, moves: list[Whole]) -> None:
        end = self.size + len(moves)
        if end > self.room.shape[1]:
            self.room = np.hstack([self.room, np.zeros((len(self.room), end), np.int64)])
        self.room[:, self.size : end] = np.array(moves).T
        self.size = end

    def combine(self, target: int, without: Mask, groups: Groups) -> bool:
        """Takes up a move of the target that adds two known ones so that they use none of some groups; False if none fits."""
        using = np.ascontiguousarray(self.kept[:, self.using(without)].T)
        touched = np.flatnonzero((using != 0).any(axis=0))
        using, up, down = using[:, touched], groups.up[touched], groups.down[touched]
        at, dropped = int(np.searchsorted(touched, target)), np.flatnonzero(without[touched])
        using = using[using[:, dropped[0]] != 0]
        found: list[Whole] = []
        for move in using[using[:, at] != 0]:
            share = np.gcd(move[dropped[0]], using[:, dropped[0]])
            ours, theirs = using[:, dropped[0]] // share, move[dropped[0]] // share
            good = ours * move[at] != theirs * using[:, at]
            for other in dropped[1:]:
                good &= ours * move[other] == theirs * using[:, other]
            both = ours[good, None] * move - theirs[good, None] * using[good]
            large = np.abs(both).max(axis=1, initial=0) > 1
            both[large] //= np.gcd.reduce(both[large], axis=1, keepdims=True)
            both = np.vstack([both, -both])
            found += list(both[((both <= up) & (-both <= down)).all(axis=1)])
        if not found:
            return False
        least = np.zeros(len(self.room), np.int64)
        least[touched] = min(found, key=np.count_nonzero)
        self.add([least, *([-least] if (-least <= groups.up).all() and (least <= groups.down).all() else [])])
        return True

    def drop(self, without: Mask) -> None:
        kept = self.kept[:, ~self.using(without)]
        self.size = kept.shape[1]
        self.room[:, : self.size] = kept


def _spare(candidate: int, finder: Finder, pool: _Pool, needed: Mask, wanted: Mask) -> Mask:
    """The groups that can be published: the candidate, and whatever only it kept possible; none if a needed one is lost."""
    without = np.zeros(len(needed), bool)
    without[candidate] = True
    finder.forbid(np.array([candidate]))
    while True:
        short = pool.short(without)
        short = short[wanted[short] & ~without[short]]
        if not len(short):
            pool.drop(without)
            return without
        target = int(short[needed[short].argmax()])
        if pool.combine(target, without, finder.groups) and pool.met(np.array([target]), pool.using(without))[0]:
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
    moving = np.diff(columns.indptr).astype(np.int64)  # moves that are left of each cell
    spare = np.flatnonzero(hidden & ~problem.hidden & ~problem.free)
    for cell in spare[np.argsort(-problem.weight[spare], kind="stable")].tolist():
        using = columns.indices[columns.indptr[cell] : columns.indptr[cell + 1]]
        using = using[alive[using]]
        touched, times = np.unique(rows[using].indices, return_counts=True)
        bound = hidden[touched] & ~problem.free[touched] & (touched != cell)
        touched, times = touched[bound], times[bound]
        if (times == moving[touched]).any():
            continue  # nothing would be left to prove it
        alive[using] = False
        left = columns[:, touched].tocoo()
        kept = alive[left.row]
        above, below = np.zeros(len(touched), np.int64), np.zeros(len(touched), np.int64)
        np.maximum.at(above, left.col[kept], left.data[kept])
        np.maximum.at(below, left.col[kept], -left.data[kept])
        if ((above + below >= problem.width) & (below >= problem.fall[touched])).all():
            hidden[cell] = False
            moving -= np.bincount(rows[using].indices, minlength=len(hidden))
        else:
            alive[using] = True
    return replace(finish(problem, hidden, rows[alive]), hurried=None if pattern.hurried is None else pattern.hurried & hidden)
