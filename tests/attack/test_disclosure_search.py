"""The search for tables that fit: least and largest values, over the reals and in whole numbers, or an error in plain words."""

from __future__ import annotations

import highspy
import numpy as np
import pytest
from scipy import sparse

import disclosure.search as module
from disclosure.error import DisclosureError
from disclosure.search import NO_LIMIT, Search


def search(matrix: list[list[int]], known: list[int], low: list[int], high: list[int | None]) -> Search:
    limits = [NO_LIMIT if each is None else each for each in high]
    return Search(sparse.csr_matrix(np.array(matrix)), np.array(known), np.array(low), np.array(limits))


def pair() -> Search:
    return search([[1, 1]], [10], [1, 2], [None, 9])


TWINS = ([[1, 1, -1], [1, -1, 0]], [0, 0], [0, 0, 1], [9, 9, 3])  # the last is twice the first, or the second


@pytest.mark.parametrize(
    ("values", "fits"),
    [((1, 9), True), ((8, 2), True), ((0, 10), False), ((9, 1), False), ((5, 6), False), ((5, 4), False), ((5, 5), True)],
)
def test_a_table_fits_up_to_its_bounds_and_if_its_sums_hold(values: tuple[int, int], fits: bool) -> None:
    assert pair().fits(np.array(values)) is fits


def test_the_furthest_values_are_found_one_after_the_other() -> None:
    found = pair()
    for target, direction, value, table in ((0, 1, 8.0, [8, 2]), (1, 1, 9.0, [1, 9]), (1, -1, 2.0, [8, 2]), (0, -1, 1.0, [1, 9])):
        reached, at = found.extreme(target, direction)
        assert reached == pytest.approx(value)
        assert at is not None
        assert at.tolist() == table
    assert found.solved == 4


def test_the_value_alone_is_that_of_the_furthest_table() -> None:
    assert [pair().value(*each) for each in ((0, 1), (1, 1), (1, -1), (0, -1))] == pytest.approx([8, 9, 2, 1])


def test_a_value_that_is_not_whole_comes_without_a_table() -> None:
    found = search(*TWINS)
    assert found.extreme(2, 1) == (pytest.approx(3.0), None)
    assert found.extreme(0, -1) == (pytest.approx(0.5), None)
    assert [(table.tolist(), certain) for table, certain in (found.whole(2, way) for way in (1, -1)) if table is not None] == [
        ([1, 1, 2], True)
    ] * 2


def test_whole_numbers_are_searched_both_ways() -> None:
    found = search(TWINS[0], TWINS[1], [0, 0, 1], [9, 9, 7])
    for target, direction, value in ((2, 1, 6), (2, -1, 2), (0, 1, 3), (0, -1, 1)):
        table, certain = found.whole(target, direction)
        assert table is not None
        assert (int(table[target]), certain) == (value, True)
    table, _ = found.whole(None, 1)
    assert table is not None
    assert found.fits(table)


@pytest.mark.parametrize(
    ("known", "low", "far"),
    [(0, 0, 1000), (250, 0, 1000), (251, 0, 1004), (-251, 0, 1004), (0, 250, 1000), (0, 251, 1004), (200, 51, 1004)],
)
def test_where_nothing_limits_a_count_the_search_goes_far_enough(known: int, low: int, far: int) -> None:
    found = search([[1, -1]], [known], [low, 0], [None, None])
    assert found.far == far
    assert found.high.tolist() == [far, far]
    assert [found.no_limit(value) for value in (far / 2 - 0.5, far / 2)] == [False, True]


def test_what_nothing_limits_is_without_end_and_what_is_limited_is_not() -> None:
    assert search([[1, -1]], [0], [0, 0], [None, None]).extreme(0, 1)[0] == np.inf
    assert search([[1, -1]], [0], [0, 0], [None, 499]).extreme(0, 1)[0] == pytest.approx(499)
    assert search([[1, -1]], [0], [0, 0], [None, None]).extreme(0, -1)[0] == pytest.approx(0)
    total = search([[1, 1, 1, -1]], [0], [1, 1, 1, 3], [None] * 4)  # each part ends where the search for the total does, and less
    assert [total.extreme(k, 1)[0] for k in range(4)] == [np.inf] * 4


def test_sums_that_add_up_to_far_more_than_each_of_them_are_possible() -> None:
    parts = 60
    chain = np.zeros((parts, parts + 1), np.int64)
    chain[np.arange(parts), np.arange(parts)], chain[np.arange(parts), np.arange(parts) + 1] = -1, 1
    found = Search(sparse.csr_matrix(chain), np.full(parts, 100), np.zeros(parts + 1, np.int64), np.full(parts + 1, NO_LIMIT))
    table = found.first()
    assert table is not None
    assert table[-1] - table[0] == 6000


