"""Merging categories: the ways to do it, and the tables that it leaves. Nothing is merged by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from disclosure.dimension import NOT, Counts, Dimension
from disclosure.error import DisclosureError
from disclosure.table import Table

JOINT = " + "  # between codes that are put together, in the code that stands for them

Sums = tuple[tuple[str, ...], ...]  # for each code after, the codes before that it sums


@dataclass(frozen=True)
class RollUp:
    """In these tables, a variable's codes below `parents` are shown no more."""

    tables: tuple[str, ...]
    variable: str
    parents: tuple[str, ...]

    def recode(self, before: Dimension) -> tuple[Dimension, Sums]:
        """The variable after it, and what its codes sum."""
        return _without(before, set().union(*(below(before, parent) for parent in self.parents)))

    def __str__(self) -> str:
        return f"show {_listed([self.variable])} no finer than {_listed(self.parents)}, {_where(self.tables)}"


@dataclass(frozen=True)
class PutTogether:
    """In these tables, codes below the same parent become one."""

    tables: tuple[str, ...]
    variable: str
    codes: tuple[str, ...]

    def recode(self, before: Dimension) -> tuple[Dimension, Sums]:
        """The variable after it, and what its codes sum."""
        joint = JOINT.join(self.codes)
        named = {code: joint if code in self.codes else code for code in before.codes}
        partitions = tuple((parent, tuple(dict.fromkeys(named[child] for child in group))) for parent, group in before.partitions)
        codes = tuple(dict.fromkeys(named.values()))
        return Dimension(before.name, codes, partitions), tuple(self.codes if code == joint else (code,) for code in codes)

    def __str__(self) -> str:
        return f"put {_listed(self.codes)} of {_listed([self.variable])} together, {_where(self.tables)}"


@dataclass(frozen=True)
class LeaveOut:
    """Whole tables are left out; or a variable of them; or one option of a variable of which several may be chosen."""

    tables: tuple[str, ...]
    variable: str = ""
    option: str = ""

    def recode(self, before: Dimension) -> tuple[Dimension, Sums]:
        """The variable after it (its total alone, if it is left out), and what its codes sum."""
        return _without(before, {self.option, NOT + self.option} if self.option else set(before.codes[1:]))

    def __str__(self) -> str:
        if not self.variable:
            return f"leave out the table{'s' * (len(self.tables) > 1)} {_listed(self.tables)}"
        return f"leave out {_listed([self.option]) + ' of ' if self.option else ''}{_listed([self.variable])}, {_where(self.tables)}"


Merging = RollUp | PutTogether | LeaveOut


def _listed(names: Sequence[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return " and ".join(part for part in (", ".join(quoted[:-1]), quoted[-1]) if part)


def _where(tables: Sequence[str]) -> str:
    return f"in the table{'s' * (len(tables) > 1)} {_listed(tables)}"


def below(dimension: Dimension, parent: str) -> set[str]:
    """All codes that a code sums, directly or not."""
    children = {child for above, group in dimension.partitions if above == parent for child in group}
    return children.union(*(below(dimension, child) for child in children))


def _without(before: Dimension, gone: set[str]) -> tuple[Dimension, Sums]:
    codes = tuple(code for code in before.codes if code not in gone)
    return Dimension(before.name, codes, tuple(group for group in before.partitions if not gone & set(group[1]))), tuple(
        (code,) for code in codes
    )


def merged(tables: Sequence[Table], merging: Merging) -> tuple[Table, ...]:
    """The tables that it leaves: their counts are sums of those before. Raises DisclosureError if the codes do not fit."""
    found = []
    for table in tables:
        if table.id not in merging.tables:
            found.append(table)
        elif merging.variable:
            axis, dimension, sums = _recoded(table, merging)
            counts = _summed(table.counts, axis, _summing(table.dimensions[axis], sums))
            dimensions = [d for d in (*table.dimensions[:axis], dimension, *table.dimensions[axis + 1 :]) if len(d.codes) > 1]
            kept = tuple(len(d.codes) for d in dimensions)
            found.append(replace(table, dimensions=tuple(dimensions), counts=counts.reshape(kept)))
    return tuple(found)


def merged_keys(keys: Mapping[str, Counts], tables: Sequence[Table], merging: Merging) -> dict[str, Counts]:
    """The cell keys of the inner cells of the tables that it leaves, from those of `tables`, by the table's id."""
    found = dict(keys)
    for table in tables:
        if table.id not in merging.tables or table.id not in keys:
            continue
        mine = found.pop(table.id)
        if merging.variable:
            axis, dimension, sums = _recoded(table, merging)
            leaves = [dimension.index[leaf] for leaf in dimension.leaves]
            inner = _summed(mine, axis, (_summing(table.dimensions[axis], sums) @ table.dimensions[axis].aggregation)[leaves])
            found[table.id] = inner if len(dimension.codes) > 1 else inner.squeeze(axis)
    return found


def _recoded(table: Table, merging: Merging) -> tuple[int, Dimension, Sums]:
    axis = next((k for k, d in enumerate(table.dimensions) if d.name == merging.variable), None)
    if axis is None:
        raise DisclosureError(f"table '{table.id}' has no variable '{merging.variable}'")
    return axis, *merging.recode(table.dimensions[axis])


def _summed(counts: Counts, axis: int, summing: Counts) -> Counts:
    return np.moveaxis(np.tensordot(summing, counts, axes=(1, axis)), 0, axis)


def _summing(before: Dimension, sums: Sums) -> Counts:
    """0/1 matrix (codes after, codes before)."""
    matrix = np.zeros((len(sums), len(before.codes)), np.int64)
    for row, codes in enumerate(sums):
        matrix[row, [before.index[code] for code in codes]] = 1
    return matrix
