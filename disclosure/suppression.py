"""Which cells of linked tables to withhold under a policy: its own rules, what must be withheld beside, and a user's wishes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from disclosure.blocks import Budget, suppress_in_blocks
from disclosure.dimension import TOTAL, Counts
from disclosure.error import DisclosureError, Unprotected
from disclosure.groups import UNBOUNDED
from disclosure.policy import Attacker, Policy
from disclosure.primary import Primary, primary
from disclosure.problem import Floats, Pattern, Problem
from disclosure.published_table import WITHHELD, PublishedTable
from disclosure.reach import beyond_protection
from disclosure.sums import cells_for_sums, small_sums
from disclosure.system import Mask, System
from disclosure.table import Table

ZERO_WEIGHT = 50.0  # cost of withholding a zero: as dear as a cell of so many children
CELL_WEIGHT = 5.0  # cost of withholding one more cell, beside the children in it
KEPT_SHARE = 0.05  # of its cost, where a cell is withheld in the pattern to keep: cheaper than any other way around


@dataclass(frozen=True, eq=False)
class Wishes:
    """What a user asks of the pattern, by tables' ids: arrays shaped like the table's counts, or tables to be like.

    `show`: never withhold; `hide`: never publish; `cost`: of withholding a cell, above 0, instead of its count;
    `like`: published tables (an earlier wave's, a draft) whose pattern is kept wherever it stays safe.
    """

    show: Mapping[str, Mask] = field(default_factory=dict)
    hide: Mapping[str, Mask] = field(default_factory=dict)
    cost: Mapping[str, Floats] = field(default_factory=dict)
    like: Sequence[PublishedTable] = ()

    def __post_init__(self) -> None:
        if any(not np.isfinite(cost).all() or (cost <= 0).any() for cost in self.cost.values()):
            raise DisclosureError("every cost of withholding a cell must be a number above 0")

    def check(self, tables: Sequence[Table]) -> None:
        """Raises DisclosureError if a wish is for a table that is not there, or has another shape."""
        shapes = {table.id: table.counts.shape for table in tables}
        for wished in (self.show, self.hide, self.cost):
            for name, array in wished.items():
                if shapes.get(name) != array.shape:
                    raise DisclosureError(f"a wish for table '{name}' does not fit: give an entry for each of its cells, or none")


@dataclass(frozen=True, eq=False)
class Chosen:
    """The rules' cells, the pattern around them, and `least` (cells,): what a reader takes for granted of a withheld cell."""

    rules: Primary
    pattern: Pattern
    least: Counts


def choose(
    system: System,
    tables: Sequence[Table],
    policy: Policy,
    earlier: Sequence[PublishedTable] = (),
    *,
    wishes: Wishes | None = None,
    budget: Budget | None = None,
    progress: Callable[[float], None],
) -> Chosen:
    """The pattern for a system of `tables` and `earlier` releases. Raises Unprotected if no pattern is safe.

    What no pattern could protect is found before one is looked for. Where the rule on groups cannot be met, or withheld sums are
    known and small, what was found is kept and extended.
    """
    wishes, budget = wishes or Wishes(), budget or Budget()
    wishes.check(tables)
    hide = _marked(system, tables, wishes.hide)
    unnamed: frozenset[int] = frozenset()
    wanted = np.zeros(len(system.x), bool)
    pattern: Pattern | None = None
    while True:
        rules = primary(system, policy, unnamed)
        least = np.where(hide, 0, floor(system.x, rules, policy))
        problem = _problem(system, rules, least, policy, tables, earlier, wishes)
        problem.hidden |= wanted
        beyond = beyond_protection(problem)
        if not beyond.any():
            pattern = suppress_in_blocks(system, problem, progress, budget, pattern)
            beyond = pattern.unproven
        lost = _lost(rules, beyond) - unnamed
        if not lost:
            how = (
                "could not be protected in the time given"
                if pattern is not None and budget.over()
                else "cannot be protected in these tables"
            )
            _refuse(system, beyond, f"cells {how}, most of them with")
        unnamed |= lost
        if pattern is None:
            continue
        lacking = cells_for_sums(system, pattern.hidden, problem, policy.minimum_withheld_sum) & ~wanted
        if not lost and not lacking.any():
            break
        wanted |= lacking
    small = small_sums(system, pattern.hidden, policy.minimum_withheld_sum)
    told = (
        f"totals would tell a sum of withheld counts under {policy.minimum_withheld_sum} with nothing left to withhold, most of them with"
    )
    _refuse(system, system.matrix.minimum(0).T @ small.astype(np.int64) < 0, told)
    return Chosen(rules, pattern, least)


def _lost(rules: Primary, beyond: Mask) -> frozenset[int]:
    """Totals of the groups that cannot be protected."""
    return frozenset(g.total for g in rules.groups if beyond[[g.largest, g.zero if g.zero >= 0 else g.largest]].any())


def _refuse(system: System, cells: Mask, what: str) -> None:
    """Raises Unprotected if there are such cells, with the variable and code that most of them have in common."""
    if not cells.any():
        return
    found = [np.bincount(system.places[cells, v]) for v in range(len(system.variables))]
    common = [(int(times[1:].max(initial=0)), v) for v, times in enumerate(found)]
    v = max(common)[1]
    code = system.variables[v].codes[1 + int(found[v][1:].argmax())] if max(common)[0] else TOTAL
    named = tuple(
        {variable.name: variable.codes[at] for variable, at in zip(system.variables, place, strict=False) if at}
        for place in system.places[cells].tolist()
    )
    message = f"{int(cells.sum())} {what} {system.variables[v].name} '{code}': merge categories, or leave a table out"
    raise Unprotected(message, named)


def floor(x: Counts, rules: Primary, policy: Policy) -> Counts:
    """The least that a reader takes for granted of each cell, were it withheld."""
    low = (x > 0).astype(np.int64)
    if policy.attacker is Attacker.STATUS_KNOWN:
        low[x >= policy.threshold] = policy.threshold
        low[rules.group] = 0
    return low


def _problem(
    system: System,
    rules: Primary,
    least: Counts,
    policy: Policy,
    tables: Sequence[Table],
    earlier: Sequence[PublishedTable],
    wishes: Wishes,
) -> Problem:
    x, cells = system.x, len(system.x)
    known, withheld = np.zeros(cells, bool), np.zeros(cells, bool)
    for table, at in zip(earlier, system.entries[len(tables) :], strict=True):
        known[at[~table.withheld.reshape(-1)]] = True
        withheld[at[table.withheld.reshape(-1)]] = True
    told = "cells must be withheld that an earlier release has published, most of them with"
    _refuse(system, known & rules.withheld, told)
    show, hide = _marked(system, tables, wishes.show), _marked(system, tables, wishes.hide)
    if (show & (rules.withheld | hide | withheld)).any():
        raise DisclosureError("a cell that is never to be withheld must be: by a rule, by another wish, or because it was withheld before")
    if (known & hide).any():
        raise DisclosureError("a cell that is never to be published was published before: take it out of the wishes")
    low = np.where(system.implied, 0, least)
    high = np.full(cells, UNBOUNDED)
    if policy.attacker is Attacker.STATUS_KNOWN:
        high[rules.small & ~system.implied] = policy.threshold - 1
    movable = ((x > 0) | rules.opened | hide | system.implied) & (x != WITHHELD) & ~known & ~show
    hidden = (rules.withheld | withheld | hide) & (x != WITHHELD)
    free = system.implied & ~rules.small
    weight = _weight(system, tables, wishes)
    return Problem(system.matrix, high - x, np.maximum(x - low, 0), weight, movable, hidden, free, policy.minimum_width, rules.fall, x)


def _marked(system: System, tables: Sequence[Table], marks: Mapping[str, Mask]) -> Mask:
    """The system's cells that are marked in any table."""
    found = np.zeros(len(system.x), bool)
    for table, at in zip(tables, system.entries, strict=False):
        if table.id in marks:
            found[at[marks[table.id].reshape(-1)]] = True
    return found


def _weight(system: System, tables: Sequence[Table], wishes: Wishes) -> Floats:
    """What it costs to withhold each cell."""
    weight = np.where(system.x > 0, system.x + CELL_WEIGHT, ZERO_WEIGHT)
    like = {table.id: table for table in wishes.like}
    for table, at in zip(tables, system.entries, strict=False):
        if table.id in wishes.cost:
            weight[at] = wishes.cost[table.id].reshape(-1)
        if table.id in like:
            weight[at[_withheld_alike(table, like[table.id]).reshape(-1)]] *= KEPT_SHARE
    return weight


def _withheld_alike(table: Table, pattern: PublishedTable) -> Mask:
    """Cells of a table that a pattern's table of the same variables withholds; codes that only one of them has count as published."""
    kept = np.zeros(table.counts.shape, bool)
    names = [dimension.name for dimension in table.dimensions]
    if sorted(names) != sorted(dimension.name for dimension in pattern.dimensions):
        return kept
    old = {dimension.name: dimension for dimension in pattern.dimensions}
    withheld = pattern.withheld.transpose([list(old).index(name) for name in names])
    both = [
        [(k, 0 if k == 0 else old[d.name].index[code]) for k, code in enumerate(d.codes) if k == 0 or code in old[d.name].index]
        for d in table.dimensions
    ]
    kept[np.ix_(*([new for new, _ in axis] for axis in both))] = withheld[np.ix_(*([before for _, before in axis] for axis in both))]
    return kept
