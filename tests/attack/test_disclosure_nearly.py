"""Counts published nearly: rounded or perturbed. What gives itself away is found, and what a method promises is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.altered import alter
from disclosure.approximate import attack_approximate, bounds_of
from disclosure.cell_key import cell_keys, record_keys
from disclosure.differencing import attack_together
from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.policy import Group, Policy, load_policy
from disclosure.protect import protect
from disclosure.published_table import WITHHELD, Method, PublishedTable, Status
from disclosure.rounding import conventional
from disclosure.table import Table

NHS, DFE, CENSUS = (load_policy(name) for name in ("nhs-1-7-round-5", "dfe-round-10", "census-cell-key"))


def by_rounding(method: Method, base: int) -> Policy:
    return replace(load_policy("ons-threshold-10"), method=method, rounding_base=base)


CONVENTIONAL, CONTROLLED = by_rounding(Method.CONVENTIONAL_ROUNDING, 5), by_rounding(Method.CONTROLLED_ROUNDING, 5)


def table(inner: object, name: str = "t", names: Sequence[str] = "abcd") -> Table:
    counts = np.array(inner)
    dimensions = tuple(Dimension.flat(names[k], [f"{names[k]}{j}" for j in range(n)]) for k, n in enumerate(counts.shape))
    for axis, dimension in enumerate(dimensions):
        counts = np.moveaxis(np.tensordot(dimension.aggregation, counts, axes=(1, axis)), 0, axis)
    return Table(name, dimensions, counts)


def test_conventional_rounding_gives_itself_away() -> None:
    """Four counts that read 0 below a total that reads 10 are 2 each; one that is 3 instead leaves it open."""
    leaking = table([2, 2, 2, 2])
    shown = alter([leaking], CONVENTIONAL, {})
    assert shown[0].values.tolist() == [10, 0, 0, 0, 0]
    found = attack_together(shown, [], CONVENTIONAL).exposed
    assert {(exposure.low, exposure.high) for exposure in found} == {(2, 2), (8, 8)}
    with pytest.raises(DisclosureError, match="narrows down 5 cells"):
        protect([leaking], CONVENTIONAL)
    assert protect([table([2, 2, 2, 3])], CONVENTIONAL).audit.exposed == ()


def test_controlled_rounding_of_the_same_counts_does_not() -> None:
    result = protect([table([2, 2, 2, 2])], CONTROLLED)
    shown = result.tables[0].values
    assert shown[0] == shown[1:].sum()
    assert result.audit.exposed == ()


def test_small_counts_are_withheld_as_the_policies_say() -> None:
    shown = protect([table([1, 7, 8, 23, 0, 40])], NHS).tables[0]
    assert shown.values.tolist() == [80, WITHHELD, WITHHELD, 10, 25, 0, 40]
    assert shown.status[1] == Status.PRIMARY
    shown = protect([table([9, 10, 14, 15, 0, 40])], DFE).tables[0]
    assert shown.values.tolist() == [90, WITHHELD, 10, 10, 20, 0, 40]


def test_a_small_count_that_rounding_leaves_alone_takes_another_with_it() -> None:
    """8 and 8 read 10, and 1 is withheld; the total 17 reads 15, so at most 1 is left for it."""
    true = table([1, 8, 8])
    alone = alter([true], NHS, {})
    assert alone[0].values.tolist() == [15, WITHHELD, 10, 10]
    assert [(e.low, e.high) for e in attack_together(alone, [], NHS).exposed] == [(1, 1)]
    result = protect([true], NHS)
    assert (result.tables[0].values == WITHHELD).sum() == 2
    assert result.audit.exposed == ()


def test_a_group_of_one_mind_is_not_shown_by_rounded_counts() -> None:
    shown = protect([table([20, 0])], NHS).tables[0]
    assert shown.withheld.tolist() == [False, True, True]
    leaking = PublishedTable(
        "t", shown.dimensions, np.array([20, 20, 0]), np.full(3, "published"), np.zeros(3, np.int64), method=NHS.method, base=5
    )
    assert "group" in attack_together([leaking], [], NHS).exposed[0].how
    assert attack_together([leaking], [], replace(NHS, group_disclosure=Group.NONE)).exposed == ()


def test_the_cell_key_needs_keys_and_keeps_zeros() -> None:
    true = table([[0, 3], [12, 40]], names=["age", "gender"])
    with pytest.raises(DisclosureError, match="has no cell keys"):
        protect([true], CENSUS)
    cells = np.repeat(np.arange(4), true.counts[1:, 1:].reshape(-1))
    records = record_keys((bytes([k]) for k in range(len(cells))), bytes(16), CENSUS.cell_keys)
    keys = {"t": cell_keys(cells, records, 4, CENSUS.cell_keys).reshape(2, 2)}
    shown = protect([true], CENSUS, keys=keys).tables[0]
    assert shown.values[1, 1] == 0
    assert (abs(shown.values - true.counts) <= CENSUS.perturbation_maximum).all()
    assert (shown.values == protect([true], CENSUS, keys=keys).tables[0].values).all()


def test_earlier_tables_of_any_method_count() -> None:
    """Exact counts are out already: what is rounded now does not hide them, and what they leave over is found."""
    true = table([30, 25, 3])
    exact = PublishedTable(
        "exact", true.dimensions, np.array([58, 30, 25, -1]), np.array(["published"] * 3 + ["secondary"]), np.array([0, 0, 0, 1])
    )
    rounded = alter([replace(true, id="rounded")], CONTROLLED, {})
    found = attack_together(rounded, [exact], CONTROLLED).exposed
    assert [(e.low, e.high) for e in found] == [(3, 3)]


@given(st.integers(2, 12), st.integers(0, 200))
def test_what_lies_behind_a_rounded_count_is_every_count_that_rounds_to_it(base: int, count: int) -> None:
    policy = replace(CONVENTIONAL, rounding_base=base)
    shown = alter([table([count])], policy, {})[0]
    bounded = bounds_of(shown, policy, secondary=False)
    counts = np.arange(0, 250)
    alike = counts[conventional(counts, base) == shown.values[1]]
    assert (bounded.low[1], bounded.high[1]) == (alike.min(), alike.max())


EVERY = np.indices((12,) * 4).reshape(4, -1).T  # every table of four counts up to 11
METHODS = {
    "conventional": CONVENTIONAL,
    "controlled": replace(CONTROLLED, rounding_base=3),
    "nhs": replace(NHS, threshold=3, rounding_base=3),
}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(METHODS)), st.lists(st.integers(0, 7), min_size=4, max_size=4), st.sampled_from([(4,), (2, 2)]))
def test_the_attack_finds_exactly_what_trying_all_tables_finds(name: str, inner: list[int], shape: tuple[int, ...]) -> None:
    policy = replace(METHODS[name], group_disclosure=Group.NONE)
    true = table(np.array(inner).reshape(shape))
    shown = alter([true], policy, {})[0]
    bounded = bounds_of(shown, policy, secondary=False)
    assert ((true.counts >= bounded.low) & (true.counts <= bounded.high)).all()
    every = _with_totals(EVERY.reshape(-1, *shape))
    inside = ((every >= bounded.low) & (every <= bounded.high)).reshape(len(every), -1).all(axis=1)
    fitting = every[inside]
    least, most = fitting.min(axis=0), fitting.max(axis=0)
    pinned = int(((least == most) & (least > 0) & (most < policy.threshold)).sum())
    report = attack_approximate([bounded], policy).report
    assert len(report.exposed) == pinned
    small = (least > 0) & (least < policy.threshold)
    assert (report.low[0][small] <= least[small]).all()


def _with_totals(inner: np.ndarray) -> np.ndarray:
    for axis in range(1, inner.ndim):
        inner = np.concatenate([inner.sum(axis=axis, keepdims=True), inner], axis=axis)
    return inner
