"""What protection costs: counts and children that a table no longer tells, and how far shown counts are from the true ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disclosure.audit import AuditReport
from disclosure.error import DisclosureError
from disclosure.published_table import PublishedTable, Status
from disclosure.table import Table

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Loss:
    """One table's loss. `hidden_sum`: children in withheld cells, totals included, as peers count it. Changes are in children.

    `mean_change` and `largest_change` are over shown counts; `mean_unknown`, over all counts, takes half the width of what stays
    possible for a withheld one, so that methods can be compared (None if some width has no limit).
    """

    table: str
    cells: int
    primary: int
    secondary: int
    hidden_sum: int
    mean_change: float
    largest_change: int
    mean_unknown: float | None


def loss(true: Table, shown: PublishedTable, low: Whole, high: Whole) -> Loss:
    """The loss of one protected table; `low`, `high`: the attack's bounds, shaped like it (`high` -1: no limit)."""
    if not true.counts.shape == shown.values.shape == low.shape == high.shape:
        raise DisclosureError(f"table '{true.id}' and its protected form do not have the same cells")
    withheld = shown.withheld
    change = np.abs(np.where(withheld, 0, shown.values - true.counts))
    unlimited = bool((withheld & (high < 0)).any())
    unknown = np.where(withheld, (high - low) / 2, change)
    return Loss(
        table=true.id,
        cells=int(true.counts.size),
        primary=int((shown.status == Status.PRIMARY).sum()),
        secondary=int((shown.status == Status.SECONDARY).sum()),
        hidden_sum=int(true.counts[withheld].sum()),
        mean_change=float(change[~withheld].mean()) if (~withheld).any() else 0.0,
        largest_change=int(change.max(initial=0)),
        mean_unknown=None if unlimited else float(unknown.mean()),
    )


def losses(true: Sequence[Table], shown: Sequence[PublishedTable], attack: AuditReport) -> tuple[Loss, ...]:
    """The loss of each table; the attack's first bounds are those of these tables, in order."""
    return tuple(
        loss(table, published, low, high) for table, published, low, high in zip(true, shown, attack.low, attack.high, strict=False)
    )


BINS = ((0, 0), (1, 1), (2, 2), (3, 4), (5, 9), (10, 19), (20, 49), (50, 99), (100, None))


def binned(found: Whole, unlimited: int) -> list[tuple[str, int]]:
    """How many of these distances are of which size, in words; none where nothing is withheld. 0 is listed if it is there."""
    sizes = [(f"{a}" if a == b else f"{a} or more" if b is None else f"{a} to {b}", _between(found, a, b)) for a, b in BINS]
    if not len(found) and not unlimited:
        return []
    return [*(sizes if sizes[0][1] else sizes[1:]), *([("no limit", unlimited)] if unlimited else [])]


def _between(found: Whole, least: int, most: int | None) -> int:
    return int(((found >= least) & ((found <= most) if most is not None else True)).sum())


def widths(shown: PublishedTable, low: Whole, high: Whole) -> tuple[Whole, int]:
    """Distances between the bounds of each withheld count, ascending, and how many have no upper limit."""
    withheld = shown.withheld
    limited = withheld & (high >= 0)
    return np.sort((high - low)[limited]), int((withheld & ~limited).sum())
