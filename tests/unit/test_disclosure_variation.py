"""Whole tables from real ones: mended around what is broken, varied as counts are pulled, and put together from their parts."""

from __future__ import annotations

from types import SimpleNamespace

import highspy
import numpy as np
import pytest
from scipy import sparse

from disclosure import dividing, variation
from disclosure.dividing import divided
from disclosure.error import DisclosureError
from disclosure.variation import STEPS, Variation, mend, program

TRIANGLE = [[1, 1, 0], [0, 1, 1], [1, 0, 1]]  # every two together: only halves fit where each sum is 1


def matrix(rows: list[list[int]]) -> sparse.csr_matrix:
    return sparse.csr_matrix(np.array(rows))


def mended(rows: list[list[int]], values: list[float], high: list[int], known: list[int] | None = None, **times: int) -> list[int] | None:
    sums = np.array(known) if known else np.rint(np.array(rows) @ np.array(values)).astype(np.int64)
    found = mend(matrix(rows), sums, np.array(values), np.zeros(len(values), np.int64), np.array(high), **times)
    return None if found is None else found.tolist()


def test_whole_values_that_fit_are_the_table_and_others_are_none() -> None:
    assert mended([[1, 1]], [1, 2], [2, 2]) == [1, 2]
    assert mended([[1, 1]], [1 + 1e-9, 2 - 1e-9], [2, 2]) == [1, 2]
    assert mended([[1, 1]], [1, 2], [2, 1]) is None
    assert mended([[1, 1]], [-1, 4], [9, 9]) is None
    assert mended([[1, 1]], [1, 2], [9, 9], known=[4]) is None


def test_broken_values_are_mended_within_their_bounds_and_the_rest_is_held() -> None:
    for high in ([1, 9, 9], [9, 1, 9], [2, 2, 7]):
        found = mended([[1, 1, 0], [0, 0, 1]], [1.5, 1.5, 7], high)
        assert found is not None
        assert (found[0] + found[1], found[2]) == (3, 7)
        assert all(0 <= one <= most for one, most in zip(found, high, strict=True))
    assert mended([[1, 1, 0], [0, 0, 1]], [1.5, 1.5, 7], [1, 1, 9]) is None
    two = mended([[1, 1, 0, 0], [0, 0, 1, 1]], [0.5, 0.5, 2.5, 2.5], [1, 0, 9, 2])  # two that share no sum
    assert two is not None
    assert (two[:2], two[2] + two[3]) == ([1, 0], 5)


def test_what_is_around_a_broken_value_is_let_go_so_often_as_is_said() -> None:
    first = [[*row, *slack] for row, slack in zip(TRIANGLE, np.eye(3, dtype=int).tolist(), strict=True)]
    halves = [0.5, 0.5, 0.5]
    assert mended(first, [*halves, 0, 0, 0], [1] * 6, times=1) is None
    found = mended(first, [*halves, 0, 0, 0], [1] * 6, times=2)
    assert found is not None
    assert (np.array(first) @ found).tolist() == [1, 1, 1]
    second = [[1, 1, 0, 1, 0], [0, 1, 1, 0, 0], [1, 0, 1, 0, 0], [0, 0, 0, 1, 1]]  # the fourth only with the fifth, which is further off
    assert mended(second, [*halves, 0, 1], [1] * 5, times=2) is None
    assert mended(second, [*halves, 0, 1], [1] * 5, times=3) == [0, 0, 1, 1, 0]
    assert mended(TRIANGLE, halves, [1] * 3) is None


def pulled(pull: list[float], *, far: int = 9, high: int = 9, low: int = 0, table: tuple[int, ...] = (3, 3, 3)) -> list[int] | None:
    whole = np.array(table)
    ways = Variation(matrix([[1, 1, 1]]), np.array([9]), whole, np.full(3, low), np.full(3, high), np.full(3, far))
    found = ways.pulled(np.array(pull))
    assert ways.solved == 1
    return None if found is None else found.tolist()


