"""Which cells are withheld beside those that must be: the cheapest, and no more than the proofs use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from disclosure import secondary
from disclosure.groups import UNBOUNDED, Groups
from disclosure.moves import Finder
from disclosure.needs import moves_for
from disclosure.problem import Pattern, Problem, Proofs
from disclosure.secondary import Effort, _costs, never, prove, suppress

Cells = set[tuple[int, int]]


def problem_of(inner: list[list[int]], **changed: Any) -> Problem:
    """Of a table of two variables, with totals: counts under ten must be hidden, zeros cannot be."""
    x = np.array(inner)
    x = np.vstack([x.sum(axis=0), x])
    x = np.column_stack([x.sum(axis=1), x])
    at = np.arange(x.size).reshape(x.shape)
    rows = []
    for line in (*at, *at.T):
        row = np.zeros(x.size, np.int64)
        row[line[0]], row[line[1:]] = -1, 1
        rows.append(row)
    counts = x.reshape(-1)
    nothing = np.zeros(counts.size, np.int64)
    return Problem(
        **{
            "matrix": sparse.csr_matrix(np.array(rows)),
            "up": UNBOUNDED - counts,
            "down": np.maximum(counts - 1, 0),
            "weight": counts + 5.0,
            "movable": counts > 0,
            "hidden": (counts > 0) & (counts < 10),
            "free": nothing > 0,
            "width": 1,
            "fall": nothing,
            "order": counts,
            **changed,
        }
    )


def mask(problem: Problem, width: int, *cells: tuple[int, int]) -> np.ndarray:
    found = np.zeros(len(problem.up), bool)
    for row, column in cells:
        found[row * width + column] = True
    return found


def named(found: np.ndarray, width: int = 4) -> Cells:
    return {divmod(cell, width) for cell in np.flatnonzero(found).tolist()}


def quietly(_share: float) -> None:
    """Nobody listens."""


def holds(problem: Problem, pattern: Pattern) -> None:
    """Every move keeps every sum and every limit, and changes nothing but what is hidden or free."""
    moves = pattern.moves.toarray()
    assert not (problem.matrix @ moves.T).any()
    assert (moves <= problem.up).all()
    assert (-moves <= problem.down).all()
    assert not moves[:, ~pattern.hidden & ~problem.free].any()
    assert pattern.hidden[problem.hidden & ~problem.free].all()


SQUARE = [[3, 30, 40], [41, 50, 60], [70, 42, 43]]
CORNERS = {(1, 1), (1, 2), (2, 1), (2, 2)}  # the cheapest rectangle: 30 + 41 + 50


def cheaper(problem: Problem, than: float) -> bool:
    """True if some pattern costs less, by trying all of so many more cells; for a width of one, and counts far from nought."""
    able = np.flatnonzero(problem.movable & ~problem.hidden)
    for size in range(1, 5):
        for more in combinations(able.tolist(), size):
            if problem.weight[list(more)].sum() >= than:
                continue
            cells = np.flatnonzero(problem.hidden | np.isin(np.arange(len(able) + problem.hidden.sum()), more))
            _, values, basis = np.linalg.svd(problem.matrix[:, cells].toarray())
            moves = basis[np.pad(values, (0, len(cells) - len(values))) < 1e-9]
            if len(moves) and (np.abs(moves).max(axis=0) > 1e-9).all():
                return True
    return False


@pytest.mark.parametrize("inner", [SQUARE, [[30, 3, 40], [50, 60, 5], [41, 42, 43]], [[12, 30, 80], [3, 90, 40], [31, 42, 43]]])
def test_the_pattern_is_the_cheapest_there_is(inner: list[list[int]]) -> None:
    problem = problem_of(inner)
    found = suppress(problem, quietly, Effort())
    assert not found.unproven.any()
    holds(problem, found)
    cost = float(problem.weight[found.hidden & ~problem.hidden].sum())
    assert not cheaper(problem, cost)
    assert cheaper(problem, cost + 1)


def test_the_cheapest_rectangle_is_hidden_around_a_small_count() -> None:
    for effort in (Effort(), Effort(starts=1), Effort(prune=False), Effort(starts=1, prune=False), Effort(thorough=False)):
        assert named(suppress(problem_of(SQUARE), quietly, effort).hidden) == CORNERS


def test_what_is_withheld_already_costs_next_to_nothing() -> None:
    """With the last column's small counts withheld, a longer way round by them is cheaper than the nearest."""
    problem = problem_of([[3, 300, 400], [310, 500, 4], [700, 420, 5]])
    found = suppress(problem, quietly, Effort())
    assert not found.unproven.any()
    assert {(1, 1), (2, 3), (3, 3)} < named(found.hidden)
    cost = float(problem.weight[found.hidden & ~problem.hidden].sum())
    assert not cheaper(problem, cost)
    assert cheaper(problem, cost + 1)


