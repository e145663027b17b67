"""Who was asked: a sum that holds of some children only is used of them alone, and who was not asked is no group of one mind."""

from __future__ import annotations

import numpy as np
import pytest

from disclosure.differencing import attack_together
from disclosure.dimension import Dimension
from disclosure.inference import equations
from disclosure.policy import load_policy
from disclosure.published_table import WITHHELD, Method, PublishedTable, Status

POLICY = load_policy("ons-threshold-10")
AGE = Dimension.tree("age", {"6-8": "", "9-17": "", "9-12": "9-17", "13-17": "9-17"})
OLD = Dimension.flat("wish", ("play", "rest"))  # in tables of those who were asked
ALL = Dimension.flat("wish", ("play", "rest", "not_asked"))


def table(
    name: str, dimensions: tuple[Dimension, ...], counts: list[object], *where: tuple[str, str], near: bool = False
) -> PublishedTable:
    """A table of these counts (WITHHELD: none). `near`: published as counts rounded to one, which is a way of being nearly exact."""
    values = np.array(counts)
    status = np.where(values == WITHHELD, Status.SECONDARY, Status.PUBLISHED).astype(np.str_)
    method, base = (Method.CONVENTIONAL_ROUNDING, 1) if near else (Method.SUPPRESSION, 0)
    return PublishedTable(name, dimensions, values, status, np.zeros(values.shape, np.int64), "", "w", where, method, base)


def test_a_sum_of_those_who_were_asked_is_not_taken_for_a_sum_of_everyone() -> None:
    released = table("released", (OLD,), [60, 40, 20], ("age", "9-17"))
    answer = table("answer", (AGE, ALL), [[100, 40, 20, 40], [40, 0, 0, 40], [60, 40, 20, 0], [30, 15, 15, 0], [30, 25, 5, 0]], near=True)
    system = equations([released, answer])
    asked = {parent for _, parent, children in system.sums if {key[-1] for key in children} == {("wish", "play"), ("wish", "rest")}}
    assert asked == {("w", ("age", code)) for code in ("9-17", "9-12", "13-17")}
    everyone = {parent for variable, parent, children in system.sums if variable == "wish" and len(children) == 3}
    assert everyone == {("w",), *(("w", ("age", code)) for code in ("6-8", "9-17", "9-12", "13-17"))}
    (small,) = attack_together([released, answer], [], POLICY, not_answers=("not_asked",)).exposed
    assert (small.cell, small.low, small.high) == ({"age": "13-17", "wish": "rest"}, 5, 5)


def test_a_sum_that_no_other_table_knows_more_parts_of_holds_of_everyone() -> None:
    gender = Dimension.flat("gender", ("girl", "boy"))
    girls = table("girls", (Dimension.flat("place", ("a", "b")),), [50, 30, 20], ("gender", "girl"))
    a, b = table("a", (gender,), [45, 30, 15], ("place", "a")), table("b", (gender,), [40, 20, 20], ("place", "b"))
    both = (("w", ("place", "a")), ("w", ("place", "b")))
    assert ("place", ("w",), both) in equations([girls, a, b, table("all", (gender,), [85, 50, 35])]).sums


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([[40, 20, 0, 20]], {"play"}),  # all who were asked said the same
        ([[40, 19, 1, 20]], {"play"}),  # all but one
        ([[40, 18, 2, 20]], set()),
        ([[40, 0, 0, 40]], set()),  # nobody was asked
        ([[40, 20, 20, 0]], set()),  # everybody was asked
        ([[29, 9, 0, 20]], set()),  # so few were asked that it is no group
        ([[30, 10, 0, 20]], {"play"}),
    ],
)
def test_who_was_not_asked_is_no_part_of_a_group(counts: list[list[int]], told: set[str]) -> None:
    answer = table("answer", (ALL,), counts[0], near=True)  # type: ignore[arg-type]
    found = attack_together([answer], [], POLICY, not_answers=("not_asked",)).exposed
    assert {one.cell["wish"] for one in found if one.how.startswith("group")} == told


def test_where_bounds_leave_it_open_who_was_asked_nothing_is_told_of_the_group() -> None:
    reach = 6
    status = np.full(4, Status.PUBLISHED, dtype="<U9")
    values = np.array([40, 14, 0, 20])
    near = PublishedTable("q", (ALL,), values, status, np.zeros(4, np.int64), "", "w", (), Method.CELL_KEY, reach)
    assert not attack_together([near], [], POLICY, not_answers=("not_asked",)).exposed
    exact = table("asked", (OLD,), [20, 20, 0], ("age", "9-17"))
    both = [near, exact, table("ages", (AGE,), [40, 20, 20, 10, 10])]
    assert {tuple(one.cell) for one in attack_together(both, [], POLICY, not_answers=("not_asked",)).exposed} == {("age", "wish")}


def test_a_difference_between_tables_keeps_apart_who_was_asked() -> None:
    """Of all ages but 9-17, nobody was asked: no comparison may take the sum of those who were for theirs."""
    released, answer = table("released", (OLD,), [60, 40, 20], ("age", "9-17")), table("answer", (ALL,), [100, 40, 20, 40], near=True)
    assert not attack_together([released, answer], [], POLICY, not_answers=("not_asked",)).exposed
    more = table("answer", (ALL,), [103, 43, 20, 40], near=True)
    found = attack_together([released, more], [], POLICY, not_answers=("not_asked",)).exposed
    assert {(one.low, one.high) for one in found if one.cell.get("wish") == "play"} == {(3, 3)}
