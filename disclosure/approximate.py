"""The attack on counts that are known only nearly: rounded, perturbed, or read off percentages, rates and means.

Whatever is published of a count leaves it between a least and a largest value. All counts of all tables are then unknowns
between such bounds, tied by the sums that the true counts keep; each that may be small is narrowed down by adding and
subtracting, then, as far as no two tables of whole numbers show it to be open (disclosure.neighbours), by linear programming.
It belongs to the attack, and shares no code with the defence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from disclosure.audit import AuditReport, Exposure, Progress
from disclosure.inference import Equations, equations, tighten
from disclosure.narrowing import Narrowing
from disclosure.policy import Attacker, Policy, Zeros
from disclosure.published_table import WITHHELD, Method, PublishedTable, Status
from disclosure.search import NO_LIMIT

Whole = npt.NDArray[np.int64]

ALL_BOUNDS = 1_000  # up to so many unknowns, the report holds the exact bounds of each count that may be small


@dataclass(frozen=True, eq=False)
class Bounded:
    """What a reader can tell of each count of a table by itself; `high` NO_LIMIT where nothing limits it."""

    table: PublishedTable
    low: Whole
    high: Whole


def bounds_of(table: PublishedTable, policy: Policy, *, secondary: bool) -> Bounded:
    """What the method of a table leaves open of each count. `secondary`: some withheld counts may be of any size from 1 up."""
    shown, base = table.values, table.base
    if table.method is Method.SUPPRESSION:
        low, high = shown.copy(), shown.copy()
    elif table.method in (Method.CONVENTIONAL_ROUNDING, Method.SMALL_COUNT_ROUNDING):
        low, high = -((base - 2 * shown) // 2), (2 * shown + base - 1) // 2
        if table.method is Method.SMALL_COUNT_ROUNDING:
            low = np.where(shown == 0, 0, np.maximum(low, policy.threshold))
            high = np.where(shown == 0, 0, np.maximum(high, low))
    else:  # controlled rounding moves by less than its base, the cell key by no more than its largest change
        reach = base - 1 if table.method is Method.CONTROLLED_ROUNDING else base
        low, high = shown - reach, shown + reach
        if table.method is Method.CELL_KEY:
            low = np.where(shown > 0, np.maximum(low, 1), low)  # what is nought stays nought
    small = policy.threshold - 1 if table.method is Method.SMALL_COUNT_ROUNDING and not secondary else NO_LIMIT
    low = np.where(table.withheld, table.floor, low)
    high = np.where(table.withheld, small, high)
    if table.method is Method.SUPPRESSION and policy.attacker is Attacker.STATUS_KNOWN:
        high = np.where(table.status == Status.PRIMARY, policy.threshold - 1, high)
        low = np.where((table.status == Status.SECONDARY) & (table.floor > 0), policy.threshold, low)
    return Bounded(table, np.maximum(low, 0), np.asarray(high))


@dataclass(frozen=True, eq=False)
class Narrowed:
    """The attack's report, and for each table the bounds beyond which no count is possible (`high` NO_LIMIT: none)."""

    report: AuditReport
    low: tuple[Whole, ...]
    high: tuple[Whole, ...]


def attack_approximate(
    bounded: Sequence[Bounded], policy: Policy, *, not_answers: Collection[str] = (), progress: Progress | None = None
) -> Narrowed:
    """Narrows down every count that may be from 1 to below the threshold. Raises DisclosureError if nothing fits the bounds.

    `not_answers`: codes of those who gave no answer, whom group disclosure is not about. The report's bounds are those of every count,
    also of those that are published nearly: exact, over the reals, of what may be small, where there are at most ALL_BOUNDS unknowns and
    nothing is found; else counts that are possible for certain.
    """
    system = equations([unseen(each.table) for each in bounded])
    for each, at in zip(bounded, system.cells, strict=True):
        np.maximum.at(system.low, at, each.low.reshape(-1))
        np.minimum.at(system.high, at, each.high.reshape(-1))
    tighten(system)
    attack = Narrowing(system, policy, not_answers)
    attack.run(progress)
    exposed = (*_small(bounded, system, policy), *attack.groups_told())
    exact = not exposed and len(system.low) <= ALL_BOUNDS
    if exact:
        attack.bound_all()

    def by_table(values: Whole) -> tuple[Whole, ...]:
        return tuple(values[at].reshape(each.table.values.shape) for each, at in zip(bounded, system.cells, strict=True))

    low, high = (system.low, system.high) if exact else attack.seen()
    withheld = sum(int(each.table.withheld.sum()) for each in bounded)
    report = AuditReport(
        withheld, exposed, by_table(low), by_table(np.where(high >= NO_LIMIT, -1, high)), exact, attack.narrowest(), attack.solved
    )
    return Narrowed(report, by_table(system.low), by_table(system.high))


def unseen(table: PublishedTable) -> PublishedTable:
    """The same cells, all of them unknown."""
    shape = table.values.shape
    status = np.full(shape, Status.SECONDARY.value)
    return replace(
        table, values=np.full(shape, WITHHELD), status=status, floor=np.zeros(shape, np.int64), method=Method.SUPPRESSION, base=0
    )


def _small(bounded: Sequence[Bounded], system: Equations, policy: Policy) -> Iterator[Exposure]:
    """Counts that are certain to be small, and narrowed down to less than the policy's width."""
    told: set[int] = set()
    for each, at in zip(bounded, system.cells, strict=True):
        for entry, cell in enumerate(at.tolist()):
            low, high = int(system.low[cell]), int(system.high[cell])
            small = high < policy.threshold and (low > 0 or policy.zeros is Zeros.PROTECTED)
            if cell not in told and small and high - low < policy.minimum_width:
                told.add(cell)
                place = np.unravel_index(entry, each.table.values.shape)
                where = dict(each.table.where) | {d.name: d.codes[k] for d, k in zip(each.table.dimensions, place, strict=True)}
                if low == 0 and policy.cannot_be(where):
                    continue
                how = "this count alone" if each.low.flat[entry] == low and each.high.flat[entry] == high else "putting sums together"
                yield Exposure(each.table.id, where, low, high, how)
