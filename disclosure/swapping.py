"""Targeted record swapping: records that are rare where they live change places with like records elsewhere, before tables are made.

For each small area, the share of its records that a policy asks for, rarest first, is swapped with records of other areas that
agree in the variables of `matched` (so that totals of these stay as they are in every area) and lie in the same larger area
where that is possible. Small areas come first. After the targeted swapping of the UK censuses (Shlomo, Tudor and Groom, 2010).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disclosure.error import DisclosureError

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Swapped:
    """`source`: for each record, the record whose area it now has (itself if it was not swapped). The rest is the effect, for the report.

    Shares are of all records; `moved` counts records whose area changed; `mean_change` is the mean absolute change of a count
    of the table area by risk variables, over cells that are not empty before or after.
    """

    source: Whole
    records: int
    moved: int
    moved_wide: int  # beyond the larger area
    unmatched: int  # chosen, but no like record was found
    mean_change: float


def swap(
    area: Whole, larger: Whole, matched: Whole, risk: Whole, share: float, random: np.random.Generator, smallest_first: bool = True
) -> Swapped:
    """Swaps areas between pairs of records; arrays (records,) of codes from 0.

    area: small area; larger: the larger area it lies in; matched: profile of the variables that must agree; risk: category whose
    rarity within the area makes a record worth swapping. Raises DisclosureError for arrays that do not fit, or a share outside 0 to 1.
    """
    records = len(area)
    if not len(larger) == len(matched) == len(risk) == records or not 0 <= share <= 1:
        raise DisclosureError(
            "record swapping needs an area, a larger area, a profile and a risk for every record, and a share from 0 to 1"
        )
    if records and min(area.min(), larger.min(), matched.min(), risk.min()) < 0:
        raise DisclosureError("record swapping needs every record's area and profile to be known: leave out those without one")
    source = np.arange(records)
    if not records or not share:
        return Swapped(source, records, 0, 0, 0, 0.0)
    sizes = np.bincount(area)
    rarity = _count_alike(area, risk)
    tie = random.permutation(records)
    order = np.lexsort((tie, rarity, sizes[area] if smallest_first else tie))
    wanted = _first_of_each(area[order], np.ceil(share * sizes).astype(np.int64))
    chosen = order[wanted]
    free = np.ones(records, bool)
    partners = _Partners(larger, matched, random)
    moved_wide = unmatched = 0
    for record in chosen.tolist():
        if not free[record]:
            continue
        partner, near = partners.find(record, area, free)
        if partner < 0:
            unmatched += 1
            continue
        moved_wide += 0 if near else 2
        source[record], source[partner] = partner, record
        free[[record, partner]] = False
    before, after = _table(area, risk), _table(area[source], risk)
    used = (before + after) > 0
    change = float(np.abs(before - after)[used].mean()) if used.any() else 0.0
    return Swapped(source, records, int((area[source] != area).sum()), moved_wide, unmatched, change)


def _count_alike(area: Whole, risk: Whole) -> Whole:
    """How many records of its area share each record's risk category."""
    key = area * (int(risk.max()) + 1) + risk
    _, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
    return np.asarray(counts[inverse])


def _first_of_each(group: Whole, wanted: Whole) -> npt.NDArray[np.bool_]:
    """True for the first `wanted[g]` entries of each group g, in the order given."""
    order = np.argsort(group, kind="stable")
    sorted_group = group[order]
    rank = np.empty(len(group), np.int64)
    rank[order] = np.arange(len(group)) - np.searchsorted(sorted_group, sorted_group)
    return np.asarray(rank < wanted[group])


def _table(area: Whole, risk: Whole) -> Whole:
    width = int(risk.max()) + 1
    return np.bincount(area * width + risk, minlength=(int(area.max()) + 1) * width)


class _Partners:
    """Records of each profile, near ones (the same larger area) and all, in random order."""

    def __init__(self, larger: Whole, matched: Whole, random: np.random.Generator) -> None:
        order = random.permutation(len(matched))
        self.larger, self.matched = larger, matched
        self.near: dict[tuple[int, int], list[int]] = {}
        self.all: dict[int, list[int]] = {}
        for record in order.tolist():
            self.near.setdefault((int(larger[record]), int(matched[record])), []).append(record)
            self.all.setdefault(int(matched[record]), []).append(record)

    def find(self, record: int, area: Whole, free: npt.NDArray[np.bool_]) -> tuple[int, bool]:
        """A free record of the same profile in another small area, and whether it is near; -1 if there is none."""
        near = self.near[int(self.larger[record]), int(self.matched[record])]
        for pool, is_near in ((near, True), (self.all[int(self.matched[record])], False)):
            while pool and not free[pool[-1]]:
                pool.pop()
            for other in reversed(pool):
                if free[other] and other != record and area[other] != area[record]:
                    return other, is_near
        return -1, False
