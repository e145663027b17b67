"""Which categories of tables can be merged, so that the tables stay linked.

A variable means the same in all tables, so categories are put together in all of them at once. A merging is not among these if it leaves
tables with codes whose relation no table states any more: neither defence nor attack would then see what their difference tells.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from disclosure.dimension import NOT, Dimension, is_tree
from disclosure.merging import LeaveOut, Merging, PutTogether, RollUp, below, merged
from disclosure.published_table import PublishedTable
from disclosure.system import coarser_names
from disclosure.table import Table

Cell = Mapping[str, str]  # codes by variable, totals left out
FEWEST, MOST = (2, 3), 5  # so many of the smallest codes are put together; of those in the way, at most so many
GROUPS = 8  # parents of a variable that are looked at: those with most cells in the way below them


def mergings(
    tables: Sequence[Table], cells: Sequence[Cell], earlier: Sequence[PublishedTable] = ()
) -> list[tuple[Merging, tuple[Table, ...]]]:
    """Ways to merge these tables, and what each leaves, none of which makes a link between tables unseen. `cells`: where to look first.

    `earlier`: releases of the same children, in which no category can be changed any more.
    """
    times = Counter(part for cell in cells for part in cell.items())
    variables = dict.fromkeys(d.name for table in tables for d in table.dimensions)
    ways = chain(
        *(_of_variable(name, tables, times, fixed=_named(earlier)) for name in variables), (LeaveOut((table.id,)) for table in tables)
    )
    found = ((way, merged(tables, way)) for way in dict.fromkeys(ways))
    return [(way, left) for way, left in found if still_linked(tables, left, earlier)]


def holds(table: Table, cell: Cell) -> bool:
    """True if a table has this cell."""
    own = {d.name: d.index for d in table.dimensions}
    where = dict(table.where)
    return where.items() <= cell.items() and all(name in where or code in own.get(name, ()) for name, code in cell.items())


def _named(tables: Sequence[Table | PublishedTable]) -> set[str]:
    return {name for table in tables for name in (*(d.name for d in table.dimensions), *(name for name, _ in table.where))}


def _of_variable(name: str, tables: Sequence[Table], times: Counter[tuple[str, str]], fixed: set[str]) -> Iterator[Merging]:
    holders = {table.id: next(d for d in table.dimensions if d.name == name) for table in tables if name in _axes(table)}
    yield from (LeaveOut((table.id,), name) for table in tables if table.id in holders and len(table.dimensions) > 1)
    options = [c for d in holders.values() for _, (c, *rest) in d.partitions if rest == [NOT + c]]
    for option in sorted(set(options), key=lambda option: -times[name, option]):
        yield LeaveOut(tuple(table for table, d in holders.items() if option in d.index), name, option)
    if options or not all(is_tree(d.partitions) for d in holders.values()):
        return
    for scope in dict.fromkeys([tuple(holders), *((table,) for table in holders)]):
        groups = {parent: group for table in scope for parent, group in _lowest(holders[table]) if parent != holders[table].total}
        ranked = sorted(groups, key=lambda parent: -sum(times[name, child] for child in groups[parent]))
        for parents in dict.fromkeys([*((parent,) for parent in ranked[:GROUPS]), tuple(groups)]):
            if inside := tuple(table for table in scope if any(below(holders[table], parent) for parent in parents)):
                yield RollUp(inside, name, parents)
    if name not in fixed:
        yield from _together(name, tables, holders, times)


def _together(name: str, tables: Sequence[Table], holders: Mapping[str, Dimension], times: Counter[tuple[str, str]]) -> Iterator[Merging]:
    """The smallest codes below a parent, and those that are in the way."""
    margins: dict[str, int] = {}
    for table in tables:
        if table.id in holders:
            at = tuple(slice(None) if d.name == name else 0 for d in table.dimensions)
            for code, n in zip(holders[table.id].codes, table.counts[at].tolist(), strict=True):
                margins[code] = max(margins.get(code, 0), n)
    groups = dict.fromkeys(group for d in holders.values() for _, group in _lowest(d))
    for group in sorted(groups, key=lambda group: -sum(times[name, child] for child in group))[:GROUPS]:
        smallest = sorted(group, key=lambda code: (margins[code], group.index(code)))
        some = [smallest[:few] for few in FEWEST] + [[code for code in group if times[name, code]]]
        for codes in some:
            inside = tuple(table for table, d in holders.items() if set(codes) & set(d.codes))
            if 1 < len(codes) < len(group) and len(codes) <= MOST and all(_siblings(holders[table], codes) for table in inside):
                yield PutTogether(inside, name, tuple(code for code in group if code in codes))


def _axes(table: Table) -> list[str]:
    return [d.name for d in table.dimensions]


def _lowest(dimension: Dimension) -> list[tuple[str, tuple[str, ...]]]:
    """Groups of codes below one parent of which none sums others."""
    return [(parent, group) for parent, group in dimension.partitions if set(group) <= set(dimension.leaves)]


def _siblings(dimension: Dimension, codes: Sequence[str]) -> bool:
    return any(set(codes) <= set(group) for _, group in _lowest(dimension))


def still_linked(before: Sequence[Table], after: Sequence[Table], earlier: Sequence[PublishedTable] = ()) -> bool:
    """True if, between the tables that are left, every relation of codes that they still use is stated by one of them."""
    if not after:
        return False
    names, left = coarser_names(before), coarser_names(after)
    there = {d.name for table in after for d in table.dimensions}
    if any({one, other} <= there and left.get(one) != other for one, other in names.items()):
        return False
    every = _relations([*before, *earlier], names)
    lost, used = every - _relations([*after, *earlier], names), _used([*after, *earlier], names)
    families: dict[tuple[str, str], set[str]] = {}
    for name, parent, child in every:
        families.setdefault((name, parent), {parent}).add(child)
    return not any(child in used[name] and len(families[name, parent] & used[name]) > 1 for name, parent, child in lost)


def _relations(tables: Sequence[Table | PublishedTable], names: Mapping[str, str]) -> set[tuple[str, str, str]]:
    """(variable, parent, child) of all partitions; a total is ""."""
    return {
        (names.get(d.name, d.name), "" if parent == d.total else parent, child)
        for table in tables
        for d in table.dimensions
        for parent, group in d.partitions
        for child in group
    }


def _used(tables: Sequence[Table | PublishedTable], names: Mapping[str, str]) -> dict[str, set[str]]:
    """Codes of all cells, by variable; "" is the total, which cells of a table without the variable have too."""
    everywhere = {names.get(name, name) for name in _named(tables)}
    used: dict[str, set[str]] = defaultdict(set)
    for table in tables:
        filtered = {names.get(name, name): code for name, code in table.where}
        for name in everywhere:
            used[name].add(filtered.get(name, ""))
        for d in table.dimensions:
            used[names.get(d.name, d.name)].update(d.codes[1:])
    return used
