"""Reconstruction: from all tables of one population to its records, as far as the tables leave no choice.

Every combination of every variable's categories is an unknown count of children, tied by each published count; one that is at least
one in whatever fits is a record that the tables give back, with every answer in it (the attack on the US census of 2010: Garfinkel,
Abowd and Martindale, 2018). What is not small in any table may still be small in all of them together. For small populations: the
unknowns multiply with each variable. It belongs to the attack, and shares no code with the defence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from disclosure.approximate import bounds_of, unseen
from disclosure.audit import Progress
from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.inference import equations, parts, tighten
from disclosure.neighbours import Neighbours
from disclosure.policy import Policy
from disclosure.published_table import WITHHELD, PublishedTable, Status
from disclosure.search import TOLERANCE, Search

Whole = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

MOST_CELLS = 20_000  # of the joint table, totals included
JOINT = "all variables together"


@dataclass(frozen=True)
class Reconstructed:
    """Records that are certain: combinations of categories, and at least how many children are in each."""

    records: tuple[tuple[Mapping[str, str], int], ...]
    linear_programs: int

    @property
    def pinned(self) -> int:
        """Children whose whole record is given back."""
        return sum(count for _, count in self.records)


def reconstruct(
    tables: Sequence[PublishedTable], policy: Policy, *, small: bool = False, progress: Progress | None = None
) -> Reconstructed:
    """The records that published tables of one population give back. Bounds are exact for reals: whole numbers may give back more.

    `small`: only those of fewer children than the policy's threshold, and narrowed down to less than its width, as the attack on withheld
    counts asks; what some table of whole numbers shows to be open, or possibly none, or enough, is then left without a linear program.
    A variable of which several options may be chosen is no part of a record, but its tables count. Raises DisclosureError if the
    tables are of several populations, cut a variable differently, are too many for it, or contradict each other.
    """
    if len({table.population for table in tables}) != 1:
        raise DisclosureError("records are reconstructed of one population: give tables of one wave, and at least one")
    joint = _joint(tables)
    secondary = any(not table.exact and (table.status == Status.SECONDARY).any() for table in tables)
    bounded = [bounds_of(table, policy, secondary=secondary) for table in (*tables, joint)]
    system = equations([unseen(table) for table in (*tables, joint)])
    for each, at in zip(bounded, system.cells, strict=True):
        np.maximum.at(system.low, at, each.low.reshape(-1))
        np.minimum.at(system.high, at, each.high.reshape(-1))
    tighten(system)
    inner = np.zeros(joint.values.shape, np.bool_)
    inner[np.ix_(*([d.index[leaf] for leaf in d.leaves] for d in joint.dimensions))] = True
    wanted = np.zeros(len(system.low), np.bool_)
    wanted[system.cells[-1][inner.reshape(-1)]] = True
    solved = done = 0
    asked = parts(system)
    for cells, matrix, known in asked:
        search = Search(matrix, known, system.low[cells], system.high[cells])
        left = np.flatnonzero(wanted[cells])
        for k in (_in_doubt(search, left, policy) if small else left).tolist():
            cell = cells[k]
            system.low[cell] = max(int(system.low[cell]), int(np.ceil(search.value(k, -1) - TOLERANCE)))
            if small and system.low[cell] > 0:
                system.high[cell] = min(system.high[cell], np.floor(search.value(k, 1) + TOLERANCE))
        solved += search.solved
        done += len(cells)
        if progress:
            progress(done / sum(len(part) for part, _, _ in asked), "reconstructing records")
    least = system.low[system.cells[-1]].reshape(joint.values.shape)
    most = system.high[system.cells[-1]].reshape(joint.values.shape)
    records = []
    told = (most < policy.threshold) & (most - least < policy.minimum_width)
    for place in np.argwhere(inner & (least > 0) & (told | (not small))).tolist():
        codes = {d.name: d.codes[at] for d, at in zip(joint.dimensions, place, strict=True)}
        records.append((codes, int(least[tuple(place)])))
    return Reconstructed(tuple(records), solved)


def _in_doubt(search: Search, wanted: Whole, policy: Policy) -> Whole:
    """Those of the wanted unknowns that no table that was found shows to be open, or possibly none, or enough."""
    table = search.first()
    if table is None:
        return wanted
    near = Neighbours(search.matrix, table, search.low, search.high)
    least, most = table.copy(), table.copy()

    def harmless(k: Whole | int) -> Mask:
        return np.asarray((least[k] == 0) | (most[k] >= policy.threshold) | (most[k] - least[k] >= policy.minimum_width))

    for k in wanted.tolist():
        for step in (-1, 1):
            while not harmless(k) and (changed := near.step(k, step)) is not None:
                for other, value in changed.items():
                    least[other], most[other] = min(least[other], value), max(most[other], value)
    return np.asarray(wanted[~harmless(wanted)])


def reconstructible(tables: Sequence[PublishedTable], most: int = MOST_CELLS) -> list[list[PublishedTable]]:
    """Sets of tables that share variables, each with as many tables as make up at most so many combinations; others are left out."""
    found: list[list[PublishedTable]] = []
    for first in sorted(tables, key=lambda table: -table.values.size):
        if any(first in together for together in found):
            continue
        together = [first]
        for other in tables:
            if other is not first and _variables(other) & _variables(first) and _fits([*together, other], most):
                together.append(other)
        if _fits(together, most):
            found.append(together)
    return found


def _variables(table: PublishedTable) -> set[str]:
    return {dimension.name for dimension in table.dimensions}


def _fits(tables: Sequence[PublishedTable], most: int) -> bool:
    try:
        return _joint(tables).values.size <= most
    except DisclosureError:
        return False


def _joint(tables: Sequence[PublishedTable]) -> PublishedTable:
    """The table nobody published: every variable with one answer for each child, everything withheld."""
    finest: dict[str, Dimension] = {}
    for dimension in (dimension for table in tables for dimension in table.dimensions):
        if _several(dimension):
            continue
        known = finest.setdefault(dimension.name, dimension)
        one, other = sorted((known, dimension), key=lambda d: len(d.codes))
        if not set(one.codes) <= set(other.codes):
            raise DisclosureError(f"the tables cut '{dimension.name}' differently: give those that cut it alike")
        finest[dimension.name] = other
    for name, code in (pair for table in tables for pair in table.where):
        if name not in finest:
            finest[name] = Dimension.flat(name, (code, f"anything but {code}"))
    dimensions = tuple(finest[name] for name in sorted(finest))
    shape = tuple(len(dimension.codes) for dimension in dimensions)
    if not dimensions or prod(shape) > MOST_CELLS:
        raise DisclosureError(
            f"the tables' variables make up more than {MOST_CELLS} combinations, or none: reconstruct a smaller population"
        )
    status = np.full(shape, Status.SECONDARY.value)
    return PublishedTable(JOINT, dimensions, np.full(shape, WITHHELD), status, np.zeros(shape, np.int64), population=tables[0].population)


def _several(dimension: Dimension) -> bool:
    """True for options of which several may be chosen, and for two hierarchies over the same categories."""
    return len({parent for parent, _ in dimension.partitions}) < len(dimension.partitions)
