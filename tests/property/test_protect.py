"""`protect` and `audit` against brute force: every table that fits what was published is tried."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import blocks
from disclosure.audit import audit
from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.policy import Attacker, Group, Policy, load_policy
from disclosure.protect import protect
from disclosure.published_table import WITHHELD, PublishedTable, Status
from disclosure.table import Table
from tests.property.brute_force import SHAPES, cells, possible_values, random_table, sums

POLICY = replace(load_policy("ons-threshold-10"), threshold=3)
WITHOUT_GROUPS = replace(POLICY, group_disclosure=Group.NONE)


def protected_or_none(tables: list[Table], policy: Policy) -> tuple[PublishedTable, ...] | None:
    """The published tables, or None where this policy allows none: refusing is always safe."""
    try:
        return protect(tables, policy).tables
    except DisclosureError:
        return None


def check(tables: tuple[PublishedTable, ...], truth: list[Table], policy: Policy, extra: int = 4) -> None:
    counts = {cell: int(n) for table in truth for cell, n in zip(cells(table), table.counts.ravel(), strict=True)}
    for cell, values in possible_values(tables, policy, max(counts.values()) + extra, enough=policy.minimum_width).items():
        assert max(values) - min(values) >= policy.minimum_width, cell
    withheld = {}
    for table in tables:
        for cell, status in zip(cells(table), table.status.ravel(), strict=True):
            withheld.setdefault(cell, set()).add(status)
            assert status != Status.PUBLISHED or not 0 < counts[cell] < policy.threshold
    assert all(len(kinds) == 1 for kinds in withheld.values())


def check_sums(tables: tuple[PublishedTable, ...], truth: list[Table], least: int) -> None:
    """No total less its published parts is from 1 to below `least`."""
    counts = {cell: int(n) for table in truth for cell, n in zip(cells(table), table.counts.ravel(), strict=True)}
    hidden = {cell: bool(h) for table in tables for cell, h in zip(cells(table), table.withheld.ravel(), strict=True)}
    for parent, children in sums(tables):
        together = sum(counts[child] for child in children if hidden[child])
        assert hidden[parent] or not 0 < together < least


@settings(max_examples=80, deadline=None)
@given(shape=st.sampled_from(SHAPES), seed=st.integers(0, 2**32 - 1), most=st.integers(2, 6), width=st.integers(1, 2))
def test_no_withheld_cell_is_pinned_down(shape: tuple[Dimension, ...], seed: int, most: int, width: int) -> None:
    truth = [random_table("t", shape, np.random.default_rng(seed), most)]
    policy = replace(POLICY, minimum_width=width)
    published = protected_or_none(truth, policy)
    if published is not None:
        check(published, truth, policy)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), most=st.integers(3, 8))
def test_a_system_cut_into_blocks_is_as_safe_as_a_whole_one(seed: int, most: int) -> None:
    truth = [random_table("t", SHAPES[2], np.random.default_rng(seed), most)]
    with (
        patch.object(blocks, "WHOLE", 0),
        patch.object(blocks, "BLOCK", 4),
        patch.object(blocks, "CARRIERS", 1),
        patch.object(blocks, "PROCESSES", 1),
    ):
        published = protected_or_none(truth, WITHOUT_GROUPS)
    assert published is not None
    check(published, truth, WITHOUT_GROUPS)


@settings(max_examples=40, deadline=None)
@given(shape=st.sampled_from(SHAPES), seed=st.integers(0, 2**32 - 1), most=st.integers(2, 6))
def test_no_withheld_sum_is_known_to_be_small(shape: tuple[Dimension, ...], seed: int, most: int) -> None:
    policy = replace(WITHOUT_GROUPS, minimum_withheld_sum=3)
    truth = [random_table("t", shape, np.random.default_rng(seed), most)]
    published = protected_or_none(truth, policy)
    assert published is not None
    check(published, truth, policy)
    check_sums(published, truth, 3)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), most=st.integers(2, 6))
def test_linked_tables_do_not_give_each_other_away(seed: int, most: int) -> None:
    place, answer, age = SHAPES[3]
    rng = np.random.default_rng(seed)
    full = random_table("t", (place, answer, age), rng, most)
    truth = [
        Table("one", (place, answer), full.counts[:, :, 0]),
        Table("two", (age, place), full.counts[:, 0, :].T),
        Table("three", (answer, age), full.counts[0]),
    ]
    published = protected_or_none(truth, POLICY)
    if published is not None:
        check(published, truth, POLICY)


@settings(max_examples=40, deadline=None)
@given(shape=st.sampled_from(SHAPES), seed=st.integers(0, 2**32 - 1), most=st.integers(2, 9))
def test_a_reader_who_sees_which_cells_are_small_pins_none_down(shape: tuple[Dimension, ...], seed: int, most: int) -> None:
    policy = replace(POLICY, attacker=Attacker.STATUS_KNOWN, threshold=4)
    truth = [random_table("t", shape, np.random.default_rng(seed), most)]
    published = protected_or_none(truth, policy)
    if published is not None:
        check(published, truth, policy, extra=6)


@settings(max_examples=80, deadline=None)
@given(shape=st.sampled_from(SHAPES), seed=st.integers(0, 2**32 - 1), most=st.integers(1, 3), share=st.floats(0.05, 0.6))
def test_the_attack_finds_exactly_what_brute_force_finds(shape: tuple[Dimension, ...], seed: int, most: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    truth = random_table("t", shape, rng, most)
    hidden = (truth.counts > 0) & (rng.random(truth.counts.shape) < share)
    hidden[(0,) * hidden.ndim] = False  # a published grand total keeps the search finite
    status = np.where(hidden, Status.SECONDARY, Status.PUBLISHED).astype(np.str_)
    table = PublishedTable("t", shape, np.where(hidden, WITHHELD, truth.counts), status, hidden.astype(np.int64))
    report = audit([table], POLICY)
    exposed = {frozenset((k, v) for k, v in e.cell.items()) for e in report.exposed if "published" not in e.how and "group" not in e.how}
    values = possible_values([table], POLICY, int(truth.counts.max()))
    pinned = {cell for cell, seen in values.items() if len(seen) == 1}
    assert exposed == pinned
    where = dict(zip(cells(table), zip(report.low[0].ravel(), report.high[0].ravel(), strict=True), strict=True))
    for cell, seen in values.items():
        low, high = where[cell]
        assert low <= min(seen)
        assert high == -1 or high >= max(seen)


@pytest.mark.parametrize("shape", SHAPES)
def test_codes_have_no_influence(shape: tuple[Dimension, ...]) -> None:
    """Renaming every code renames the result and nothing else."""
    truth = random_table("t", shape, np.random.default_rng(7), 6)
    renamed = tuple(
        Dimension(
            d.name,
            (d.codes[0], *(f"z{code}" for code in d.codes[1:])),
            tuple((p if p == d.total else f"z{p}", tuple(f"z{c}" for c in children)) for p, children in d.partitions),
        )
        for d in shape
    )
    one = protected_or_none([truth], POLICY)
    other = protected_or_none([Table("t", renamed, truth.counts)], POLICY)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert (one[0].withheld == other[0].withheld).all()
