"""Moves of least cost: held to all there are in small tables, and found where the nearest fractions are no move."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import sparse

from disclosure import moves
from disclosure.groups import UNBOUNDED, Groups
from disclosure.moves import Finder

ROWS, COLUMNS = 2, 3
CELLS = (ROWS + 1) * (COLUMNS + 1)


def unknown(matrix: np.ndarray, up: object, down: object) -> Groups:
    """Each cell a group by itself."""
    count = matrix.shape[1]
    room = [np.broadcast_to(np.array(each, np.int64), count).copy() for each in (up, down)]
    return Groups(np.arange(count), np.ones(count, np.int64), sparse.csr_matrix(matrix), *room)


def sums() -> np.ndarray:
    """A table of two rows and three columns, with totals first: the sums of rows, and of columns."""
    at = np.arange(CELLS).reshape(ROWS + 1, COLUMNS + 1)
    found = []
    for line in (*at, *at.T):
        row = np.zeros(CELLS, np.int64)
        row[line[0]], row[line[1:]] = -1, 1
        found.append(row)
    return np.array(found)


INNER = np.array(list(product((-1, 0, 1), repeat=ROWS * COLUMNS))).reshape(-1, ROWS, COLUMNS)
EVERY = np.concatenate([INNER.sum(axis=1, keepdims=True), INNER], axis=1)
EVERY = np.concatenate([EVERY.sum(axis=2, keepdims=True), EVERY], axis=2).reshape(-1, CELLS)


def least(groups: Groups, cost: np.ndarray, target: int, amount: int, held: tuple[int, ...] = ()) -> float | None:
    """By trying all moves of inner cells by one at most; in a table of two variables, no fractions are cheaper."""
    fit = (groups.up >= EVERY).all(axis=1) & (groups.down >= -EVERY).all(axis=1) & (EVERY[:, target] == amount)
    fit &= ~EVERY[:, list(held)].any(axis=1)
    return float((np.abs(EVERY[fit]) @ cost).min()) if fit.any() else None


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_the_cheapest_move_is_found_whatever_was_looked_for_before(seed: int, fresh: bool) -> None:
    """Costs change, and cells are held fast and let go, between one search and the next."""
    rng = np.random.default_rng(seed)
    up, down = rng.integers(0, 2, CELLS), rng.integers(0, 2, CELLS)
    up[rng.random(CELLS) < 0.5] = down[rng.random(CELLS) < 0.5] = 1
    groups = unknown(sums(), up, down)
    cost = rng.integers(1, 40, CELLS).astype(float)
    finder = Finder(groups, cost, fresh=fresh)
    held: tuple[int, ...] = ()
    found = 0
    for _ in range(12):
        target, amount = int(rng.integers(CELLS)), int(rng.choice([-1, 1]))
        move, expected = finder.find(target, amount), least(groups, cost, target, amount, held)
        assert (move is None) == (expected is None)
        if move is not None:
            found += 1
            assert np.abs(move) @ cost == expected
            assert move[target] == amount
            assert not (groups.matrix @ move).any()
            assert not move[list(held)].any()
        if rng.random() < 0.5:
            which = rng.choice(CELLS, 2, replace=False)
            cost[which] = rng.integers(1, 40, 2)
            finder.set_cost(which, cost[which])
            assert finder.cost.tolist() == cost.tolist()
        if held:
            finder.forbid(np.array(held), False)
            held = ()
        elif rng.random() < 0.5:
            held = tuple(rng.choice(CELLS, 1).tolist())
            finder.forbid(np.array(held))
    assert found > 2


def test_a_move_goes_as_far_as_it_may_and_no_further() -> None:
    """Two cells that may only move against each other: the first by three up or two down, however far the other may go."""
    groups = unknown(np.array([[1, 1]]), [3, UNBOUNDED], [2, 5])
    finder = Finder(groups, np.ones(2))
    for amount, possible in ((3, True), (4, False), (-2, True), (-3, False)):
        found = finder.find(0, amount)
        assert (found.tolist() if found is not None else None) == ([amount, -amount] if possible else None)
    far = finder.find(1, 2)
    assert far is not None
    assert far.tolist() == [-2, 2]
    assert finder.find(1, 3) is None
    assert finder.solved == 4  # what the target itself may not do is not asked


def test_a_cell_that_is_held_fast_has_no_move_until_it_is_let_go() -> None:
    finder = Finder(unknown(np.array([[1, 1, 0], [0, 0, 1]]), 1, 1), np.ones(3))
    finder.forbid(np.array([0]))
    assert finder.find(0, 1) is None
    assert finder.find(1, 1) is None
    assert finder.solved == 1
    finder.forbid(np.array([0]), False)
    for target in (0, 1, 0):
        assert finder.find(target, 1) is not None
    assert finder.find(2, 1) is None


def test_a_step_of_a_cell_costs_the_same_up_and_down() -> None:
    """Of two others that can go along with the first, the cheaper one does, whichever that is by then."""
    finder = Finder(unknown(np.array([[1, 1, 1]]), 1, 1), np.array([1.0, 5.0, 7.0]))
    for amount in (1, -1):
        for price, other in ((6.0, 1), (4.0, 2), (9.0, 1)):
            finder.set_cost(np.array([2]), np.array([price]))
            move = finder.find(0, amount)
            assert move is not None
            assert move[other] == -amount


# The first is the sum of three; the second and the third of these are the same, but for a fifth. Half and half would cost least.
HALVES = np.array([[-1, 1, 1, 1, 0], [0, 1, -1, 0, 1]])


@pytest.mark.parametrize("fresh", [True, False])
def test_half_steps_are_doubled_where_there_is_room(fresh: bool) -> None:
    cost = np.array([0.0, 1, 1, 1.5, 10])
    finder = Finder(unknown(HALVES, 2, 2), cost, fresh=fresh)
    for amount in (1, -1):
        move = finder.find(0, amount)
        assert move is not None
        assert move.tolist() == [2 * amount, amount, amount, 0, 0]


def test_where_there_is_none_one_of_them_is_held_at_a_whole_step() -> None:
    """And once one search has held it, the next is as free as before."""
    finder = Finder(unknown(HALVES, 1, 1), np.array([0.0, 1, 1, 1.5, 10]))
    for amount in (1, -1, 1):
        for thorough in (False, True):
            move = finder.find(0, amount, thorough=thorough)
            assert move is not None
            assert move.tolist() == [amount, amount, amount, -amount, 0]


def bounded() -> Groups:
    """As above, but the fourth can only rise and the fifth not move: with the second held, nothing fits any more."""
    return unknown(HALVES, [1, 1, 1, 1, 0], [1, 1, 1, 0, 0])


def test_where_holding_one_leads_nowhere_a_search_finds_what_there_is() -> None:
    finder = Finder(bounded(), np.array([0.0, 1, 1, 1.5, 10]))
    assert finder.find(0, 1, thorough=False) is None
    move = finder.find(0, 1)
    assert move is not None
    assert move.tolist() == [1, 0, 0, 1, 0]
    back = finder.find(0, -1)
    assert back is not None
    assert back.tolist() == [-1, -1, -1, 1, 0]
    finder.forbid(np.array([3]))
    assert finder.find(0, 1) is None
    finder.forbid(np.array([3]), False)
    assert finder.find(0, 1) is not None


@pytest.mark.parametrize("amount", [1, -1])
def test_a_search_goes_up_and_down_alike(amount: int) -> None:
    """The fourth can only go along with the first; the sixth goes against it, wherever it goes."""
    matrix = np.vstack([np.hstack([HALVES, np.zeros((2, 1), np.int64)]), [1, 0, 0, 0, 0, 1]])
    ahead, back = [1, 1, 1, 1, 0, 1], [1, 1, 1, 0, 0, 1]
    finder = Finder(unknown(matrix, *((ahead, back) if amount > 0 else (back, ahead))), np.array([0.0, 1, 1, 1.5, 10, 1]))
    assert finder.find(0, amount, thorough=False) is None
    move = finder.find(0, amount)
    assert move is not None
    assert move.tolist() == [amount, 0, 0, amount, 0, -amount]


def test_what_a_solver_breaks_although_it_is_held_fast_stays_held_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    finder = Finder(unknown(np.array([[1, 1, 0], [0, 1, 1]]), 1, 1), np.ones(3))
    finder.forbid(np.array([2]))
    changes = iter([np.array([1.0, -1.0, 0.45]), None])
    monkeypatch.setattr(finder, "_solve", lambda **_: next(changes))
    assert finder.find(0, 1, thorough=False) is None
    monkeypatch.undo()
    for amount in (1, -1):
        assert finder.find(0, amount) is None
    finder.forbid(np.array([2]), False)
    assert finder.find(0, 1) is not None


def test_a_search_looks_near_first_and_then_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[list[int]] = []
    branch = Finder._branch

    def seen(self: Finder, columns: np.ndarray, target: int, amount: int) -> np.ndarray | None:
        looked.append(columns.tolist())
        return branch(self, columns, target, amount)

    monkeypatch.setattr(Finder, "_branch", seen)
    matrix = np.hstack([HALVES, np.zeros((2, 2), np.int64)])
    groups = unknown(matrix, [1, 1, 1, 1, 0, 1, 1], [1, 1, 1, 0, 0, 1, 1])
    finder = Finder(groups, np.array([1.0, 1, 1, 1.5, 10, 1, 1]))
    finder.forbid(np.array([6]))
    assert finder.find(0, 1) is not None
    assert looked == [[0, 1, 2, 5], [0, 1, 2, 3, 4, 5]]  # what is as cheap as what was broken, then all that is not held fast


@pytest.mark.parametrize(
    ("change", "move"),
    [
        ([1.0, -1.0], [1, -1]),
        ([1 + 5e-7, -1.0], [1, -1]),
        ([1 + 5e-6, -1.0], None),
        ([0.5, -0.5], [1, -1]),
        ([0.5 + 5e-7, -0.5], [1, -1]),
        ([1.5, -1.5], [3, -3]),
        ([2 / 3, -2 / 3], [2, -2]),
        ([0.75, -0.75], [3, -3]),
        ([1 / 12, -1 / 12], [1, -1]),
        ([1 / 13, -1 / 13], None),
        ([2.5, -2.5], None),  # five are more than there is room for
        ([0.5, -1.0], None),  # one and two do not add up
    ],
)
def test_fractions_are_scaled_up_to_the_least_whole_steps_that_fit(change: list[float], move: list[int] | None) -> None:
    finder = Finder(unknown(np.array([[1, 1]]), 3, 3), np.ones(2))
    found = finder._whole(np.array(change))
    assert (found.tolist() if found is not None else None) == move


@pytest.mark.parametrize(
    ("move", "fits"), [([2, -1], True), ([3, -1], False), ([2, -2], False), ([-1, 1], True), ([-2, 1], False), ([1, 1], False)]
)
def test_a_move_fits_within_the_room_of_each_and_where_every_sum_stays(move: list[int], fits: bool) -> None:
    both = unknown(np.zeros((0, 2), np.int64) if move != [1, 1] else np.array([[1, 1]]), [2, 1], [1, 1])
    assert Finder(both, np.ones(2))._fits(np.array(move)) == fits


@pytest.mark.parametrize(
    ("change", "held"),
    [
        ([0.2, 1.3, -0.4], [(2, 0)]),
        ([0.2, -1.5, 0.1], [(1, -2)]),
        ([0.5, 0.1, 0.0], [(0, 1)]),
        ([0.1, 0.0, 1.6], [(2, 2)]),
        ([0.1, 2.45, 0.0], [(1, 2)]),
        ([0.1, 2.55, 0.0], []),  # three up are too many, and three down
        ([0.1, -2.55, 0.0], []),
        ([0.1, 0.0, 1.4], [(2, 1)]),
        ([0.1, -1.7, 0.4], [(2, 0)]),
    ],
)
def test_of_broken_steps_the_furthest_from_whole_is_held_at_the_nearest(
    change: list[float], held: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half is held at the next further from nought."""
    finder = Finder(unknown(np.zeros((0, 3), np.int64), 2, 2), np.ones(3))
    seen: list[tuple[int, int]] = []
    monkeypatch.setattr(finder, "_hold", lambda which, amount: seen.append((which, amount)))
    monkeypatch.setattr(finder, "_solve", lambda **_: None)
    before = [7]
    assert finder._dive(np.array(change), before) is None
    assert seen == held
    assert before == [7, *(which for which, _ in held)]


def test_what_is_held_already_is_not_held_again() -> None:
    finder = Finder(unknown(np.array([[1, 1, 1]]), 1, 1), np.ones(3))
    held = [1]
    assert finder._dive(np.array([0.3, 0.5, -0.8]), held) is None
    assert held == [1]
    assert finder.solved == 0


def test_no_more_is_held_than_a_search_would_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    finder = Finder(unknown(np.zeros((0, 30), np.int64), 2, 2), np.ones(30))
    rng = np.random.default_rng(0)
    steps = rng.uniform(0.3, 0.49, 30)

    def without_an_end(fresh: bool) -> np.ndarray:
        assert not fresh
        return np.where(np.isin(np.arange(30), held), 0.0, steps)

    held: list[int] = []
    monkeypatch.setattr(finder, "_solve", without_an_end)
    assert finder._dive(steps, held) is None
    assert len(held) == moves.DIVES == 8
    monkeypatch.setattr(finder, "_solve", lambda **_: None)
    assert finder._dive(steps, [0]) is None
