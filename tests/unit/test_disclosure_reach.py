"""What no pattern can protect is told before one is looked for: never of a cell that could be, and at the exact boundary."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from disclosure import suppression
from disclosure.blocks import Budget, suppress_in_blocks
from disclosure.dimension import Dimension
from disclosure.error import Unprotected
from disclosure.policy import Attacker, Group, load_policy
from disclosure.primary import primary
from disclosure.problem import Problem
from disclosure.protect import protect
from disclosure.reach import beyond_protection, reach
from disclosure.secondary import Effort
from disclosure.suppression import Wishes, floor
from disclosure.system import link
from disclosure.table import Table
from tests.property.brute_force import SHAPES, random_table

STRICT = replace(load_policy("strict"), group_disclosure=Group.NONE, minimum_withheld_sum=0, identifying_variables=frozenset())
SEED = st.integers(0, 2**32 - 1)
BIG = 2**40


def row_of(*counts: int) -> Table:
    return Table("t", (Dimension.flat("wish", [f"w{k}" for k in range(len(counts))]),), np.array([sum(counts), *counts]))


def quietly(_share: float) -> None:
    """Nobody listens."""


def never(*_given: object) -> None:
    raise AssertionError("a pattern was looked for")


@pytest.mark.parametrize(("ones", "possible"), [(6, True), (7, False), (8, False)])
def test_a_small_total_keeps_its_width_or_no_pattern_is_looked_for(ones: int, possible: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A total that is known to be under ten, of so many answers that somebody gave: of seven, it is 7, 8 or 9."""
    table = row_of(*[1] * ones)
    if possible:
        assert protect([table], STRICT).audit.narrowest == STRICT.minimum_width
        return
    monkeypatch.setattr(suppression, "suppress_in_blocks", never)
    with pytest.raises(Unprotected, match=f"{ones + 1} cells cannot be protected") as refused:
        protect([table], STRICT)
    assert sorted(cell.get("wish", "") for cell in refused.value.cells) == ["", *(f"w{k}" for k in range(ones))]


@settings(max_examples=60, deadline=None)
@given(shape=st.sampled_from(SHAPES), seed=SEED, most=st.integers(1, 6), width=st.integers(1, 3), known=st.booleans())
def test_what_is_told_beforehand_the_search_cannot_protect_either(
    shape: tuple[Dimension, ...], seed: int, most: int, width: int, known: bool
) -> None:
    """No move that it finds leaves the reach, and every cell that is told has no proof when it ends."""
    policy = replace(STRICT, threshold=5, minimum_width=width, attacker=Attacker.STATUS_KNOWN if known else Attacker.ZEROS_PUBLISHED)
    tables = [random_table("t", shape, np.random.default_rng(seed), most)]
    system = link(tables)
    rules = primary(system, policy)
    problem = suppression._problem(system, rules, floor(system.x, rules, policy), policy, tables, (), Wishes())
    pattern = suppress_in_blocks(system, problem, quietly, Budget(Effort(starts=1, prune=False)))
    low, high = reach(problem)
    moves = pattern.moves.toarray()
    assert (moves >= low).all()
    assert (moves <= high).all()
    assert (pattern.unproven | ~beyond_protection(problem)).all()


def problem_of(rows: list[list[int]], up: list[int], down: list[int], **more: object) -> Problem:
    """Sums as rows, -1 for the total; cells that may move so far up and down, all of them withheld."""
    cells = len(up)
    arrays = {"movable": np.ones(cells, bool), "hidden": np.ones(cells, bool), "free": np.zeros(cells, bool)}
    given = {**arrays, "width": 1, "fall": np.zeros(cells, np.int64), **more}
    matrix = sparse.csr_matrix(np.array(rows).reshape(-1, cells))
    return Problem(matrix, np.array(up), np.array(down), np.ones(cells), order=np.zeros(cells, np.int64), **given)  # type: ignore[arg-type]


def bounds(problem: Problem) -> list[tuple[int, int]]:
    return [(int(low), int(high)) for low, high in zip(*reach(problem), strict=True)]


@pytest.mark.parametrize(
    ("rows", "up", "down", "expected"),
    [
        ([[-1, 1, 1]], [9, 9, 9], [0, 5, 2], [(0, 9), (-5, 9), (-2, 9)]),
        ([[-1, 1, 1]], [9, 2, 3], [9, 1, 4], [(-5, 5), (-1, 2), (-4, 3)]),
        # A limit is handed on from sum to sum: upwards only, downwards only, and through cells that nothing limits.
        ([[-1, 1, 0, 0, 0], [0, -1, 1, 0, 0], [0, 0, -1, 1, 0], [0, 0, 0, -1, 1]], [9, 9, 9, 9, 4], [2] * 5, [(-2, 4)] * 5),
        ([[-1, 1, 0, 0, 0], [0, -1, 1, 0, 0], [0, 0, -1, 1, 0], [0, 0, 0, -1, 1]], [2] * 5, [9, 9, 9, 9, 4], [(-4, 2)] * 5),
        ([[-1, 1, 0], [0, -1, 1]], [BIG, BIG, 3], [BIG, 7, BIG], [(-7, 3)] * 3),
        ([[-1, 1, 1]], [BIG] * 3, [1] * 3, [(-1, BIG), (-1, BIG), (-1, BIG)]),
        ([], [3, 4], [1, 0], [(-1, 3), (0, 4)]),
    ],
)
def test_bounds_are_narrowed_from_sum_to_sum(
    rows: list[list[int]], up: list[int], down: list[int], expected: list[tuple[int, int]]
) -> None:
    assert bounds(problem_of(rows, up, down)) == expected


def test_what_is_published_and_stays_so_cannot_go_anywhere() -> None:
    """A cell goes as far as it may if it is withheld, may be, or is not published anyway; otherwise not at all."""
    rows, marks = [[-1, 1, 1, 1, 1]], np.eye(5, dtype=bool)
    found = bounds(problem_of(rows, [9] * 5, [9] * 5, movable=marks[1], hidden=marks[2], free=marks[3]))
    assert found == [(0, 0), (-9, 9), (-9, 9), (-9, 9), (0, 0)]
    assert bounds(problem_of(rows, [9] * 5, [9] * 5, movable=marks[1], hidden=~marks[1] & ~marks[3], free=marks[3]))[3] == (-9, 9)


@pytest.mark.parametrize(("width", "fall", "beyond"), [(4, 1, False), (5, 1, True), (4, 2, True), (1, 0, False)])
def test_a_cell_is_beyond_protection_without_its_width_or_its_fall(width: int, fall: int, beyond: bool) -> None:
    """Each of two cells with a published total goes one down and three up, or the reverse."""
    problem = problem_of(
        [[-1, 1, 1]],
        [9, 3, 9],
        [9, 1, 9],
        width=width,
        fall=np.array([0, fall, 0]),
        movable=np.array([False, True, True]),
        hidden=np.array([False, True, False]),
    )
    assert bounds(problem) == [(0, 0), (-1, 3), (-3, 1)]
    assert beyond_protection(problem).tolist() == [False, beyond, False]
    freed = problem_of([[-1, 1, 1]], [9, 3, 9], [9, 1, 9], width=99, free=np.ones(3, bool))
    assert not beyond_protection(freed).any()
