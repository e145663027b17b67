"""What was released before is part of what a reader knows: a new table must not undo it, nor be undone by it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import disclosure.suppression as module
from disclosure.audit import audit
from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.policy import Group, load_policy
from disclosure.primary import Primary
from disclosure.problem import Problem
from disclosure.protect import protect
from disclosure.published_table import PublishedTable
from disclosure.system import System
from disclosure.table import Table

POLICY = replace(load_policy("ons-threshold-10"), group_disclosure=Group.NONE)
PLACE = Dimension.flat("place", ["a", "b", "c"])
ANSWER = Dimension.flat("answer", ["x", "y"])
AGE = Dimension.flat("age", ["young", "old"])
INNER = np.array([[[2, 14], [21, 30]], [[25, 11], [40, 18]], [[31, 12], [22, 27]]])  # place, answer, age


def cube() -> np.ndarray:
    full = INNER
    for axis in range(3):
        full = np.concatenate([full.sum(axis=axis, keepdims=True), full], axis=axis)
    return full


CUBE = cube()
FIRST = Table("first", (PLACE, ANSWER), CUBE[:, :, 0])
DETAIL = Table("detail", (PLACE, ANSWER, AGE), CUBE)


def test_a_later_table_keeps_what_an_earlier_one_withheld() -> None:
    earlier = protect([replace(FIRST, counts=CUBE[:, :, 1], where=(("age", "young"),))], POLICY).tables
    assert earlier[0].withheld.any()
    later = protect([DETAIL], POLICY, earlier=earlier).tables
    young = later[0].withheld[:, :, 1]
    assert (young | ~earlier[0].withheld).all()
    assert audit([*later, *earlier], POLICY).exposed == ()


def test_a_later_table_does_not_withhold_in_vain_what_is_out_already() -> None:
    earlier = protect([FIRST], POLICY).tables
    assert not earlier[0].withheld.any()
    later = protect([DETAIL], POLICY, earlier=earlier).tables
    assert not later[0].withheld[:, :, 0].any()
    assert audit([*later, *earlier], POLICY).exposed == ()


def test_a_cell_that_is_out_already_and_must_be_withheld_now_stops_the_release() -> None:
    lenient = replace(POLICY, threshold=2)
    earlier = protect([DETAIL], lenient).tables
    with pytest.raises(DisclosureError, match="earlier release"):
        protect([DETAIL], POLICY, earlier=earlier)


def test_the_same_cell_with_another_count_needs_another_population() -> None:
    earlier = protect([FIRST], POLICY).tables
    more = FIRST.counts.copy()
    more[[0, 1], :2] += 1
    wave = Table("second", (PLACE, ANSWER), more)
    with pytest.raises(DisclosureError, match="population"):
        protect([wave], POLICY, earlier=earlier)
    assert protect([replace(wave, population="second wave")], POLICY, earlier=earlier).tables


WISH = Dimension.flat("wish", ["play", "rest", "learn"])
SQUARE = np.array([[3, 20, 30], [25, 40, 18], [31, 22, 27]])
WISHES = Table(
    "wishes", (PLACE, WISH), np.block([[np.array([[SQUARE.sum()]]), SQUARE.sum(axis=0)[None]], [SQUARE.sum(axis=1)[:, None], SQUARE]])
)
ROW_B = Table("b only", (WISH,), WISHES.counts[2], where=(("place", "b"),))


def rows_withheld(tables: tuple[PublishedTable, ...]) -> list[bool]:
    return tables[0].withheld[1:].any(axis=1).tolist()


def test_what_was_published_is_no_cover() -> None:
    assert rows_withheld(protect([WISHES], POLICY).tables) == [True, True, False]  # row b is the cheaper one
    earlier = protect([ROW_B, Table("places", (PLACE,), WISHES.counts[:, 0])], POLICY).tables
    assert rows_withheld(protect([WISHES], POLICY, earlier=earlier).tables) == [True, False, True]


def after_row_b() -> tuple[PublishedTable, ...]:
    first = protect([ROW_B, Table("places", (PLACE,), WISHES.counts[:, 0])], POLICY).tables
    return protect([WISHES], POLICY, earlier=first).tables


def test_the_pattern_of_an_earlier_release_is_kept() -> None:
    """Published again by itself, row b would be withheld instead: the two releases together would give a count away."""
    again = protect([replace(WISHES, id="again")], POLICY, earlier=after_row_b()).tables
    assert rows_withheld(again) == [True, False, True]


def test_what_an_earlier_release_withheld_stays_withheld() -> None:
    earlier = protect([WISHES], replace(POLICY, minimum_width=26)).tables
    alone = protect([WISHES], POLICY).tables
    assert earlier[0].withheld.sum() > alone[0].withheld.sum()
    later = protect([replace(WISHES, id="again")], POLICY, earlier=earlier).tables
    assert (later[0].withheld >= earlier[0].withheld).all()


def test_the_attack_takes_earlier_releases_into_account(monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = after_row_b()
    problem_with_earlier = module._problem

    def forgetful(system: System, rules: Primary, *rest: Any) -> Problem:
        problem = problem_with_earlier(system, rules, *rest)
        problem.hidden, problem.movable = rules.withheld.copy(), system.x > 0
        return problem

    monkeypatch.setattr(module, "_problem", forgetful)
    with pytest.raises(DisclosureError, match="nothing is released"):
        protect([replace(WISHES, id="again")], POLICY, earlier=earlier)
