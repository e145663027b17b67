"""A limit to the time that protecting may take: past it, tables are refused, and never let go half protected or half attacked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from disclosure.blocks import Budget
from disclosure.dimension import Dimension
from disclosure.error import Unprotected
from disclosure.policy import Group, load_policy
from disclosure.protect import protect
from disclosure.table import Table
from tests.property.brute_force import random_table

POLICY = replace(load_policy("ons-threshold-10"), threshold=3, group_disclosure=Group.NONE)
OPTIONS = (Dimension.flat("place", list("abcd")), Dimension.multiple("wish", ["play", "rest", "learn"]))
TABLE = random_table("t", OPTIONS, np.random.default_rng(3), 9)


def at_once() -> bool:
    return True


def test_what_exchanges_cannot_prove_is_searched_for_until_it_is_over() -> None:
    """Of options of which several may be chosen, there are no exchanges."""
    assert protect([TABLE], POLICY, budget=Budget(spent=at_once)).tables[0].withheld.any()
    with pytest.raises(Unprotected, match="could not be protected in the time given") as refused:
        protect([TABLE], POLICY, budget=Budget(spent=at_once, over=at_once))
    assert refused.value.cells


def test_an_attack_that_does_not_end_in_time_refuses() -> None:
    begun: list[str] = []
    with pytest.raises(Unprotected, match="the attack did not end in the time given"):
        protect(
            [TABLE],
            POLICY,
            budget=Budget(over=lambda: "attacking the tables" in begun),
            progress=lambda _share, step: begun.append(step),
        )


def test_tables_that_no_time_could_protect_are_not_said_to_need_more() -> None:
    ones = Table("t", (Dimension.flat("wish", ["a", "b"]),), np.array([2, 1, 1]))
    strict = replace(load_policy("strict"), minimum_width=8, group_disclosure=Group.NONE)
    with pytest.raises(Unprotected, match="cannot be protected in these tables"):
        protect([ones], strict, budget=Budget(spent=at_once, over=at_once))
