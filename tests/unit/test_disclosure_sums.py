"""Known sums of withheld counts: what is in no table is withheld too, and what may not be withheld mends nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.policy import Group, load_policy
from disclosure.protect import protect
from disclosure.suppression import Wishes
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
