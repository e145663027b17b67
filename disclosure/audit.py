"""The attack: what a reader who knows the rules can work out from published tables, taken together.

Shares no code with what protects the tables; only their shape and the policy. Every withheld cell is attacked: by adding
and subtracting whole numbers, by linear programming, and by searching for a second table of whole numbers that fits. A
cell counts as safe only with such tables at hand, far enough apart; what stays open counts as exposed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from disclosure.inference import NO_LIMIT, TOLERANCE, Equations, Key, Search, equations, parts, tighten
from disclosure.policy import Attacker, Group, Policy, Zeros
from disclosure.table import DisclosureError, PublishedTable, Status

Whole = npt.NDArray[np.int64]
Progress = Callable[[float, str], None]
ALL_BOUNDS = 1_000  # up to so many withheld cells, the report holds every cell's exact bounds: two linear programs each


@dataclass(frozen=True)
class Exposure:
    """A cell that gives too much away: what a reader can narrow it down to (`high` None: no limit), and how."""

    table: str
    cell: Mapping[str, str]
    low: int
    high: int | None
    how: str


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


@dataclass(frozen=True, eq=False)
class Proofs:
    """Tables that a defence says fit: a base (counts of each table, flat), and changes of it, sparse, as rows.

    `changes` has a column for each count of each table, in order. Nothing here is believed: every one is checked.
    """

    base: tuple[Whole, ...]
    changes: sparse.csr_matrix


def audit(
    published: Sequence[PublishedTable], policy: Policy, *, proofs: Proofs | None = None, progress: Progress | None = None
) -> AuditReport:
    """Attacks tables published together (give earlier releases too). Raises DisclosureError if they contradict themselves."""
    if not published:
        raise DisclosureError("there is no table to attack")
    system = equations(published)
    attack = _Attack(published, system, policy, proofs)
    attack.run(progress)
    exposed = [*_small(published, policy), *_groups(system, policy), *_known_sums(system, policy), *attack.narrow()]
    return attack.report(tuple(exposed))


class _Attack:
    """`low`, `high`: nothing beyond them is possible. `least`, `most`: possible for certain, in tables that were found."""

    def __init__(self, published: Sequence[PublishedTable], system: Equations, policy: Policy, proofs: Proofs | None) -> None:
        self.published, self.system, self.policy = published, system, policy
        _take_for_granted(published, system, policy)
        count = len(system.low)
        self.least, self.most = np.full(count, NO_LIMIT), np.full(count, -NO_LIMIT)
        self.base: Whole | None = None
        if proofs is not None:
            self._check(proofs)
        tighten(system)
        self.low, self.high = system.low, system.high
        self.must_reach = _group_limits(system, policy)
        self.how = np.full(count, "adding and subtracting whole numbers", dtype=object)
        self.all_bounds = count <= ALL_BOUNDS
        self.solved = 0

    def _check(self, proofs: Proofs) -> None:
        """Takes from a defence's proofs what holds: a base that fits, and changes after which it still fits."""
        system, count = self.system, len(self.system.low)
        behind = np.concatenate(system.cells)
        base, changes = np.concatenate(proofs.base), proofs.changes.tocoo()
        if len(behind) != len(base) or changes.shape[1] != len(base):
            raise DisclosureError("the proofs given belong to other tables")
        cells, first = np.unique(behind, return_index=True)
        cells, first = cells[cells >= 0], first[cells >= 0]
        times = np.bincount(behind[behind >= 0], minlength=count)
        values = np.zeros(count, np.int64)
        values[cells] = base[first]
        if (base[behind < 0] != np.concatenate([table.values.reshape(-1) for table in self.published])[behind < 0]).any():
            raise DisclosureError("the table that the proofs start from is not the one that was published")
        row, entry, step = changes.row, changes.col, changes.data
        is_first = np.isin(entry, first)
        moved = sparse.csr_matrix((step[is_first], (row[is_first], behind[entry[is_first]])), shape=(changes.shape[0], count))
        bad = np.zeros(changes.shape[0], bool)
        bad[row[behind[entry] < 0]] = True
        if len(row):
            bad[row[np.asarray(moved[row, behind[entry].clip(0)]).reshape(-1) != step]] = True
        bad |= (moved != 0).astype(np.int64) @ times != np.bincount(row, minlength=changes.shape[0])
        values, moved = self._with_implied(values, moved)
        if (system.matrix @ values != system.known).any() or (values < system.low).any() or (values > system.high).any():
            raise DisclosureError("the table that the proofs start from does not fit what is published")
        bad |= np.asarray(abs(moved @ system.matrix.T).sum(axis=1)).reshape(-1) != 0
        rows = np.repeat(np.arange(moved.shape[0]), np.diff(moved.indptr))
        after = values[moved.indices] + moved.data
        bad[rows[(after < system.low[moved.indices]) | (after > system.high[moved.indices])]] = True
        good = ~bad[rows]
        self.base = values
        self.least, self.most = values.copy(), values.copy()
        np.minimum.at(self.least, moved.indices[good], after[good])
        np.maximum.at(self.most, moved.indices[good], after[good])

    def _with_implied(self, values: Whole, moved: sparse.csr_matrix) -> tuple[Whole, sparse.csr_matrix]:
        """Adds the cells that are in no table: each is a total less its siblings."""
        system = self.system
        implied = np.arange(system.implied, len(values))
        if not len(implied):
            return values, moved
        columns = system.matrix.tocsc()
        fill = sparse.lil_matrix((len(values), len(values)), dtype=np.int64)
        for cell in implied.tolist():
            rows = columns.indices[columns.indptr[cell] : columns.indptr[cell + 1]]
            for row in rows.tolist():
                part = system.matrix[row]
                others = part.indices[part.indices != cell]
                if (others < system.implied).all():
                    sign = int(part.data[part.indices == cell][0])
                    values[cell] = sign * (int(system.known[row]) - int(part.data[part.indices != cell] @ values[others]))
                    for other, factor in zip(others, part.data[part.indices != cell], strict=True):
                        fill[other, cell] = -sign * factor
                    break
        return values, (moved + moved @ fill.tocsr()).tocsr()

    def run(self, progress: Progress | None) -> None:
        """Attacks every part of the system that is still open."""
        closed = self.low == self.high
        self.least[closed], self.most[closed] = self.low[closed], self.high[closed]
        done = int(closed.sum())
        for cells, matrix, known in parts(self.system):
            search = Search(matrix, known, self.low[cells], self.high[cells])
            self._part(cells, search)
            self.solved += search.solved
            done += len(cells)
            if progress:
                progress(done / len(self.low), "attacking the tables")

    def _saw(self, cells: Whole, table: Whole | None) -> None:
        if table is not None:
            self.least[cells] = np.minimum(self.least[cells], table)
            self.most[cells] = np.maximum(self.most[cells], table)

    def _part(self, cells: Whole, search: Search) -> None:
        if self.base is None:
            table = search.extreme(0, 1)[1]
            self._saw(cells, table if table is not None else search.whole(None, 1)[0])
        for k, cell in enumerate(cells.tolist()):
            if not self.all_bounds and not self._short(cell):
                continue
            for direction in (1, -1):
                value, table = search.extreme(k, direction)
                self._saw(cells, table)
                if direction > 0 and value < NO_LIMIT:
                    self.high[cell] = min(self.high[cell], np.floor(value + TOLERANCE))
                elif direction < 0:
                    self.low[cell] = max(self.low[cell], np.ceil(value - TOLERANCE))
            if self.high[cell] - self.low[cell] < self.policy.minimum_width or self.low[cell] > self.must_reach[cell]:
                self.how[cell] = "linear programming"
            elif self._short(cell):
                self._in_whole_numbers(cells, k, search)

    def _in_whole_numbers(self, cells: Whole, k: int, search: Search) -> None:
        cell = cells[k]
        certain = True
        for direction in (1, -1):
            table, furthest = search.whole(k, direction)
            self._saw(cells, table)
            certain &= furthest
            if table is not None and furthest and table[k] < search.far:
                side = self.high if direction > 0 else self.low
                side[cell] = table[k]
        if self._short(cell):
            self.how[cell] = "searching all whole numbers" if certain else "doubt: no second table of whole numbers was found"

    def _short(self, cell: int | Whole) -> Any:
        """True where tables far enough apart, and far enough from telling of a whole group, are not at hand."""
        too_narrow = self.most[cell] - self.least[cell] < self.policy.minimum_width
        return too_narrow | (self.least[cell] > self.must_reach[cell])

    def narrow(self) -> Iterator[Exposure]:
        """Withheld cells that are narrowed down too far, and small differences between tables that are given away."""
        for cell in np.flatnonzero(self._short(np.arange(len(self.low)))).tolist():
            low, high = int(self.low[cell]), int(self.high[cell])
            if cell >= self.system.implied and (high == 0 or low >= self.policy.threshold):
                continue  # a difference between tables: a zero, or enough children
            where = "" if cell < self.system.implied else " of tables: a difference"
            yield Exposure(
                self._table_of(cell), _named(self.system.keys[cell]), low, None if high >= NO_LIMIT else high, self.how[cell] + where
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


def _named(key: Key) -> dict[str, str]:
    return {part[0]: part[1] for part in key[1:] if isinstance(part, tuple)}


def _take_for_granted(published: Sequence[PublishedTable], system: Equations, policy: Policy) -> None:
    """Bounds that a reader has from knowing the rules. `low` holds already that zeros are published."""
    if policy.attacker is Attacker.STATUS_KNOWN:
        for table, at in zip(published, system.cells, strict=True):
            status = table.status.reshape(-1)
            primary, other = at[status == Status.PRIMARY], at[(status == Status.SECONDARY) & (table.floor.reshape(-1) > 0)]
            system.high[primary] = np.minimum(system.high[primary], policy.threshold - 1)
            system.low[other] = np.maximum(system.low[other], policy.threshold)


def _small(published: Sequence[PublishedTable], policy: Policy) -> Iterator[Exposure]:
    """Published counts under the threshold; a zero too, where zeros are protected and this one could be otherwise."""
    least = 0 if policy.zeros is Zeros.PROTECTED else 1
    for table in published:
        for at in np.argwhere((table.values >= least) & (table.values < policy.threshold)):
            cell = {d.name: d.codes[k] for d, k in zip(table.dimensions, at, strict=True)}
            if policy.cannot_be(cell | dict(table.where)) and table.values[tuple(at)] == 0:
                continue
            value = int(table.values[tuple(at)])
            yield Exposure(table.id, cell, value, value, "published under the threshold")


def _group_sums(system: Equations, policy: Policy) -> Iterator[tuple[int, int, tuple[Key, ...]]]:
    """(total, how many may stand apart, categories) of each published group that group disclosure is about."""
    if policy.group_disclosure is not Group.NONE:
        for variable, parent, children in system.sums:
            total = system.counts.get(parent, 0)
            if variable not in policy.identifying_variables and total >= policy.threshold and len(children) > 1:
                yield total, int(policy.group_disclosure is Group.ALL_BUT_ONE), children


def _group_limits(system: Equations, policy: Policy) -> Whole:
    """For each unknown: what its count must possibly not exceed, or else it is known that (nearly) a whole group is there."""
    number = {key: k for k, key in enumerate(system.keys)}
    limits = np.full(len(number), NO_LIMIT)
    for total, spare, children in _group_sums(system, policy):
        for child in children:
            if child in number:
                limits[number[child]] = min(limits[number[child]], total - spare - 1)
    return limits


def _groups(system: Equations, policy: Policy) -> Iterator[Exposure]:
    """Published groups whose published counts say what all of them, or all but one, answered."""
    for total, spare, children in _group_sums(system, policy):
        for child in children:
            count = system.counts.get(child, 0)
            if count >= total - spare:
                yield Exposure("", _named(child), count, count, "group disclosure: (nearly) all of a group in one category")


def _known_sums(system: Equations, policy: Policy) -> Iterator[Exposure]:
    """Totals whose withheld parts have a known sum that is too small."""
    for _, parent, children in system.sums if policy.minimum_withheld_sum else ():
        if parent in system.counts:
            hidden = [child for child in children if child not in system.counts]
            left = system.counts[parent] - sum(system.counts.get(child, 0) for child in children)
            if hidden and 0 < left < policy.minimum_withheld_sum:
                yield Exposure("", _named(parent), left, left, f"the withheld parts of this total are known to be {left} together")
