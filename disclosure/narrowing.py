"""Unknown counts between bounds, narrowed down: a walk from table to table, then linear programs for what is still in doubt.

A count is open where two tables of whole numbers fit, far enough apart in it; and a count that may be nought, or large, is not certain
to be small. Nearly all counts that are published nearly are shown to be open by walking (disclosure.neighbours), at a thousandth of
what two linear programs for each would cost. It belongs to the attack, and shares no code with the defence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt

from disclosure.error import DisclosureError
from disclosure.in_sight import Exposure, named
from disclosure.inference import Equations, parts
from disclosure.neighbours import Neighbours
from disclosure.policy import Group, Policy, Zeros
from disclosure.search import NO_LIMIT, TOLERANCE, Search
from disclosure.variation import program

Whole = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Progress = Callable[[float, str], None]

IDLE, PATIENCE = 3, 100  # rounds in which nothing new is seen before a walk ends: where nothing is in doubt, and where something is


@dataclass(frozen=True, eq=False)
class _Groups:
    """Unknowns (pairs,) of a group and of one of the answers that it is parted by; those of the other answers."""

    whole: Whole
    category: Whole
    others: tuple[tuple[int, ...], ...]
    unasked: Whole  # (pairs, as many as any has): those of the group who gave no answer; -1 fills up

    def answered(self, of: Callable[[Whole], Whole], pairs: Whole | slice = slice(None)) -> Whole:
        """How many of the group answered; `of`: the counts of unknowns."""
        unasked = self.unasked[pairs]
        return np.asarray(of(self.whole[pairs]) - np.where(unasked < 0, 0, of(np.maximum(unasked, 0))).sum(axis=1))

    def outside(self, of: Callable[[Whole], Whole], pairs: Whole | slice = slice(None)) -> Whole:
        """How many of those are outside the category."""
        return np.asarray(self.answered(of, pairs) - of(self.category[pairs]))


def _groups_of(system: Equations, policy: Policy, not_answers: Collection[str]) -> _Groups:
    """Every group that group disclosure is about, with each of its categories that is an answer."""
    number = {key: k for k, key in enumerate(system.keys)}
    pairs: list[tuple[int, int, tuple[int, ...], list[int]]] = []
    for variable, parent, children in system.sums if policy.group_disclosure is not Group.NONE else ():
        answers = [child for child in children if named(child)[variable] not in not_answers]
        if variable not in policy.identifying_variables and len(answers) > 1:
            at = [number[child] for child in answers]
            unasked = [number[child] for child in children if child not in answers]
            pairs += [(number[parent], child, tuple(other for other in at if other != child), unasked) for child in at]
    most = max((len(unasked) for *_, unasked in pairs), default=0)
    return _Groups(
        np.array([whole for whole, _, _, _ in pairs], np.int64),
        np.array([category for _, category, _, _ in pairs], np.int64),
        tuple(others for _, _, others, _ in pairs),
        np.array([unasked + [-1] * (most - len(unasked)) for *_, unasked in pairs], np.int64).reshape(len(pairs), most),
    )


class Narrowing:
    """`system.low`, `system.high`: nothing beyond them is possible. `least`, `most`: possible for certain
    of what is open, in tables that were found.

    `groups`: each group that group disclosure is about, with each of its categories; `outside`: how many of the group were outside that
    category in some table that was found, at most; `answered`: how many answered in one, at least. Both over the reals where the walk
    leaves a group in doubt. `not_answers`: codes of those who gave no answer: they belong to no such group.
    """

    def __init__(self, system: Equations, policy: Policy, not_answers: Collection[str] = ()) -> None:
        self.system, self.policy = system, policy
        count = len(system.low)
        self.least, self.most = np.full(count, NO_LIMIT), np.full(count, -NO_LIMIT)
        self.groups = _groups_of(system, policy, not_answers)
        self.spare = int(policy.group_disclosure is Group.ALL_BUT_ONE)
        self.outside, self.answered = np.full(len(self.groups.whole), -1), np.full(len(self.groups.whole), NO_LIMIT)
        self.bound = np.zeros(count, bool)  # whose bounds over the reals are known
        self.solved = 0
        self._parts = parts(system)
        self._place = np.zeros(count, np.int64)  # of an unknown among those of its part
        self._part = np.full(count, -1)
        for number, (cells, _, _) in enumerate(self._parts):
            self._place[cells], self._part[cells] = np.arange(len(cells)), number

    def run(self, progress: Progress | None) -> None:
        """Attacks every part of the system that is still open."""
        groups = self.groups
        of = np.column_stack(
            (self._part[groups.whole], self._part[groups.category], np.where(groups.unasked < 0, -1, self._part[groups.unasked]))
        ).max(axis=1)
        self.outside = np.where(of < 0, groups.outside(lambda cells: self.system.low[cells]), self.outside)
        self.answered = np.where(of < 0, groups.answered(lambda cells: self.system.low[cells]), self.answered)
        order = np.argsort(of, kind="stable")
        bounds = np.searchsorted(of[order], np.arange(len(self._parts) + 1))
        done = int((self._part < 0).sum())
        for number, (cells, matrix, known) in enumerate(self._parts):
            search = Search(matrix, known, self.system.low[cells], self.system.high[cells])
            mine = order[bounds[number] : bounds[number + 1]]
            if (table := search.first()) is not None:
                self._walk(cells, mine, Neighbours(matrix, table, search.low, search.high))
            self._solve(cells, mine, search)
            self.solved += search.solved
            done += len(cells)
            if progress:
                progress(done / len(self._part), "attacking the tables")

    def _walk(self, cells: Whole, mine: Whole, near: Neighbours) -> None:
        """From table to table, until each count that may be small was seen to be open, or nothing more comes of it."""
        self._saw(cells, mine, near.table)
        fruitless = 0
        while fruitless < (PATIENCE if self._in_doubt(cells).any() or self._told(mine).any() else IDLE):
            narrow = np.flatnonzero(self._narrow(cells) & (self.system.low[cells] < self.policy.threshold))
            told = mine[self._told(mine)]
            if not len(narrow) and not len(told):
                return
            seen = int((self.most[cells[narrow]] - self.least[cells[narrow]]).sum() + self.outside[told].sum())
            for k in narrow.tolist():
                if self._narrow(cells[k]):
                    for other, value in (near.step(k, 1) or near.step(k, -1) or {}).items():
                        self.least[cells[other]] = min(self.least[cells[other]], value)
                        self.most[cells[other]] = max(self.most[cells[other]], value)
            for pair in told.tolist():
                for other in self.groups.others[pair]:
                    if self._part[other] >= 0 and near.step(int(self._place[other]), 1):
                        self._saw(cells, np.array([pair]), near.table)
            self._saw(cells, mine, near.table)
            now = int((self.most[cells[narrow]] - self.least[cells[narrow]]).sum() + self.outside[told].sum())
            fruitless = 0 if now > seen else fruitless + 1

    def _saw(self, cells: Whole, mine: Whole, table: Whole) -> None:
        self.least[cells], self.most[cells] = np.minimum(self.least[cells], table), np.maximum(self.most[cells], table)

        def counted(at: Whole) -> Whole:
            return np.where(self._part[at] < 0, self.system.low[at], table[self._place[at]])

        self.outside[mine] = np.maximum(self.outside[mine], self.groups.outside(counted, mine))
        self.answered[mine] = np.minimum(self.answered[mine], self.groups.answered(counted, mine))

    def _narrow(self, cells: Whole | int) -> Mask:
        """True where no two tables that were found are as far apart as the policy asks."""
        return np.asarray(self.most[cells] - self.least[cells] < self.policy.minimum_width)

    def _in_doubt(self, cells: Whole) -> Mask:
        """True where no table that was found shows that a count is open, or large enough, or nought where that names nobody."""
        harmless = self.most[cells] >= self.policy.threshold
        if self.policy.zeros is Zeros.DATA:
            harmless |= self.least[cells] == 0
        return np.asarray(self._narrow(cells) & ~harmless & (self.system.low[cells] < self.policy.threshold))

    def _told(self, pairs: Whole) -> Mask:
        """True where no table that was found shows that a group is small, or that it is not all of one mind."""
        return np.asarray((self.outside[pairs] <= self.spare) & (self.answered[pairs] >= self.policy.threshold))

    def _solve(self, cells: Whole, mine: Whole, search: Search) -> None:
        """Linear programs for what is in doubt after the walk."""
        for k in np.flatnonzero(self._in_doubt(cells)).tolist():
            if self._in_doubt(cells[k : k + 1])[0]:
                self._bound(cells, k, search)
        left = mine[self._told(mine)]
        if not len(left):
            return
        solver = program(search.matrix, search.known, search.low.astype(float), search.high.astype(float), whole=False)
        for pair in left.tolist():
            answered = ((self.groups.whole[pair], 1), *((cell, -1) for cell in self.groups.unasked[pair] if cell >= 0))
            outside = -self._least(solver, ((self.groups.category[pair], 1), *((cell, -sign) for cell, sign in answered)))
            self.outside[pair] = max(self.outside[pair], int(np.floor(outside + TOLERANCE)))
            self.answered[pair] = min(self.answered[pair], int(np.ceil(self._least(solver, answered) - TOLERANCE)))

    def _least(self, solver: highspy.Highs, terms: Sequence[tuple[int, int]]) -> float:
        """The least sum over the reals of unknowns (of one part, or closed), each with its sign."""
        open_ = [(int(self._place[cell]), sign) for cell, sign in terms if self._part[cell] >= 0]
        for k, sign in open_:
            solver.changeColCost(k, float(sign))
        solver.run()
        self.solved += 1
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise DisclosureError("the attack could not be finished on a group: nothing may be released on its result")
        values = solver.getSolution().col_value
        for k, _ in open_:
            solver.changeColCost(k, 0.0)
        known = sum(sign * int(self.system.low[cell]) for cell, sign in terms if self._part[cell] < 0)
        return float(known + sum(sign * values[k] for k, sign in open_))

    def _bound(self, cells: Whole, k: int, search: Search) -> None:
        """The bounds of one count over the reals."""
        cell = cells[k]
        for direction in (1, -1):
            value, table = search.extreme(k, direction)
            if table is not None:
                self.least[cells], self.most[cells] = np.minimum(self.least[cells], table), np.maximum(self.most[cells], table)
            if direction > 0 and value < NO_LIMIT:
                self.system.high[cell] = min(self.system.high[cell], int(np.floor(value + TOLERANCE)))
            elif direction < 0:
                self.system.low[cell] = max(self.system.low[cell], int(np.ceil(value - TOLERANCE)))
        self.bound[cell] = True

    def bound_all(self) -> None:
        """The bounds over the reals of each count that may be small."""
        for cells, matrix, known in self._parts:
            wanted = np.flatnonzero((self.system.low[cells] < self.policy.threshold) & ~self.bound[cells])
            search = Search(matrix, known, self.system.low[cells], self.system.high[cells])
            for k in wanted.tolist():
                self._bound(cells, k, search)
            self.solved += search.solved

    def groups_told(self) -> Iterator[Exposure]:
        """Groups of which it is certain that all, or all but one, are in one category."""
        for child in self.groups.category[self._told(np.arange(len(self.outside)))].tolist():
            where = named(self.system.keys[child])
            low, high = int(self.system.low[child]), int(self.system.high[child])
            yield Exposure("", where, low, None if high >= NO_LIMIT else high, "group disclosure: (nearly) all of a group in one category")

    def seen(self) -> tuple[Whole, Whole]:
        """What is possible for certain of each count; where no table was found, or none is needed, what is possible over the reals."""
        never = self.least > self.most
        return np.where(never, self.system.low, self.least), np.where(never, self.system.high, self.most)

    def narrowest(self) -> int | None:
        """The least distance between possible values of a count that may be small. What is known to be possibly large, or nought, is
        either open by one at least, or just that.
        """
        low, high = self.system.low, self.system.high
        between = np.where(self.bound | (low == high), high - low, np.maximum(self.most - self.least, 1))
        widths = between[(low < self.policy.threshold) & (high > 0)]
        return int(widths.min()) if len(widths) else None
