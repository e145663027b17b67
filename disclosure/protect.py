"""From true tables to tables that may leave: primary rules, secondary suppression, then the attack. Any doubt refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from disclosure.altered import alter, withhold_beside
from disclosure.audit import AuditReport, Proofs
from disclosure.blocks import Budget
from disclosure.differencing import Meanings, attack_together, cells_behind
from disclosure.dimension import Counts
from disclosure.error import Unprotected
from disclosure.policy import Policy
from disclosure.problem import Pattern
from disclosure.published_table import WITHHELD, Method, PublishedTable, Status
from disclosure.standing import joined, with_standing
from disclosure.suppression import Chosen, Wishes, choose
from disclosure.system import System, link
from disclosure.table import Table

Progress = Callable[[float, str], None]
MOST_TRIES = 20  # rounds of withholding what a comparison of tables gives away


def _quietly(_share: float, _step: str) -> None:
    """No progress wanted."""


@dataclass(frozen=True, eq=False)
class Protected:
    """Tables that withstood the attack. `proofs` (true counts, and tables that fit as well) must never leave the office."""

    tables: tuple[PublishedTable, ...]
    policy: Policy
    audit: AuditReport
    proofs: Proofs
    summary: tuple[dict[str, Any], ...]

    def report(self) -> dict[str, Any]:
        """For JSON, without any count that is withheld: what was done to each table, and what the attack found."""
        return {"policy": self.policy.name, "tables": list(self.summary), "attack": self.audit.to_dict()}

    def certificate(self) -> dict[str, Any]:
        """For JSON: the bounds of each withheld count, and the number of other tables that fit."""
        cells = []
        for table, low, high in zip(self.tables, self.audit.low, self.audit.high, strict=False):
            for at in np.argwhere(table.withheld):
                where = {d.name: d.codes[k] for d, k in zip(table.dimensions, at, strict=True)}
                top = int(high[tuple(at)])
                cells.append({"table": table.id, "cell": where, "low": int(low[tuple(at)]), "high": None if top < 0 else top})
        return {"exact": self.audit.exact, "tables_that_fit": int(self.proofs.changes.shape[0]) + 1, "withheld": cells}


def protect(
    tables: Sequence[Table],
    policy: Policy,
    *,
    earlier: Sequence[PublishedTable] = (),
    meanings: Meanings | None = None,
    keys: Mapping[str, Counts] | None = None,
    wishes: Wishes | None = None,
    budget: Budget | None = None,
    progress: Progress | None = None,
) -> Protected:
    """Protects tables together, by the policy's method, also against what was released earlier.

    `meanings`: what codes stand for where tables cut children differently (see `disclosure.differencing`). `keys`: for the
    cell key, the cell keys of each table's inner cells, by the table's id. `wishes` (see
    `disclosure.suppression`) and `budget` (see `disclosure.blocks`): what a user asks of a pattern, and what finding it may cost.
    progress(share done, step) is called now and then. Raises Unprotected if they cannot be protected under this policy, or
    if the attack finds any withheld cell narrowed down too far; DisclosureError if the tables contradict each other.
    """
    tell = progress or _quietly
    if policy.method is not Method.SUPPRESSION:
        return _alter(tables, policy, earlier, meanings, keys or {}, tell)
    tell(0.0, "linking tables")
    populations = {table.population for table in tables}
    same = [table for table in earlier if table.population in populations and table.exact]
    system = link(tables, same)
    standing, budget = with_standing(wishes, tables, policy), budget or Budget()

    def attacked(share: float, step: str) -> None:
        if budget.over():
            raise Unprotected("the attack did not end in the time given, so nothing may leave: allow more time, or leave a table out")
        tell(0.8 + 0.2 * share, step)

    for _ in range(MOST_TRIES):
        tell(0.05, "choosing what to withhold")
        chosen = choose(
            system,
            tables,
            policy,
            same,
            wishes=standing,
            budget=budget,
            progress=lambda share: tell(0.05 + 0.75 * share, "choosing what to withhold"),
        )
        published = tuple(_publish(table, chosen, at) for table, at in zip(tables, system.entries, strict=False))
        tell(0.8, "attacking the tables")
        proofs = _proofs(tables, system, chosen.pattern)
        found = attack_together(
            published,
            earlier,
            policy,
            meanings=meanings,
            proofs=proofs,
            progress=attacked,
        )
        behind = cells_behind(found.exposed, published, earlier, meanings) if found.exposed else {}
        if not behind:
            break
        standing = replace(standing, hide=joined(standing.hide, behind))
    _refuse_exposed(found)
    hurried = chosen.pattern.hurried if chosen.pattern.hurried is not None else np.zeros(len(system.x), bool)
    summary = tuple(
        {**_summary(table, result), "withheld_for_lack_of_time": int(hurried[at].sum())}
        for table, result, at in zip(tables, published, system.entries, strict=False)
    )
    return Protected(published, policy, found, proofs, summary)


def _alter(
    tables: Sequence[Table],
    policy: Policy,
    earlier: Sequence[PublishedTable],
    meanings: Meanings | None,
    keys: Mapping[str, Counts],
    tell: Progress,
) -> Protected:
    """By rounding or the cell key; where small counts are withheld, as many more as it takes."""
    tell(0.0, "rounding" if policy.rounding_base else "perturbing")
    shown = alter(tables, policy, keys)
    while True:
        found = attack_together(shown, earlier, policy, meanings=meanings, progress=lambda share, step: tell(0.1 + 0.9 * share, step))
        fewer = withhold_beside(shown, found.exposed) if policy.method is Method.SMALL_COUNT_ROUNDING else None
        if fewer is None:
            break
        shown = fewer
    _refuse_exposed(found)
    proofs = Proofs(tuple(table.counts.reshape(-1) for table in tables), sparse.csr_matrix((0, sum(table.counts.size for table in tables))))
    summary = tuple(_summary(table, result) for table, result in zip(tables, shown, strict=True))
    return Protected(tuple(shown), policy, found, proofs, summary)


def _refuse_exposed(found: AuditReport) -> None:
    if found.exposed:
        first = found.exposed[0]
        where = f"in table '{first.table}'" if first.table else f"between tables, by {' and '.join(first.cell)}"
        raise Unprotected(
            f"nothing is released: the attack narrows down {len(found.exposed)} cells, the first {where} "
            f"({first.how}); merge categories, or leave a table out",
            tuple(dict(each.cell) for each in found.exposed),
        )


def _publish(table: Table, chosen: Chosen, at: Counts) -> PublishedTable:
    shape = table.counts.shape
    withheld, small = chosen.pattern.hidden[at].reshape(shape), chosen.rules.small[at].reshape(shape)
    status = np.where(withheld, np.where(small, Status.PRIMARY, Status.SECONDARY), Status.PUBLISHED).astype(np.str_)
    least = np.minimum(chosen.least, 1)[at].reshape(shape)
    return PublishedTable(
        table.id,
        table.dimensions,
        np.where(withheld, WITHHELD, table.counts),
        status,
        np.where(withheld, least, 0),
        table.title,
        table.population,
        table.where,
    )


def _proofs(tables: Sequence[Table], system: System, pattern: Pattern) -> Proofs:
    entries = np.concatenate(system.entries[: len(tables)])
    return Proofs(tuple(table.counts.reshape(-1) for table in tables), pattern.moves[:, entries].tocsr())


def _summary(table: Table, result: PublishedTable) -> dict[str, Any]:
    return {
        "id": table.id,
        "cells": int(table.counts.size),
        "primary": int((result.status == Status.PRIMARY).sum()),
        "secondary": int((result.status == Status.SECONDARY).sum()),
        "zeros_withheld": int((result.withheld & (table.counts == 0)).sum()),
        "children_in_withheld_cells": int(table.counts[result.withheld].sum()),
    }
