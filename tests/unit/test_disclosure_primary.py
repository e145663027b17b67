"""Primary rules at n - 1, n and n + 1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from disclosure.dimension import Dimension
from disclosure.policy import Group, Policy, load_policy
from disclosure.primary import GroupFound, groups, primary, small_counts
from disclosure.system import System, link
from disclosure.table import Table

POLICY = load_policy("ons-threshold-10")


def test_the_threshold_rule_spares_zeros_and_starts_at_the_threshold() -> None:
    assert small_counts(np.array([0, 1, 8, 9, 10, 11]), 10).tolist() == [False, True, True, True, False, False]


def rules(*counts: int, policy: Policy = POLICY, name: str = "answer") -> dict[str, list[int]]:
    codes = ["yes", "no", "perhaps"][: len(counts)]
    table = Table("t", (Dimension.flat(name, codes),), np.array([sum(counts), *counts]))
    system = link([table])
    found = primary(system, policy)
    order = system.entries[0]
    return {name: getattr(found, name)[order].tolist() for name in ("small", "group", "zero", "fall")}


@pytest.mark.parametrize(
    ("counts", "group"),
    [
        ((12, 0, 0), [False, True, False, False]),  # everyone
        ((11, 1, 0), [False, True, False, False]),  # everyone but one
        ((10, 2, 0), [False, False, False, False]),
        ((10, 0, 0), [False, True, False, False]),
        ((9, 0, 0), [False, False, False, False]),  # the total itself is withheld
    ],
)
def test_a_group_in_one_category_is_withheld(counts: tuple[int, ...], group: list[bool]) -> None:
    assert rules(*counts)["group"] == group


@pytest.mark.parametrize(
    ("counts", "rule", "fall"),
    [
        ((12, 0, 0), Group.ALL_BUT_ONE, 2),
        ((11, 1, 0), Group.ALL_BUT_ONE, 1),
        ((10, 2, 0), Group.ALL_BUT_ONE, 0),
        ((12, 0, 0), Group.ALL, 1),
        ((11, 1, 0), Group.ALL, 0),
    ],
)
def test_a_group_must_possibly_be_so_much_smaller_that_the_rule_no_longer_finds_it(counts: tuple[int, ...], rule: Group, fall: int) -> None:
    assert max(rules(*counts, policy=replace(POLICY, group_disclosure=rule))["fall"]) == fall


def test_where_everyone_is_in_one_category_one_zero_is_withheld_too() -> None:
    assert sum(rules(12, 0, 0)["zero"]) == 1
    assert sum(rules(11, 1, 0)["zero"]) == 0


def test_what_is_known_of_a_child_anyway_is_no_group_disclosure() -> None:
    assert not any(rules(12, 0, 0, name="region")["group"])


def test_the_group_rule_can_be_narrowed_or_left_out() -> None:
    only_all = replace(POLICY, group_disclosure=Group.ALL)
    assert any(rules(12, 0, 0, policy=only_all)["group"])
    assert not any(rules(11, 1, 0, policy=only_all)["group"])
    assert not any(rules(12, 0, 0, policy=replace(POLICY, group_disclosure=Group.NONE))["group"])


def test_a_category_that_is_the_only_one_is_no_group() -> None:
    assert not any(rules(12)["group"])


def test_of_two_categories_one_can_hold_a_group() -> None:
    assert rules(12, 0)["group"] == [False, True, False]


def test_below_the_threshold_nothing_is_withheld_beside_the_total() -> None:
    assert not any(rules(9, 0, 0)["zero"])


PLACE = Dimension.tree("home", {**dict.fromkeys("NST", "Total"), "a": "N", "b": "N", "c": "S", "d": "T"})
ANSWER = Dimension.flat("answer", ["x", "y", "z"])


def table(inner: dict[str, tuple[int, ...]], population: str = "one") -> Table:
    rows = [{"home": place, "answer": code, "n": n} for place, line in inner.items() for code, n in zip("xyz", line, strict=True)]
    return Table.from_inner(f"of {population}", (PLACE, ANSWER), pd.DataFrame(rows), population=population)


def cell(system: System, place: str, answer: str, which: int = 0) -> int:
    """The system's number of a cell of its first (or another) table."""
    shape = (len(PLACE.codes), len(ANSWER.codes))
    return int(system.entries[which].reshape(shape)[PLACE.index[place], ANSWER.index[answer]])


@pytest.mark.parametrize(
    ("others", "zero"),
    [
        ((6, 7), "z"),
        ((7, 6), "y"),
        ((7, 7), "y"),  # as common: the first
        ((0, 1), "z"),
        ((1, 0), "y"),
    ],
)
def test_beside_a_group_the_zero_of_the_commonest_other_category_is_withheld(others: tuple[int, int], zero: str) -> None:
    """However common a category is where the group is not: the zero must look like a count that was to be expected."""
    system = link([table({"a": (12, 0, 0), "b": (20, 0, 0), "c": (40, *others)})])
    found = {each.total: each for each in groups(system, replace(POLICY, identifying_variables=frozenset({"home"})))}
    total = cell(system, "a", "Total")
    assert found[total] == GroupFound(total, cell(system, "a", "x"), cell(system, "a", zero), 2)


def test_of_everyone_but_one_the_group_is_told_with_no_zero() -> None:
    system = link([table({"a": (1, 11, 0), "b": (20, 20, 20), "c": (20, 20, 20)})])
    found = groups(system, replace(POLICY, identifying_variables=frozenset({"home"})))
    assert found == (GroupFound(cell(system, "a", "Total"), cell(system, "a", "y"), -1, 1),)


def test_a_total_withheld_in_place_of_its_group_leaves_the_others_their_rules() -> None:
    system = link([table({"a": (12, 0, 0), "b": (0, 14, 0), "c": (20, 20, 20)})])
    policy = replace(POLICY, identifying_variables=frozenset({"home"}))
    at = {code: cell(system, code, "Total") for code in "ab"}
    for one, other, answer in (("a", "b", "y"), ("b", "a", "x")):
        found = primary(system, policy, frozenset({at[one]}))
        assert np.flatnonzero(found.group).tolist() == sorted([at[one], cell(system, other, answer)])
        assert int(found.zero.sum()) == 1
        assert len(found.groups) == 2


def test_zeros_above_and_below_the_withheld_one_may_be_withheld_with_it() -> None:
    """Of the same children, in both variables above or below it: nowhere else, and no count but nought."""
    nobody = (0, 0, 0)
    one, other = {"a": nobody, "b": (12, 0, 0), "c": nobody, "d": (20, 20, 0)}, {"a": nobody, "b": nobody, "c": (20, 20, 20)}
    system = link([table(one), table(other, "two")])
    found = primary(system, replace(POLICY, identifying_variables=frozenset({"home"})))
    assert np.flatnonzero(found.zero).tolist() == sorted(cell(system, place, "y") for place in ("b", "N"))
    open_ = [(place, code) for place in PLACE.codes for code in ANSWER.codes if found.opened[cell(system, place, code)]]
    assert open_ == [("N", "y"), ("a", "Total"), ("a", "y"), ("b", "y")]
    assert not found.opened[system.entries[1]].any()


def test_where_everyone_everywhere_is_in_one_category_the_zero_may_hide_among_all_of_the_other() -> None:
    counts = table({"a": (12, 0, 0), "b": (0, 0, 0)})
    system = link([counts])
    found = primary(system, replace(POLICY, identifying_variables=frozenset({"home"})))
    open_ = found.opened[system.entries[0]].reshape(counts.counts.shape)
    assert (open_ == (counts.counts == 0) * np.array([True, False, True, False])).all()
