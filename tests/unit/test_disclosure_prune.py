"""Publishing again: what the known moves prove without some cells, and which cells they can do without."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from disclosure import prune
from disclosure.groups import Groups
from disclosure.needs import Needs
from disclosure.problem import Pattern, Problem, Proofs
from disclosure.prune import HIDDEN_COST, _Pool, publish_again, without_spare
from disclosure.secondary import Effort, never, suppress
from tests.unit.test_disclosure_secondary import CORNERS, SQUARE, mask, named, problem_of, quietly

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
    """Whatever others may have to take: the third, with either of the first two, takes two of the fourth cell and one of the first."""
    pool = _Pool(np.array([[1, 1, 1, 0, 0, 0], [-1, 1, -1, 0, 0, 0], [0, 1, 0, 2, 0, 0]]), needs(1))
    groups = Groups(np.arange(COUNT), np.ones(COUNT, np.int64), sparse.csr_matrix((0, COUNT)), np.full(COUNT, 1), np.full(COUNT, 1))
    assert pool.combine(0, among({1}), groups)  # the difference of the first two is 2, 0, 2
    assert sorted(pool.kept[:, 3:].T.tolist()) == [[-1, 0, -1, 0, 0, 0], [1, 0, 1, 0, 0, 0]]


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


def added(known: list[list[int]], target: int, without: list[int], up: np.ndarray, down: np.ndarray) -> list[list[int]]:
    """All that two moves can be added up to so that nothing is left in `without`, by trying every pair."""
    found = []
    for one, other in permutations([np.array(move) for move in known if move[without[0]]], 2):
        both = other[without[0]] * one - one[without[0]] * other
        if both[target] and not both[without].any():
            both = both // np.gcd.reduce(both)
            found += [move.tolist() for move in (both, -both) if (move <= up).all() and (-move <= down).all()]
    return found


def test_the_shortest_of_all_that_two_moves_add_up_to_is_taken() -> None:
    """And its reverse, where every cell may go that far."""
    rng = np.random.default_rng(8)
    taken = reversed_ = 0
    for _ in range(200):
        moves = rng.choice([-2, -1, 0, 0, 1, 1, 3], (int(rng.integers(2, 7)), COUNT))
        without = sorted(rng.choice(COUNT - 1, int(rng.integers(1, 3)), replace=False).tolist())
        if not moves[moves[:, without].any(axis=1)][:, [*without, -1]].any(axis=0).all():
            continue
        up, down = rng.integers(1, 5, COUNT), rng.integers(0, 5, COUNT)
        groups = Groups(np.arange(COUNT), np.ones(COUNT, np.int64), sparse.csr_matrix((0, COUNT)), up, down)
        pool = _Pool(moves, needs(1))
        possible = added(moves.tolist(), COUNT - 1, without, up, down)
        assert pool.combine(COUNT - 1, among(set(without)), groups) == bool(possible)
        new = pool.kept.T[len(moves) :].tolist()
        assert len(new) <= 2
        if possible:
            taken += 1
            reversed_ += len(new) == 2
            assert np.count_nonzero(new[0]) == min(map(np.count_nonzero, possible))
            assert all(move in possible for move in new)
            assert ([-step for step in new[0]] in possible) == (len(new) == 2)
        assert pool.kept.T[: len(moves)].tolist() == moves.tolist()
    assert taken > reversed_ > 5


def test_a_group_that_only_goes_up_is_met_by_how_far_it_goes() -> None:
    pool = _Pool(np.array([[2, -1, 1, 0, 0, 0], [1, -2, 1, 0, 0, 0]]), needs(2))
    assert pool.met(np.arange(COUNT), pool.using(among(set()))).tolist() == [True, True, False, False, False, False]


def square(hidden: set[tuple[int, int]], moves: list[dict[tuple[int, int], int]], **changed: Any) -> tuple[Problem, np.ndarray, Proofs]:
    """A table of three rows and columns, its small count, what is hidden beside it, and the moves that are known."""
    problem = problem_of(SQUARE, **changed)
    proofs = Proofs(problem)
    for move in moves:
        change = np.zeros(16, np.int64)
        for (row, column), step in move.items():
            change[4 * row + column] = step
        assert not (problem.matrix @ change).any()
        proofs.add(change)
    return problem, mask(problem, 4, *hidden), proofs


def rectangle(rows: tuple[int, int], columns: tuple[int, int]) -> dict[tuple[int, int], int]:
    return {(row, column): -1 if (row == rows[0]) == (column == columns[0]) else 1 for row in rows for column in columns}


INNER = {(row, column) for row in (1, 2) for column in (1, 2, 3)}


def published_again(problem: Problem, hidden: np.ndarray, proofs: Proofs, spent: Any = never) -> set[tuple[int, int]]:
    """What is left hidden; and that its proofs are moves of what is hidden or free alone, and prove it."""
    before = hidden.copy()
    left, found = publish_again(problem, proofs, hidden, spent)
    assert (hidden == before).all()
    moves = found.matrix().toarray()
    assert not (problem.matrix @ moves.T).any()
    assert (moves <= problem.up).all()
    assert (-moves <= problem.down).all()
    assert not moves[:, ~left & ~problem.free].any()
    assert not (left & ~before).any()
    proven = proofs.proven() & left & ~problem.free
    assert found.proven()[proven].all()
    return named(left)


def test_the_dearest_is_published_again_and_what_then_is_needed_stays() -> None:
    """Either column would do beside the small count's: the one of 40 and 60 is dearer than that of 30 and 50."""
    both = [rectangle((1, 2), (1, 2)), rectangle((1, 2), (1, 3))]
    assert published_again(*square(INNER, both)) == CORNERS
    problem, hidden, proofs = square(INNER, both)
    problem.weight[mask(problem, 4, (1, 2))] += 30
    assert published_again(problem, hidden, proofs) == {(1, 1), (1, 3), (2, 1), (2, 3)}
    problem.hidden[mask(problem, 4, (1, 2))] = True  # needed, however dear
    assert published_again(problem, hidden, proofs) == CORNERS