@pytest.mark.parametrize(
    ("pull", "bounds", "table"),
    [
        ([1.0, -1.0, -0.5], {}, [9, 0, 0]),
        ([1.0, -1.0, -0.5], {"high": 5}, [5, 0, 4]),
        ([1.0, -1.0, -0.5], {"low": 2}, [5, 2, 2]),
        ([1.0, -1.0, -0.5], {"far": 1}, [3 + 1 + STEPS, 0, 1]),
        ([1.0, 0.5, -1.0], {"far": -3}, [4, 3, 2]),
        ([-1.0, 1.0, 0.5], {"far": -3}, [2, 4, 3]),
        ([1.0, 0.5, 0.2], {"high": 3}, [3, 3, 3]),  # none can go up, and all go down no further than the sum allows
        ([0.5, 0.2, -1.0], {"high": 4, "table": (4, 3, 2)}, [4, 4, 1]),  # the first cannot go up: it is pulled down
    ],
)
def test_counts_move_as_they_are_pulled_as_far_as_they_may(pull: list[float], bounds: dict[str, int], table: list[int]) -> None:
    assert pulled(pull, **bounds) == table  # type: ignore[arg-type]


def test_a_count_that_cannot_move_the_way_it_is_pulled_is_pulled_the_other_way() -> None:
    ways = Variation(matrix([[1, 1, 1]]), np.array([9]), np.array([4, 3, 2]), np.array([0, 0, 2]), np.array([4, 9, 9]), np.full(3, 9))
    up, down = ways.pulled(np.array([1.0, 0.5, 0.0])), ways.pulled(np.array([0.0, 0.5, -1.0]))
    assert up is not None
    assert up.tolist() == [0, 7, 2]
    assert down is not None
    assert down[2] > 2
    assert ways.solved == 2


def test_where_nothing_fits_nothing_is_found() -> None:
    ways = Variation(matrix([[1, 1, 1]]), np.array([99]), np.array([3, 3, 3]), np.zeros(3, int), np.full(3, 9), np.full(3, 9))
    assert ways.pulled(np.ones(3)) is None


def test_large_programs_are_solved_through_their_inside_to_the_same_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variation, "MANY", 3)
    assert pulled([1.0, -1.0, -0.5]) == [9, 0, 0]


def test_a_program_has_a_row_for_each_sum_and_a_column_for_each_count() -> None:
    model = program(matrix([[1, 1, 1, 0], [0, 0, -1, 1]]), np.array([3, 0]), np.zeros(4), np.full(4, 9.0), whole=True).getLp()
    assert (model.num_row_, model.num_col_) == (2, 4)
    assert (list(model.row_lower_), list(model.row_upper_), list(model.col_upper_)) == ([3, 0], [3, 0], [9] * 4)


class Silent:
    """A solver that says that it found the best there is, and gives these values."""

    def __init__(self, values: list[float]) -> None:
        self.values = values

    def run(self) -> None:
        """Nothing is solved."""

    setOptionValue = changeColsCost = changeColsIntegrality = lambda *_: None  # noqa: N815

    def getModelStatus(self) -> highspy.HighsModelStatus:  # noqa: N802
        return highspy.HighsModelStatus.kOptimal

    def getSolution(self) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(col_value=self.values)


def test_where_the_solver_gives_no_values_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    one, nought, nine = np.array([9]), np.zeros(3, np.int64), np.full(3, 9)
    sums, above = matrix([[1, 1, 1]]), np.array([True, False, False])
    for module in (variation, dividing):
        monkeypatch.setattr(module, "program", lambda *_, **__: Silent([]))
    assert mended([[1, 1]], [1.5, 1.5], [9, 9]) is None
    assert Variation(sums, one, np.full(3, 3), nought, nine, nine).pulled(np.ones(3)) is None
    assert divided(sums, one, nought, nine, above) is None
    assert dividing._any_table(sums, one, nought, nine) is None
    assert dividing._near_middle(sums, one, nought, nine, np.full(3, 3.0), np.arange(3), 1) is None
    monkeypatch.setattr(dividing, "program", lambda *_, **__: Silent([np.inf] * 3))
    assert dividing._near_middle(sums, one, nought, nine, np.full(3, 3.0), np.arange(3), 1) is None


