"""Second tables that are far from the first: long ways on which as many counts as can be are changed at once.

Used by the attack alone, for what a walk of a few codes at a time has not shown to be open. Such a count may need hundreds of others to
change with it, in several regions. One program lets go of many codes of one variable, rewards every step of a count that is not shown to
be open, and charges a little for every other: so only what is needed moves, mostly by whole numbers, and what is broken is mended. For
each of the few that are left then, the nearest table is looked for in which it is another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import highspy
import numpy as np
import numpy.typing as npt
from scipy import sparse

from disclosure.axes import Axis
from disclosure.nearest import Nearest
from disclosure.tied import Tied
from disclosure.variation import STEPS, from_inside, mend, program

Whole = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

REWARD = 3_000.0  # of one wanted step, against the price of one other: ways of several hundred others have been needed
MENDS = 2  # times that what is around a broken value is let go, too: long ways are many, and one that is hard to mend is not missed
TIES = 600  # let go for each kind of codes
LARGEST = 3_000  # ties, up to which all are let go at once in the end
KINDS = (2, 3, 4, 6)  # kinds of codes at once, one number after the other
GAIN, TRIES = 0.3, 30  # of the counts that are not shown to be open, the share that so many tries have to open, or else more is let go
ITERATIONS = 3_000, 100_000  # of the program for one nearest table, in a first round and in a last: few counts need so many
NO_END = 10_000  # steps that any count may take then, beside those that it has to
TOGETHER = 3  # tries at once, each from the same table: of two processors, neither waits long for the other


class Afar:
    """Tables far from one (unknowns,) that fits, within low and high, with all its sums.

    `axis`: the variable of which many codes are let go, None to let go of all at once; `cells`: what it calls these unknowns; `far`:
    how far each has to move at most.
    """

    def __init__(self, tied: Tied, table: Whole, low: Whole, high: Whole, axis: Axis | None, cells: Whole, far: Whole) -> None:
        self.tied, self.table, self.low, self.high = tied, table.copy(), low, high
        self.alive = tied.of >= 0
        self.far = np.ones(tied.matrix.shape[1], np.int64)
        np.maximum.at(self.far, tied.of[self.alive], far[self.alive])
        self.columns = tied.matrix.tocsc()
        self.axis = axis
        if axis is not None:
            self.kinds, self.code = axis.kinds(), axis.code[cells]
            at = self.code[self.alive], tied.of[self.alive]
            self.under = sparse.csr_matrix((np.ones(len(at[0])), at), shape=(len(axis.above), tied.matrix.shape[1]))
        self.rng = np.random.default_rng(20211108)
        self.solved = 0

    def tables(self, short: Callable[[], Mask], pull: Callable[[], Floats]) -> Iterator[Whole]:
        """Each table found in which many counts have changed, as long as something new is seen. `short()`, `pull()`: as for a walk."""

        def left() -> Mask:
            return short() & self.alive

        with ThreadPoolExecutor(TOGETHER) as pool:
            for kinds in KINDS:
                yield from self._around(pool, kinds, left, pull)
            everything, share = np.arange(len(self.far)), 1.0
            while len(self.far) <= LARGEST and share * (before := left().sum()) >= 1:
                some = left() & (self.rng.random(len(self.table)) < share)
                yield from self._tried(pool, [everything] * TOGETHER, some, pull, NO_END)
                share = share if left().sum() < before else share / 2

    def nearest(self, short: Callable[[], Mask], pull: Callable[[], Floats]) -> Iterator[Whole]:
        """For each count that is not shown to be open, the nearest table in which it is."""
        rise, fall = self.tied.room(self.table, self.low, self.high)
        for most in ITERATIONS:
            near = [Nearest(self.tied.matrix, np.zeros(len(rise), np.int64), -fall, rise, most) for _ in range(TOGETHER)]
            left = np.flatnonzero(short() & self.alive)
            with ThreadPoolExecutor(TOGETHER) as pool:
                while len(left):
                    ways = (self.tied.sign * pull())[left[:TOGETHER]]
                    for found in pool.map(self._nearest, near, left[:TOGETHER], ways):
                        if found is not None:
                            yield self.table + self.tied.spread(found)
                    left = left[TOGETHER:][short()[left[TOGETHER:]]]
            self.solved += sum(each.solved for each in near)

    def _nearest(self, near: Nearest, cell: int, way: float) -> Whole | None:
        """The nearest change of the ties in which a count is another, one way or else the other."""
        tie, far = int(self.tied.of[cell]), int(self.far[self.tied.of[cell]])
        found = near.reach(tie, far if way > 0 else -far)
        return found if found is not None else near.reach(tie, -far if way > 0 else far)

    def _around(self, pool: ThreadPoolExecutor, kinds: int, left: Callable[[], Mask], pull: Callable[[], Floats]) -> Iterator[Whole]:
        """Tables around counts that are not shown to be open, as long as so many tries open enough of them, and more are left than that."""
        before = np.inf
        while self.axis is not None and len(self.far) > TIES * kinds and TRIES < (now := left().sum()) < before * (1 - GAIN):
            before = now
            for _ in range(TRIES // TOGETHER):
                if left().any():
                    neighbourhoods = [self._neighbourhood(self.axis, kinds, left()) for _ in range(TOGETHER)]
                    yield from self._tried(pool, neighbourhoods, left(), pull, STEPS)

    def _neighbourhood(self, axis: Axis, kinds: int, left: Mask) -> Whole:
        """Ties of codes of so many kinds, and of those above them: a code of a count that is not shown to be open, and others by chance."""
        target = self.code[self.rng.choice(np.flatnonzero(left))]
        mine = self.rng.choice(axis.leaves[axis.above[axis.leaves, target]])
        own = next(k for k, kind in enumerate(self.kinds) if mine in kind)
        others = self.rng.permutation([k for k in range(len(self.kinds)) if k != own])[: kinds - 1]
        leaves = self.rng.permutation(np.concatenate([self.kinds[k] for k in (own, *others)]))
        leaves = leaves[np.argsort(leaves != mine, kind="stable")]
        enough = 1 + int(np.searchsorted(np.diff(self.under.indptr)[leaves].cumsum(), TIES * kinds))
        return np.unique(self.under[axis.above[leaves[:enough]].any(axis=0)].indices)

    def _tried(
        self, pool: ThreadPoolExecutor, neighbourhoods: list[Whole], left: Mask, pull: Callable[[], Floats], steps: int
    ) -> Iterator[Whole]:
        """Tables in which some counts that are not shown to be open have changed; goes on from as many of them as fit together."""
        rise, fall = self.tied.room(self.table, self.low, self.high)
        wanted = np.zeros(len(self.far), bool)
        wanted[self.tied.of[left]] = True

        def change(ties: Whole, way: Floats) -> Whole | None:
            return self._change(ties, np.minimum(rise, self.far + steps), np.minimum(fall, self.far + steps), wanted, way)

        ways = []
        for _ in neighbourhoods:
            way = np.ones(len(self.far))
            way[self.tied.of[left]] = (self.tied.sign * pull())[left]
            ways.append(np.where(np.where(way > 0, rise, fall) > 0, way, -way))
        tries = [(ties, way) for ties, way in zip(neighbourhoods, ways, strict=True) if wanted[ties].any()]
        self.solved += len(tries)
        start = self.table
        for found in pool.map(change, *zip(*tries, strict=True)):
            if found is not None:
                step = self.tied.spread(found)
                yield start + step
                both = self.table + step
                if (both >= self.low).all() and (both <= self.high).all():
                    self.table = both

    def _change(self, ties: Whole, rise: Whole, fall: Whole, wanted: Mask, way: Floats) -> Whole | None:
        """A change (all ties,) of these ties that takes as many wanted ones their way as can be; None if none was found."""
        matrix = self.columns[:, ties].tocsr()
        matrix = matrix[np.diff(matrix.indptr) > 0]
        aims = np.flatnonzero(wanted[ties])
        ahead, up, down = way[ties[aims]] > 0, rise[ties], fall[ties]
        steps = np.minimum(self.far[ties[aims]], np.where(ahead, up[aims], down[aims]))
        up[aims], down[aims] = np.where(ahead, up[aims] - steps, 0), np.where(ahead, 0, down[aims] - steps)
        aimed = matrix[:, aims].multiply(np.where(ahead, 1, -1))
        count, nothing = len(ties), np.zeros(matrix.shape[0], np.int64)
        room = np.concatenate([up, down, steps]).astype(float)
        solver = program(sparse.hstack([matrix, -matrix, aimed]).tocsr(), nothing, np.zeros(len(room)), room, whole=False)
        cost = np.repeat([1.0, -REWARD], [2 * count, len(aims)])
        solver.changeColsCost(len(room), np.arange(len(room), dtype=np.int32), cost)
        from_inside(solver)
        solver.run()
        values = np.array(solver.getSolution().col_value)
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal or len(values) != len(room):
            return None
        moved = values[:count] - values[count : 2 * count]
        moved[aims] += np.where(ahead, 1, -1) * values[2 * count :]
        found = mend(matrix, nothing, moved, -fall[ties], rise[ties], times=MENDS)
        if found is None or not found[aims].any():
            return None
        change = np.zeros(len(wanted), np.int64)
        change[ties] = found
        return change
