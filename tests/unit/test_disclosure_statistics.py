"""Percentages, rates, means, sums and quantiles at the edges of their rules."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.error import DisclosureError
from disclosure.policy import Ratio, load_policy
from disclosure.statistics import CellSums, extreme, means, percentage, quantile, rate, sensitive, sum_cells

POLICY = load_policy("ons-threshold-10")
FINE = replace(POLICY, percentage_decimals=2, mean_decimals=2)


@pytest.mark.parametrize(
    ("count", "base", "shown"),
    [
        (1, 9, None),
        (1, 10, "10"),
        (None, 50, None),
        (20, None, None),
        (0, 10, "0"),
        (10, 10, "100"),
        (1, 200, "1"),
        (333, 999, "33"),
        (333, 1000, "33.3"),
        (3333, 9999, "33.3"),
        (3333, 10_000, "33.33"),
    ],
)
def test_a_percentage_has_the_digits_its_base_supports(count: int | None, base: int | None, shown: str | None) -> None:
    assert percentage(count, base, FINE) == shown


@given(st.integers(10, 30_000), st.data())
def test_a_percentage_of_a_published_base_leaves_more_than_one_count_possible_or_one_child_a_unit(base: int, data: st.DataObject) -> None:
    """Never more digits than children: the next count up reads at most one unit higher, or the base is small and in whole per cents."""
    count = data.draw(st.integers(0, base - 1))
    one, next_one = percentage(count, base, FINE), percentage(count + 1, base, FINE)
    assert one is not None
    assert next_one is not None
    decimals = len(one.partition(".")[2])
    if decimals:
        assert float(next_one) - float(one) <= 10.0**-decimals + 1e-9


def test_both_parts_of_a_rate_must_reach_the_threshold() -> None:
    assert rate(9, 500, 1000, POLICY) is None
    assert rate(10, 500, 1000, POLICY) == "20"
    assert rate(0, 500, 1000, POLICY) == "0"
    assert rate(10, 9, 1000, POLICY) is None
    assert rate(None, 500, 1000, POLICY) is None
    assert rate(9, 500, 1000, replace(POLICY, ratio_parts=Ratio.BASE)) == "18"
    assert rate(10, 1000, 100, FINE) == "1.0"
    assert rate(10, 999, 100, FINE) == "1"


def test_a_rate_at_its_edges() -> None:
    assert rate(10, 10, 1000, POLICY) == "1000"
    assert rate(1, 500, 1000, POLICY) is None
    assert rate(20, 3000, 100, FINE) == "0.7"
    assert rate(20, 10_000, 100, FINE) == "0.20"
    assert rate(20, 10_000, 100, POLICY) == "0"
    assert percentage(20, 10_000, POLICY) == "0"


def one_cell(*values: float, contributors: int = 2) -> CellSums:
    return sum_cells(np.zeros(len(values), np.int64), np.array(values, float), 1, contributors)


def test_sums_know_their_largest_values() -> None:
    cells = sum_cells(np.array([2, 0, 2, 2, 0]), np.array([1.0, 5, -9, 3, 2]), 3, 3)
    assert cells.counts.tolist() == [2, 0, 3]
    assert cells.sums.tolist() == [7, 0, -5]
    assert cells.absolute.tolist() == [7, 0, 13]
    assert cells.largest.tolist() == [[5, 2, 0], [0, 0, 0], [9, 3, 1]]


def test_the_two_largest_are_always_known() -> None:
    assert one_cell(3, 5, 4, contributors=1).largest.tolist() == [[5, 4]]


def test_each_cell_is_judged_by_itself() -> None:
    cells = sum_cells(np.repeat([0, 1], 12), np.array([900.0, *[1.0] * 11, *[1.0] * 12]), 2, 2)
    assert sensitive(cells, POLICY).tolist() == [True, False]


def test_one_child_alone_is_sensitive_and_so_is_one_value_among_noughts() -> None:
    assert sensitive(one_cell(1.0), replace(POLICY, dominance_share=1.0, p_percent=0))[0]
    for value in (5.0, 0.5):
        assert sensitive(one_cell(value, *[0.0] * 12), replace(POLICY, dominance_share=1.0))[0]


@pytest.mark.parametrize(("cells", "values"), [([0], [np.nan]), ([0], [np.inf]), ([0, 0], [1.0]), ([1], [1.0]), ([-1], [1.0])])
def test_sums_of_what_is_no_number_or_no_cell_are_refused(cells: list[int], values: list[float]) -> None:
    with pytest.raises(DisclosureError, match=r"number for every record|lies in a cell"):
        sum_cells(np.array(cells), np.array(values), 1, 2)


def test_dominance_starts_above_its_share() -> None:
    lenient = replace(POLICY, p_percent=0)
    assert not sensitive(one_cell(45, 45, *[1.25] * 8), lenient)[0]  # two of them are nine tenths
    assert sensitive(one_cell(45, 46, *[1.25] * 8), lenient)[0]
    assert not sensitive(one_cell(45, 46, *[1.25] * 8), replace(lenient, dominance_contributors=1))[0]


def test_the_p_rule_starts_below_its_share() -> None:
    lenient = replace(POLICY, dominance_share=1.0)
    assert not sensitive(one_cell(100, 50, *[1.25] * 8), lenient)[0]  # 10 is 10 per cent of the largest
    assert sensitive(one_cell(100, 50, *[1.24] * 8), lenient)[0]


def test_few_children_are_sensitive_and_none_are_not() -> None:
    assert sensitive(one_cell(*[1.0] * 9), POLICY)[0]
    assert not sensitive(one_cell(*[1.0] * 10), POLICY)[0]
    assert not sensitive(sum_cells(np.zeros(0, np.int64), np.zeros(0), 1, 2), POLICY)[0]
    assert not sensitive(one_cell(*[0.0] * 10), POLICY)[0]


def shown_mean(*values: float, withheld: bool = False, bounds: tuple[float, float] = (1, 5)) -> str | None:
    return means(one_cell(*values), bounds, np.array([withheld]), FINE)[0]


def test_a_mean_needs_its_base() -> None:
    assert shown_mean(*[2.0, 4.0] * 14, 3) is None
    assert shown_mean(*[2.0, 4.0] * 15) == "3.0"
    assert shown_mean(*[2.0, 4.0] * 15, withheld=True) is None


def test_a_mean_leaves_at_least_two_sums_open() -> None:
    assert shown_mean(*[2.0, 4.0] * 99) == "3.0"
    assert shown_mean(*[2.0, 4.0] * 100) == "3.00"


def test_a_mean_at_the_end_of_the_range_tells_everybodys_answer() -> None:
    assert shown_mean(*[5.0] * 40) is None
    assert shown_mean(*[5.0] * 39, 1) is None  # that one knows the others'
    assert shown_mean(*[5.0] * 38, 1, 4) == "4.9"
    assert shown_mean(*[1.0] * 39, 5) is None
    assert shown_mean(*[1.0] * 38, 5, 2) == "1.1"


def test_a_mean_of_amounts_is_not_shown_if_one_child_makes_it_up() -> None:
    assert shown_mean(900.0, *[1.0] * 39, bounds=(0, 1000)) is None
    assert shown_mean(*[20.0, 30.0] * 20, bounds=(0, 1000)) is None  # one child could have given it all
    assert shown_mean(*[200.0, 400.0] * 20, bounds=(0, 1000)) == "300.0"


def test_values_outside_the_declared_range_are_refused() -> None:
    with pytest.raises(DisclosureError, match="range"):
        shown_mean(*[6.0] * 40)
    with pytest.raises(DisclosureError, match="range"):
        shown_mean(6.0, *[3.0] * 39)
    with pytest.raises(DisclosureError, match="range"):
        shown_mean(*[3.0] * 40, bounds=(3, 3))


def test_a_mean_has_no_more_digits_than_the_policy_allows() -> None:
    many = one_cell(*[2.0, 4.0] * 1500)
    assert means(many, (1, 5), np.array([False]), POLICY) == ["3.0"]


def test_a_quantile_needs_a_base_and_children_on_both_sides() -> None:
    scores = np.repeat([1.0, 2, 3, 4, 5], 10)
    assert quantile(scores, 0.5, POLICY) == 3
    assert quantile(scores[:20], 0.5, POLICY) == 1
    assert quantile(scores[:19], 0.5, POLICY) is None
    assert quantile(scores, 0.2, POLICY) == 1
    assert quantile(scores, 0.18, POLICY) is None  # nine below
    assert quantile(scores, 0.8, POLICY) == 4
    assert quantile(scores, 0.82, POLICY) is None  # nine above


def test_a_quantile_is_the_value_at_its_share() -> None:
    values = np.repeat([1.0, 2.0], [15, 25])
    assert quantile(values, 0.4, POLICY) == 2
    assert quantile(values, 0.375, POLICY) == 1


def test_a_quantile_is_no_single_childs_value() -> None:
    amounts = np.arange(40.0) ** 2
    found = quantile(amounts, 0.5, POLICY)
    assert found is not None
    assert found not in amounts
    assert found == amounts[15:25].mean()


@pytest.mark.parametrize("share", [0, 1])
def test_extremes_are_refused(share: float) -> None:
    with pytest.raises(DisclosureError, match="one child's value"):
        quantile(np.arange(100.0), share, POLICY)
    with pytest.raises(DisclosureError, match="one child's value"):
        extreme(np.arange(100.0), POLICY)


def test_a_part_that_was_moved_above_its_whole_is_all_of_it() -> None:
    policy = load_policy("census-cell-key")
    assert percentage(52, 50, policy) == "100"
    assert percentage(49, 50, policy) == "98"
