"""Primary rules at n - 1, n and n + 1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from disclosure.dimension import Dimension
from disclosure.policy import Group, Policy, load_policy
from disclosure.primary import primary, small_counts
from disclosure.system import link
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
