"""Shortcuts that say of many cells at once that they are safe, held to every table that fits."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from itertools import product
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

import disclosure.audit as attack
from disclosure import blocks
from disclosure.audit import audit
from disclosure.blocks import Budget
from disclosure.dimension import Dimension
from disclosure.dividing import divided
from disclosure.error import DisclosureError
from disclosure.exchanges import Exchanges, exchangeable
from disclosure.nearest import Nearest
from disclosure.policy import Attacker, Group, load_policy
from disclosure.primary import primary
from disclosure.protect import protect
from disclosure.published_table import WITHHELD, PublishedTable, Status
from disclosure.suppression import Wishes, _problem, floor
from disclosure.system import link
from disclosure.table import Table
from disclosure.tied import tied
from tests.property.brute_force import SHAPES, cells, possible_values, random_table
from tests.property.test_protect import check

POLICY = replace(load_policy("ons-threshold-10"), threshold=3, group_disclosure=Group.NONE)
SHAPE = st.sampled_from(SHAPES)
SEED = st.integers(0, 2**32 - 1)


@settings(max_examples=80, deadline=None)
@given(shape=SHAPE, seed=SEED, most=st.integers(2, 7), width=st.integers(1, 3), known=st.booleans())
def test_what_is_withheld_without_any_time_is_safe(shape: tuple[Dimension, ...], seed: int, most: int, width: int, known: bool) -> None:
    attacker = Attacker.STATUS_KNOWN if known else Attacker.ZEROS_PUBLISHED
    policy = replace(POLICY, minimum_width=width, attacker=attacker, threshold=5)
    truth = [random_table("t", shape, np.random.default_rng(seed), most)]
    try:
        found = protect(truth, policy, budget=Budget(spent=lambda: True))
    except DisclosureError:
        return
    check(found.tables, truth, policy, extra=6)


@settings(max_examples=60, deadline=None)
@given(shape=SHAPE, seed=SEED, most=st.integers(2, 7), amount=st.sampled_from([-2, -1, 1, 2]))
def test_an_exchange_keeps_every_sum_and_every_bound(shape: tuple[Dimension, ...], seed: int, most: int, amount: int) -> None:
    truth = [random_table("t", shape, np.random.default_rng(seed), most)]
    system = link(truth)
    if not exchangeable(system):
        return
    rules = primary(system, POLICY)
    problem = _problem(system, rules, floor(system.x, rules, POLICY), POLICY, truth, [], Wishes())
    cost = np.where(problem.movable, problem.weight, np.inf)
    exchanges = Exchanges(system, problem, cost)
    for cell in range(len(system.x)):
        if (found := exchanges.cheapest(cell, amount)) is None:
            continue
        price, move = found
        assert move[cell] == amount
        assert not (system.matrix @ move).any()
        assert (move <= problem.up).all()
        assert (-move <= problem.down).all()
        assert problem.movable[move != 0].all()
        assert price == pytest.approx(cost[move != 0].sum())


WAYS: dict[str, dict[str, float]] = {
    "a few codes at a time": {"disclosure.walk.ONCE": 0},
    "many codes at a time": {"disclosure.afar.TIES": 1, "disclosure.afar.TRIES": 3, "disclosure.afar.GAIN": 0},
    "all at once": {},
    "the nearest table": {"disclosure.afar.TIES": 10**6, "disclosure.afar.LARGEST": 0},
    "what divides the rest first": {"disclosure.audit.MANY": 1, "disclosure.variation.MANY": 1},
}


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=60, deadline=None)
@given(shape=SHAPE, seed=SEED, most=st.integers(1, 3), share=st.floats(0.05, 0.6), width=st.integers(1, 2))
def test_counts_varied_together_show_exactly_what_brute_force_finds(
    way: str, shape: tuple[Dimension, ...], seed: int, most: int, share: float, width: int
) -> None:
    rng = np.random.default_rng(seed)
    truth = random_table("t", shape, rng, most)
    hidden = (truth.counts > 0) & (rng.random(truth.counts.shape) < share)
    hidden[(0,) * hidden.ndim] = False  # a published grand total keeps the search finite
    status = np.where(hidden, Status.SECONDARY, Status.PUBLISHED).astype(np.str_)
    table = PublishedTable("t", shape, np.where(hidden, WITHHELD, truth.counts), status, hidden.astype(np.int64))
    with ExitStack() as stack:
        for name, value in {"disclosure.audit.ALL_BOUNDS": 0, **WAYS[way]}.items():
            stack.enter_context(patch(name, value))
        report = audit([table], replace(POLICY, minimum_width=width))
    exposed = {frozenset((k, v) for k, v in e.cell.items()) for e in report.exposed if "published" not in e.how}
    values = possible_values([table], POLICY, int(truth.counts.max()))
    assert exposed == {cell for cell, seen in values.items() if max(seen) - min(seen) < width}
    where = dict(zip(cells(table), zip(report.low[0].ravel(), report.high[0].ravel(), strict=True), strict=True))
    for cell, seen in values.items():
        assert set(where[cell]) <= seen


TREE = Dimension.tree("place", {f"r{k}": "Total" for k in range(4)} | {f"p{k}": f"r{k % 4}" for k in range(16)})
PLACE = Dimension.flat("place", [f"p{k}" for k in range(12)])
ANSWER = Dimension.flat("answer", [f"a{k}" for k in range(8)])
AGE = Dimension.flat("age", ["young", "middle", "old"])


def test_the_report_says_what_was_withheld_for_lack_of_time() -> None:
    truth: list[Table] = [random_table("t", (PLACE, ANSWER), np.random.default_rng(11), 9)]
    full, hurried = protect(truth, POLICY), protect(truth, POLICY, budget=Budget(spent=lambda: True))
    assert full.summary[0]["withheld_for_lack_of_time"] == 0
    more = hurried.summary[0]["withheld_for_lack_of_time"]
    assert more == hurried.summary[0]["secondary"] > 0
    assert hurried.audit.exposed == ()


def test_blocks_and_their_neighbourhoods_leave_nothing_to_the_whole_system(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = random_table("t", (TREE, Dimension.flat("answer", [f"a{k}" for k in range(6)]), AGE), np.random.default_rng(0), 6)
    left: list[int] = []

    def kept(*given: Any) -> Any:
        pattern = in_blocks(*given)
        left.append(int(pattern.unproven.sum()))
        return pattern

    in_blocks = blocks._in_blocks
    for name, value in (("WHOLE", 0), ("BLOCK", 40), ("PROCESSES", 1), ("_in_blocks", kept)):
        monkeypatch.setattr(blocks, name, value)
    assert protect([truth], POLICY).audit.exposed == ()
    assert left == [0]


def test_many_counts_are_attacked_by_few_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    result = protect([random_table("t", (PLACE, ANSWER), np.random.default_rng(12), 9)], POLICY)
    monkeypatch.setattr(attack, "ALL_BOUNDS", 0)
    monkeypatch.delattr(attack.Search, "extreme")  # none is left to be attacked by itself
    report = audit(result.tables, POLICY)
    assert report.exposed == ()
    assert report.linear_programs < report.withheld / 2


@pytest.mark.parametrize("seed", range(6))
def test_bounds_that_tables_reach_need_no_program_and_are_the_same(seed: int) -> None:
    result = protect([random_table("t", (PLACE, ANSWER, AGE), np.random.default_rng(seed), 9)], POLICY)
    known = audit(result.tables, POLICY, proofs=result.proofs)
    with patch.object(attack._Attack, "_reached", lambda *_: False):
        solved = audit(result.tables, POLICY, proofs=result.proofs)
    assert known.linear_programs < solved.linear_programs
    for few, all_ in ((known.low, solved.low), (known.high, solved.high)):
        np.testing.assert_array_equal(few[0], all_[0])


def test_what_leaks_among_many_counts_is_told_with_what_told_it_and_progress_goes_up(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = random_table("t", (TREE, ANSWER, AGE), np.random.default_rng(16), 9)
    (shown,) = protect([truth], POLICY).tables
    values, status = shown.values.copy(), shown.status.copy()
    for at in np.argwhere(status == Status.SECONDARY)[::9]:
        values[tuple(at)], status[tuple(at)] = truth.counts[tuple(at)], Status.PUBLISHED
    leaking = replace(shown, values=values, status=status)
    plain = audit([leaking], POLICY)
    assert {each.how for each in plain.exposed} == {"adding and subtracting whole numbers", "linear programming"}
    monkeypatch.setattr(attack, "ALL_BOUNDS", 0)
    heard: list[float] = []
    found = audit([leaking], POLICY, progress=lambda share, _: heard.append(share))
    assert [(each.cell, each.low, each.high, each.how) for each in found.exposed] == [
        (each.cell, each.low, each.high, each.how) for each in plain.exposed
    ]
    assert heard == sorted(heard)
    assert heard[-1] == 1
    assert found.linear_programs > 0
    monkeypatch.setattr(attack.Search, "still", lambda _, targets, __: (targets[:0], []))
    assert audit([leaking], POLICY).exposed == plain.exposed


def test_counts_of_one_category_alone_are_attacked_among_many_too(monkeypatch: pytest.MonkeyPatch) -> None:
    shape, hidden = (Dimension.flat("one", ["only"]),), np.full(2, WITHHELD)
    monkeypatch.setattr(attack, "ALL_BOUNDS", 0)
    assert audit([PublishedTable("t", shape, hidden, np.full(2, "secondary"), np.ones(2, np.int64))], POLICY).exposed == ()


@pytest.mark.parametrize("way", ["a few codes at a time", "many codes at a time", "all at once", "the nearest table"])
def test_each_way_alone_shows_what_is_open(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    result = protect([random_table("t", (TREE, ANSWER, AGE), np.random.default_rng(12), 9)], POLICY)
    for name, value in {"disclosure.audit.ALL_BOUNDS": 0, **WAYS[way]}.items():
        monkeypatch.setattr(name, value)
    monkeypatch.delattr(attack.Search, "extreme")
    if way == "many codes at a time":
        monkeypatch.setattr("disclosure.afar.LARGEST", 0)
    reach, near = Nearest.reach, []

    def counted(self: Nearest, target: int, by: int) -> Any:
        near.append(target)
        return reach(self, target, by)

    monkeypatch.setattr(Nearest, "reach", counted)
    report = audit(result.tables, POLICY)
    assert report.exposed == ()
    assert (len(near) < report.withheld / 5) == (way != "the nearest table")


@settings(max_examples=60, deadline=None)
@given(seed=SEED, rows=st.integers(1, 5), chance=st.floats(0.2, 0.7))
def test_ties_leave_every_change_possible_and_allow_no_other(seed: int, rows: int, chance: float) -> None:
    rng = np.random.default_rng(seed)
    dense = rng.choice([-1, 1, 2], (rows, 5), p=[0.45, 0.45, 0.1]) * (rng.random((rows, 5)) < chance)
    ties = tied(sparse.csr_matrix(dense))
    every = np.array(list(product(range(-2, 3), repeat=5)))
    fit = {tuple(z) for z in every[~(every @ dense.T).any(axis=1)].tolist()}
    few = np.array(list(product(range(-2, 3), repeat=ties.matrix.shape[1]))).reshape(
        -1 if ties.matrix.shape[1] else 1, ties.matrix.shape[1]
    )
    assert {tuple(ties.spread(z).tolist()) for z in few[~(few @ ties.matrix.T.toarray()).any(axis=1)]} == fit
    low, high = -rng.integers(0, 3, 5), rng.integers(0, 3, 5)
    rise, fall = ties.room(np.zeros(5, np.int64), low, high)
    inside = ((few <= rise) & (-few <= fall)).all(axis=1)
    spread = np.array([ties.spread(z) for z in few])
    free = ties.of >= 0
    assert (inside == ((spread >= low) & (spread <= high))[:, free].all(axis=1)).all()


def test_what_divides_the_rest_leads_to_the_same_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(13)
    truth = random_table("t", (TREE, ANSWER), rng, 6)
    hidden = (truth.counts > 0) & (rng.random(truth.counts.shape) < 0.5)
    status = np.where(hidden, Status.SECONDARY, Status.PUBLISHED).astype(np.str_)
    table = PublishedTable("t", truth.dimensions, np.where(hidden, WITHHELD, truth.counts), status, hidden.astype(np.int64))
    plain = audit([table], POLICY)
    assert 0 < len(plain.exposed) < plain.withheld
    found = []

    def kept(*given: Any) -> Any:
        found.append(divided(*given))
        return found[-1]

    monkeypatch.setattr(attack, "divided", kept)
    monkeypatch.setattr(attack, "ALL_BOUNDS", 0)
    monkeypatch.setattr(attack, "MANY", 1)
    assert [each.cell for each in audit([table], POLICY).exposed] == [each.cell for each in plain.exposed]
    assert any(table is not None for table in found)


def test_a_table_that_does_not_fit_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = (Dimension.flat("place", ["a", "b"]), Dimension.flat("answer", ["x", "y"]))
    values = np.array([[80, 40, 40], [40, 20, 20], [40, 20, 20]])
    hidden = np.zeros((3, 3), bool)
    hidden[1:, 1:] = True  # each from 1 to 39
    status = np.where(hidden, Status.SECONDARY, Status.PUBLISHED).astype(np.str_)
    table = PublishedTable("t", shape, np.where(hidden, WITHHELD, values), status, hidden.astype(np.int64))
    monkeypatch.setattr(attack, "ALL_BOUNDS", 0)
    monkeypatch.setattr("disclosure.walk.Walk.tables", lambda *_: iter([np.full(4, 1), np.full(4, 99)]))
    assert audit([table], replace(POLICY, minimum_width=38)).exposed == ()
    assert len(audit([table], replace(POLICY, minimum_width=39)).exposed) == 4


def test_numbers_without_a_table_are_refused_by_what_divides_them() -> None:
    matrix = sparse.csr_matrix(np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1]]))  # every two have the sum 1: only halves fit
    low, high, above = np.zeros(3, np.int64), np.ones(3, np.int64), np.array([True, False, False])
    assert divided(matrix, np.ones(3, np.int64), low, high, above) is None
    with pytest.raises(DisclosureError, match="no table fits"):
        divided(matrix, np.full(3, 3), low, high, above)
    found = divided(matrix, np.full(3, 2), low, high, above)
    assert found is not None
    assert found.tolist() == [1, 1, 1]


def test_the_nearest_table_changes_the_fewest_counts() -> None:
    matrix = sparse.csr_matrix(np.array([[1, 1, 1, 0, 0], [0, 0, 1, 1, 1]]))
    near = Nearest(matrix, np.array([2, 2, 2, 2, 2]), np.ones(5, np.int64), np.array([9, 9, 9, 9, 2]), 100)
    one, two = near.reach(0, 1), near.reach(2, 1)
    assert one is not None
    assert one.tolist() == [3, 1, 2, 2, 2]
    assert two is not None
    assert two[2:].sum() == 6
    assert two[2] == 3
    assert near.reach(4, 1) is None
    assert near.reach(0, 2) is not None
    assert near.reach(0, -2) is None
    assert near.reach(0, 3) is None
