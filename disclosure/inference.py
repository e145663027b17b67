"""What can be inferred from published tables: every withheld count as an unknown, every sum as an equation.

Used by the attack alone, and written apart from the defence on purpose: it links tables, builds equations and searches
in its own way, so that a mistake in one does not blind the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.published_table import PublishedTable
from disclosure.search import NO_LIMIT, Whole

Key = tuple[str | tuple[str, str], ...]
Scope = tuple[tuple[str, str], ...]  # (variable, code): the children whom a statement is about
Partitions = Mapping[str, Mapping[str, Mapping[tuple[str, ...], set[Scope]]]]


@dataclass(frozen=True, eq=False)
class Equations:
    """Unknowns u with low <= u <= high and matrix @ u = known. `cells`: for each table, the unknown behind each count, or -1.

    `keys` names the unknowns; those from `implied` on stand for cells that are in no table. `sums` lists every sum as
    (variable, parent, children) in cells' keys; `counts` holds what is published.
    """

    keys: tuple[Key, ...]
    implied: int
    matrix: sparse.csr_matrix
    known: Whole
    low: Whole
    high: Whole
    cells: tuple[Whole, ...]
    sums: tuple[tuple[str, Key, tuple[Key, ...]], ...]
    counts: Mapping[Key, int]


def _same_variable(tables: Sequence[PublishedTable]) -> dict[str, str]:
    """Names of variables that are a coarser level of another's hierarchy, as far as published margins tell."""
    margins: dict[tuple[str, int], dict[str, int]] = {}
    dimensions: list[tuple[int, Dimension]] = []
    for number, table in enumerate(tables):
        for axis, dimension in enumerate(table.dimensions):
            line = np.moveaxis(table.values, axis, 0).reshape(len(dimension.codes), -1)[:, 0]
            margins[dimension.name, number] = {c: int(n) for c, n in zip(dimension.codes, line, strict=True) if n >= 0}
            dimensions.append((number, dimension))
    names: dict[str, str] = {}
    for (i, a), (j, b) in product(dimensions, dimensions):
        here, there = tables[i], tables[j]
        if b.name in {d.name for d in here.dimensions} or a.name in {d.name for d in there.dimensions}:
            continue
        if (here.population, here.where) != (there.population, there.where) or not set(a.codes[1:]) < set(b.codes[1:]):
            continue
        one, other = margins[a.name, i], margins[b.name, j]
        shared = set(one) & set(other) & set(a.codes[1:])
        if shared and all(one[code] == other[code] for code in shared):
            names.setdefault(a.name, b.name)
    return names


def cells_named(table: PublishedTable, names: Mapping[str, str]) -> Iterator[Key]:
    """The cells' keys in the order of the table's counts: population, then (variable, code) sorted, totals left out."""
    fixed = [[(names.get(name, name), code)] for name, code in table.where]
    axes = [[(names.get(d.name, d.name), "" if k == 0 else code) for k, code in enumerate(d.codes)] for d in table.dimensions]
    lists = fixed + axes
    order = sorted(range(len(lists)), key=lambda k: lists[k][0][0])
    for combination in product(*lists):
        yield (table.population, *(combination[k] for k in order if combination[k][1]))


def _with(key: Key, variable: str, code: str) -> Key:
    rest = [part for part in key[1:] if part[0] != variable]
    return (key[0], *sorted([*rest, (variable, code)]))


def equations(tables: Sequence[PublishedTable]) -> Equations:
    """Everything the tables say about each other. Raises DisclosureError if they contradict themselves."""
    names = _same_variable(tables)
    counts: dict[Key, int] = {}
    floors: dict[Key, int] = {}
    listed = [list(cells_named(table, names)) for table in tables]
    for table, keys in zip(tables, listed, strict=True):
        for key, value, floor in zip(keys, table.values.reshape(-1).tolist(), table.floor.reshape(-1).tolist(), strict=True):
            if value >= 0 and counts.setdefault(key, value) != value:
                raise DisclosureError("two published tables give different counts for the same cell")
            if value < 0:
                floors[key] = max(floors.get(key, 0), floor)
    present = dict.fromkeys(key for keys in listed for key in keys)
    sums, implied = _sums(present, _partitions(tables, names))
    unknown = [key for key in present if key not in counts] + implied
    number = {key: k for k, key in enumerate(unknown)}
    rows: list[int] = []
    columns: list[int] = []
    signs: list[int] = []
    known: list[int] = []
    for _, above, below_it in sums:
        total = 0
        for key, sign in ((above, -1), *((child, 1) for child in below_it)):
            if key in number:
                rows.append(len(known))
                columns.append(number[key])
                signs.append(sign)
            else:
                total -= sign * counts[key]
        known.append(total)
    matrix = sparse.csr_matrix((signs, (rows, columns)), shape=(len(known), len(unknown)), dtype=np.int64)
    low = np.array([floors.get(key, 0) for key in unknown], np.int64)
    cells = tuple(np.array([number.get(key, -1) for key in keys], np.int64) for keys in listed)
    high = np.full(len(unknown), NO_LIMIT)
    first_implied = len(unknown) - len(implied)
    return Equations(tuple(unknown), first_implied, matrix, np.array(known, np.int64), low, high, cells, tuple(sums), counts)


