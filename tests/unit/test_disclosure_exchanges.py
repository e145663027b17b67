"""Exchanges: the cheapest of all there are, and what is withheld where nothing else is looked for."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from disclosure import exchanges
from disclosure.dimension import Dimension
from disclosure.exchanges import LEAVES, Exchanges, _cheapest, _padded, by_exchange, exchangeable
from disclosure.groups import UNBOUNDED
from disclosure.problem import Pattern, Problem
from disclosure.secondary import FAR_COSTS
from disclosure.system import System, link
from disclosure.table import Table

TREE = Dimension.tree("place", {"N": "Total", "S": "Total", "a": "N", "b": "N", "c": "S"})
FLAT = Dimension.flat("wish", ["x", "y", "z"])
AGE = Dimension.flat("age", ["1", "2"])


def table(dimensions: tuple[Dimension, ...], inner: Any, name: str = "t") -> Table:
    counts = np.array(inner).reshape([len(d.leaves) for d in dimensions])
    for axis, dimension in enumerate(dimensions):
        counts = np.moveaxis(np.tensordot(dimension.aggregation, counts, axes=(1, axis)), 0, axis)
    return Table(name, dimensions, counts)


def problem_of(system: System, **changed: Any) -> Problem:
    """Whatever is from 1 to 9 must be hidden, and nothing else is known; zeros cannot move."""
    x = system.x
    nothing = np.zeros(len(x), np.int64)
    own: dict[str, Any] = {
        "up": UNBOUNDED - x, "down": np.maximum(x - 1, 0), "weight": x + 5.0, "movable": x > 0, "hidden": (x > 0) & (x < 10),
        "free": nothing > 0, "width": 1, "fall": nothing, "order": x, **changed,
    }  # fmt: skip
    return Problem(matrix=system.matrix, **own)


def ways(dimension: Dimension) -> list[np.ndarray]:
    """Changes of one variable's codes: a child more in a leaf and all above it, and perhaps one less in another."""
    paths = list(dimension.aggregation.T)
    return [*paths, *(one - other for one, other in product(paths, paths) if one is not other)]


def every(dimensions: tuple[Dimension, ...]) -> np.ndarray:
    """All exchanges of a table, by multiplying out (exchanges, cells)."""
    found = [np.ones(1, np.int64)]
    for dimension in dimensions:
        found = [np.multiply.outer(one, way).reshape(-1) for one in found for way in ways(dimension)]
    return np.unique(np.concatenate([np.array(found), -np.array(found)]), axis=0)


@pytest.mark.parametrize("dimensions", [(TREE,), (FLAT, AGE), (TREE, AGE), (Dimension.flat("home", ["h"]), AGE, TREE)])
@pytest.mark.parametrize("amount", [-2, -1, 1, 2])
def test_the_cheapest_exchange_is_found(dimensions: tuple[Dimension, ...], amount: int) -> None:
    """Of all, tried one by one; and again after other cells have become cheap, or are held."""
    rng = np.random.default_rng(amount + 9)
    true = table(dimensions, rng.integers(20, 60, [len(d.leaves) for d in dimensions]))
    system = link([true])
    (at,) = system.entries
    up, down = (np.where(rng.random(len(system.x)) < 0.06, abs(amount) - 1, rng.integers(abs(amount), 4, len(system.x))) for _ in "ud")
    problem = problem_of(system, up=up, down=down)
    cost = rng.integers(1, 50, len(system.x)).astype(float)
    search = Exchanges(system, problem, cost)
    some = every(dimensions)
    moves = np.zeros((len(some), len(system.x)), np.int64)
    moves[:, at] = some * abs(amount)
    fit = (moves <= up).all(axis=1) & (-moves <= down).all(axis=1)
    found = 0
    for again in range(3):
        for cell in range(len(system.x)):
            mine = np.where(moves != 0, cost, 0)[fit & (moves[:, cell] == amount)].sum(axis=1)
            least = search.cheapest(cell, amount)
            if not len(mine) or not np.isfinite(mine.min()):
                assert least is None
                continue
            found += 1
            assert least is not None
            assert least[0] == mine.min() == cost[least[1] != 0].sum()
            assert least[1][cell] == amount
            assert not (system.matrix @ least[1]).any()
            assert (least[1] <= up).all()
            assert (-least[1] <= down).all()
        cells = rng.choice(len(cost), 2, replace=False)
        price = np.array([np.inf, 0.5]) if again else rng.integers(1, 9, 2).astype(float)
        cost[cells] = price
        search.set_cost(cells, price)
    assert found