def test_what_divides_the_rest_is_rounded_together() -> None:
    """Three regions alike share four children; each of them by itself would be one."""
    rows = np.zeros((4, 9), int)
    rows[0, :3] = 1
    for region in range(3):
        rows[1 + region, [region, 3 + 2 * region, 4 + 2 * region]] = [-1, 1, 1]
    system, known = sparse.csr_matrix(rows), np.array([4, 0, 0, 0])
    found = divided(system, known, np.zeros(9, np.int64), np.full(9, 9), np.arange(9) < 3)
    assert found is not None
    assert (system @ found == known).all()


def test_what_is_next_to_the_middle_keeps_the_sums_of_what_is_rounded() -> None:
    """The nearest of each by itself would be one, and three in all."""
    sums, middle = matrix([[1, 1, 1, 0], [0, 0, 1, 1]]), np.array([4 / 3, 4 / 3, 4 / 3, 9.0])
    bounds = np.array([4, 10]), np.zeros(4, np.int64), np.full(4, 9)
    found = dividing._near_middle(sums, *bounds, middle, np.arange(3), 3)
    assert found is not None
    assert sorted(found.tolist()) == [1, 1, 2]
    rest = dividing._near_middle(sums, *bounds, middle, np.arange(4), 3)
    assert rest is not None
    assert sorted(rest.tolist()) == [1, 1, 2]


def test_parts_that_do_not_make_a_whole_are_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    system = matrix([[1, 1, 0, 0], [-1, 0, 1, 0], [0, -1, 0, 1]])
    above, known = np.array([True, True, False, False]), np.array([4, 0, 0])
    assert divided(system, known, np.zeros(4, np.int64), np.full(4, 9), above) is not None
    monkeypatch.setattr(dividing, "_near_middle", lambda *_: np.array([1, 1]))
    assert divided(system, known, np.zeros(4, np.int64), np.full(4, 9), above) is None


def regions(sizes: list[int]) -> sparse.csr_matrix:
    """Regions and their councils, by two answers: rows add councils up, regions up, and answers."""
    count = 2 * (len(sizes) + sum(sizes))
    rows, at = [], len(sizes)
    for region, size in enumerate(sizes):
        for answer in (0, 1):
            row = np.zeros(count, int)
            row[2 * region + answer] = -1
            row[2 * at + answer : 2 * (at + size) + answer : 2] = 1
            rows.append(row)
        at += size
    for place in range(len(sizes) + sum(sizes)):
        row = np.zeros(count, int)
        row[2 * place : 2 * place + 2] = 1
        rows.append(row)
    row = np.zeros(count, int)
    row[0 : 2 * len(sizes) : 2] = 1
    return sparse.csr_matrix(np.array([*rows, row]))


@pytest.mark.parametrize("seed", range(6))
def test_a_table_is_put_together_from_parts_around_what_divides_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = [3, 2, 4]
    system, inner = regions(sizes), rng.integers(0, 9, (9, 2))
    above = np.add.reduceat(inner, [0, 3, 5])
    true = np.concatenate([above, inner]).ravel()
    known = system @ true
    low, high = np.maximum(true - rng.integers(0, 4, len(true)), 0), true + rng.integers(0, 4, len(true))
    found = divided(system, known, low, high, np.arange(len(true)) < 6)
    assert found is not None
    assert (system @ found == known).all()
    assert ((found >= low) & (found <= high)).all()
    assert found.dtype == np.int64
    with pytest.raises(DisclosureError, match="no table fits"):
        divided(system, known + (np.arange(len(known)) == len(known) - 1) * 1000, low, high, np.arange(len(true)) < 6)