def _partitions(tables: Sequence[PublishedTable], names: Mapping[str, str]) -> Partitions:
    """Every sum that the tables' dimensions state: for a variable, of which code ("" the total), and of which children it holds.

    A sum holds of all children, unless another table has more parts in it ("not asked", say): then it is only known to hold of those
    whom the tables that state it are about.
    """
    found: dict[str, dict[str, dict[tuple[str, ...], set[Scope]]]] = {}
    for table in tables:
        where = tuple((names.get(name, name), code) for name, code in table.where)
        for d in table.dimensions:
            for parent, children in d.partitions:
                below = found.setdefault(names.get(d.name, d.name), {}).setdefault("" if parent == d.total else parent, {})
                below.setdefault(tuple(sorted(children)), set()).add(where)
    for below in (below for parents in found.values() for below in parents.values()):
        everywhere = [group for group in below if not any(set(group) < set(other) for other in below)]
        below.update({group: {()} for group in everywhere})
    return found


def _ancestors(below: Mapping[str, Mapping[tuple[str, ...], object]]) -> dict[str, set[str]]:
    """For each code of a variable, itself and the codes that it is a part of."""
    parents: dict[str, set[str]] = {}
    for parent, groups in below.items():
        for child in (child for group in groups for child in group):
            parents.setdefault(child, set()).add(parent)
    found: dict[str, set[str]] = {}
    for code in parents:
        reached, waiting = {code}, [code]
        while waiting:
            new = parents.get(waiting.pop(), set()) - reached
            reached |= new
            waiting += new
        found[code] = reached
    return found


def _sums(present: Mapping[Key, None], partitions: Partitions) -> tuple[list[tuple[str, Key, tuple[Key, ...]]], list[Key]]:
    sums: list[tuple[str, Key, tuple[Key, ...]]] = []
    implied: dict[Key, None] = {}
    remainders: list[tuple[str, Key, tuple[Key, ...]]] = []
    above = {variable: _ancestors(below) for variable, below in partitions.items()}

    def inside(codes: Mapping[str, str], scope: Scope) -> bool:
        return all(name in codes and code in above.get(name, {}).get(codes[name], {codes[name]}) for name, code in scope)

    for key in present:
        codes = dict(part for part in key[1:] if isinstance(part, tuple))
        for variable, below in partitions.items():
            for group, scopes in sorted(below.get(codes.get(variable, ""), {}).items()):
                if () not in scopes and not any(inside(codes, scope) for scope in scopes):
                    continue
                children = tuple(_with(key, variable, code) for code in group)
                missing = [child for child in children if child not in present]
                if not missing:
                    sums.append((variable, key, children))
                elif len(missing) == 1 and len(children) > 1:
                    remainders.append((variable, key, children))
                    implied[missing[0]] = None
    return sums + remainders, list(implied)


def tighten(system: Equations) -> None:
    """Narrows `low` and `high` in place by adding and subtracting, in whole numbers, until nothing changes.

    Raises DisclosureError if nothing fits.
    """
    rows = np.repeat(np.arange(system.matrix.shape[0]), np.diff(system.matrix.indptr))
    columns, signs = system.matrix.indices, system.matrix.data
    for _ in range(10_000):
        ahead = signs > 0
        least = np.where(ahead, system.low[columns], -system.high[columns])
        most = np.where(ahead, system.high[columns], -system.low[columns])
        row_least = np.bincount(rows, least)
        row_most = np.bincount(rows, most)
        # sign * u = known - the rest of its row
        top = system.known[rows] - (row_least[rows] - least)
        bottom = system.known[rows] - (row_most[rows] - most)
        new_high, new_low = system.high.copy(), system.low.copy()
        np.minimum.at(new_high, columns, np.where(ahead, top, -bottom).astype(np.int64))
        np.maximum.at(new_low, columns, np.where(ahead, bottom, -top).astype(np.int64))
        new_high[new_high > NO_LIMIT // 2] = NO_LIMIT  # what only another's having no limit limits has none
        if (new_low > new_high).any():
            raise DisclosureError("no table of whole numbers fits what is published: check how it was made")
        if (new_low == system.low).all() and (new_high == system.high).all():
            return
        system.low[:], system.high[:] = new_low, new_high


def parts(system: Equations) -> list[tuple[Whole, sparse.csr_matrix, Whole]]:
    """Independent parts of what is still open: (unknowns, equations over them, known sums)."""
    open_ = np.flatnonzero(system.low < system.high)
    closed = np.where(system.low < system.high, 0, system.low)
    known = system.known - system.matrix @ closed
    matrix = system.matrix[:, open_].tocsr()
    matrix = matrix.copy()
    matrix.eliminate_zeros()
    used = np.diff(matrix.indptr) > 0
    if (known[~used] != 0).any():
        raise DisclosureError("no table of whole numbers fits what is published: check how it was made")
    matrix, known = matrix[used], known[used]
    joined = (abs(matrix).T @ abs(matrix)).tocsr()
    number, label = connected_components(joined, directed=False)
    columns = np.split(np.argsort(label, kind="stable"), np.cumsum(np.bincount(label, minlength=number))[:-1]) if number else []
    row_label = label[matrix.indices[matrix.indptr[:-1]]]
    rows = np.argsort(row_label, kind="stable")
    bounds = np.searchsorted(row_label[rows], np.arange(number + 1))
    result = []
    for k, column in enumerate(columns):
        row = rows[bounds[k] : bounds[k + 1]]
        result.append((open_[column], matrix[row][:, column].tocsr(), known[row]))
    return result
