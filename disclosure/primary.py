"""Primary rules: which cells a policy withholds for what they say themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disclosure.policy import Group, Policy
from disclosure.system import Mask, System


@dataclass(frozen=True)
class GroupFound:
    """A total whose children are (nearly) all in one category: cells `total`, `largest`, and `zero` (-1: none needed)."""

    total: int
    largest: int
    zero: int
    fall: int


@dataclass(frozen=True, eq=False)
class Primary:
    """Arrays over a system's cells. `small`: under the threshold. `group`: would tell what all of a group have in common.

    `zero`: zeros that are withheld beside such a group (else the zeros around it would tell). `opened`: zeros that may be
    withheld so that `zero` can be anything else. `fall`: how far below its count a group's cell must possibly be.
    """

    small: Mask
    group: Mask
    zero: Mask
    opened: Mask
    fall: npt.NDArray[np.int64]
    groups: tuple[GroupFound, ...]

    @property
    def withheld(self) -> Mask:
        """All cells that a rule withholds."""
        return self.small | self.group | self.zero


def small_counts(x: npt.NDArray[np.int64], threshold: int) -> Mask:
    """The threshold rule: counts from 1 to threshold - 1. Zeros are data."""
    return (x > 0) & (x < threshold)


def primary(system: System, policy: Policy, unnamed: frozenset[int] = frozenset()) -> Primary:
    """Applies a policy's rules to every cell of a system.

    `unnamed`: totals that are withheld instead of the groups below them, where a group cannot be protected otherwise.
    """
    small = small_counts(system.x, policy.threshold)
    group, zero, opened = (np.zeros(len(system.x), bool) for _ in range(3))
    fall = np.zeros(len(system.x), np.int64)
    found = groups(system, policy)
    for each in found:
        if each.total in unnamed:
            group[each.total] = True
            continue
        group[each.largest] = True
        fall[each.largest] = max(fall[each.largest], each.fall)
        if each.zero >= 0:
            zero[each.zero] = True
            opened |= _box(system, each.zero)
    return Primary(small, group & ~small, zero, opened, fall, found)


def groups(system: System, policy: Policy) -> tuple[GroupFound, ...]:
    """Group (class) disclosure: totals of which all (or all but one) are in one category.

    If all are, one zero beside it is withheld too, that of the commonest other category: the pair then looks like any
    other two withheld cells, and nobody can tell which of the two holds the group.
    """
    if policy.group_disclosure is Group.NONE:
        return ()
    spare = 1 if policy.group_disclosure is Group.ALL_BUT_ONE else 0
    found = (_group(system, row, policy.threshold, spare) for row in _rows_to_check(system, policy))
    return tuple(each for each in found if each is not None)


def _rows_to_check(system: System, policy: Policy) -> list[int]:
    exempt = [k for k, variable in enumerate(system.variables) if variable.name in policy.identifying_variables]
    return np.flatnonzero(~np.isin(system.row_variable, exempt)).tolist()


def _group(system: System, row: int, threshold: int, spare: int) -> GroupFound | None:
    span = slice(system.matrix.indptr[row], system.matrix.indptr[row + 1])
    cells, signs = system.matrix.indices[span], system.matrix.data[span]
    parent, children = int(cells[signs < 0][0]), np.sort(cells[signs > 0])
    counts = system.x[children]
    total = int(system.x[parent])
    if total < threshold or len(children) < 2 or (counts < 0).any() or counts.max() < total - spare:
        return None
    largest = int(children[int(counts.argmax())])
    apart = total - int(counts.max())
    zero = -1 if apart else _commonest(system, children[children != largest], int(system.row_variable[row]))
    return GroupFound(parent, largest, zero, spare + 1 - apart)


def _commonest(system: System, cells: npt.NDArray[np.int32], variable: int) -> int:
    """Of sibling cells, the one whose category is largest in the widest total that the system holds."""
    best, most = int(cells[0]), -1
    for cell in cells:
        alike = system.places[:, variable] == system.places[cell, variable]
        count = int(system.x[alike].max())
        if count > most:
            best, most = int(cell), count
    return best


def _box(system: System, cell: int) -> Mask:
    """Zeros that are above or below a cell (or equal to it) in every variable's hierarchy."""
    inside = system.x == 0
    for v, variable in enumerate(system.variables):
        index = {code: k for k, code in enumerate(variable.codes)}
        at = int(system.places[cell, v])
        related = {at}
        for step in (1, 0):  # down, then up
            frontier = {at}
            while frontier:
                found: set[int] = set()
                for parent, children in variable.partitions:
                    p, c = index[parent], {index[child] for child in children}
                    if step and p in frontier:
                        found |= c
                    elif not step and c & frontier:
                        found.add(p)
                frontier = found - related
                related |= found
        inside &= np.isin(system.places[:, v], sorted(related))
    return np.asarray(inside & (system.places[:, -1] == system.places[cell, -1]))
