"""Protecting moves: other tables that a reader cannot rule out.

A move is a whole-number change of withheld cells that keeps every sum and leaves every cell in the range that a reader
takes for granted. The table moved by it fits all that is published; so a cell that some move changes is not pinned down,
and the move is the proof. Moves of least cost are found by linear programming (HiGHS), each from no move at all, which is nearly there.
"""

from __future__ import annotations

import highspy
import numpy as np
import numpy.typing as npt
from scipy import sparse

from disclosure.groups import Groups, Whole, independent

Floats = npt.NDArray[np.float64]

ROUNDING = 1e-6
LARGEST_SCALE = 12  # a fractional move is scaled up to whole numbers by at most this
DIVES = 8  # changes held at whole numbers, one after the other, before a search
SEARCH_NODES = 300  # branch-and-bound nodes for a move that has no whole-number scaling


class Finder:
    """Finds moves of least cost over groups; `cost` (groups,) is the price of one step of each, and may be changed.

    With `fresh`, each search starts from no move at all: faster while costs change and moves are short. Without, it starts
    from the last move found: faster where little can move, and moves are long. Sums that others imply help the first to find its
    way, and cost the second more steps than they save: it is given those it needs.
    """

    def __init__(self, groups: Groups, cost: Floats, *, fresh: bool = True) -> None:
        self.groups = groups
        self.fresh = fresh
        self.cost = np.array(cost, float)
        count = groups.matrix.shape[1]
        self.count = count
        self.upper = np.concatenate([groups.up, groups.down]).astype(float)
        kept = groups.matrix if fresh else groups.matrix[independent(groups.matrix)]
        both = sparse.hstack([kept, -kept]).tocsc()
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = 2 * count, both.shape[0]
        model.col_cost_ = np.concatenate([self.cost, self.cost])
        model.col_lower_, model.col_upper_ = np.zeros(2 * count), self.upper.copy()
        model.row_lower_ = model.row_upper_ = np.zeros(both.shape[0])
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_, model.a_matrix_.index_ = both.indptr, both.indices
        model.a_matrix_.value_ = both.data.astype(float)
        self.solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in (
            ("output_flag", False),
            ("threads", 1),
            ("presolve", "off"),
            ("random_seed", 0),
            ("simplex_scale_strategy", 0),
        ):
            self.solver.setOptionValue(option, value)
        self.solver.passModel(model)
        self.forbidden = np.zeros(count, bool)
        self.solved = 0

    def set_cost(self, which: Whole, cost: Floats) -> None:
        """Changes the price of some groups."""
        self.cost[which] = cost
        self._set_costs(np.concatenate([which, which + self.count]), np.concatenate([cost, cost]))

    def _set_costs(self, columns: Whole, cost: Floats) -> None:
        self.solver.changeColsCost(len(columns), columns.astype(np.int32), cost)

    def forbid(self, which: Whole, forbidden: bool = True) -> None:
        """Holds some groups fast, or lets them go again."""
        self.forbidden[which] = forbidden
        columns = np.concatenate([which, which + self.count])
        upper = np.zeros(len(columns)) if forbidden else self.upper[columns]
        self.solver.changeColsBounds(len(columns), columns.astype(np.int32), np.zeros(len(columns)), upper)

    def find(self, target: int, amount: int, *, thorough: bool = True) -> Whole | None:
        """A whole-number move (groups,) of about least cost that changes the target by `amount`; None if none was found.

        With `thorough`, branch and bound is the last resort, and None all but means that there is none.
        """
        room = self.groups.up[target] if amount > 0 else self.groups.down[target]
        if self.forbidden[target] or room < abs(amount):
            return None
        self._hold(target, amount)
        held = [target]
        move = None
        change = self._solve(fresh=self.fresh)
        if change is not None:
            move = self._whole(change)
            if move is None:
                move = self._dive(change, held)
            if move is None and thorough:
                move = self._search(change, target, amount)
        for group_ in held:
            self.solver.changeColBounds(group_, 0.0, 0.0 if self.forbidden[group_] else self.upper[group_])
            back = group_ + self.count
            self.solver.changeColBounds(back, 0.0, 0.0 if self.forbidden[group_] else self.upper[back])
        return move

    def _hold(self, which: int, amount: int) -> None:
        self.solver.changeColBounds(which, max(amount, 0), max(amount, 0))
        self.solver.changeColBounds(which + self.count, max(-amount, 0), max(-amount, 0))

    def _solve(self, *, fresh: bool) -> Floats | None:
        """The groups' real-valued changes at least cost, or None. No move at all, where it starts if `fresh`, is dual feasible."""
        if fresh:
            self.solver.clearSolver()
        self.solver.run()
        self.solved += 1
        if self.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        values = np.array(self.solver.getSolution().col_value)
        return np.asarray(values[: self.count] - values[self.count :])

    def _dive(self, change: Floats, held: list[int]) -> Whole | None:
        """Holds one broken change after the other at the nearest whole number, and solves again."""
        for _ in range(DIVES):
            broken = np.abs(change - np.rint(change))
            which = int(broken.argmax())
            amount = int(np.rint(change[which] + np.sign(change[which]) * ROUNDING))
            if amount > self.groups.up[which] or -amount > self.groups.down[which] or which in held:
                return None
            held.append(which)
            self._hold(which, amount)
            again = self._solve(fresh=False)
            if again is None:
                return None
            move = self._whole(again)
            if move is not None:
                return move
            change = again
        return None

    def _fits(self, move: Whole) -> bool:
        inside = (move <= self.groups.up).all() and (-move <= self.groups.down).all()
        return bool(inside and not (self.groups.matrix @ move).any())

    def _whole(self, change: Floats) -> Whole | None:
        """The move itself if it is whole, else its smallest multiple that is and that fits."""
        for scale in range(1, LARGEST_SCALE + 1):
            nearest = np.rint(change * scale)
            if np.abs(change * scale - nearest).max() < ROUNDING * scale:
                move = nearest.astype(np.int64)
                return move if self._fits(move) else None
        return None

    def _search(self, change: Floats, target: int, amount: int) -> Whole | None:
        """A whole-number move by branch and bound: near the fractional one first, then anywhere."""
        support = np.abs(change) > ROUNDING
        cheap = self.cost <= np.median(self.cost[support])
        for wanted in (support | cheap, np.ones(self.count, bool)):
            columns = np.flatnonzero(wanted & ~self.forbidden)
            moves = self._branch(columns, target, amount)
            if moves is not None:
                return moves
        return None

    def _branch(self, columns: Whole, target: int, amount: int) -> Whole | None:
        matrix = self.groups.matrix[:, columns]
        both = sparse.hstack([matrix, -matrix]).tocsc()
        count = len(columns)
        lower = np.zeros(2 * count)
        upper = np.concatenate([self.upper[columns], self.upper[columns + self.count]])
        at = int(np.flatnonzero(columns == target)[0])
        ahead, back = (at, at + count) if amount > 0 else (at + count, at)
        lower[ahead] = upper[ahead] = abs(amount)
        lower[back] = upper[back] = 0
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = 2 * count, both.shape[0]
        model.col_cost_ = np.concatenate([self.cost[columns]] * 2)
        model.col_lower_, model.col_upper_ = lower, upper
        model.row_lower_ = model.row_upper_ = np.zeros(both.shape[0])
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_, model.a_matrix_.index_ = both.indptr, both.indices
        model.a_matrix_.value_ = both.data.astype(float)
        model.integrality_ = [highspy.HighsVarType.kInteger] * (2 * count)
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        options = (("output_flag", False), ("threads", 1), ("random_seed", 0), ("mip_max_nodes", SEARCH_NODES), ("mip_rel_gap", 0.1))
        for option, value in options:
            solver.setOptionValue(option, value)
        solver.passModel(model)
        solver.run()
        values = np.array(solver.getSolution().col_value)
        if len(values) != 2 * count or not np.isfinite(values).all():
            return None
        move = np.zeros(self.count, np.int64)
        move[columns] = np.rint(values[:count] - values[count:]).astype(np.int64)
        return move if move[target] == amount and self._fits(move) else None
