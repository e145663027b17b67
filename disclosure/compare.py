"""What each of several policies makes of the same tables, to look at side by side (disclosure.report)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from disclosure.audit import Progress
from disclosure.dimension import Counts
from disclosure.error import DisclosureError
from disclosure.inner_files import Inner, read_inner
from disclosure.policy import Policy
from disclosure.protect import Protected, protect
from disclosure.published_table import Method
from disclosure.table import Table

SEED = 20211108


@dataclass(frozen=True)
class Refused:
    """A policy under which the tables cannot leave as they are, and why."""

    policy: Policy
    why: str


@dataclass(frozen=True, eq=False)
class Compared:
    """The true tables, and for each policy these tables protected, or why they cannot be. `invented`: cell keys were made up for it."""

    tables: tuple[Table, ...]
    results: tuple[Protected | Refused, ...]
    invented: bool = False


def compare_files(
    paths: Sequence[Path], hierarchies: Mapping[str, Path], policies: Sequence[Policy], *, progress: Progress | None = None
) -> Compared:
    """The tables in these files under each policy. Raises DisclosureError for a bad file.

    A single table without cell keys gets invented ones: what moves a count is then as likely as with real keys, though not the same.
    """
    inner = read_inner(paths, hierarchies)
    invented = not inner.keys and len(inner.tables) == 1 and any(policy.method is Method.CELL_KEY for policy in policies)
    results = []
    for number, policy in enumerate(policies):

        def told(share: float, step: str, done: int = number) -> None:
            if progress:
                progress((done + share) / len(policies), step)

        results.append(_protected(inner, policy, invented, told))
    return Compared(inner.tables, tuple(results), invented)


def _protected(inner: Inner, policy: Policy, invented: bool, progress: Progress) -> Protected | Refused:
    keys = inner.keys
    if invented and policy.method is Method.CELL_KEY:
        keys = {table.id: _invented_keys(table, policy.cell_keys) for table in inner.tables}
    try:
        return protect(inner.tables, policy, keys=keys, progress=progress)
    except DisclosureError as error:
        return Refused(policy, str(error))


def _invented_keys(table: Table, keys: int) -> Counts:
    """A key for each inner cell with children in it, all equally likely, as sums of record keys are."""
    inner = table.counts[np.ix_(*([dimension.index[leaf] for leaf in dimension.leaves] for dimension in table.dimensions))]
    return np.where(inner > 0, np.random.default_rng(SEED).integers(0, keys, inner.shape), 0)
