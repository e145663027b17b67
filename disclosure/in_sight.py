"""What published tables say by themselves, before anything is worked out: small counts, whole groups, known sums. Part of the attack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disclosure.inference import Equations, Key
from disclosure.policy import Attacker, Group, Policy, Zeros
from disclosure.published_table import PublishedTable, Status
from disclosure.search import NO_LIMIT

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Exposure:
    """A cell that gives too much away: what a reader can narrow it down to (`high` None: no limit), and how."""

    table: str
    cell: Mapping[str, str]
    low: int
    high: int | None
    how: str


def named(key: Key) -> dict[str, str]:
    """A cell's codes by variable."""
    return {part[0]: part[1] for part in key[1:] if isinstance(part, tuple)}


def take_for_granted(published: Sequence[PublishedTable], system: Equations, policy: Policy) -> None:
    """Bounds that a reader has from knowing the rules. `low` holds already that zeros are published."""
    if policy.attacker is Attacker.STATUS_KNOWN:
        for table, at in zip(published, system.cells, strict=True):
            status = table.status.reshape(-1)
            primary, other = at[status == Status.PRIMARY], at[(status == Status.SECONDARY) & (table.floor.reshape(-1) > 0)]
            system.high[primary] = np.minimum(system.high[primary], policy.threshold - 1)
            system.low[other] = np.maximum(system.low[other], policy.threshold)


def small_counts_shown(published: Sequence[PublishedTable], policy: Policy) -> Iterator[Exposure]:
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


def group_limits(system: Equations, policy: Policy) -> Whole:
    """For each unknown: what its count must possibly not exceed, or else it is known that (nearly) a whole group is there."""
    number = {key: k for k, key in enumerate(system.keys)}
    limits = np.full(len(number), NO_LIMIT)
    for total, spare, children in _group_sums(system, policy):
        for child in children:
            if child in number:
                limits[number[child]] = min(limits[number[child]], total - spare - 1)
    return limits


def groups_shown(system: Equations, policy: Policy) -> Iterator[Exposure]:
    """Published groups whose published counts say what all of them, or all but one, answered."""
    for total, spare, children in _group_sums(system, policy):
        for child in children:
            count = system.counts.get(child, 0)
            if count >= total - spare:
                yield Exposure("", named(child), count, count, "group disclosure: (nearly) all of a group in one category")


def known_sums(system: Equations, policy: Policy) -> Iterator[Exposure]:
    """Totals whose withheld parts have a known sum that is too small."""
    for _, parent, children in system.sums if policy.minimum_withheld_sum else ():
        if parent in system.counts:
            left = system.counts[parent] - sum(system.counts.get(child, 0) for child in children)
            if 0 < left < policy.minimum_withheld_sum:
                yield Exposure("", named(parent), left, left, f"the withheld parts of this total are known to be {left} together")
