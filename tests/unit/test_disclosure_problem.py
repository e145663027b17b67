"""What secondary suppression solves, and what it takes for a proof, at n - 1, n and n + 1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from disclosure.groups import Groups, group
from disclosure.moves import Finder
from disclosure.needs import Needs, moves_for
from disclosure.problem import Problem, Proofs, finish


def whole(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def mask(*values: int) -> np.ndarray:
    return np.array(values, bool)


PROBLEM = Problem(
    sparse.csr_matrix(np.array([[-1, 1, 1, 0], [0, 0, 1, -1]])),
    up=whole(2, 1, 4, 9),
    down=whole(1, 2, 3, 8),
    weight=np.array([1.5, 2.5, 3.5, 4.5]),
    movable=mask(1, 1, 1, 0),
    hidden=mask(0, 1, 1, 0),
    free=mask(1, 0, 0, 0),
    width=2,
    fall=whole(0, 1, 0, 0),
    order=whole(7, 6, 5, 4),
)


def test_the_same_problem_has_the_same_digest_however_its_matrix_is_stored() -> None:
    shuffled = PROBLEM.matrix.copy()
    shuffled.indices, shuffled.data = shuffled.indices[[2, 0, 1, 4, 3]], shuffled.data[[2, 0, 1, 4, 3]]
    shuffled.has_sorted_indices = False
    assert replace(PROBLEM, matrix=shuffled).digest() == PROBLEM.digest()


@pytest.mark.parametrize("name", ["up", "down", "weight", "movable", "hidden", "free", "fall", "order", "width", "matrix"])
def test_a_problem_that_differs_in_anything_has_another_digest(name: str) -> None:
    value = getattr(PROBLEM, name)
    if name == "matrix":
        other = value * 2
    elif name == "width":
        other = value + 1
    else:
        other = value.copy()
        other[-1] = ~other[-1] if other.dtype == bool else other[-1] + (0.25 if name == "weight" else 1)
    assert replace(PROBLEM, **{name: other}).digest() != PROBLEM.digest()


def test_a_part_holds_its_cells_and_the_sums_they_are_in() -> None:
    part = PROBLEM.part(whole(1, 0))
    assert part.matrix.toarray().tolist() == [[1, -1]]  # the other sum has none of these cells
    assert PROBLEM.part(whole(3)).matrix.toarray().tolist() == [[-1]]
    for name in ("up", "down", "weight", "movable", "hidden", "free", "fall", "order"):
        assert getattr(part, name).tolist() == getattr(PROBLEM, name)[[1, 0]].tolist(), name
    assert part.width == PROBLEM.width


@pytest.mark.parametrize(
    ("up", "down", "back"),
    [
        ((2, 1), (1, 2), True),  # just as far back as each cell may go
        ((2, 0), (1, 2), False),
        ((2, 1), (0, 2), False),
        ((2, 2), (2, 2), True),
    ],
)
def test_the_reverse_of_a_move_is_taken_where_every_cell_may_go_that_far(up: tuple[int, int], down: tuple[int, int], back: bool) -> None:
    proofs = Proofs(replace(PROBLEM.part(whole(0, 1)), up=whole(*up), down=whole(*down)))
    proofs.add(whole(1, -1))
    assert (proofs.above.tolist(), proofs.below.tolist()) == (([1, 1], [1, 1]) if back else ([1, 0], [0, 1]))
    assert proofs.matrix().toarray().tolist() == [[1, -1], [-1, 1]][: 1 + back]


def test_how_far_cells_go_is_the_furthest_of_all_moves() -> None:
    proofs = Proofs(PROBLEM)
    proofs.keep(whole(1, 2), whole(-2, 2))
    proofs.keep(whole(2, 3), whole(1, 1))
    proofs.keep(whole(1), whole(3))
    assert (proofs.above.tolist(), proofs.below.tolist()) == ([0, 3, 2, 1], [0, 2, 0, 0])
    moves = proofs.matrix()
    assert moves.toarray().tolist() == [[0, -2, 2, 0], [0, 0, 1, 1], [0, 3, 0, 0]]
    again = Proofs(PROBLEM)
    again.keep(whole(0, 1), whole(4, 1))
    again.take(moves)
    assert (again.above.tolist(), again.below.tolist()) == ([4, 3, 2, 1], [0, 2, 0, 0])


def test_no_moves_prove_nothing() -> None:
    proofs = Proofs(PROBLEM)
    assert proofs.matrix().shape == (0, 4)
    proofs.take(proofs.matrix())
    assert not proofs.proven().any()


@pytest.mark.parametrize(("above", "below", "proven"), [(1, 0, False), (2, 0, True), (1, 1, True), (0, 2, True), (0, 1, False)])
def test_a_cell_is_proven_from_the_width_on(above: int, below: int, proven: bool) -> None:
    proofs = Proofs(PROBLEM)
    proofs.above[2], proofs.below[2] = above, below
    assert proofs.proven(2) == proven
    assert proofs.proven().tolist() == [False, False, proven, False]


@pytest.mark.parametrize(("below", "proven"), [(0, False), (1, True), (2, True)])
def test_a_cell_that_must_possibly_fall_is_proven_only_if_it_does(below: int, proven: bool) -> None:
    proofs = Proofs(PROBLEM)
    proofs.above[1], proofs.below[1] = 5, below
    assert proofs.proven(1) == proven


def test_a_pattern_says_which_of_its_cells_have_no_proof() -> None:
    moves = sparse.csr_matrix(np.array([[0, -1, 1, 0], [0, 1, -1, 0]]))
    everything = mask(1, 1, 1, 1)
    found = finish(PROBLEM, everything, moves)
    assert found.unproven.tolist() == [False, False, False, True]  # the first is free: it is published nowhere
    assert found.hidden is everything
    assert found.moves is moves
    assert not finish(PROBLEM, mask(0, 1, 1, 0), moves).unproven.any()
    assert finish(replace(PROBLEM, width=3), mask(0, 1, 1, 0), moves).unproven.tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("rise", "fall", "ways"),
    [
        (0, 0, [(3, 0), (0, 3), (2, 1)]),
        (1, 0, [(3, 0), (1, 2), (2, 1)]),
        (0, 2, [(1, 2), (0, 3)]),
        (2, 2, [(2, 2)]),
        (4, 0, [(4, 0)]),
        (1, 2, [(1, 2)]),
    ],
)
def test_the_ways_to_meet_a_need_go_as_far_as_it_asks_and_no_further(rise: int, fall: int, ways: list[tuple[int, int]]) -> None:
    assert Needs(3, whole(9, rise), whole(9, fall)).ways(1) == ways


def test_a_need_is_met_from_its_width_its_rise_and_its_fall_on() -> None:
    needs = Needs(3, whole(0, 0, 2, 2, 0, 0), whole(0, 0, 0, 0, 2, 2))
    assert needs.met(whole(2, 2, 2, 1, 1, 2), whole(0, 1, 1, 2, 2, 1)).tolist() == [False, True, True, False, True, False]


def test_what_must_fall_against_its_groups_direction_must_rise_in_it() -> None:
    """Two pairs of cells: what one has more, the other has less."""
    matrix = sparse.csr_matrix(np.array([[1, 1, 0, 0], [0, 0, 1, 1]]))
    problem = replace(
        PROBLEM, matrix=matrix, movable=mask(1, 1, 1, 1), fall=whole(3, 2, 0, 1), up=whole(9, 9, 9, 9), down=whole(9, 9, 9, 9)
    )
    groups = group(matrix, problem.movable, problem.up, problem.down)
    needs = Needs.of(problem, groups)
    along = [int(groups.sign[cell]) for cell in (0, 3)]
    first, second = (int(groups.of[cell]) for cell in (0, 3))
    assert first != second
    assert sorted((along[0] * needs.fall[first], along[0] * needs.rise[first])) == sorted((along[0] * 3, along[0] * 2))
    assert (needs.fall if along[0] > 0 else needs.rise)[first] == 3
    assert (needs.fall if along[1] > 0 else needs.rise)[second] == 1
    assert (needs.rise if along[1] > 0 else needs.fall)[second] == 0
    assert needs.width == problem.width


def test_what_cannot_move_at_all_asks_nothing_of_any_group() -> None:
    matrix = sparse.csr_matrix(np.array([[1, 0, 0], [0, 1, 1]]))  # the first cell is held fast
    problem = replace(PROBLEM, matrix=matrix, movable=mask(1, 1, 1), fall=whole(5, 0, 0), up=whole(9, 9, 9), down=whole(9, 9, 9))
    needs = Needs.of(problem, group(matrix, problem.movable, problem.up, problem.down))
    assert (needs.rise.tolist(), needs.fall.tolist()) == ([0], [0])


def test_of_cells_that_move_together_the_one_that_must_fall_furthest_decides() -> None:
    """The first two go along with each other; the third is in no sum."""
    matrix = sparse.csr_matrix(np.array([[1, -1, 0]]))
    problem = replace(PROBLEM, matrix=matrix, movable=mask(1, 1, 1), fall=whole(1, 3, 2), up=whole(9, 9, 9), down=whole(9, 9, 9))
    needs = Needs.of(problem, group(matrix, problem.movable, problem.up, problem.down))
    assert sorted((needs.fall + needs.rise).tolist()) == [2, 3]


def moved(
    width: int,
    *,
    up: tuple[int, ...] = (9, 9, 9),
    down: tuple[int, ...] = (9, 9, 9),
    cost: tuple[int, ...] = (0, 3, 10),
    first: bool = False,
) -> list[list[int]]:
    """Moves for the first of three groups that sum to nought."""
    groups = Groups(whole(0, 1, 2), whole(1, 1, 1), sparse.csr_matrix(np.array([[1, 1, 1]])), whole(*up), whole(*down))
    needs = Needs(width, whole(0, 0, 0), whole(0, 0, 0))
    return [move.tolist() for move in moves_for(Finder(groups, np.array(cost, float)), 0, needs, first=first)]


def test_of_the_ways_to_meet_a_need_the_cheapest_is_taken_or_the_first() -> None:
    """The second group is cheap and can only rise."""
    assert moved(2, down=(9, 0, 9)) == [[-2, 2, 0]]
    assert moved(2, down=(9, 0, 9), first=True) == [[2, 0, -2]]
    assert moved(2, up=(9, 1, 9), cost=(0, 3, 30), down=(9, 1, 9)) == [[1, -1, 0], [-1, 1, 0]]  # up and down, each by the cheap one
    assert moved(2, cost=(0, 3, 3), down=(9, 0, 9), up=(9, 0, 9)) == [[2, 0, -2]]  # as dear: the first


def test_a_need_is_met_up_or_down_where_it_can_be_gone_one_way_only_and_not_at_all_where_it_cannot() -> None:
    assert moved(1, up=(0, 9, 9), first=True) == [[-1, 1, 0]]
    assert moved(1, down=(0, 9, 9), first=True) == [[1, -1, 0]]
    assert moved(2, up=(1, 9, 9), down=(1, 9, 9)) == [[1, -1, 0], [-1, 1, 0]]
    assert moved(3, up=(1, 9, 9), down=(1, 9, 9)) == []
    assert moved(1, up=(0, 9, 9), down=(0, 9, 9)) == []


class Asked(Finder):
    """Remembers how thoroughly it was asked to search."""

    def find(self, target: int, amount: int, *, thorough: bool = True) -> np.ndarray | None:
        self.thorough = thorough
        return super().find(target, amount, thorough=thorough)


@pytest.mark.parametrize("how", [{}, {"thorough": True}, {"thorough": False}])
def test_a_search_is_as_thorough_as_it_is_asked_to_be(how: dict[str, bool]) -> None:
    groups = Groups(whole(0, 1), whole(1, 1), sparse.csr_matrix(np.array([[1, 1]])), whole(9, 9), whole(9, 9))
    finder = Asked(groups, np.ones(2))
    assert moves_for(finder, 0, Needs(1, whole(0, 0), whole(0, 0)), first=True, **how)
    assert finder.thorough is how.get("thorough", True)
