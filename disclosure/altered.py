"""Methods that publish counts near the true ones: rounding of three kinds, and the cell key. Each table keeps its shape and statuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from disclosure.audit import Exposure
from disclosure.cell_key import perturb
from disclosure.dimension import Counts
from disclosure.error import DisclosureError
from disclosure.perturbed_rules import judge
from disclosure.policy import Policy, Zeros
from disclosure.primary import primary
from disclosure.published_table import WITHHELD, Method, PublishedTable, Status
from disclosure.rounding import controlled, conventional, small_counts_rounded
from disclosure.standing import structural, withheld_whole
from disclosure.system import link
from disclosure.table import Table

Mask = npt.NDArray[np.bool_]


def alter(tables: Sequence[Table], policy: Policy, keys: Mapping[str, Counts]) -> list[PublishedTable]:
    """The tables by a policy's method, without what it withholds of any table. `keys`: for the cell key, the cell keys of each
    table's inner cells, by the table's id.

    Raises DisclosureError if keys are missing, or no rounding keeps the sums.
    """
    return [_without(shown, _withheld(table, shown, policy)) for table, shown in zip(tables, _altered(tables, policy, keys), strict=True)]


def _withheld(table: Table, shown: PublishedTable, policy: Policy) -> Mask:
    """What a policy withholds of a table: by the cell key judged on the counts that are shown, so that it tells no more than they do."""
    if policy.method is not Method.CELL_KEY:
        return withheld_whole(table, policy)
    noughts = (shown.values == 0) & ~structural(table, policy) if policy.zeros is Zeros.PROTECTED else np.zeros(shown.values.shape, bool)
    return np.asarray(judge(shown.values, shown.dimensions, policy).withheld | noughts)


def _without(shown: PublishedTable, withheld: Mask) -> PublishedTable:
    """The table with more of it withheld; what was withheld before keeps its status."""
    more = withheld & ~shown.withheld
    values, status = np.where(more, WITHHELD, shown.values), np.where(more, Status.SECONDARY, shown.status).astype(np.str_)
    return replace(shown, values=values, status=status)  # nothing may be taken for granted of these: the floor of a published count is 0


def _altered(tables: Sequence[Table], policy: Policy, keys: Mapping[str, Counts]) -> list[PublishedTable]:
    if policy.method is Method.CONTROLLED_ROUNDING:
        rounded, width = controlled(tables, policy.rounding_base)
        return [_publish(table, counts, policy, width * policy.rounding_base) for table, counts in zip(tables, rounded, strict=True)]
    if policy.method is Method.SMALL_COUNT_ROUNDING:
        return _small_counts(tables, policy)
    if policy.method is Method.CONVENTIONAL_ROUNDING:
        return [_publish(table, conventional(table.counts, policy.rounding_base), policy, policy.rounding_base) for table in tables]
    if missing := [table.id for table in tables if table.id not in keys]:
        raise DisclosureError(f"table '{missing[0]}' has no cell keys: give a column `key`, the sum of its records' keys, beside `n`")
    reach = policy.perturbation_maximum
    return [_publish(table, perturb(table, keys[table.id], policy.perturbation), policy, reach) for table in tables]


def _small_counts(tables: Sequence[Table], policy: Policy) -> list[PublishedTable]:
    """Small counts, and groups of one mind, are withheld; the rest is rounded."""
    system = link(tables)
    rules = primary(system, policy)
    published = []
    for table, at in zip(tables, system.entries, strict=False):
        shape = table.counts.shape
        counts = small_counts_rounded(table.counts, policy.threshold, policy.rounding_base)
        group = (rules.group | rules.zero)[at].reshape(shape)
        status = np.where(counts == WITHHELD, Status.PRIMARY, np.where(group, Status.SECONDARY, Status.PUBLISHED)).astype(np.str_)
        published.append(_publish(table, np.where(group, WITHHELD, counts), policy, policy.rounding_base, status, group))
    return published


def _publish(
    table: Table, counts: Counts, policy: Policy, base: int, status: npt.NDArray[np.str_] | None = None, unsure: Mask | None = None
) -> PublishedTable:
    if status is None:
        status = np.full(counts.shape, Status.PUBLISHED, dtype="<U9")
    floor = (counts == WITHHELD).astype(np.int64)
    if unsure is not None:
        floor[unsure] = 0
    return PublishedTable(
        table.id, table.dimensions, counts, status, floor, table.title, table.population, table.where, policy.method, base
    )  # fmt: skip


def withhold_beside(published: Sequence[PublishedTable], exposed: Iterable[Exposure]) -> list[PublishedTable] | None:
    """For each count that the attack pinned down, one more count beside it is withheld: the smallest in the same sum.

    Where a whole group is given away, the count that does it is withheld itself, in every table that shows it. None if nothing is
    left to withhold.
    """
    tables = {table.id: table for table in published}
    done = False
    for exposure in exposed:
        for table_id, at in _to_withhold(list(tables.values()), exposure):
            table = tables[table_id]
            values, status, floor = table.values.copy(), table.status.copy(), table.floor.copy()
            values[at], status[at], floor[at] = WITHHELD, Status.SECONDARY, int(exposure.table != "")
            tables[table_id] = replace(table, values=values, status=status, floor=floor)
            done = True
    return [tables[table.id] for table in published] if done else None


def _to_withhold(tables: Sequence[PublishedTable], exposure: Exposure) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Counts to withhold because of one exposure: table and place."""
    for table in tables:
        place = _place(table, exposure.cell)
        if place is None or exposure.table not in ("", table.id):
            continue
        if not exposure.table and table.values[place] != WITHHELD:
            yield table.id, place
        elif (beside := _smallest_beside(table, place)) is not None:
            yield table.id, beside


def _place(table: PublishedTable, cell: Mapping[str, str]) -> tuple[int, ...] | None:
    """Where a table has this cell; codes that are not named are totals, and the population may be named or not."""
    where, names = dict(table.where), {dimension.name for dimension in table.dimensions}
    if not set(cell) <= names | set(where) or any(cell.get(name, code) != code for name, code in where.items()):
        return None
    places = [dimension.index.get(cell.get(dimension.name, dimension.total)) for dimension in table.dimensions]
    return None if None in places else tuple(place for place in places if place is not None)


def _smallest_beside(table: PublishedTable, place: tuple[int, ...]) -> tuple[int, ...] | None:
    found: list[tuple[int, tuple[int, ...]]] = []
    for axis, dimension in enumerate(table.dimensions):
        code = dimension.codes[place[axis]]
        for parent, children in dimension.partitions:
            if code in (parent, *children):
                for other in (*children, parent):
                    at = (*place[:axis], dimension.index[other], *place[axis + 1 :])
                    if table.values[at] > 0:
                        found.append((int(table.values[at]), at))
    return min(found)[1] if found else None
