"""The search for tables that fit what is published, over the reals and in whole numbers. Used by the attack alone."""

from __future__ import annotations

import highspy
import numpy as np
import numpy.typing as npt
from scipy import sparse

from disclosure.error import DisclosureError
from disclosure.variation import from_inside, mend, program

Whole = npt.NDArray[np.int64]

NO_LIMIT = np.int64(2**40)
TOLERANCE = 1e-6
SEARCH_NODES = 2000  # branch-and-bound nodes before a whole-number question counts as open
LARGE = 4_000  # unknowns from which on each question is solved through the inside: going on from the last answer takes longer


class Search:
    """Looks for tables that fit one part: least and largest values, over the reals and in whole numbers."""

    def __init__(self, matrix: sparse.csr_matrix, known: Whole, low: Whole, high: Whole) -> None:
        self.matrix, self.known, self.low = matrix, known, low
        # Where nothing limits a count, looking this far is enough, and leaves no table unbounded: all that is known, put into one count
        # again and again. What gets half so far, only this limit stops.
        self.far = int(max(1000, 4 * (np.abs(known).sum() + low.sum())))
        self.high = np.where(high >= NO_LIMIT, self.far, high)
        self.count = matrix.shape[1]
        self.lines = self._solver()
        self.last = -1
        self.solved = 0

    def _solver(self) -> highspy.Highs:
        return program(self.matrix, self.known, self.low.astype(float), self.high.astype(float), whole=False)

    def no_limit(self, value: float) -> bool:
        """True of a largest value that nothing published limits."""
        return value >= self.far / 2

    def fits(self, values: Whole) -> bool:
        """True if these whole numbers are a possible table."""
        inside = (values >= self.low).all() and (values <= self.high).all()
        return bool(inside and (self.matrix @ values == self.known).all())

    def first(self) -> Whole | None:
        """Any whole-number table that fits; None if none was found."""
        solver = self._solver()
        solver.setOptionValue("presolve", "choose")  # from nothing, it is worth its time
        solver.run()
        self.solved += 1
        if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            raise DisclosureError("no table fits what is published: check how it was made")
        values = np.array(solver.getSolution().col_value)
        table = mend(self.matrix, self.known, values, self.low, self.high) if len(values) == self.count else None
        return table if table is not None else self.whole(None, 1)[0]

    def extreme(self, target: int, direction: int) -> tuple[float, Whole | None]:
        """Largest (direction 1) or least (-1) real value of an unknown (inf if nothing limits it); that table, if it is whole."""
        if self.last >= 0:
            self.lines.changeColCost(self.last, 0.0)
        self.lines.changeColCost(target, -float(direction))
        self.last = target
        if self.count >= LARGE:
            from_inside(self.lines)
            self.lines.clearSolver()
        self.lines.run()
        self.solved += 1
        state = self.lines.getModelStatus()
        if state == highspy.HighsModelStatus.kInfeasible:
            raise DisclosureError("no table fits what is published: check how it was made")
        if state != highspy.HighsModelStatus.kOptimal:
            raise DisclosureError("the attack could not be finished on a withheld cell: nothing may be released on its result")
        values = np.array(self.lines.getSolution().col_value)
        whole = np.rint(values).astype(np.int64)
        value = np.inf if self.no_limit(values[target]) else float(values[target])
        return value, whole if self.fits(whole) else None

    def value(self, target: int, direction: int) -> float:
        """The value of `extreme` by itself."""
        return self.extreme(target, direction)[0]

    def still(self, targets: Whole, table: Whole) -> tuple[Whole, list[Whole]]:
        """Those of these unknowns that have the same value in all real tables as in this one; and whole tables come by on the way.

        A sum of the targets in which each has a weight of its own, drawn by chance, is the same in every table only if each of them is:
        so two programs tell of all at once. Those that move are left out, and the others asked again.
        """
        rng = np.random.default_rng(20211108)
        solver = self._solver()
        from_inside(solver)
        seen: list[Whole] = []
        while len(targets):
            weights = np.zeros(self.count)
            weights[targets] = rng.uniform(1, 2, len(targets))
            moved = np.zeros(len(targets), bool)
            for cost in (weights, -weights):
                solver.changeColsCost(self.count, np.arange(self.count, dtype=np.int32), cost)
                solver.clearSolver()
                solver.run()
                self.solved += 1
                values = np.array(solver.getSolution().col_value)
                if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                    return targets[:0], seen
                moved |= np.abs(values[targets] - table[targets]) > TOLERANCE
                if self.fits(whole := np.rint(values).astype(np.int64)):
                    seen.append(whole)
            if not moved.any():
                break
            targets = targets[~moved]
        return targets, seen

    def whole(self, target: int | None, direction: int) -> tuple[Whole | None, bool]:
        """A whole-number table with the target as far as the search got; True if that is certainly the furthest."""
        solver = self._solver()
        for option, value in (("presolve", "choose"), ("mip_max_nodes", SEARCH_NODES), ("mip_rel_gap", 0.0)):
            solver.setOptionValue(option, value)
        solver.changeColsIntegrality(self.count, np.arange(self.count, dtype=np.int32), np.full(self.count, highspy.HighsVarType.kInteger))
        if target is not None:
            solver.changeColCost(target, -float(direction))
        solver.run()
        state = solver.getModelStatus()
        if state == highspy.HighsModelStatus.kInfeasible:
            raise DisclosureError("no table of whole numbers fits what is published: check how it was made")
        values = np.array(solver.getSolution().col_value)
        if len(values) != self.count or not np.isfinite(values).all():
            return None, False
        table = np.rint(values).astype(np.int64)
        return (table if self.fits(table) else None), state == highspy.HighsModelStatus.kOptimal
