"""Cells tied together by sums can make every move that they could make apart, and no other."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from disclosure.groups import UNBOUNDED, group, independent


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.lists(st.sampled_from([-2, -1, 0, 0, 1, 1]), min_size=5, max_size=5), min_size=1, max_size=4),
    movable=st.lists(st.sampled_from([True, True, True, False]), min_size=5, max_size=5),
    room=st.lists(st.integers(0, 3), min_size=10, max_size=10),
)
def test_groups_move_as_their_cells_could(rows: list[list[int]], movable: list[bool], room: list[int]) -> None:
    """Against brute force: every change of five cells by at most one."""
    matrix = sparse.csr_matrix(np.array(rows, np.int64))
    up, down = np.array(room[:5]), np.array(room[5:])
    groups = group(matrix, np.array(movable), up, down)
    assert set(np.abs(groups.sign)) == {1}
    moves = set() if groups.matrix.shape[1] else {(0,) * 5}
    for move in product((-1, 0, 1), repeat=groups.matrix.shape[1]) if groups.matrix.shape[1] else ():
        change = np.array(move, np.int64)
        if not (groups.matrix @ change).any() and (change <= groups.up).all() and (-change <= groups.down).all():
            moves.add(tuple(groups.cells(change).tolist()))
    possible = {
        move
        for move in product((-1, 0, 1), repeat=5)
        if not (matrix @ np.array(move)).any()
        and all(can or not step for can, step in zip(movable, move, strict=True))
        and all(-less <= step <= more for step, less, more in zip(move, down, up, strict=True))
    }
    assert moves == possible


def test_a_group_goes_as_far_as_the_cell_that_can_go_least_far() -> None:
    """A cell, the total above it, and a third that has less where they have more."""
    matrix = sparse.csr_matrix(np.array([[1, -1, 0], [1, 0, 1]]))
    groups = group(matrix, np.ones(3, bool), np.array([5, 4, 9]), np.array([6, 7, 2]))
    assert groups.matrix.shape == (0, 1)
    along = int(groups.sign[0])
    assert (groups.sign * along).tolist() == [1, 1, -1]
    assert [int(groups.up[0]), int(groups.down[0])][::along] == [2, 6]


def test_sums_that_say_the_same_are_kept_once_and_a_cell_in_no_sum_is_free() -> None:
    matrix = sparse.csr_matrix(np.array([[1, 1, 1, 0], [-1, -1, -1, 0], [1, 1, -1, 0]]))
    groups = group(matrix, np.ones(4, bool), np.full(4, UNBOUNDED), np.full(4, UNBOUNDED))
    assert groups.matrix.toarray().tolist() == [[1, 1, 1, 0], [1, 1, -1, 0]]
    assert groups.of.tolist() == [0, 1, 2, 3]
    assert groups.up.tolist() == groups.down.tolist() == [UNBOUNDED] * 4


@pytest.mark.parametrize("again", [[1, 1, 0], [0, 1, 1], [1, 0, 1]])
def test_what_is_its_own_opposite_cannot_move(again: list[int]) -> None:
    """a = -b, b = -c and c = -a leave nothing but noughts."""
    matrix = sparse.csr_matrix(np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1], again]))
    assert (group(matrix, np.ones(3, bool), np.ones(3, int), np.ones(3, int)).of == -1).all()


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(8)), st.lists(st.sampled_from([-1, 1]), min_size=8, max_size=8), st.permutations(range(9)))
def test_a_chain_of_pairs_is_one_group_in_whatever_order_its_links_come(cells: list[int], along: list[int], order: list[int]) -> None:
    """Each cell goes along with the next or against it; the ninth sum says again what two of them say."""
    links = np.zeros((9, 8), np.int64)
    for k, (one, other) in enumerate([*pairwise(cells), (cells[0], cells[-1]), (cells[2], cells[3])]):
        links[k, one], links[k, other] = along[one], -along[other]
    groups = group(sparse.csr_matrix(links[order]), np.ones(8, bool), np.ones(8, int), np.ones(8, int))
    assert groups.of.tolist() == [0] * 8
    assert (groups.sign * groups.sign[0]).tolist() == [each * along[0] for each in along]


def test_what_is_tied_in_a_later_round_turns_what_was_tied_to_it_before() -> None:
    """The last cell is held fast; then the first goes against the second, which the third goes against from the start."""
    matrix = sparse.csr_matrix(np.array([[0, 0, 0, 1], [0, 1, 1, 0], [1, 1, 0, 1]]))
    groups = group(matrix, np.ones(4, bool), np.ones(4, int), np.ones(4, int))
    assert groups.of.tolist() == [0, 0, 0, -1]
    assert (groups.sign[:3] * groups.sign[0]).tolist() == [1, -1, 1]


def test_two_cells_that_count_unequally_are_not_tied() -> None:
    matrix = sparse.csr_matrix(np.array([[1, 1, 0, 0], [0, 0, 1, 2]]))
    groups = group(matrix, np.ones(4, bool), np.full(4, 9), np.full(4, 9))
    assert groups.of.tolist() == [0, 0, 1, 2]
    assert groups.matrix.toarray().tolist() == [[0, 1, 2]]


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(st.lists(st.sampled_from([-2, -1, 0, 0, 1, 1]), min_size=6, max_size=6), min_size=1, max_size=9))
def test_independent_rows_imply_the_others_and_not_each_other(rows: list[list[int]]) -> None:
    matrix = sparse.csr_matrix(np.array(rows, np.int64))
    kept = independent(matrix)
    assert np.linalg.matrix_rank(matrix[kept].toarray()) == len(kept) == np.linalg.matrix_rank(matrix.toarray())


def test_of_rows_that_imply_each_other_the_shorter_are_kept() -> None:
    long, short, other = [1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1]
    assert independent(sparse.csr_matrix(np.array([long, short, other]))).tolist() == [1, 2]


def test_of_sums_over_nothing_none_is_needed() -> None:
    assert independent(sparse.csr_matrix((2, 0), dtype=np.int64)).tolist() == []