@pytest.mark.parametrize(("limit", "possible"), [(2, True), (1, False)])
def test_a_cell_keeps_its_width_or_is_said_to_have_no_proof(limit: int, possible: bool) -> None:
    """One small count that may go up by so many at most, and not down."""
    problem = problem_of(SQUARE, width=2)
    problem.up[5], problem.down[5] = limit, 0
    found = suppress(problem, quietly, Effort())
    holds(problem, found)
    assert bool(found.unproven.any()) == (not possible)
    assert named(found.unproven) == (set() if possible else {(1, 1)})


def test_what_has_no_move_stays_without_and_does_not_keep_others_from_theirs() -> None:
    """The first small count is alone in what may move; the other has the rest of the table."""
    problem = problem_of([[3, 30, 40, 50], [41, 4, 60, 33], [70, 42, 43, 70], [20, 25, 35, 45]])
    problem.movable &= ~mask(problem, 5, *((1, k) for k in (0, 2, 3, 4)))
    problem.order[:] = 0
    problem.order[mask(problem, 5, (1, 1))] = 9
    found = suppress(problem, quietly, Effort())
    holds(problem, found)
    assert named(found.unproven, 5) == {(1, 1)}
    assert {(2, 2)} < named(found.hidden, 5)


def test_a_free_cell_moves_without_being_hidden_or_proven() -> None:
    """Were the cheapest corner in no table, it would carry the move and not be withheld; nor would what must be hidden, but is free."""
    problem = problem_of(SQUARE)
    problem.free[mask(problem, 4, (2, 2), (3, 3))] = True
    problem.movable[mask(problem, 4, (2, 2))] = False
    problem.hidden[mask(problem, 4, (2, 2), (3, 3))] = True
    found = suppress(problem, quietly, Effort())
    assert named(found.hidden) == CORNERS - {(2, 2)}
    assert not found.unproven.any()


def test_what_must_be_hidden_may_move_although_nothing_else_in_its_row_does() -> None:
    """What an earlier release withheld is hidden and not movable, as if it were known: it still moves."""
    problem = problem_of(SQUARE)
    problem.hidden[mask(problem, 4, (2, 2))] = True
    problem.movable[mask(problem, 4, (2, 2), (1, 1))] = False
    found = suppress(problem, quietly, Effort())
    assert named(found.hidden) == CORNERS
    assert not found.unproven.any()


LARGE_FIRST = [[3, 30, 40], [41, 5, 60], [70, 42, 43]]


def test_the_largest_is_proven_first_and_of_the_same_size_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def nothing(_finder: Any, target: int, *_: Any, **__: Any) -> list[np.ndarray]:
        asked.append(target)
        return []

    monkeypatch.setattr(secondary, "moves_for", nothing)
    plain = problem_of(LARGE_FIRST)
    for order, expected in ((plain.order, [10, 5]), (-plain.order, [5, 10]), (plain.order * 0, [5, 10])):
        asked.clear()
        prove(replace(plain, order=order), Proofs(plain), plain.hidden, plain.movable, free=False)
        assert asked == expected  # each once, as none can be had


def test_of_many_of_one_size_each_comes_in_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def nothing(_finder: Any, target: int, *_: Any, **__: Any) -> list[np.ndarray]:
        asked.append(target)
        return []

    monkeypatch.setattr(secondary, "moves_for", nothing)
    problem = problem_of(np.full((7, 7), 20).tolist())
    problem.hidden[:] = True
    order = np.arange(64) % 3
    prove(replace(problem, order=order), Proofs(problem), problem.hidden, problem.movable, free=False)
    assert asked == sorted(range(64), key=lambda cell: -order[cell])


