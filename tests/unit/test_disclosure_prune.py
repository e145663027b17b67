"""Publishing again: what the known moves prove without some cells, and which cells they can do without."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from disclosure.groups import Groups
from disclosure.needs import Needs
from disclosure.problem import Pattern, Problem
from disclosure.prune import _Pool, without_spare

COUNT = 6
MOVES = st.lists(st.lists(st.sampled_from([-2, -1, 0, 0, 0, 1, 1]), min_size=COUNT, max_size=COUNT), min_size=1, max_size=9)
WITHOUT = st.sets(st.integers(0, COUNT - 1), min_size=1, max_size=2)


def needs(width: int, fall: int = 0) -> Needs:
    return Needs(width, np.zeros(COUNT, np.int64), np.full(COUNT, fall))


def among(cells: set[int]) -> np.ndarray:
    return np.isin(np.arange(COUNT), list(cells))


def lacking(moves: np.ndarray, width: int, fall: int) -> set[int]:
    up, down = moves.max(axis=0, initial=0), (-moves).max(axis=0, initial=0)
    return {k for k in range(COUNT) if up[k] + down[k] < width or down[k] < fall}


@settings(max_examples=100, deadline=None)
@given(moves=MOVES, more=MOVES, without=WITHOUT, gone=WITHOUT, width=st.integers(1, 3), fall=st.integers(0, 1))
def test_short_are_the_groups_whose_proofs_all_use_what_is_to_go(
    moves: list[list[int]], more: list[list[int]], without: set[int], gone: set[int], width: int, fall: int
) -> None:
    pool = _Pool(np.array(moves), needs(width, fall))
    pool.drop(among(gone))
    pool.add([np.array(move) for move in more])
    known = np.array([move for move in moves if not any(move[k] for k in gone)] + more)
    assert sorted(map(tuple, pool.kept.T.tolist())) == sorted(map(tuple, known.tolist()))
    uses = known[:, sorted(without)].any(axis=1)
    touched = {k for k in range(COUNT) if known[uses][:, k].any()}
    assert set(pool.short(among(without)).tolist()) == lacking(known[~uses], width, fall) & touched


@settings(max_examples=100, deadline=None)
@given(moves=MOVES, without=WITHOUT, room=st.integers(1, 2))
def test_two_moves_are_added_to_one_without_what_is_to_go(moves: list[list[int]], without: set[int], room: int) -> None:
    pool = _Pool(np.array(moves), needs(1))
    limit = np.full(COUNT, room)
    kept = sparse.csr_matrix((0, COUNT), dtype=np.int64)
    groups = Groups(np.arange(COUNT), np.ones(COUNT, np.int64), kept, limit, limit)
    for target in pool.short(among(without)).tolist():
        if target not in without and pool.combine(target, among(without), groups):
            move = pool.kept[:, -1]
            assert move[target]
            assert not move[sorted(without)].any()
            assert np.abs(move).max() <= room
            assert np.gcd.reduce(move) == 1
            assert np.linalg.matrix_rank(np.vstack([moves, move])) == np.linalg.matrix_rank(np.array(moves))
            return


def test_what_is_found_by_adding_is_the_shortest_and_its_reverse() -> None:
    pool = _Pool(np.array([[1, 1, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0], [0, 1, 0, 1, 1, 0]]), needs(1))
    groups = Groups(np.arange(COUNT), np.ones(COUNT, np.int64), sparse.csr_matrix((0, COUNT)), np.full(COUNT, 1), np.full(COUNT, 1))
    assert pool.combine(0, among({1}), groups)
    assert sorted(pool.kept[:, 3:].T.tolist()) == [[-1, 0, 1, 0, 0, 0], [1, 0, -1, 0, 0, 0]]


def test_what_is_found_by_adding_takes_steps_no_longer_than_it_must() -> None:
    pool = _Pool(np.array([[1, 1, 1, 0, 0, 0], [-1, 1, -1, 0, 0, 0]]), needs(1))
    groups = Groups(np.arange(COUNT), np.ones(COUNT, np.int64), sparse.csr_matrix((0, COUNT)), np.full(COUNT, 1), np.full(COUNT, 1))
    assert pool.combine(0, among({1}), groups)  # their difference is 2, 0, 2
    assert sorted(pool.kept[:, 2:].T.tolist()) == [[-1, 0, -1, 0, 0, 0], [1, 0, 1, 0, 0, 0]]


@pytest.mark.parametrize(("second", "kept"), [([1, -1, 0, 0, 0, 0], False), ([0, 0, 0, 1, -1, 0], True)])
def test_a_cell_is_published_again_where_another_move_proves_what_its_own_did(second: list[int], kept: bool) -> None:
    """Cells 0 and 1 must stay withheld, and 2 was withheld for them."""
    first = [1, -1, 1, 0, 0, 0]
    ones = np.ones(COUNT, np.int64)
    hidden = among({0, 1, 2})
    problem = Problem(sparse.csr_matrix((0, COUNT)), ones, ones, ones.astype(float), hidden, among({0, 1}), among(set()), 1, 0 * ones, ones)
    found = without_spare(problem, Pattern(hidden, sparse.csr_matrix(np.array([first, second])), among(set())))
    assert found.hidden.tolist() == among({0, 1} | ({2} if kept else set())).tolist()
    assert not found.unproven.any()
    assert found.moves.shape[0] == (2 if kept else 1)