def test_a_cost_given_later_changes_nothing_of_the_callers() -> None:
    system = link([table((FLAT,), [20, 30, 40])])
    cost = np.ones(len(system.x))
    search = Exchanges(system, problem_of(system), cost)
    search.set_cost(np.array([0]), np.array([7.0]))
    assert (cost == 1).all()


def test_tables_that_share_sums_are_exchanged_in_together() -> None:
    """What is in neither table costs nothing, and the same cell of both is one."""
    rng = np.random.default_rng(1)
    shape = (TREE, FLAT, AGE)
    full = table(shape, rng.integers(20, 60, (3, 3, 2)))
    one = Table("one", (TREE, FLAT), full.counts[:, :, 0])
    two = Table("two", (AGE, TREE), full.counts[:, 0].T)
    system = link([one, two])
    cost = rng.integers(1, 50, len(system.x)).astype(float)
    search = Exchanges(system, problem_of(system), cost)
    cube = every(shape).reshape(-1, *full.counts.shape)
    moves = np.zeros((len(cube), len(system.x)), np.int64)
    for at, changes in zip(system.entries, (cube[:, :, :, 0], cube[:, :, 0].transpose(0, 2, 1)), strict=True):
        moves[:, at] = changes.reshape(len(cube), -1)
    for cell in range(len(system.x)):
        found = search.cheapest(cell, 1)
        assert found is not None
        assert found[0] == cost[found[1] != 0].sum() == ((moves != 0) @ cost)[moves[:, cell] == 1].min()
        assert not (system.matrix @ found[1]).any()


def test_codes_without_a_total_in_common_are_not_exchanged() -> None:
    """Two tables, each of one place: what is in one cannot go to the other, but both may gain and lose within."""
    one, two = (
        replace(table((FLAT,), inner, name), where=(("place", name),)) for name, inner in (("a", [20, 30, 40]), ("b", [50, 25, 35]))
    )
    system = link([one, two])
    search = Exchanges(system, problem_of(system), np.ones(len(system.x)))
    for cell in range(len(system.x)):
        found = search.cheapest(cell, 1)
        assert found is not None
        touched = [bool(found[1][at].any()) for at in system.entries]
        assert sum(touched) == 1
        assert found[0] == 2


def test_nobody_is_exchanged_between_populations() -> None:
    rng = np.random.default_rng(4)
    waves = [replace(table((AGE, FLAT), rng.integers(20, 60, (2, 3)), f"t{k}"), population=f"wave {k}") for k in range(5)]
    system = link(waves)
    cost = rng.integers(1, 50, len(system.x)).astype(float)
    search = Exchanges(system, problem_of(system), cost)
    moves = every((AGE, FLAT))
    for at in system.entries:
        for k, cell in enumerate(at.tolist()):
            found = search.cheapest(cell, -1)
            assert found is not None
            assert found[0] == cost[found[1] != 0].sum() == ((moves != 0) @ cost[at])[moves[:, k] == -1].min()
            assert set(np.flatnonzero(found[1]).tolist()) <= set(at.tolist())