def test_the_first_cell_of_all_is_proven_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once its proof is found, no step of what it moves costs what a cell does that may be withheld."""
    problem = problem_of([[30, 30, 40], [41, 50, 60], [70, 42, 43]])
    problem.hidden[0] = True
    costs: list[list[float]] = []
    set_cost = Finder.set_cost

    def seen(self: Finder, which: np.ndarray, cost: np.ndarray) -> None:
        set_cost(self, which, cost)
        costs.append(self.cost.tolist())

    monkeypatch.setattr(Finder, "set_cost", seen)
    proofs = Proofs(problem)
    hidden = prove(problem, proofs, problem.hidden, problem.movable, free=False, step=(1.0, 2.0))
    assert proofs.proven()[hidden].all()
    assert named(hidden) == {(0, 0), (0, 2), (1, 0), (1, 2)}
    assert costs == [np.where(hidden, 2.0, problem.weight).tolist()]


def test_what_is_proven_already_costs_a_proven_cells_step_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    costs: list[list[float]] = []

    class Seen(Finder):
        def __init__(self, groups: Groups, cost: np.ndarray) -> None:
            costs.append(cost.tolist())
            super().__init__(groups, cost)

    monkeypatch.setattr(secondary, "Finder", Seen)
    problem = problem_of(SQUARE)
    proofs = Proofs(problem)
    hidden = prove(problem, proofs, problem.hidden, problem.movable, free=False, step=(1.0, 2.0))
    prove(problem, proofs, hidden, problem.movable, free=False, step=(1.0, 2.0))
    assert costs[0] == np.where(problem.hidden, 1.0, problem.weight).tolist()
    assert costs[1] == np.where(hidden, 2.0, problem.weight).tolist()


def test_all_that_any_of_a_cells_moves_changes_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    """One by which it may go up, and another by which it may go down."""
    problem = problem_of(SQUARE, width=2)
    problem.up[5] = problem.down[5] = 1
    both = [np.zeros(16, np.int64) for _ in range(2)]
    both[0][[5, 6, 9, 10]], both[1][[5, 7, 13, 15]] = [1, -1, -1, 1], [-1, 1, 1, -1]
    answers = iter([both])
    monkeypatch.setattr(secondary, "moves_for", lambda *_, **__: next(answers, []))
    hidden = prove(problem, Proofs(problem), problem.hidden, problem.movable, free=False)
    assert named(hidden) == CORNERS | {(1, 3), (3, 1), (3, 3)}


def test_proving_stops_when_all_is_spent_and_keeps_what_it_has() -> None:
    problem = problem_of([[3, 30, 40, 50], [41, 50, 60, 33], [70, 42, 43, 70], [20, 25, 35, 4]])
    problem.movable &= ~mask(problem, 5, (1, 4), (4, 1))  # so that one move does not prove both
    for more, proven in ((0, 0), (1, 1), (2, 2)):
        answers = iter([False] * more + [True] * 99)
        proofs = Proofs(problem)
        hidden = prove(problem, proofs, problem.hidden, problem.movable, free=False, spent=lambda answers=answers: next(answers))  # type: ignore[misc]
        assert (proofs.proven() & problem.hidden).sum() == proven
        assert (hidden & ~problem.hidden).any() == bool(more)
        assert len(proofs.moves) == 2 * more
    assert problem.hidden.sum() == 2  # what is given is not written to


def test_what_a_move_proves_by_the_way_is_not_proven_again() -> None:
    """Two small counts at two corners of the cheapest rectangle."""
    problem = problem_of(LARGE_FIRST)
    proofs = Proofs(problem)
    hidden = prove(problem, proofs, problem.hidden, problem.movable, free=False)
    assert named(hidden) == {(1, 1), (1, 2), (2, 1), (2, 2)}
    assert len(proofs.moves) == 2
    assert proofs.proven()[hidden].all()


@pytest.mark.parametrize("free", [True, False])
def test_the_first_way_is_taken_where_steps_are_free_and_else_the_cheapest(free: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    how: list[dict[str, bool]] = []

    def seen(*given: Any, **named: Any) -> list[np.ndarray]:
        how.append(named)
        return moves_for(*given, **named)

    monkeypatch.setattr(secondary, "moves_for", seen)
    problem = problem_of(SQUARE)
    prove(problem, Proofs(problem), problem.hidden, problem.movable, free=free)
    prove(problem, Proofs(problem), problem.hidden, problem.movable, free=free, thorough=False)
    assert how == [{"first": free, "thorough": True}] + [{"first": free, "thorough": False}] * (len(how) - 1)
    assert len(how) > 1


def test_a_step_of_a_group_costs_what_its_cells_would_add() -> None:
    """Cells: published, hidden, proven, free, both of one group; one that cannot move has none."""
    of = np.array([0, 0, 1, 1, 2, -1])
    groups = Groups(of, np.ones(6, np.int64), sparse.csr_matrix((0, 4)), np.ones(4, np.int64), np.ones(4, np.int64))
    nothing = np.zeros(6, np.int64)
    weight, free = np.array([10.0, 20, 30, 40, 50, 60]), np.array([0, 0, 0, 1, 0, 0], bool)
    some = nothing > 0
    problem = Problem(sparse.csr_matrix((0, 6)), nothing, nothing, weight, some, some, free, 1, nothing, nothing)
    hidden, proven = np.array([0, 1, 1, 0, 1, 1], bool), np.array([0, 0, 0, 0, 1, 0], bool)
    assert _costs(groups, problem, hidden, proven, (0.25, 0.5)).tolist() == [10.25, 0.5, 0.5, 0.0]


def test_costs_fall_as_cells_are_withheld_and_rise_a_little_as_they_are_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    """After each move, a step of what it changed costs what a step of a proven cell does: here, 2 for each of four corners."""
    changed: list[tuple[int, float]] = []
    set_cost = Finder.set_cost

    def seen(self: Any, which: np.ndarray, cost: np.ndarray) -> None:
        changed.extend(zip(which.tolist(), cost.tolist(), strict=True))
        set_cost(self, which, cost)

    monkeypatch.setattr(Finder, "set_cost", seen)
    problem = problem_of(SQUARE)
    hidden = prove(problem, Proofs(problem), problem.hidden, problem.movable, free=False, step=(1.0, 2.0))
    assert named(hidden) == CORNERS
    assert [cost for _, cost in changed] == [2.0] * 4


def test_no_limit_is_never_reached() -> None:
    assert never() is False


def told(problem: Problem, effort: Effort, spent: Callable[[], bool] = never) -> list[float]:
    shares: list[float] = []
    suppress(problem, shares.append, effort, spent)
    return shares


def test_each_start_is_told_of() -> None:
    problem = problem_of(SQUARE)
    assert told(problem, Effort()) == [0.3, 0.6]
    assert told(problem, Effort(starts=1)) == [0.3]
    assert told(problem, Effort(), lambda: True) == []


def test_what_is_spent_in_between_leaves_the_rest_without_proof() -> None:
    """Whether it is what is withheld anyway that is being proven, or what needs more to be withheld."""
    corners = problem_of(SQUARE)
    corners.hidden[mask(corners, 4, *CORNERS)] = True
    for problem in (corners, problem_of(SQUARE)):
        answers = iter([False])
        found = suppress(problem, quietly, Effort(), lambda answers=answers: next(answers, True))  # type: ignore[misc]
        assert (found.unproven == problem.hidden).all()
        assert (found.hidden == problem.hidden).all()


def test_what_is_spent_from_the_start_leaves_all_without_proof() -> None:
    problem = problem_of(SQUARE)
    found = suppress(problem, quietly, Effort(), lambda: True)
    assert named(found.hidden) == {(1, 1)}
    assert named(found.unproven) == {(1, 1)}
    assert found.moves.shape == (0, 16)


def test_the_starts_are_put_together_and_what_is_not_needed_is_published_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each start goes first by what is hidden and free alone, then by all that may be withheld; both orders are those of the counts."""
    given: list[tuple[list[int], Cells, Cells, bool, bool]] = []

    def seen(problem: Problem, proofs: Proofs, hidden: np.ndarray, movable: np.ndarray, *, free: bool, **how: Any) -> np.ndarray:
        assert proofs.problem is problem
        given.append((problem.order.tolist(), named(hidden), named(movable), free, how.get("thorough", True)))
        return whole(problem, proofs, hidden, movable, free=free, **how)

    whole = secondary.prove
    monkeypatch.setattr(secondary, "prove", seen)
    problem = problem_of([[3, 30, 40], [41, 50, 60], [70, 0, 43]])
    problem.free[mask(problem, 4, (3, 2))] = True
    problem.hidden[mask(problem, 4, (2, 2), (3, 2))] = True
    for thorough in (True, False):
        given.clear()
        suppress(problem, quietly, Effort(thorough=thorough))
        start, free = {(1, 1), (2, 2)}, {(3, 2)}
        for k, order in enumerate((problem.order, np.arange(16))):
            alone, widely = given[2 * k], given[2 * k + 1]
            assert alone == (order.tolist(), start, start | free, True, False)
            assert widely[0] == order.tolist()
            assert widely[2] == named(problem.movable) | free | start
            assert widely[3:] == (False, thorough)
    assert len(given) == 4


def test_two_starts_put_together_and_pruned_withhold_less_than_one() -> None:
    """And more, before any is published again: in four tables together."""
    cost = dict.fromkeys(product((1, 2), (True, False)), 0.0)
    for seed in (22, 23, 24, 28):
        problem = problem_of(np.random.default_rng(seed).integers(1, 40, (5, 5)).tolist())
        found = {(starts, prune): suppress(problem, quietly, Effort(starts, prune)) for starts, prune in cost}
        assert not (found[2, True].hidden & ~found[2, False].hidden).any()
        for how, pattern in found.items():
            holds(problem, pattern)
            assert not pattern.unproven.any()
            cost[how] += float(problem.weight[pattern.hidden].sum())
    assert cost[2, True] < cost[1, True] < cost[1, False] < cost[2, False]
