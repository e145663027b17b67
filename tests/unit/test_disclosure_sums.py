"""Known sums of withheld counts: what is in no table is withheld too, and what may not be withheld mends nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.policy import Group, load_policy
from disclosure.problem import Problem
from disclosure.protect import protect
from disclosure.sums import cells_for_sums, small_sums
from disclosure.suppression import Wishes
from disclosure.system import link
from disclosure.table import Table

POLICY = replace(load_policy("ons-threshold-10"), group_disclosure=Group.NONE, minimum_withheld_sum=30)
ANSWER = Dimension.flat("answer", ["x", "y", "z"])
PLACE = Dimension.flat("place", ["a", "b", "c"])


def summed(inner: list[list[int]]) -> Table:
    """Places by answers, with totals."""
    rows = [[sum(column) for column in zip(*inner, strict=True)], *inner]
    return Table("t", (PLACE, ANSWER), np.array([[sum(row), *row] for row in rows]))


def in_parts(whole: Table) -> list[Table]:
    """The totals of both variables, and two of three places each in a table of its own: what the third answered is in none."""
    counts = whole.counts
    own = [Table(code, (ANSWER,), counts[PLACE.index[code]], where=(("place", code),)) for code in ("a", "b")]
    return [Table("answers", (ANSWER,), counts[0]), Table("places", (PLACE,), counts[:, 0]), *own]


def left_unsaid(whole: Table, parts: list[Table]) -> list[int]:
    """For each published total of the whole table, what is left of it without its published parts."""
    shown = np.zeros(whole.counts.shape, bool)
    answers, places, *own = protect(parts, POLICY).tables
    shown[0] |= ~answers.withheld
    shown[:, 0] |= ~places.withheld
    for table, code in zip(own, ("a", "b"), strict=True):
        shown[PLACE.index[code]] |= ~table.withheld
    left = []
    for counts, seen in ((whole.counts, shown), (whole.counts.T, shown.T)):
        left += [int(row[0] - row[1:][said[1:]].sum()) for row, said in zip(counts, seen, strict=True) if said[0]]
    return left


@pytest.mark.parametrize("small", [4, 12, 29])
def test_what_is_in_no_table_counts_as_withheld(small: int) -> None:
    """The third place's answers, which every reader can work out, are no less known than those withheld beside them."""
    whole = summed([[50, 60, 70], [55, 65, 75], [80, small, 85]])
    assert not any(0 < left < 30 for left in left_unsaid(whole, in_parts(whole)))


def test_a_sum_of_just_the_least_may_be_known() -> None:
    whole = summed([[50, 60, 70], [55, 65, 75], [80, 30, 85]])
    assert 30 in left_unsaid(whole, in_parts(whole))
    assert not any(table.withheld.any() for table in protect(in_parts(whole), POLICY).tables)


def test_a_total_is_withheld_where_no_part_can_be_added() -> None:
    table = summed([[20, 6, 8], [15, 6, 7], [25, 0, 0]])
    assert protect([table], POLICY).tables[0].withheld[0, 2]


def test_what_is_never_to_be_withheld_is_not_withheld_for_a_sum_either() -> None:
    table = summed([[20, 6, 8], [15, 6, 7], [25, 0, 0]])
    show = np.zeros(table.counts.shape, bool)
    show[0] = True
    with pytest.raises(DisclosureError, match="sum of withheld counts under 30"):
        protect([table], POLICY, wishes=Wishes(show={"t": show}))


def searched(table: Table, hidden: set[str], cost: dict[str, float], least: int = 10, kept: str = "") -> set[str]:
    """Names ("place answer") of the cells that are to be withheld for their sums, where these are withheld; others cost 9 each."""
    system = link([table])
    names = [" ".join(codes) for codes in product(*(dimension.codes for dimension in table.dimensions))]
    (at,) = system.entries
    of, weight = dict(zip(names, at.tolist(), strict=True)), np.full(len(system.x), 9.0)
    for name, each in cost.items():
        weight[of[name]] = each
    mask = np.isin(np.arange(len(system.x)), [of[name] for name in hidden])
    free = np.zeros(len(system.x), np.int64)
    movable = np.isin(np.arange(len(system.x)), [of[name] for name in names if name != kept])
    problem = Problem(system.matrix, free, free, weight, movable, mask, mask, 1, free, system.x)
    more = cells_for_sums(system, mask, problem, least)
    return {name for name in names if more[of[name]]}


@pytest.mark.parametrize(("left", "small"), [(0, False), (1, True), (9, True), (10, False)])
def test_a_sum_is_small_from_one_to_below_the_least(left: int, small: bool) -> None:
    system = link([Table("t", (ANSWER,), np.array([left + 80, left, 50, 30]))])
    hidden = np.isin(np.arange(4), system.entries[0][[1]])
    assert small_sums(system, hidden, 10).tolist() == [small]
    assert small_sums(system, hidden | np.isin(np.arange(4), system.entries[0][[0]]), 10).tolist() == [False]


SMALL_TWICE = summed([[3, 50, 60], [50, 3, 60], [70, 70, 70]])


def test_the_cell_that_mends_most_for_its_cost_is_withheld_first() -> None:
    """Both rows and both columns of the small counts are mended by two cells, dear as they are; a cheap one that mends none is left."""
    both = {"a x", "b y"}
    assert searched(SMALL_TWICE, both, {"a y": 10, "b x": 10, "c z": 1, "a z": 6, "b z": 6, "c x": 6, "c y": 6}) == {"a y", "b x"}
    assert searched(SMALL_TWICE, both, {"a y": 14, "b x": 14, "a z": 6, "b z": 6, "c x": 6, "c y": 6}) == {"a z", "b z", "c x", "c y"}
    assert searched(SMALL_TWICE, both, {}, least=0) == set()


def test_a_count_of_just_the_least_mends_and_one_below_does_not() -> None:
    only = Dimension.flat("place", ["a"])
    for count, withheld in ((10, "a y"), (9, "a z")):
        inner = np.array([3, count, 60])
        table = Table("t", (only, ANSWER), np.array([[inner.sum(), *inner]] * 2))
        assert searched(table, {"a x", "Total x"}, {"a z": 20, "Total z": 20, "Total y": 9}) == {withheld, withheld.replace("a", "Total")}


def test_where_no_part_mends_the_total_is_withheld_and_what_then_is_small_is_mended_in_turn() -> None:
    tree = Dimension.tree("place", {"N": "Total", "S": "Total", "a": "N", "b": "N"})
    table = Table("t", (tree,), np.array([55, 5, 50, 3, 2]))
    assert searched(table, {"a"}, {}) == {"N", "S"}
    assert searched(table, {"a"}, {}, kept="S") == {"N", "Total"}
    assert searched(table, {"a"}, {}, kept="N") == set()