def test_a_first_table_is_found_also_where_real_numbers_give_none() -> None:
    for found in (pair(), search(*TWINS), search([[1, 1, 0], [0, 1, 1], [1, 0, 1]], [4, 6, 6], [0, 0, 0], [9, 9, 9])):
        table = found.first()
        assert table is not None
        assert found.fits(table)
        assert found.solved == 1


def test_what_no_table_fits_is_refused_by_every_search() -> None:
    with pytest.raises(DisclosureError, match="no table fits"):
        search([[1, 1]], [30], [1, 2], [9, 9]).first()
    with pytest.raises(DisclosureError, match="no table fits"):
        search([[1, 1]], [30], [1, 2], [9, 9]).extreme(0, 1)
    with pytest.raises(DisclosureError, match="no table of whole numbers fits"):
        search([[1, 1, -1], [1, -1, 0]], [0, 0], [0, 0, 3], [9, 9, 3]).whole(0, 1)


def test_a_search_that_came_to_no_end_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    found = search(*TWINS)
    found.lines.setOptionValue("simplex_iteration_limit", 0)
    with pytest.raises(DisclosureError, match="could not be finished"):
        found.extreme(2, 1)
    monkeypatch.setattr(module.Search, "_solver", lambda self: stopped(original(self)))
    assert search(TWINS[0], TWINS[1], [0, 0, 1], [9, 9, 7]).whole(2, 1) == (None, False)


original = Search._solver


def stopped(solver: highspy.Highs) -> highspy.Highs:
    solver.setOptionValue("time_limit", 0.0)
    return solver


def test_a_first_table_is_mended_from_real_numbers_or_else_searched_in_whole_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.delattr(module.Search, "whole")
        table = pair().first()
        assert table is not None
        assert pair().fits(table)
    monkeypatch.setattr(module, "mend", lambda *_: None)
    found = pair()
    found.solved = 3
    table = found.first()
    assert table is not None
    assert found.fits(table)
    assert found.solved == 4


def test_every_sum_counts_however_many_there_are() -> None:
    """The third sum alone says what the first count is."""
    found = search([[1, 1], [1, 1], [1, 0]], [10, 10, 4], [0, 0], [9, 9])
    assert found.extreme(0, 1)[0] == pytest.approx(4)
    table, certain = found.whole(0, 1)
    assert table is not None
    assert (table.tolist(), certain) == ([4, 6], True)


CHAINS = ([[1, 1, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 0, 1]], [5, 8, 4, 6, 4])


def test_what_has_one_value_in_every_table_is_told_at_once() -> None:
    """The third is what the second sum has more than the first; the last three are each other's halves."""
    found = search(*CHAINS, [0] * 6, [9] * 6)
    table = np.array([2, 3, 3, 1, 3, 3])
    still, tables = found.still(np.arange(6), table)
    assert still.tolist() == [2, 3, 4, 5]
    assert {tuple(each[:2]) for each in tables} == {(0, 5), (5, 0)}
    assert all(found.fits(each) for each in tables)
    assert found.solved == 4
    assert found.still(np.array([3, 2]), table)[0].tolist() == [3, 2]
    assert found.still(np.array([0]), table)[0].tolist() == []
    assert found.still(np.zeros(0, np.int64), table)[0].tolist() == []
    for end in ([0, 5, 3, 1, 3, 3], [5, 0, 3, 1, 3, 3]):  # a table at one end of what is possible
        assert found.still(np.array([0]), np.array(end))[0].tolist() == []
    assert found.solved == 12


def test_what_has_one_value_for_its_bounds_is_told_and_what_can_go_one_way_only_is_not() -> None:
    matrix, known = [[1, 1, 0, 0], [0, 0, 1, 1]], [9, 7]
    table = np.array([3, 6, 1, 6])
    assert search(matrix, known, [3, 0, 0, 0], [9, 6, 9, 9]).still(np.arange(4), table)[0].tolist() == []
    assert search(matrix, known, [3, 6, 1, 0], [9, 9, 9, 9]).still(np.arange(4), table)[0].tolist() == [0, 1]


def test_of_a_program_without_an_end_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "from_inside", stopped)
    still, tables = search(*CHAINS, [0] * 6, [9] * 6).still(np.arange(6), np.array([2, 3, 3, 1, 3, 3]))
    assert (still.tolist(), tables) == ([], [])


def test_large_systems_are_asked_in_another_way_with_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [(0, 1), (2, 1), (4, -1), (0, -1), (1, 1)]
    few = [search(*CHAINS, [0] * 6, [9] * 6).extreme(*each)[0] for each in asked]
    monkeypatch.setattr(module, "LARGE", 6)
    large = search(*CHAINS, [0] * 6, [9] * 6)
    assert [large.extreme(*each)[0] for each in asked] == pytest.approx(few)
    assert few == pytest.approx([5, 3, 3, 0, 5])
