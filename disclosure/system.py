"""Linked tables as one system of cells and sums, so that what one table withholds is not given away by another.

A cell is its population and its codes, variables at their total left out; the same cell in two tables is one cell. Every
hierarchy of every variable then relates whatever cells are there, across tables too. A cell that is in no table, but is
what remains of a total when all its siblings are there, is added as well: every reader can work it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from disclosure.dimension import Counts, Partition
from disclosure.error import DisclosureError
from disclosure.published_table import WITHHELD, PublishedTable
from disclosure.table import Table

Keys = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int32]
AnyTable = Table | PublishedTable


@dataclass(frozen=True)
class Variable:
    """A variable of the system: its codes ("" is the total, first) and all partitions that any table uses."""

    name: str
    codes: tuple[str, ...]
    partitions: tuple[Partition, ...]


@dataclass(frozen=True, eq=False)
class System:
    """Cells 0..n-1: counts `x` (WITHHELD where unknown), and `matrix`, whose rows say "children - parent = 0".

    `places` (cells, variables + population) are positions in the variables' codes; `row_variable` is the variable that a
    row sums over; `entries` gives the cell behind each count of each table; `implied` marks cells that are in no table.
    """

    variables: tuple[Variable, ...]
    x: Counts
    matrix: sparse.csr_matrix
    row_variable: npt.NDArray[np.int32]
    places: Places
    entries: tuple[npt.NDArray[np.int64], ...]
    implied: Mask

    def column(self, name: str) -> npt.NDArray[np.int32]:
        """Position of each cell in one variable's codes."""
        return self.places[:, [variable.name for variable in self.variables].index(name)]


def _margin(table: Table, name: str) -> dict[str, int]:
    """Counts of one variable's codes, all other variables of the table at their total."""
    names = [dimension.name for dimension in table.dimensions]
    at = tuple(slice(None) if other == name else 0 for other in names)
    return dict(zip(table.dimensions[names.index(name)].codes, table.counts[at].tolist(), strict=True))


def coarser_names(tables: Sequence[Table]) -> dict[str, str]:
    """Variables that are a coarser level of another one under a name of their own (region beside local authority).

    Found by codes and counts: every code belongs to the other's hierarchy and counts the same. Kept apart, each of the
    two tables could give away what the other withholds.
    """
    found: dict[str, str] = {}
    for coarse in tables:
        for fine in tables:
            if (coarse.population, coarse.where) != (fine.population, fine.where):
                continue
            names = {d.name for d in coarse.dimensions} | {name for name, _ in coarse.where}
            for a in coarse.dimensions:
                for b in fine.dimensions:
                    if b.name in names or a.name in {d.name for d in fine.dimensions}:
                        continue
                    if len(a.codes) < 2 or not set(a.codes[1:]) < set(b.codes[1:]):
                        continue
                    counts, others = _margin(coarse, a.name), _margin(fine, b.name)
                    if all(counts[code] == others[code] for code in a.codes[1:]):
                        found.setdefault(a.name, b.name)
    return found


def _variables(tables: Sequence[AnyTable], names: dict[str, str]) -> tuple[Variable, ...]:
    codes: dict[str, dict[str, None]] = {}
    partitions: dict[str, dict[Partition, None]] = {}
    for table in tables:
        for dimension in table.dimensions:
            name = names.get(dimension.name, dimension.name)
            codes.setdefault(name, {}).update(dict.fromkeys(dimension.codes[1:]))
            for parent, children in dimension.partitions:
                key = ("" if parent == dimension.total else parent, tuple(sorted(children)))
                partitions.setdefault(name, {})[key] = None
        for name, code in table.where:
            codes.setdefault(names.get(name, name), {})[code] = None
    return tuple(Variable(name, ("", *codes[name]), tuple(partitions.get(name, {}))) for name in sorted(codes))


