"""The walk from table to table: which count follows another, and where it gives up."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from disclosure import neighbours
from disclosure.neighbours import Neighbours


def near(rows: list[list[int]], table: list[int], high: list[int] | None = None, low: list[int] | None = None) -> Neighbours:
    count = len(table)
    bounds = np.array(low or [0] * count), np.array(high or [99] * count)
    return Neighbours(sparse.csr_matrix(np.array(rows)), np.array(table), *bounds)


def test_a_count_that_makes_no_other_sum_wrong_follows() -> None:
    walk = near([[1, 1, 1], [0, 1, 0]], [3, 3, 3])
    for by in (1, 1, -1, -1, -1):
        before = walk.table
        assert walk.step(0, by) == {0: before[0] + by, 2: before[2] - by}
    assert walk.table.tolist() == [2, 3, 4]
    assert walk.table.dtype == np.int64


def test_a_count_that_rights_two_sums_follows_before_one_that_rights_one() -> None:
    walk = near([[1, 1, 1, 0], [1, 1, 0, 1]], [5, 5, 5, 5])
    assert walk.step(0, 1) == {0: 6, 1: 4}
    assert near([[1, 1, 1, 0], [1, 1, 0, 1]], [5, 0, 5, 5]).step(0, 1) == {0: 6, 2: 4, 3: 4}  # the first has none to give


def test_a_total_follows_its_parts_and_parts_follow_a_total() -> None:
    assert near([[-1, 1]], [4, 4]).step(1, 1) == {1: 5, 0: 5}
    assert near([[-1, 1]], [4, 4]).step(0, -1) == {0: 3, 1: 3}
    deep = near([[-1, 1, 1, 0, 0], [0, 0, -1, 1, 1]], [9, 4, 5, 2, 3], high=[9, 4, 9, 9, 3])
    assert deep.step(4, -1) == {4: 2, 3: 3}
    assert near([[-1, 1, 1, 0], [0, 0, -1, 1]], [9, 4, 5, 5], high=[9, 9, 9, 9]).step(3, 1) == {3: 6, 2: 6, 1: 3}


def test_of_counts_that_are_as_good_each_is_tried() -> None:
    walk = near([[1, 1, 1]], [5, 5, 5])
    followed = {min(changed.keys() - {0}) for by in (1, -1) * 10 if (changed := walk.step(0, by)) is not None}
    assert followed == {1, 2}


def test_a_walk_that_leads_nowhere_stays_where_it_is() -> None:
    both = near([[1, 1], [1, -1]], [3, 3])  # of a sum and a difference, none can change alone
    assert both.step(0, 1) is None
    assert both.table.tolist() == [3, 3]
    assert near([[1, 1]], [3, 0]).step(0, 1) is None
    assert near([[1, 1]], [3, 3], high=[3, 9]).step(0, 1) is None
    assert near([[1, 1]], [3, 3], low=[3, 0]).step(0, -1) is None
    assert near([[1, 1]], [2, 3], high=[3, 9], low=[2, 2]).step(0, 1) == {0: 3, 1: 2}
    assert near([[1, 1]], [3, 3], high=[9, 3]).step(0, -1) is None
    assert near([[1, 1]], [3, 3], high=[9, 4], low=[2, 0]).step(0, -1) == {0: 2, 1: 4}
    assert near([[0, 1]], [3, 3]).step(0, 1) == {0: 4}


def test_a_way_ends_after_so_many_counts() -> None:
    """Each count of a chain is as large as the next: all of them must follow the first."""
    most = neighbours.MOST_STEPS
    for length, followed in ((most - 1, most - 1), (most, most), (most + 1, 0)):
        rows = np.eye(length - 1, length, dtype=int) - np.eye(length - 1, length, 1, dtype=int)
        changed = near(rows.tolist(), [5] * length).step(0, 1)
        assert len(changed or {}) == followed
