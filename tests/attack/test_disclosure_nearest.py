"""Counts that change together, and the nearest tables in which one is another: exactly, on systems that can be seen through."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import sparse

from disclosure.nearest import Nearest
from disclosure.tied import Tied, tied


def ties(matrix: list[list[int]]) -> Tied:
    return tied(sparse.csr_matrix(np.array(matrix)))


def test_what_two_parts_of_a_sum_do_they_do_together_or_against_each_other() -> None:
    found = ties([[1, -1, 0, 0], [0, 1, 1, 0]])  # the second goes with the first, the third against both, the last alone
    assert found.of.tolist() == [0, 0, 0, 1]
    assert (found.sign * found.sign[0]).tolist() == [1, 1, -1, found.sign[0]]
    assert found.matrix.shape == (0, 2)
    assert found.spread(np.array([1, 5])).tolist() == (found.sign * [1, 1, 1, 5]).tolist()


def test_what_would_go_with_and_against_itself_is_fixed_and_so_is_a_sum_of_one() -> None:
    opposed = ties([[1, 1], [1, -1]])
    assert (opposed.of.tolist(), opposed.matrix.shape) == ([-1, -1], (0, 0))
    assert opposed.spread(np.zeros(0, np.int64)).tolist() == [0, 0]
    alone = ties([[1, 0, 0], [1, 1, 1]])  # without the first, the others are a pair
    assert (alone.of.tolist(), alone.matrix.shape) == ([-1, 0, 0], (0, 1))
    assert alone.sign[1] == -alone.sign[2]
    assert alone.spread(np.array([4])).tolist() == [0, 4 * alone.sign[1], 4 * alone.sign[2]]
    assert ties([[0, 0, 1], [1, 1, 1]]).of.tolist() == [0, 0, -1]
    after = ties([[1, 1, 0, 0], [0, 1, 1, 1], [0, 0, 0, 1]])  # once the last is fixed, the third goes against the second, too
    assert after.of.tolist() == [0, 0, 0, -1]
    assert (after.sign * after.sign[0])[:3].tolist() == [1, -1, 1]


def test_what_is_left_of_the_other_sums_is_kept() -> None:
    found = ties([[1, 1, 0, 0], [0, 1, 1, 1], [0, 0, 0, 0]])
    assert found.matrix.shape == (1, 3)
    assert np.abs(found.matrix.toarray()).tolist() == [[1, 1, 1]]
    weighed = ties([[1, 2, 0], [0, 1, 1]])  # of one and two, no pair: what one gains is not what the other loses
    assert (weighed.of.tolist(), weighed.matrix.shape) == ([0, 1, 1], (1, 2))


def test_a_tie_has_the_room_of_the_count_that_has_least() -> None:
    found = ties([[1, -1, 0, 0], [0, 1, 1, 0]])
    rise, fall = found.room(np.array([3, 2, 4, 1]), np.zeros(4, np.int64), np.array([9, 9, 6, 9]))
    one_way, other_way = (rise, fall) if found.sign[0] > 0 else (fall, rise)
    assert (one_way[0], other_way[0]) == (4, 2)
    assert (rise[1], fall[1]) == (8, 1)
    rise, fall = ties([[0]]).room(np.array([5]), np.array([2]), np.array([9]))
    assert (rise[0], fall[0]) == (4, 3)


CHAIN = sparse.csr_matrix(np.array([[1, 1, 1, 0, 0], [0, 0, 1, 1, 1]]))
HERE, LOW, HIGH = np.array([2, 2, 2, 2, 2]), np.array([1, 0, 1, 0, 0]), np.array([4, 4, 4, 4, 2])
ALL = [np.array(z) for z in product(*(range(a, b + 1) for a, b in zip(LOW, HIGH, strict=True))) if (CHAIN @ z == CHAIN @ HERE).all()]


def test_the_nearest_is_reached_one_way_and_the_other_as_far_as_there_is_room() -> None:
    near = Nearest(CHAIN, HERE, LOW, HIGH, 100)
    solved = 0
    for target, by in product(range(5), (1, -1, 2, -2, 3, -3)):
        found, there = near.reach(target, by), [z for z in ALL if z[target] == HERE[target] + by]
        within = LOW[target] <= HERE[target] + by <= HIGH[target]
        solved += within
        assert near.solved == solved
        assert (found is not None) == bool(there), (target, by)
        if found is not None:
            assert any((found == z).all() for z in there)
            assert np.abs(found - HERE).sum() == min(np.abs(z - HERE).sum() for z in there)


def test_more_sums_than_counts_are_no_more_than_they_say() -> None:
    matrix = sparse.csr_matrix(np.array([[1, 1], [2, 2], [3, 3]]))
    found = Nearest(matrix, np.array([2, 2]), np.zeros(2, np.int64), np.full(2, 9), 100).reach(0, 2)
    assert found is not None
    assert found.tolist() == [4, 0]


def test_a_search_that_is_not_allowed_to_go_on_finds_nothing() -> None:
    assert Nearest(CHAIN, HERE, LOW, HIGH, 0).reach(0, 1) is None


def test_halves_are_mended_or_nothing_is_found() -> None:
    """A ring of three, each two with a sum: what one gains the next loses, and the one after that gains half of nothing."""
    ring = sparse.csr_matrix(np.array([[1, 1, 0, 1], [0, 1, 1, 1], [1, 0, 1, 1]]))
    near = Nearest(ring, np.array([3, 3, 3, 3]), np.zeros(4, np.int64), np.full(4, 9), 100)
    assert near.reach(3, 1) is None
    found = near.reach(3, 2)
    assert found is not None
    assert found.tolist() == [2, 2, 2, 5]


@pytest.mark.parametrize("seed", range(8))
def test_what_is_found_always_fits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = sparse.csr_matrix((rng.random((4, 9)) < 0.4).astype(np.int64))
    table = rng.integers(1, 5, 9)
    near = Nearest(matrix, table, np.ones(9, np.int64), np.full(9, 6), 1000)
    for target, by in product(range(9), (-1, 1)):
        if (found := near.reach(target, by)) is not None:
            assert (matrix @ found == matrix @ table).all()
            assert ((found >= 1) & (found <= 6)).all()
            assert found[target] == table[target] + by
