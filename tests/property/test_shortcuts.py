"""Shortcuts that say of many cells at once that they are safe, held to every table that fits."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import disclosure.audit as attack
from disclosure.audit import audit
from disclosure.blocks import Budget
from disclosure.exchanges import Exchanges, exchangeable
from disclosure.policy import Attacker, Group, load_policy
from disclosure.primary import primary
from disclosure.protect import protect
from disclosure.suppression import Wishes, _problem, floor
from disclosure.system import link
from disclosure.table import WITHHELD, Dimension, DisclosureError, PublishedTable, Status, Table
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


@settings(max_examples=120, deadline=None)
@given(shape=SHAPE, seed=SEED, most=st.integers(1, 3), share=st.floats(0.05, 0.6), width=st.integers(1, 2))
def test_counts_varied_together_show_exactly_what_brute_force_finds(
    shape: tuple[Dimension, ...], seed: int, most: int, share: float, width: int
) -> None:
    rng = np.random.default_rng(seed)
    truth = random_table("t", shape, rng, most)
    hidden = (truth.counts > 0) & (rng.random(truth.counts.shape) < share)
    hidden[(0,) * hidden.ndim] = False  # a published grand total keeps the search finite
    status = np.where(hidden, Status.SECONDARY, Status.PUBLISHED).astype(np.str_)
    table = PublishedTable("t", shape, np.where(hidden, WITHHELD, truth.counts), status, hidden.astype(np.int64))
    with patch.object(attack, "ALL_BOUNDS", 0):
        report = audit([table], replace(POLICY, minimum_width=width))
    exposed = {frozenset((k, v) for k, v in e.cell.items()) for e in report.exposed if "published" not in e.how}
    values = possible_values([table], POLICY, int(truth.counts.max()))
    assert exposed == {cell for cell, seen in values.items() if max(seen) - min(seen) < width}
    where = dict(zip(cells(table), zip(report.low[0].ravel(), report.high[0].ravel(), strict=True), strict=True))
    for cell, seen in values.items():
        assert set(where[cell]) <= seen


PLACE = Dimension.flat("place", [f"p{k}" for k in range(12)])
ANSWER = Dimension.flat("answer", [f"a{k}" for k in range(8)])


def test_the_report_says_what_was_withheld_for_lack_of_time() -> None:
    truth: list[Table] = [random_table("t", (PLACE, ANSWER), np.random.default_rng(11), 9)]
    full, hurried = protect(truth, POLICY), protect(truth, POLICY, budget=Budget(spent=lambda: True))
    assert full.summary[0]["withheld_for_lack_of_time"] == 0
    more = hurried.summary[0]["withheld_for_lack_of_time"]
    assert more == hurried.summary[0]["secondary"] > 0
    assert hurried.audit.exposed == ()


def test_many_counts_are_attacked_by_few_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    result = protect([random_table("t", (PLACE, ANSWER), np.random.default_rng(12), 9)], POLICY)
    monkeypatch.setattr(attack, "ALL_BOUNDS", 0)
    monkeypatch.delattr(attack.Search, "extreme")  # none is left to be attacked by itself
    report = audit(result.tables, POLICY)
    assert report.exposed == ()
    assert report.linear_programs < report.withheld / 2
