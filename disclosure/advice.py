"""What to merge, where tables cannot be protected, or lose much: tried by really protecting what it leaves, never guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from disclosure.blocks import Budget
from disclosure.dimension import Counts
from disclosure.error import DisclosureError, Unprotected
from disclosure.mergeable import Cell, holds, mergings
from disclosure.merging import LeaveOut, Merging, PutTogether, RollUp, merged, merged_keys
from disclosure.policy import Policy
from disclosure.protect import protect
from disclosure.published_table import PublishedTable
from disclosure.secondary import Effort, never
from disclosure.table import Table

QUICK = Effort(starts=1, prune=False, thorough=False)
CELLS = 300  # so many of the cells in the way say which mergings to look at
LOOKED_AT = 12  # mergings that are tried at each step: those that take most of these cells away for the cells they cost
STEPS = 12  # mergings, one after the other, that one suggestion may consist of
GIVEN = 5  # suggestions


@dataclass(frozen=True)
class Outcome:
    """What protecting tables gave: `cells` of all tables, how many of them are `withheld`; None, and cells `in_the_way`, if refused."""

    cells: int
    withheld: int | None
    in_the_way: int = 0

    @property
    def shown(self) -> int:
        """Cells that readers get."""
        return 0 if self.withheld is None else self.cells - self.withheld

    @property
    def share(self) -> float:
        """Share of the cells that is withheld; 1 if nothing can leave."""
        return 1.0 if self.withheld is None else self.withheld / max(self.cells, 1)


@dataclass(frozen=True)
class Suggestion:
    """Mergings to be made together, and what protecting the tables gave then."""

    mergings: tuple[Merging, ...]
    outcome: Outcome


@dataclass(frozen=True)
class Advice:
    """`before`: what the same quick search gave for the tables as they are. Those first that leave most cells to be shown."""

    before: Outcome
    suggestions: tuple[Suggestion, ...]


@dataclass(frozen=True, eq=False)
class _Tried:
    """Tables, the mergings that left them, and what came of protecting them."""

    tables: tuple[Table, ...]
    keys: Mapping[str, Counts]
    mergings: tuple[Merging, ...]
    outcome: Outcome
    cells: tuple[Cell, ...]  # those in the way, or withheld


@dataclass(frozen=True, eq=False)
class _Trial:
    policy: Policy
    earlier: Sequence[PublishedTable]
    spent: Callable[[], bool]
    progress: Callable[[], None]

    def of(
        self, tables: Sequence[Table], keys: Mapping[str, Counts], made: tuple[Merging, ...] = (), over: Callable[[], bool] = never
    ) -> _Tried:
        """Protects tables. Raises DisclosureError where no merging could help."""
        size = sum(table.counts.size for table in tables)
        try:
            budget = Budget(QUICK, self.spent, over)
            result = protect(tables, self.policy, earlier=self.earlier, keys=keys, budget=budget)
        except Unprotected as refused:
            return _Tried(tuple(tables), keys, made, Outcome(size, None, max(1, len(refused.cells))), refused.cells)
        finally:
            self.progress()
        withheld = [cell for table in result.tables for cell in _withheld(table)]
        return _Tried(tuple(tables), keys, made, Outcome(size, len(withheld)), tuple(withheld))

    def after(self, start: _Tried, merging: Merging, left: Sequence[Table] | None = None) -> _Tried | None:
        """What one more merging gives, and the tables that it leaves; None if it cannot be made."""
        try:
            left = merged(start.tables, merging) if left is None else left
            return self.of(left, merged_keys(start.keys, start.tables, merging), (*start.mergings, merging), self.spent)
        except DisclosureError:
            return None


def _withheld(table: PublishedTable) -> list[Cell]:
    where = dict(table.where)
    return [
        where | {d.name: d.codes[k] for d, k in zip(table.dimensions, at, strict=True) if k} for at in np.argwhere(table.withheld).tolist()
    ]


def suggest(
    tables: Sequence[Table],
    policy: Policy,
    *,
    earlier: Sequence[PublishedTable] = (),
    keys: Mapping[str, Counts] | None = None,
    spent: Callable[[], bool] = never,
    progress: Callable[[], None] = lambda: None,
) -> Advice:
    """Mergings after which these tables can be protected under a policy; if they can be already, after which less is withheld.

    Greedy: at each step the mergings that promise most are tried, and the best is kept, until the tables can be protected; once with
    every kind of merging, once without leaving anything out, and once by leaving out alone. Once `spent` says so, what is
    found by then is given. `progress` is called after each trial. Raises DisclosureError if the tables are bad in themselves.
    """
    trial = _Trial(policy, earlier, spent, progress)
    start = trial.of(tables, keys or {})
    found = _less_withheld(trial, start) if start.outcome.withheld is not None else _protectable(trial, start)
    best = {frozenset(each.mergings): Suggestion(each.mergings, each.outcome) for each in found}
    ranked = sorted(best.values(), key=lambda each: (-each.outcome.shown, each.outcome.share, len(each.mergings)))
    return Advice(start.outcome, tuple(ranked[:GIVEN]))


def _protectable(trial: _Trial, start: _Tried) -> Iterator[_Tried]:
    """Ways to tables that can be protected."""
    for kinds in ((RollUp, PutTogether, LeaveOut), (RollUp, PutTogether), (LeaveOut,)):
        at = start
        while at.outcome.withheld is None and len(at.mergings) < STEPS and not trial.spent():
            better = [each for each in _tried(trial, at, kinds) if each.outcome.in_the_way < at.outcome.in_the_way]
            if not better:
                break
            fine = [each for each in better if each.outcome.withheld is not None]
            yield from (each for each in fine if not at.mergings)
            at = max(fine, key=lambda each: each.outcome.shown) if fine else max(better, key=partial(_gain, at))
        if at.outcome.withheld is not None:
            yield _without_needless(trial, start, at)


def _less_withheld(trial: _Trial, start: _Tried) -> Iterator[_Tried]:
    """Ways to tables of which less is withheld: each single merging, and the best ones together, as long as more cells are shown."""
    at = start
    while len(at.mergings) < STEPS and not trial.spent():
        tried = [each for each in _tried(trial, at, (RollUp, PutTogether, LeaveOut)) if each.outcome.share < at.outcome.share]
        if at is start:
            yield from tried
        best = max(tried, key=lambda each: each.outcome.shown, default=at)
        if best.outcome.shown <= at.outcome.shown:
            break
        at = best
    if at is not start:
        yield at


def _gain(before: _Tried, after: _Tried) -> float:
    """Cells that are no longer in the way, for each cell that there is no more."""
    return (before.outcome.in_the_way - after.outcome.in_the_way) / max(before.outcome.cells - after.outcome.cells, 1)


def _tried(trial: _Trial, start: _Tried, kinds: tuple[type, ...]) -> Iterator[_Tried]:
    """What the mergings that promise most give, until time is up."""
    sample = start.cells[:: 1 + len(start.cells) // CELLS]
    ways = [(way, left) for way, left in mergings(start.tables, sample, trial.earlier) if isinstance(way, kinds)]

    def promise(each: tuple[Merging, Sequence[Table]]) -> float:
        lost = start.outcome.cells - sum(table.counts.size for table in each[1])
        return (len(sample) - sum(any(holds(table, cell) for table in each[1]) for cell in sample)) / max(lost, 1)

    for way, left in sorted(ways, key=promise, reverse=True)[:LOOKED_AT]:
        if not trial.spent() and (after := trial.after(start, way, left)) is not None:
            yield after


def _without_needless(trial: _Trial, start: _Tried, end: _Tried) -> _Tried:
    """The same end without mergings that later ones made needless."""
    for needless in end.mergings[:-1]:
        at: _Tried | None = start
        for merging in end.mergings:
            if at is not None and merging != needless and not trial.spent():
                at = trial.after(at, merging)
        if at is not None and at.outcome.withheld is not None and at.outcome.shown >= end.outcome.shown:
            end = at
    return end


def in_words(advice: Advice) -> tuple[str, ...]:
    """The advice for an analyst, a sentence each: the tables as they are, then each suggestion with what it would cost."""
    before = advice.before
    if before.withheld is None:
        as_they_are = f"As they are, these tables of {before.cells:,} cells cannot be protected: {before.in_the_way:,} are in the way."
    else:
        as_they_are = f"As they are: {_told(before)}."
    if not advice.suggestions:
        aim = "makes the tables protectable" if before.withheld is None else "leaves less withheld"
        return as_they_are, f"No merging that was tried {aim}."
    return as_they_are, *(f"{'; '.join(map(str, each.mergings))}: {_told(each.outcome)}." for each in advice.suggestions)


def _told(outcome: Outcome) -> str:
    return f"{outcome.cells:,} cells, {outcome.withheld or 0:,} withheld ({outcome.share:.0%})"
