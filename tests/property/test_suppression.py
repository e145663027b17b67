"""What a user asks of a pattern, and what its search may cost: neither may ever make it unsafe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import blocks
from disclosure.blocks import Budget
from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.policy import Attacker, Group, Policy, load_policy
from disclosure.protect import Protected, protect
from disclosure.published_table import PublishedTable
from disclosure.secondary import Effort
from disclosure.solved import SolvedBlocks
from disclosure.suppression import Wishes
from disclosure.table import Table
from tests.property.brute_force import SHAPES, random_table
from tests.property.test_protect import check, check_sums

POLICY = replace(load_policy("ons-threshold-10"), threshold=3, group_disclosure=Group.NONE)
SHAPE = st.sampled_from(SHAPES)
SEED = st.integers(0, 2**32 - 1)


def tried(truth: Sequence[Table], policy: Policy, **how: object) -> Protected | None:
    """None where this policy allows nothing: refusing is always safe."""
    try:
        return protect(truth, policy, **how)  # type: ignore[arg-type]
    except DisclosureError:
        return None


@settings(max_examples=60, deadline=None)
@given(shape=SHAPE, seed=SEED, most=st.integers(2, 7), width=st.integers(1, 3), least=st.sampled_from([0, 3, 5]), known=st.booleans())
def test_width_small_sums_and_known_status_hold_together(
    shape: tuple[Dimension, ...], seed: int, most: int, width: int, least: int, known: bool
) -> None:
    attacker = Attacker.STATUS_KNOWN if known else Attacker.ZEROS_PUBLISHED
    policy = replace(POLICY, threshold=5, minimum_width=width, minimum_withheld_sum=least, attacker=attacker)
    truth = [random_table("t", shape, np.random.default_rng(seed), most)]
    found = tried(truth, policy)
    if found is not None:
        check(found.tables, truth, policy, extra=6)
        check_sums(found.tables, truth, least)


@settings(max_examples=60, deadline=None)
@given(shape=SHAPE, seed=SEED, most=st.integers(2, 6), share=st.floats(0.05, 0.5))
def test_a_cell_marked_never_hide_is_published_or_all_is_refused(shape: tuple[Dimension, ...], seed: int, most: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    table = random_table("t", shape, rng, most)
    marked = rng.random(table.counts.shape) < share
    found = tried([table], POLICY, wishes=Wishes(show={"t": marked}))
    if found is None:
        return
    assert not found.tables[0].withheld[marked].any()
    check(found.tables, [table], POLICY)


@settings(max_examples=60, deadline=None)
@given(shape=SHAPE, seed=SEED, most=st.integers(2, 6), share=st.floats(0.05, 0.3))
def test_a_cell_marked_never_show_is_withheld_whatever_its_count(shape: tuple[Dimension, ...], seed: int, most: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    table = random_table("t", shape, rng, most)
    marked = rng.random(table.counts.shape) < share
    found = tried([table], POLICY, wishes=Wishes(hide={"t": marked}))
    if found is not None:
        assert found.tables[0].withheld[marked].all()
        assert not found.tables[0].floor[marked].any()
        check(found.tables, [table], POLICY)


@settings(max_examples=40, deadline=None)
@given(shape=SHAPE, seed=SEED, most=st.integers(2, 6))
def test_any_costs_give_a_safe_pattern(shape: tuple[Dimension, ...], seed: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    table = random_table("t", shape, rng, most)
    found = tried([table], POLICY, wishes=Wishes(cost={"t": rng.uniform(0.1, 100, table.counts.shape)}))
    if found is not None:
        check(found.tables, [table], POLICY)


@settings(max_examples=40, deadline=None)
@given(shape=SHAPE, seed=SEED, most=st.integers(2, 6), spent=st.booleans())
def test_less_effort_gives_a_safe_pattern(shape: tuple[Dimension, ...], seed: int, most: int, spent: bool) -> None:
    table = random_table("t", shape, np.random.default_rng(seed), most)
    budget = Budget(spent=lambda: True) if spent else Budget(Effort(starts=1, prune=False))
    full, less = tried([table], POLICY), tried([table], POLICY, budget=budget)
    assert (full is None) == (less is None)
    if less is not None:
        check(less.tables, [table], POLICY)


@settings(max_examples=40, deadline=None)
@given(shape=SHAPE, seed=SEED, most=st.integers(2, 6))
def test_the_order_of_codes_decides_nothing_that_matters(shape: tuple[Dimension, ...], seed: int, most: int) -> None:
    """Metamorphic: permuted codes withhold the same small counts, as safely."""
    rng = np.random.default_rng(seed)
    table = random_table("t", shape, rng, most)
    orders = [np.concatenate([[0], 1 + rng.permutation(len(d.codes) - 1)]) for d in shape]
    turned = Table(
        "t",
        tuple(Dimension(d.name, tuple(d.codes[k] for k in order), d.partitions) for d, order in zip(shape, orders, strict=True)),
        table.counts[np.ix_(*orders)],
    )
    one, other = tried([table], POLICY), tried([turned], POLICY)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        check(other.tables, [turned], POLICY)
        assert ((one.tables[0].status == "primary")[np.ix_(*orders)] == (other.tables[0].status == "primary")).all()


@settings(max_examples=40, deadline=None)
@given(seed=SEED, most=st.integers(2, 6))
def test_a_category_merged_or_split_stays_safe(seed: int, most: int) -> None:
    """Metamorphic: answers y and z merged into one code, as a second table beside the full one."""
    place, answer = SHAPES[1]
    full = random_table("full", (place, answer), np.random.default_rng(seed), most)
    merged = Dimension("answer", ("Total", "x", "yz", "y", "z"), (("Total", ("x", "yz")), ("yz", ("y", "z"))))
    counts = np.stack(
        [full.counts[:, 0], full.counts[:, 1], full.counts[:, 2] + full.counts[:, 3], full.counts[:, 2], full.counts[:, 3]], 1
    )
    split = Table("split", (place, merged), counts)
    found = tried([split, full], POLICY)
    assert (found is None) == (tried([split], POLICY) is None)
    if found is not None:
        check(found.tables, [split, full], POLICY)
        shared = [0, 1, 3, 4]
        assert (found.tables[0].withheld[:, shared] == found.tables[1].withheld).all()


@settings(max_examples=30, deadline=None)
@given(seed=SEED, most=st.integers(3, 8))
def test_linked_tables_cut_into_blocks_do_not_give_each_other_away(seed: int, most: int) -> None:
    place, answer = SHAPES[2]
    rng = np.random.default_rng(seed)
    full = random_table("t", (place, answer, Dimension.flat("age", ["1", "2"])), rng, most)
    truth = [Table("one", (place, answer), full.counts[:, :, 0]), Table("two", (place, full.dimensions[2]), full.counts[:, 0])]
    with patch.multiple(blocks, WHOLE=0, BLOCK=4, CARRIERS=1, PROCESSES=1):
        found = tried(truth, POLICY)
    if found is not None:
        check(found.tables, truth, POLICY)


PLACE = Dimension.tree("place", {**dict.fromkeys("NS", "Total"), **{f"{r}{k}": r for r in "NS" for k in range(6)}})
ANSWER = Dimension.flat("answer", ["x", "y", "z"])
AGE = Dimension.flat("age", ["1", "2"])


def in_blocks(processes: int, budget: Budget | None = None) -> tuple[PublishedTable, ...]:
    truth = random_table("t", (PLACE, ANSWER, AGE), np.random.default_rng(7), 12)
    with patch.multiple(blocks, WHOLE=0, BLOCK=30, PROCESSES=processes):
        return protect([truth], POLICY, budget=budget).tables


def test_two_processes_find_the_pattern_that_one_finds() -> None:
    assert (in_blocks(2)[0].withheld == in_blocks(1)[0].withheld).all()


def test_a_stopped_search_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done = SolvedBlocks(tmp_path / "solved")
    whole = in_blocks(1, Budget(done=done))
    assert len(done) > 2
    monkeypatch.delattr(blocks, "_solve")  # nothing is left to solve
    assert (in_blocks(1, Budget(done=SolvedBlocks(tmp_path / "solved")))[0].withheld == whole[0].withheld).all()


def test_a_block_of_other_counts_is_solved_anew(tmp_path: Path) -> None:
    done = SolvedBlocks(tmp_path / "solved")
    in_blocks(1, Budget(done=done))
    before = len(done)
    in_blocks(1, Budget(Effort(starts=1), done=done))
    assert len(done) > before
    with pytest.raises(KeyError):
        done["unknown"]


def test_a_search_without_time_withholds_more_and_is_safe() -> None:
    hurried, full = in_blocks(1, Budget(spent=lambda: True)), in_blocks(1)
    assert hurried[0].withheld.sum() > full[0].withheld.sum()


WAVE = random_table("wave", (PLACE, ANSWER), np.random.default_rng(5), 14)


def test_the_next_wave_keeps_the_pattern_where_it_can() -> None:
    """Elsewhere costs decide: a few more children in a cell, and another one is withheld instead."""
    first = protect([WAVE], POLICY).tables
    rng = np.random.default_rng(6)
    inner = WAVE.counts.copy()
    leaves = [PLACE.index[leaf] for leaf in PLACE.leaves]
    inner[np.ix_(leaves, [1, 2, 3])] += rng.integers(0, 4, (len(leaves), 3)) * (inner[np.ix_(leaves, [1, 2, 3])] > 2)
    inner[:, 0] = inner[:, 1:].sum(axis=1)
    for parent, children in reversed(PLACE.partitions):
        inner[PLACE.index[parent]] = inner[[PLACE.index[child] for child in children]].sum(axis=0)
    later = Table("wave", (PLACE, ANSWER), inner, population="second")
    alone = protect([later], POLICY).tables
    kept = protect([later], POLICY, wishes=Wishes(like=first)).tables
    changed = (alone[0].withheld != first[0].withheld).sum()
    assert (kept[0].withheld != first[0].withheld).sum() < changed
    check(kept, [later], POLICY)


def test_wishes_that_cannot_be_are_refused() -> None:
    table = random_table("t", SHAPES[1], np.random.default_rng(1), 4)
    small = (table.counts > 0) & (table.counts < POLICY.threshold)
    assert small.any()
    with pytest.raises(DisclosureError, match="never to be withheld"):
        protect([table], POLICY, wishes=Wishes(show={"t": small}))
    with pytest.raises(DisclosureError, match="does not fit"):
        protect([table], POLICY, wishes=Wishes(hide={"u": small}))
    with pytest.raises(DisclosureError, match="above 0"):
        Wishes(cost={"t": np.zeros(table.counts.shape)})


def test_what_cannot_be_protected_is_refused_by_what_it_has_in_common() -> None:
    """Two places of one child each: who sees that both and their total are under three knows all of them."""
    ages = Dimension.flat("age", ["4", "5"])
    table = Table("t", (Dimension.flat("place", ["a", "b"]), ages), np.array([[42, 2, 40], [21, 1, 20], [21, 1, 20]]))
    with pytest.raises(DisclosureError, match="most of them with age '4'"):
        protect([table], replace(POLICY, attacker=Attacker.STATUS_KNOWN))


def test_the_same_tables_give_the_same_pattern() -> None:
    truth = [random_table("t", SHAPES[2], np.random.default_rng(4), 5)]
    one, other = protect(truth, POLICY), protect(truth, POLICY)
    assert (one.tables[0].withheld == other.tables[0].withheld).all()
    assert (one.proofs.changes != other.proofs.changes).nnz == 0