@pytest.mark.parametrize("wrong", ["too far up", "too far down", "a sum is lost", "another amount"])
def test_what_is_no_move_is_not_given_whatever_it_costs(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    system = link([table((FLAT,), [20, 30, 40])])
    at = dict(zip(("Total", "x", "y", "z"), system.entries[0].tolist(), strict=True))
    problem = problem_of(system, up=np.full(4, 2), down=np.full(4, 2))
    search = Exchanges(system, problem, np.ones(4))
    steps = {
        "too far up": {"x": 1, "y": 3, "Total": 4}, "too far down": {"x": 1, "y": -3, "z": 2}, "a sum is lost": {"x": 1, "y": 1},
        "another amount": {"x": 2, "y": -2},
    }  # fmt: skip
    if wrong == "too far up":
        problem.up[at["Total"]] = 9
    move = np.zeros(4, np.int64)
    for code, step in steps[wrong].items():
        move[at[code]] = step
    assert search.cheapest(at["x"], 1) is not None
    monkeypatch.setattr(search, "_move", lambda *_: move)
    assert search.cheapest(at["x"], 1) is None


def test_below_a_code_the_leaves_with_most_that_can_move_are_tried() -> None:
    places = Dimension.flat("place", [f"p{k}" for k in range(LEAVES + 3)])
    inner = np.full((LEAVES + 3, 3), 30)
    inner[[1, 4, 7], 1:] = 0
    system = link([table((places, FLAT), inner)])
    search = Exchanges(system, problem_of(system), np.ones(len(system.x)))
    v = [variable.name for variable in system.variables].index("place")
    gain, loss = search._options(v, 0)
    codes = system.variables[v].codes
    assert {codes[k] for k in gain[:, 0].tolist()} == {f"p{k}" for k in range(LEAVES + 3)} - {"p1", "p4", "p7"}
    assert (gain[:, 1] == 0).all()
    assert gain.shape == (LEAVES, 2)
    assert loss.shape == (LEAVES, 0)
    leaf = codes.index("p1")
    gain, loss = search._options(v, leaf)
    assert gain.tolist() == [[leaf, 0], *[[leaf, -1]] * (LEAVES + 2)]
    assert loss.tolist() == [[-1], *([k] for k in range(1, LEAVES + 4) if k != leaf)]
    assert search._options(v, leaf)[0] is gain  # worked out once


def test_ways_are_padded_to_one_length() -> None:
    assert _padded([[1, 2], [], [3]]).tolist() == [[1, 2], [-1, -1], [3, -1]]
    assert _padded([]).shape == (0, 0)
    assert _padded([]).dtype == np.intp
    assert _padded([[], []]).shape == (2, 0)


@pytest.mark.parametrize(
    ("width", "fall", "asked"),
    [
        (1, 0, [1, -1]),
        (3, 0, [3, -3, 2, -1]),
        (2, 0, [2, -2, 1, -1]),
        (1, 1, [-1]),
        (3, 1, [2, -1, -3, 1, -2]),
        (3, 2, [1, -2, -3]),
        (1, 2, [-2]),
    ],
)
def test_a_width_is_met_upwards_downwards_or_half_and_half(width: int, fall: int, asked: list[int]) -> None:
    """And what must possibly fall falls in each way."""
    system = link([table((FLAT,), [20, 30, 40])])
    problem = problem_of(system, width=width, fall=np.array([0, fall, 0, 0]))
    amounts: list[int] = []

    class Seen:
        def cheapest(self, cell: int, amount: int) -> None:
            assert cell == 1
            amounts.append(amount)

    assert _cheapest(Seen(), problem, 1) == []  # type: ignore[arg-type]
    assert amounts == asked


@pytest.mark.parametrize(
    ("costs", "chosen"),
    [
        ({3: 10, -3: 9, 2: 4, -1: 6}, [-3]),
        ({3: 8, -3: 9, 2: 4, -1: 6}, [3]),
        ({3: 12, -3: 11, 2: 4, -1: 6}, [2, -1]),
        ({3: 12, 2: 4}, [3]),  # half a way is none
        ({2: 4, -1: 6}, [2, -1]),
        ({2: 4}, []),
    ],
)
def test_the_cheapest_way_is_gone(costs: dict[int, int], chosen: list[int]) -> None:
    system = link([table((FLAT,), [20, 30, 40])])

    class Priced:
        def cheapest(self, _cell: int, amount: int) -> tuple[float, np.ndarray] | None:
            return (float(costs[amount]), np.array([amount])) if amount in costs else None

    found = _cheapest(Priced(), problem_of(system, width=3), 0)  # type: ignore[arg-type]
    assert [int(move[0]) for move in found] == chosen


def test_trees_can_be_exchanged_in_and_several_options_cannot() -> None:
    system = link([table((TREE, FLAT), np.full((3, 3), 20))])
    assert exchangeable(system)
    options = Table("t", (Dimension.multiple("wish", ["p", "r"]), AGE), np.array([[9, 4, 5], [5, 2, 3], [4, 2, 2], [6, 3, 3], [3, 1, 2]]))
    assert not exchangeable(link([options]))


@pytest.mark.parametrize(("limit", "few"), [(23, False), (24, True), (25, True)])
def test_codes_are_exchanged_up_to_so_many_together(limit: int, few: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchanges, "LARGEST", limit)
    assert exchangeable(link([table((TREE, FLAT), np.full((3, 3), 20))])) == few  # six codes by four


SQUARE = table((Dimension.flat("place", ["a", "b", "c"]), FLAT), [[3, 30, 40], [41, 50, 60], [70, 42, 43]])


def around(true: Table, moves: list[np.ndarray] | None = None, **changed: Any) -> tuple[System, Problem, Pattern, Pattern]:
    """What exchanges make of a pattern of just what must be hidden."""
    system = link([true])
    problem = problem_of(system, **{name: value(system) for name, value in changed.items()})
    hidden = problem.hidden & ~problem.free
    known = sparse.csr_matrix(np.array(moves).reshape(-1, len(system.x)) if moves else np.zeros((0, len(system.x)), np.int64))
    before = Pattern(hidden, known, hidden.copy())
    return system, problem, before, by_exchange(system, problem, before)


def cells(system: System, mask: np.ndarray, true: Table = SQUARE) -> list[list[int]]:
    return np.argwhere(mask[system.entries[0]].reshape(true.counts.shape)).tolist()


def grid(true: Table, system: System, where: Any) -> np.ndarray:
    found = np.zeros(len(system.x), bool)
    mask = np.zeros(true.counts.shape, bool)
    for at in where:
        mask[at] = True
    found[system.entries[0]] = mask.reshape(-1)
    return found


def test_what_has_no_proof_is_proven_by_the_cheapest_exchange() -> None:
    system, problem, before, found = around(SQUARE)
    assert cells(system, found.hidden) == [[1, 1], [1, 2], [2, 1], [2, 2]]
    assert not found.unproven.any()
    assert found.moves.shape[0] == 2
    assert not (problem.matrix @ found.moves.toarray().T).any()
    assert cells(system, before.hidden) == [[1, 1]]


def test_a_proven_pattern_and_one_that_cannot_be_exchanged_in_are_left_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    system, problem, before, found = around(SQUARE)
    assert by_exchange(system, problem, found) is found
    monkeypatch.setattr(exchanges, "LARGEST", 1)
    assert by_exchange(system, problem, before) is before


def test_only_what_may_be_withheld_is_and_what_is_withheld_or_free_already_is_passed_through() -> None:
    corners = [(1, 1), (1, 2), (2, 1), (2, 2)]
    kept = lambda system: (system.x > 0) & ~grid(SQUARE, system, [(1, 2)])  # noqa: E731
    system, _, _, found = around(SQUARE, movable=kept)
    assert cells(system, found.hidden) == [[1, 1], [1, 3], [2, 1], [2, 3]]
    nothing = lambda system: system.x < 0  # noqa: E731
    system, _, _, found = around(SQUARE, movable=nothing)
    assert cells(system, found.unproven) == [[1, 1]]
    system, _, _, found = around(SQUARE, movable=nothing, hidden=lambda system: grid(SQUARE, system, corners))
    assert cells(system, found.hidden) == [list(at) for at in corners]
    assert not found.unproven.any()
    free = lambda system: grid(SQUARE, system, [(1, 3), (2, 1), (2, 3)])  # noqa: E731
    system, _, _, found = around(SQUARE, movable=nothing, free=free)
    assert cells(system, found.hidden) == [[1, 1]]
    assert not found.unproven.any()


def test_a_pattern_that_withholds_more_than_it_must_moves_that_too() -> None:
    system = link([SQUARE])
    problem = problem_of(system, movable=system.x < 0)
    hidden = grid(SQUARE, system, [(1, 1), (1, 3), (3, 1), (3, 3)])
    before = Pattern(hidden, sparse.csr_matrix((0, len(hidden)), dtype=np.int64), grid(SQUARE, system, [(1, 1)]))
    found = by_exchange(system, problem, before)
    assert cells(system, found.hidden) == cells(system, hidden)
    assert not found.unproven.any()


def test_steps_through_what_is_withheld_cost_little_but_not_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """And once an exchange has passed, so do those of its cells that are withheld for it; what may not be withheld costs too much."""
    costs: list[list[float]] = []

    class Seen(Exchanges):
        def cheapest(self, cell: int, amount: int) -> tuple[float, np.ndarray] | None:
            costs.append(self.cost.tolist())
            return super().cheapest(cell, amount)

    monkeypatch.setattr(exchanges, "Exchanges", Seen)
    true = table((Dimension.flat("place", ["a", "b", "c"]), FLAT), [[3, 30, 40], [41, 50, 60], [70, 42, 4]])
    free = lambda system: grid(true, system, [(1, 3), (3, 3)])  # noqa: E731
    system, problem, _, found = around(true, free=free, movable=lambda system: (system.x > 9) & ~grid(true, system, [(0, 0)]))
    cheap = problem.hidden | problem.free
    cost = np.where(cheap, FAR_COSTS[0], problem.weight)
    cost[grid(true, system, [(0, 0)])] = np.inf
    assert costs == [cost.tolist()] * 2  # up and down
    assert cells(system, found.hidden, true) == [[1, 1], [3, 1]]  # the other corners are free
    costs.clear()
    true = table((Dimension.flat("place", ["a", "b", "c"]), FLAT), [[3, 30, 140], [41, 50, 60], [170, 42, 4]])
    system, problem, _, found = around(true)
    second = np.where(problem.hidden, FAR_COSTS[0], problem.weight)
    assert costs[0] == second.tolist()
    second[found.moves.toarray()[:2].any(axis=0)] = FAR_COSTS[0]
    assert costs[2] == second.tolist()
    assert len(costs) == 4


def test_the_largest_is_proven_first_and_what_it_proves_by_the_way_is_not_proven_again(monkeypatch: pytest.MonkeyPatch) -> None:
    true = table((Dimension.flat("place", ["a", "b", "c"]), FLAT), [[3, 30, 40], [41, 5, 60], [70, 42, 4]])
    asked: list[int] = []

    def seen(search: Exchanges, problem: Problem, cell: int) -> list[np.ndarray]:
        asked.append(cell)
        return _cheapest(search, problem, cell)

    monkeypatch.setattr(exchanges, "_cheapest", seen)
    system, _, _, found = around(true)
    at = system.entries[0].reshape(true.counts.shape)
    assert asked == [at[2, 2], at[3, 3]]  # the 5, which the 3 goes along with; then the 4
    assert not found.unproven.any()
    assert not found.moves.toarray()[:, ~found.hidden].any()
    asked.clear()
    system, _, _, _ = around(true, order=lambda system: system.x * 0)
    assert asked[0] == min(at[1, 1], at[2, 2], at[3, 3])
    asked.clear()
    move = np.zeros(len(system.x), np.int64)
    move[[at[2, 2], at[2, 1], at[1, 2], at[1, 1]]] = 1, -1, -1, 1
    problem = problem_of(system)
    before = Pattern(problem.hidden | (move != 0), sparse.csr_matrix(move[None]), problem.hidden.copy())
    found = by_exchange(system, problem, before)
    assert asked == [at[3, 3]]
    assert not found.unproven.any()
    assert found.moves.shape[0] == 3


def test_of_many_of_one_size_each_comes_in_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def nothing(_search: Exchanges, _problem: Problem, cell: int) -> list[np.ndarray]:
        asked.append(cell)
        return []

    monkeypatch.setattr(exchanges, "_cheapest", nothing)
    true = table((Dimension.flat("place", [f"p{k}" for k in range(9)]), FLAT), np.full((9, 3), 20))
    around(true, hidden=lambda system: system.x > 0, order=lambda system: np.arange(len(system.x)) % 3)
    assert asked == sorted(range(40), key=lambda cell: -(cell % 3))
