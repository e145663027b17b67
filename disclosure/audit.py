"""The attack: what a reader who knows the rules can work out from published tables, taken together.

Shares no code with what protects the tables; only their shape and the policy. Every withheld cell is attacked: by adding
and subtracting whole numbers, by linear programming, and by searching for a second table of whole numbers that fits. A
cell counts as safe only with such tables at hand, far enough apart; what stays open counts as exposed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from disclosure.afar import Afar
from disclosure.axes import axes
from disclosure.dividing import divided
from disclosure.error import DisclosureError
from disclosure.in_sight import Exposure as Exposure
from disclosure.in_sight import group_limits, groups_shown, known_sums, named, small_counts_shown, take_for_granted
from disclosure.inference import Equations, equations, parts, tighten
from disclosure.nearby import Nearby
from disclosure.policy import Policy
from disclosure.proofs import Proofs as Proofs
from disclosure.published_table import PublishedTable
from disclosure.search import NO_LIMIT, TOLERANCE, Search
from disclosure.tied import tied
from disclosure.variation import MANY
from disclosure.walk import Walk

Whole = npt.NDArray[np.int64]
Progress = Callable[[float, str], None]
ALL_BOUNDS = 1_000  # up to so many withheld cells, the report holds every cell's exact bounds: two linear programs each


@dataclass(frozen=True, eq=False)
class AuditReport:
    """What the attack found. `low`, `high`: one array for each table, shaped like it, -1 where published (or no limit).

    With `exact` they are each withheld count's true bounds; without, values that are possible for certain.
    """

    withheld: int
    exposed: tuple[Exposure, ...]
    low: tuple[Whole, ...]
    high: tuple[Whole, ...]
    exact: bool
    narrowest: int | None  # smallest distance between the bounds of any withheld cell
    linear_programs: int

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "withheld": self.withheld,
            "exposed": [{"table": e.table, "cell": dict(e.cell), "low": e.low, "high": e.high, "how": e.how} for e in self.exposed],
            "bounds_exact": self.exact,
            "narrowest": self.narrowest,
            "linear_programs": self.linear_programs,
        }


def audit(
    published: Sequence[PublishedTable], policy: Policy, *, proofs: Proofs | None = None, progress: Progress | None = None
) -> AuditReport:
    """Attacks tables published together (give earlier releases too). Raises DisclosureError if they contradict themselves."""
    if not published:
        raise DisclosureError("there is no table to attack")
    system = equations(published)
    attack = _Attack(published, system, policy, proofs)
    attack.run(progress)
    exposed = [*small_counts_shown(published, policy), *groups_shown(system, policy), *known_sums(system, policy), *attack.narrow()]
    return attack.report(tuple(exposed))


class _Attack:
    """`low`, `high`: nothing beyond them is possible. `least`, `most`: possible for certain, in tables that were found."""

    def __init__(self, published: Sequence[PublishedTable], system: Equations, policy: Policy, proofs: Proofs | None) -> None:
        self.published, self.system, self.policy = published, system, policy
        take_for_granted(published, system, policy)
        count = len(system.low)
        self.least, self.most = np.full(count, NO_LIMIT), np.full(count, -NO_LIMIT)
        self.base: Whole | None = None
        if proofs is not None:
            self.base, self.least, self.most = proofs.seen(published, system)
        tighten(system)
        self.low, self.high = system.low, system.high
        self.must_reach = group_limits(system, policy)
        self.how = np.full(count, "adding and subtracting whole numbers", dtype=object)
        self.all_bounds = count <= ALL_BOUNDS
        self.axes = [] if self.all_bounds else axes(system)
        self.solved = 0

    def run(self, progress: Progress | None) -> None:
        """Attacks every part of the system that is still open."""
        closed = self.low == self.high
        self.least[closed], self.most[closed] = self.low[closed], self.high[closed]
        done = int(closed.sum())
        for cells, matrix, known in parts(self.system):
            search = Search(matrix, known, self.low[cells], self.high[cells])

            def tell(attacked: int, before: int = done) -> None:
                if progress:
                    progress((before + attacked) / len(self.low), "attacking the tables")

            self._part(cells, search, tell)
            self.solved += search.solved
            done += len(cells)
            tell(len(cells))

    def _saw(self, cells: Whole, table: Whole | None) -> None:
        if table is not None:
            self.least[cells] = np.minimum(self.least[cells], table)
            self.most[cells] = np.maximum(self.most[cells], table)

    def _part(self, cells: Whole, search: Search, tell: Callable[[int], None]) -> None:
        table = self.base[cells] if self.base is not None else self._first(cells, search)
        self._saw(cells, table)
        if table is not None and not self.all_bounds:
            self._vary(cells, search, table, tell)
        for k, cell in enumerate(cells.tolist()):
            if not self.all_bounds and not self._open(cell):
                continue
            tell(self._settled(cells))
            for direction in (1, -1):
                if self._reached(cell, direction):
                    continue
                value, table = search.extreme(k, direction)
                self._saw(cells, table)
                if direction > 0 and value < NO_LIMIT:
                    self.high[cell] = min(self.high[cell], np.floor(value + TOLERANCE))
                elif direction < 0:
                    self.low[cell] = max(self.low[cell], np.ceil(value - TOLERANCE))
            if self._closed(cell):
                self.how[cell] = "linear programming"
            elif self._short(cell):
                self._in_whole_numbers(cells, k, search)

    def _first(self, cells: Whole, search: Search) -> Whole | None:
        """A table that fits; of many unknowns, those above the codes of the finest variable are settled first."""
        if len(cells) >= MANY and self.axes and (above := self.axes[0].inner[self.axes[0].code[cells]]).any():
            self.solved += 1
            table = divided(search.matrix, search.known, search.low, search.high, above)
            if table is not None and search.fits(table):
                return table
        return search.first()

    def _vary(self, cells: Whole, search: Search, table: Whole, tell: Callable[[int], None]) -> None:
        """Asks about all counts of a part at once: first for tables that show them to be open, as long as something new is seen."""
        rng = np.random.default_rng(20211108)
        far = np.maximum(self.policy.minimum_width, table - self.must_reach[cells])

        def pull() -> npt.NDArray[np.float64]:
            return np.where(self.least[cells] > self.must_reach[cells], -1.0, rng.choice([-1.0, 1.0], len(cells)))

        def left() -> Any:
            return self._open(cells)

        def see(tables: Iterator[Whole]) -> None:
            for found in tables:
                self._saw(cells, found if search.fits(found) else None)
                tell(self._settled(cells))

        walk = Walk(search.matrix, table, search.low, search.high, self.axes, cells, far)
        see(walk.tables(left, pull))
        if left().any():
            axis = self.axes[0] if self.axes else None
            afar = Afar(tied(search.matrix), walk.table, search.low, search.high, axis, cells, far)
            see(afar.tables(left, pull))
            self._nearby(cells, search, tell, at_most=2)
            see(afar.nearest(left, pull))
            self.solved += afar.solved
        self.solved += walk.solved
        if left().any():
            still, tables = search.still(np.flatnonzero(left()), table)
            see(iter(tables))
            self.low[cells[still]] = self.high[cells[still]] = table[still]
            self.how[cells[still]] = "linear programming"
            self._nearby(cells, search, tell)

    def _nearby(self, cells: Whole, search: Search, tell: Callable[[int], None], at_most: int | None = None) -> None:
        """Narrows counts down by the sums around them alone: by the nearest, and by further ones, so many times at most."""
        nearby = Nearby(search)
        for k in np.flatnonzero(self._open(cells)).tolist():
            cell = cells[k]
            tell(self._settled(cells))
            for low, high in islice(nearby.bounds(k), at_most):
                self.low[cell], self.high[cell] = max(self.low[cell], low), min(self.high[cell], high)
                if self._closed(cell):
                    self.how[cell] = "linear programming"
                    break
        self.solved += nearby.solved

    def _reached(self, cell: int, direction: int) -> bool:
        """True if a table at hand has this count at its very bound, up (direction 1) or down (-1): no program could tell more."""
        return bool(self.most[cell] == self.high[cell] if direction > 0 else self.least[cell] == self.low[cell])

    def _in_whole_numbers(self, cells: Whole, k: int, search: Search) -> None:
        cell = cells[k]
        certain = True
        for direction in (1, -1):
            table, furthest = search.whole(k, direction)
            self._saw(cells, table)
            certain &= furthest
            if table is not None and furthest and not search.no_limit(table[k]):
                side = self.high if direction > 0 else self.low
                side[cell] = table[k]
        if self._short(cell):
            self.how[cell] = "searching all whole numbers" if certain else "doubt: no second table of whole numbers was found"

    def _short(self, cell: int | Whole) -> Any:
        """True where tables far enough apart, and far enough from telling of a whole group, are not at hand."""
        too_narrow = self.most[cell] - self.least[cell] < self.policy.minimum_width
        return too_narrow | (self.least[cell] > self.must_reach[cell])

    def _closed(self, cell: int | Whole) -> Any:
        """True where no tables can be far enough apart, or far enough from telling of a whole group."""
        return (self.high[cell] - self.low[cell] < self.policy.minimum_width) | (self.low[cell] > self.must_reach[cell])

    def _open(self, cell: int | Whole) -> Any:
        """True where it is not known yet whether there are such tables."""
        return self._short(cell) & ~self._closed(cell)

    def _settled(self, cells: Whole) -> int:
        return int((~self._open(cells)).sum())

    def narrow(self) -> Iterator[Exposure]:
        """Withheld cells that are narrowed down too far, and small differences between tables that are given away."""
        for cell in np.flatnonzero(self._short(np.arange(len(self.low)))).tolist():
            low, high = int(self.low[cell]), int(self.high[cell])
            if cell >= self.system.implied and (high == 0 or low >= self.policy.threshold):
                continue  # a difference between tables: a zero, or enough children
            where = "" if cell < self.system.implied else " of tables: a difference"
            yield Exposure(
                self._table_of(cell), named(self.system.keys[cell]), low, None if high >= NO_LIMIT else high, self.how[cell] + where
            )

    def _table_of(self, cell: int) -> str:
        return next((table.id for table, at in zip(self.published, self.system.cells, strict=True) if (at == cell).any()), "")

    def report(self, exposed: tuple[Exposure, ...]) -> AuditReport:
        """The report, with bounds for each count of each table."""
        low, high = (self.low, self.high) if self.all_bounds else (self.least, self.most)
        lows: list[Whole] = []
        highs: list[Whole] = []
        for table, at in zip(self.published, self.system.cells, strict=True):
            hidden = at >= 0
            for result, bound in ((lows, low), (highs, high)):
                values = np.full(len(at), -1, np.int64)
                values[hidden] = np.where(bound[at[hidden]] >= NO_LIMIT, -1, bound[at[hidden]])
                result.append(values.reshape(table.values.shape))
        cells = slice(0, self.system.implied)
        widths = (high - low)[cells]
        narrowest = int(widths.min()) if len(widths) else None
        return AuditReport(self.system.implied, exposed, tuple(lows), tuple(highs), self.all_bounds, narrowest, self.solved)