class _Register:
    """Gives cells their keys. A key is a sum of one random number for each code, so that parents and children are found by adding."""

    def __init__(self, tables: Sequence[AnyTable], names: dict[str, str]) -> None:
        rng = np.random.default_rng(20211108)
        self.names = names
        self.variables = _variables(tables, names)
        self.order = {variable.name: k for k, variable in enumerate(self.variables)}
        self.parts: list[Keys] = []
        for variable in self.variables:
            numbers = rng.integers(0, 2**64, len(variable.codes), dtype=np.uint64)
            numbers[0] = 0
            self.parts.append(numbers)
        self.index = [{code: k for k, code in enumerate(variable.codes)} for variable in self.variables]
        self.populations = sorted({table.population for table in tables})
        self.population_parts = rng.integers(0, 2**64, len(self.populations), dtype=np.uint64)

    def place(self, table: AnyTable) -> tuple[Keys, Places]:
        """Key and places of each cell of a table, in the order of its counts."""
        population = self.populations.index(table.population)
        keys = self.population_parts[[population]]
        places = np.zeros((1, len(self.variables) + 1), np.int32)
        places[0, -1] = population
        axes = [(d.name, [0, *(self._code(d.name, code) for code in d.codes[1:])]) for d in table.dimensions]
        for name, positions in (*((name, [self._code(name, code)]) for name, code in table.where), *axes):
            variable = self.order[self.names.get(name, name)]
            before, at = len(keys), np.array(positions, np.int32)
            keys = (keys[:, None] + self.parts[variable][at][None, :]).reshape(-1)
            places = np.repeat(places, len(at), axis=0)
            places[:, variable] = np.tile(at, before)
        return keys, places

    def _code(self, name: str, code: str) -> int:
        return self.index[self.order[self.names.get(name, name)]][code]

    def sums(self, keys: Keys, places: Places, missing: int) -> list[tuple[int, npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """Sums with so many children missing: (variable, parent cells (k,), child cells (k, children; -1 where missing))."""
        found = []
        for v, variable in enumerate(self.variables):
            for parent, children in variable.partitions:
                if missing >= len(children):
                    continue
                p, c = self.index[v][parent], np.array([self.index[v][child] for child in children])
                above = np.flatnonzero(places[:, v] == p)
                wanted = (keys[above] - self.parts[v][p])[:, None] + self.parts[v][c][None, :]
                at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
                at = np.where(keys[at] == wanted, at, -1)
                rows = (at < 0).sum(axis=1) == missing
                if rows.any():
                    found.append((v, above[rows], at[rows]))
        return found


def _unique(keys: Keys, places: Places) -> tuple[Keys, Places, npt.NDArray[np.int64]]:
    unique, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    if (places[first][inverse] != places).any():
        raise DisclosureError("two cells share a key: this cannot happen with fewer than billions of cells; report it")
    return unique, places[first], inverse


def _with_remainders(register: _Register, keys: Keys, places: Places) -> tuple[Keys, Places]:
    """The cells, and every cell that is one total less all its siblings."""
    more_keys, more_places = [keys], [places]
    for v, parents, children in register.sums(keys, places, missing=1):
        for parent, row in zip(parents, children, strict=True):
            p = int(places[parent, v])
            group = next(
                group
                for above, group in register.variables[v].partitions
                if register.index[v][above] == p
                and len(group) == len(row)
                and all(at < 0 or places[at, v] == register.index[v][code] for at, code in zip(row, group, strict=True))
            )
            c = register.index[v][group[int(np.flatnonzero(row < 0)[0])]]
            place = places[parent].copy()
            place[v] = c
            more_keys.append(keys[[parent]] - register.parts[v][[p]] + register.parts[v][[c]])
            more_places.append(place[None, :])
    keys, places, _ = _unique(np.concatenate(more_keys), np.concatenate(more_places))
    return keys, places


def link(tables: Sequence[Table], earlier: Sequence[PublishedTable] = ()) -> System:
    """One system of all cells of `tables` and of what was released `earlier` (its entries follow those of `tables`).

    Raises DisclosureError if the same cell has two counts, or sums across tables do not hold.
    """
    ids = [table.id for table in tables]
    if not tables or len(set(ids)) != len(ids):
        raise DisclosureError("give at least one table, and each table an id of its own")
    every: list[AnyTable] = [*tables, *earlier]
    register = _Register(every, coarser_names(tables))
    placed = [register.place(table) for table in every]
    counts = [table.counts.reshape(-1) for table in tables] + [table.values.reshape(-1) for table in earlier]
    keys, places, _ = _unique(np.concatenate([k for k, _ in placed]), np.concatenate([p for _, p in placed]))
    in_tables = keys
    keys, places = _with_remainders(register, keys, places)
    entries = tuple(np.searchsorted(keys, k) for k, _ in placed)
    x = np.full(len(keys), WITHHELD, np.int64)
    for at, values in zip(entries, counts, strict=True):
        clash = (x[at] != WITHHELD) & (values != WITHHELD) & (x[at] != values)
        if clash.any():
            raise DisclosureError(
                "two tables, or a table and an earlier release, give different counts for the same cell: "
                "tables of other children need a population, or a filter, of their own"
            )
        x[at] = np.where(values == WITHHELD, x[at], values)
    sums = register.sums(keys, places, missing=0)
    matrix, row_variable = _matrix(sums, len(keys))
    implied = ~np.isin(keys, in_tables)
    x = _work_out(x, matrix)
    return System(register.variables, x, matrix, row_variable, places, entries, implied)


def _matrix(
    sums: Sequence[tuple[int, npt.NDArray[np.int64], npt.NDArray[np.int64]]], cells: int
) -> tuple[sparse.csr_matrix, npt.NDArray[np.int32]]:
    rows, columns, values, variables = [], [], [], []
    count = 0
    for v, parents, children in sums:
        row = count + np.arange(len(parents))
        rows += [row, np.repeat(row, children.shape[1])]
        columns += [parents, children.reshape(-1)]
        values += [-np.ones(len(parents), np.int64), np.ones(children.size, np.int64)]
        variables.append(np.full(len(parents), v, np.int32))
        count += len(parents)
    if not rows:
        return sparse.csr_matrix((0, cells), dtype=np.int64), np.zeros(0, np.int32)
    at = (np.concatenate(rows), np.concatenate(columns))
    matrix = sparse.csr_matrix((np.concatenate(values), at), shape=(count, cells))
    return matrix, np.concatenate(variables)


def _work_out(x: Counts, matrix: sparse.csr_matrix) -> Counts:
    """Fills in every count that follows from others; checks all sums whose counts are known."""
    x = x.copy()
    while True:
        unknown = x == WITHHELD
        gaps = abs(matrix) @ unknown.astype(np.int64)
        total = matrix @ np.where(unknown, 0, x)
        if (total[gaps == 0] != 0).any():
            raise DisclosureError("the tables do not add up to each other: the same children must be counted in all of them")
        rows = np.flatnonzero(gaps == 1)
        if not len(rows):
            return x
        for row in rows:
            span = slice(matrix.indptr[row], matrix.indptr[row + 1])
            columns, signs = matrix.indices[span], matrix.data[span]
            at = np.flatnonzero(x[columns] == WITHHELD)
            if len(at):
                x[columns[at[0]]] = -signs[at[0]] * total[row]
                if x[columns[at[0]]] < 0:
                    raise DisclosureError("the tables do not add up to each other: a difference between them is below zero")
