"""Statistics other than counts: what may be said of a group in percentages, rates, means, sums and quantiles, and with how many digits.

Percentages and rates are made from published counts alone. Sums and means need the records: whether one or two children make
up most of a sum cannot be seen from the sum (dominance and p% rules, Hundepool et al., 2012). Each function gives None, or
NaN, where a policy allows nothing to be said; none gives a maximum or minimum.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import numpy.typing as npt

from disclosure.error import DisclosureError
from disclosure.policy import Policy, Ratio

Whole = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
FEWEST_SUMS = 2  # a mean and its base must leave at least so many whole sums possible


def percentage(count: int | None, base: int | None, policy: Policy) -> str | None:
    """A percentage of two published counts (None: withheld), halves up; None if either is withheld or the base too small.

    A digit is shown only where one unit of it is at least one child: one decimal from a base of 1,000, two from 10,000. Counts that
    were moved each by itself may leave a part above its whole: that is 100.
    """
    if count is None or base is None or base < policy.percentage_base:
        return None
    decimals = max(d for d in range(policy.percentage_decimals + 1) if d == 0 or base >= 100 * 10**d)
    return _rounded(Decimal(100 * min(count, base)) / Decimal(base), decimals)


def rate(count: int | None, base: int | None, per: int, policy: Policy) -> str | None:
    """How many per so many, from two published counts; None unless both parts reach the threshold (or the base alone, by policy).

    A part of 0 is data. As many digits as leave one unit at least one child.
    """
    if count is None or base is None or base < max(policy.threshold, policy.percentage_base):
        return None
    if policy.ratio_parts is Ratio.BOTH and 0 < count < policy.threshold:
        return None
    decimals = max(d for d in range(policy.percentage_decimals + 1) if d == 0 or base >= per * 10**d)
    return _rounded(Decimal(per * count) / Decimal(base), decimals)


@dataclass(frozen=True, eq=False)
class CellSums:
    """Sums of a variable over cells, one entry for each cell: `counts` of children, their `sums`, and the largest values.

    `largest`: (cells, n) absolute values, descending, 0 where a cell has fewer; n is at least 2.
    """

    counts: Whole
    sums: Floats
    absolute: Floats  # sums of absolute values
    largest: Floats


def sum_cells(cells: Whole, values: Floats, size: int, contributors: int) -> CellSums:
    """Sums of `values` of records that lie in `cells`, for `size` cells. Raises DisclosureError for a value that is no number."""
    if len(cells) != len(values) or not np.isfinite(values).all():
        raise DisclosureError("a sum needs a number for every record: leave out the records without one, and count without them")
    if len(cells) and (cells.min() < 0 or cells.max() >= size):
        raise DisclosureError("a record lies in a cell that the table does not have")
    depth = max(contributors, 2)
    order = np.lexsort((-np.abs(values), cells))
    sorted_cells = cells[order]
    rank = np.arange(len(cells)) - np.searchsorted(sorted_cells, sorted_cells)
    top = rank < depth
    largest = np.zeros((size, depth))
    largest[sorted_cells[top], rank[top]] = np.abs(values)[order][top]
    totals = [np.bincount(cells, weights=weights, minlength=size).astype(float) for weights in (values, np.abs(values))]
    return CellSums(np.bincount(cells, minlength=size), totals[0], totals[1], largest)


def sensitive(cells: CellSums, policy: Policy) -> Mask:
    """Primary rules for sums and means: too few children, dominance (n, k), or p%. An empty cell says nothing, and is not sensitive.

    Dominance: the n largest values are more than the share k of the sum. p%: the sum less the two largest is less than p per
    cent of the largest, so that the second could work out the first nearly.
    """
    few = (cells.counts > 0) & (cells.counts < policy.threshold)
    top = cells.largest[:, : policy.dominance_contributors].sum(axis=1)
    dominated = top > policy.dominance_share * cells.absolute + 1e-9
    left = cells.absolute - cells.largest[:, 0] - cells.largest[:, 1]
    told = (cells.largest[:, 0] > 0) & (left < policy.p_percent / 100 * cells.largest[:, 0] - 1e-9)
    return np.asarray(few | dominated | told)


def means(cells: CellSums, bounds: tuple[float, float], withheld: Mask, policy: Policy) -> list[str | None]:
    """The mean of each cell as it may be shown, or None: withheld, too few, sensitive, or (nearly) all at one end of the range.

    `bounds`: the least and largest value a child can have; `withheld`: cells whose count is withheld. All at one end is the
    same answer from everybody; all but one is a group's answer to that one. Digits are left out until the mean and its base
    leave at least two whole sums possible.
    """
    low, high = bounds
    if not low < high or (cells.largest[:, 0] > max(abs(low), abs(high)) + 1e-9).any():
        raise DisclosureError("values lie outside the range they were declared with: mend the declaration or the data")
    step = high - low
    near_end = (cells.sums - low * cells.counts <= step) | (high * cells.counts - cells.sums <= step)
    refused = withheld | (cells.counts < policy.mean_base) | near_end | sensitive(cells, policy)
    shown: list[str | None] = []
    for count, total, no in zip(cells.counts.tolist(), cells.sums.tolist(), refused.tolist(), strict=True):
        digits = [d for d in range(policy.mean_decimals + 1) if count >= FEWEST_SUMS * 10**d]
        shown.append(None if no or not digits else _rounded(Decimal(repr(total)) / Decimal(count), digits[-1]))
    return shown


def quantile(values: Floats, share: float, policy: Policy) -> float | None:
    """The value below which this share of the children lie (a median at 0.5), or None where the policy allows none.

    None for a base that is too small, or with too few children on either side. A value that a child gave is shown only if at
    least a threshold of children gave it; else the value halfway between means of equal numbers on either side stands for it.
    """
    if not 0 < share < 1:
        raise DisclosureError("a maximum or minimum is one child's value, and is refused: ask for a share between 0 and 1")
    ordered = np.sort(values)
    count = len(ordered)
    below = int(np.ceil(share * count))
    if count < policy.quantile_base or min(below, count - below) < policy.quantile_each_side:
        return None
    exact = float(ordered[below - 1])
    if int((ordered == exact).sum()) >= policy.threshold:
        return exact
    half = policy.threshold // 2
    return float(ordered[below - half : below + half].mean())


def extreme(_values: Floats, _policy: Policy) -> None:
    """Maxima and minima. Raises DisclosureError always: each is one child's value."""
    raise DisclosureError("a maximum or minimum is one child's value, and is refused: ask for a quantile instead")


def _rounded(value: Decimal, decimals: int) -> str:
    return str(value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP))
