"""How far cells must possibly go, and moves that take them there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from disclosure.groups import Groups, Mask, Whole
from disclosure.moves import Finder
from disclosure.problem import Problem


@dataclass(frozen=True, eq=False)
class Needs:
    """How far each group must possibly be moved: `width` in all, of which `rise` up and `fall` down (groups,)."""

    width: int
    rise: Whole
    fall: Whole

    @classmethod
    def of(cls, problem: Problem, groups: Groups) -> Needs:
        rise, fall = (np.zeros(groups.matrix.shape[1], np.int64) for _ in range(2))
        alive = np.flatnonzero(groups.of >= 0)
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

    def met(self, above: Whole, below: Whole, groups: Whole | slice = slice(None)) -> Mask:
        """Which of these groups (of all, if none are given) can go far enough: so far up, and down."""
        return np.asarray((above + below >= self.width) & (above >= self.rise[groups]) & (below >= self.fall[groups]))


def moves_for(finder: Finder, target: int, needs: Needs, *, first: bool, thorough: bool = True) -> list[Whole]:
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