def test_nothing_is_published_again_once_all_is_spent() -> None:
    given = square(INNER, [rectangle((1, 2), (1, 2)), rectangle((1, 2), (1, 3))])
    assert published_again(*given, lambda: True) == INNER
    answers = iter([False])
    assert published_again(*given, lambda: next(answers, True)) == CORNERS


def test_a_move_that_nobody_had_yet_is_found_by_adding_or_by_searching(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is known passes through the column that is tried."""
    around = [rectangle((1, 2), (1, 3)), rectangle((1, 2), (2, 3))]
    for forbidden in ("combine", "moves_for"):
        with monkeypatch.context() as patched:
            if forbidden == "combine":
                patched.setattr(_Pool, "combine", lambda *_: False)
            else:
                patched.setattr(prune, "moves_for", lambda *_, **__: [])
            assert published_again(*square(INNER, around)) == CORNERS


def test_cells_that_cost_next_to_nothing_are_published_again_too() -> None:
    """A user may give any cost above nought, and where a pattern is to be kept, it is a twentieth."""
    both = [rectangle((1, 2), (1, 2)), rectangle((1, 2), (1, 3))]
    problem, hidden, proofs = square(INNER, both)
    problem.weight *= 1e-3
    assert published_again(problem, hidden, proofs) == CORNERS


def test_what_has_no_moves_at_all_is_published_but_for_what_is_tied_to_a_needed_cell() -> None:
    assert published_again(*square(INNER, [])) == {(1, 1), (2, 1)}


def test_a_sum_of_two_moves_that_does_not_go_far_enough_is_not_taken_for_a_proof() -> None:
    """Known: two steps by the last column, and one between the others; so two steps by the nearest must be searched for."""
    twice = {cell: 2 * step for cell, step in rectangle((1, 2), (1, 3)).items()}
    problem, hidden, proofs = square(INNER, [], width=2)
    for rows in (twice, rectangle((1, 2), (2, 3))):
        for sign in (1, -1):
            change = np.zeros(16, np.int64)
            for (row, column), step in rows.items():
                change[4 * row + column] = sign * step
            if sign * rows.get((1, 1), 0) >= 0:
                proofs.keep(np.flatnonzero(change), change[change != 0])
    problem.down[5] = 0
    assert published_again(problem, hidden, proofs) == CORNERS


def candidates(problem: Problem, hidden: np.ndarray, proofs: Proofs, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What is tried, with the costs of a search, the groups that are needed, and those that are wanted; nothing is published."""
    tried: list[tuple[Any, ...]] = []

    def nothing(candidate: int, finder: Any, pool: _Pool, needed: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        tried.append((candidate, finder.cost, needed, wanted))
        return needed & False

    monkeypatch.setattr(prune, "_spare", nothing)
    publish_again(problem, proofs, hidden, never)
    return tried


def test_of_many_that_cost_the_same_each_is_tried_in_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = problem_of(np.full((7, 7), 20).tolist())
    problem.weight[:] = np.arange(64) % 3 + 1
    problem.hidden[8] = True
    found = candidates(problem, problem.movable, Proofs(problem), monkeypatch)
    assert [each[0] for each in found] == sorted((k for k in range(64) if k != 8), key=lambda k: -problem.weight[k])
    price = np.where(np.arange(64) == 8, 0, problem.weight)
    assert found[0][1].tolist() == (HIDDEN_COST + price).tolist()
    assert np.flatnonzero(found[0][2]).tolist() == [8]
    assert not found[0][3].any()  # nothing had a proof


def test_free_groups_are_neither_tried_nor_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second column is in no table; of the others, one is needed."""
    problem, hidden, proofs = square(INNER, [rectangle((1, 2), (1, 2)), rectangle((1, 2), (1, 3))])
    problem.free[mask(problem, 4, (1, 2), (2, 2))] = True
    ((candidate, cost, needed, wanted),) = candidates(problem, hidden & ~problem.free, proofs, monkeypatch)
    assert cost[candidate] == pytest.approx(HIDDEN_COST + 45 + 65)
    assert needed.sum() == 1
    assert wanted.sum() == 2
    assert wanted[candidate]
    assert not needed[candidate]


NINE = {(row, column) for row in (1, 2, 3) for column in (1, 2, 3)}
PAIRS = ((1, 2), (1, 3), (2, 3))


def test_what_only_a_published_cell_kept_possible_is_published_with_it() -> None:
    """Of all nine, 70 goes, then 60; without 50 the small count would be known; with 43 go 40 and 42, which then could not move."""
    every = [rectangle(rows, columns) for rows in PAIRS for columns in PAIRS]
    assert published_again(*square(NINE, every)) == CORNERS
    problem, hidden, proofs = square(NINE, every)
    problem.hidden[mask(problem, 4, (3, 2))] = True  # unless 42 is needed: then 43 and 40 are too, but 30 is not
    assert published_again(problem, hidden, proofs) == {(1, 1), (1, 3), (2, 1), (2, 2), (3, 2), (3, 3)}


def test_what_has_no_proof_does_not_keep_others_from_being_published() -> None:
    problem, hidden, proofs = square(INNER, [rectangle((1, 2), (1, 2)), rectangle((1, 2), (1, 3))], width=3)
    assert not proofs.proven().any()
    assert published_again(problem, hidden, proofs) == {(1, 1), (2, 1)}  # which is tied to it


def test_a_free_cell_is_passed_through_and_what_is_free_and_hidden_is_not_needed() -> None:
    problem, hidden, proofs = square(INNER | {(3, 1)}, [rectangle((1, 2), (1, 2)), rectangle((1, 2), (1, 3))])
    problem.free[mask(problem, 4, (1, 3), (2, 3))] = True
    hidden &= ~problem.free
    assert published_again(problem, hidden, proofs) == {(1, 1), (2, 1), (3, 1)}  # the last is in no move and so in no group


@pytest.mark.parametrize("adding", [True, False])
@pytest.mark.parametrize("seed", [0, 9, 11, 41])
def test_no_cell_stays_hidden_that_no_needed_one_needs(seed: int, adding: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts are far from nought, so that what can move at all can move by one: by linear algebra. With moves all searched for, too."""
    rng = np.random.default_rng(seed)
    inner = rng.integers(20, 60, (4, 4))
    inner.reshape(-1)[rng.choice(16, 3, replace=False)] = 9
    problem = problem_of(inner.tolist())

    def proven(hidden: np.ndarray) -> bool:
        cells = np.flatnonzero(hidden)
        _, values, basis = np.linalg.svd(problem.matrix[:, cells].toarray())
        free = basis[np.pad(values, (0, len(cells) - len(values))) < 1e-9]
        return bool(len(free) and (np.abs(free[:, problem.hidden[cells]]).max(axis=0) > 1e-9).all())

    if not adding:
        monkeypatch.setattr(_Pool, "combine", lambda *_: False)
    for starts in (1, 2):
        found = suppress(problem, quietly, Effort(starts=starts))
        assert proven(found.hidden)
        for cell in np.flatnonzero(found.hidden & ~problem.hidden):
            assert not proven(found.hidden & (np.arange(25) != cell))


def spared(problem: Problem, hidden: np.ndarray, moves: np.ndarray) -> tuple[list[bool], list[list[int]]]:
    """One cell after the other, dearest first: it goes if what is left proves all that its moves touch."""
    left = moves.tolist()
    hidden = hidden.copy()
    able = [cell for cell in range(COUNT) if hidden[cell] and not problem.hidden[cell] and not problem.free[cell]]
    for cell in sorted(able, key=lambda cell: -problem.weight[cell]):
        without = [move for move in left if not move[cell]]
        bound = [
            k for k in range(COUNT) if k != cell and hidden[k] and not problem.free[k] and any(move[cell] and move[k] for move in left)
        ]
        above, below = ([max([0, *(sign * move[k] for move in without)]) for k in range(COUNT)] for sign in (1, -1))
        if all(above[k] + below[k] >= problem.width and below[k] >= problem.fall[k] for k in bound):
            hidden[cell], left = False, without
    return hidden.tolist(), left


def test_cells_that_known_moves_can_do_without_are_published_again_dearest_first() -> None:
    rng = np.random.default_rng(3)
    fewer = 0
    for _ in range(80):
        moves = rng.choice([-2, -1, 0, 0, 0, 0, 1, 1, 2], (int(rng.integers(0, 9)), COUNT))
        some = rng.random((3, COUNT)) < [[0.8], [0.3], [0.2]]
        problem = Problem(
            sparse.csr_matrix((0, COUNT)), np.full(COUNT, 9), np.full(COUNT, 9), rng.integers(1, 4, COUNT).astype(float), some[0], some[1],
            some[2], int(rng.integers(1, 4)), rng.integers(0, 2, COUNT) * (rng.random(COUNT) < 0.3), np.zeros(COUNT, np.int64),
        )  # fmt: skip
        hidden = some[0] | some[1]
        pattern = Pattern(hidden, sparse.csr_matrix(moves, dtype=np.int64), some[0] & False)
        found = without_spare(problem, pattern)
        expected, left = spared(problem, hidden, moves)
        assert found.hidden.tolist() == expected
        assert found.moves.toarray().tolist() == left
        fewer += int(found.hidden.sum() < hidden.sum())
        assert found.hurried is None
        hurried = rng.random(COUNT) < 0.5
        again = without_spare(problem, replace(pattern, hurried=hurried))
        assert again.hurried is not None
        assert again.hurried.tolist() == (hurried & found.hidden).tolist()
    assert 20 < fewer < 75
