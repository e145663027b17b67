"""Rounding: at its edges, and with every sum kept where that is the promise."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.published_table import WITHHELD
from disclosure.rounding import controlled, conventional, small_counts_rounded
from disclosure.table import Table


def table(inner: np.ndarray, name: str = "t", names: str = "abcd") -> Table:
    dimensions = tuple(Dimension.flat(names[k], [f"{names[k]}{j}" for j in range(n)]) for k, n in enumerate(inner.shape))
    counts = inner
    for axis, dimension in enumerate(dimensions):
        counts = np.moveaxis(np.tensordot(dimension.aggregation, counts, axes=(1, axis)), 0, axis)
    return Table(name, dimensions, counts)


def test_conventional_rounding_goes_to_the_nearest_and_halves_up() -> None:
    assert conventional(np.array([0, 2, 3, 7, 8, 12, 13]), 5).tolist() == [0, 0, 5, 5, 10, 10, 15]
    assert conventional(np.array([0, 4, 5, 14, 15, 16]), 10).tolist() == [0, 0, 10, 10, 20, 20]


def test_small_counts_are_withheld_and_none_is_rounded_to_nought() -> None:
    assert small_counts_rounded(np.array([0, 1, 7, 8, 9, 12, 13]), 8, 5).tolist() == [0, WITHHELD, WITHHELD, 10, 10, 10, 15]
    assert small_counts_rounded(np.array([1, 2, 3]), 2, 10).tolist() == [WITHHELD, 10, 10]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 7), st.sampled_from([(3, 4), (6, 5), (2, 3, 2), (5,), (2, 2, 2)]))
def test_controlled_rounding_keeps_every_sum_and_moves_no_count_a_whole_base(seed: int, base: int, shape: tuple[int, ...]) -> None:
    true = table(np.random.default_rng(seed).integers(0, 30, shape))
    (rounded,), width = controlled([true], base)
    Table("rounded", true.dimensions, rounded)  # refuses sums that do not hold
    assert (rounded % base == 0).all()
    assert (abs(rounded - true.counts) < width * base).all()
    if width == 1:
        assert (rounded[true.counts % base == 0] == true.counts[true.counts % base == 0]).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_controlled_rounding_is_the_nearest_of_all_that_keep_the_sums(seed: int) -> None:
    true = table(np.random.default_rng(seed).integers(0, 9, (2, 3)))
    (rounded,), width = controlled([true], 3)
    assert width == 1
    floor = true.counts[1:, 1:] // 3 * 3
    best = np.inf
    for up in product((0, 3), repeat=6):
        inner = floor + np.array(up).reshape(2, 3)
        full = table(inner).counts
        apart = abs(full - true.counts)
        stays = (full == true.counts) | (true.counts % 3 != 0)
        if (apart < 3).all() and stays.all():
            best = min(best, int(apart.sum()))
    assert abs(rounded - true.counts).sum() == best


def test_tables_rounded_together_agree_where_they_meet() -> None:
    cube = np.random.default_rng(3).integers(0, 40, (4, 3, 3))
    pair, other = table(cube.sum(axis=2), "ab"), table(cube.sum(axis=0), "bc", "bcd")
    (one, two), width = controlled([pair, other], 5)
    assert width == 1
    assert (one[0, :] == two[:, 0]).all()


def test_where_no_table_next_to_the_counts_exists_one_a_little_further_is_found() -> None:
    """Cox's example of three dimensions cannot be zero-restricted; a count may then move by more than one base."""
    inner = np.zeros((2, 2, 2), np.int64)
    inner[0, 0, 0] = inner[1, 1, 0] = inner[0, 1, 1] = inner[1, 0, 1] = 1
    (rounded,), width = controlled([table(inner)], 2)
    Table("rounded", table(inner).dimensions, rounded)
    assert width == 2


def test_multiples_stay_as_they_are() -> None:
    true = table(np.array([[5, 10], [15, 0]]))
    (rounded,), width = controlled([true], 5)
    assert (rounded == true.counts).all()
    assert width == 1


def test_where_nothing_is_found_the_tables_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("disclosure.rounding.WIDEST", 0)
    with pytest.raises(DisclosureError, match="no table of multiples of 5"):
        controlled([table(np.array([[4]]))], 5)


def test_a_count_may_fall_below_the_multiple_under_it_where_nothing_nearer_keeps_the_sums() -> None:
    true = table(np.array([[[3, 3], [2, 3]], [[2, 3], [2, 2]]]))
    (rounded,), width = controlled([true], 2)
    Table("rounded", true.dimensions, rounded)
    assert width == 2
    assert (rounded < true.counts // 2 * 2).any()
    assert (rounded >= 0).all()


def test_eight_widths_are_tried_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []
    monkeypatch.setattr("disclosure.rounding._steps", lambda _counts, _matrix, _base, width: tried.append(width))
    told: list[float] = []
    with pytest.raises(DisclosureError, match="no table of multiples of 5"):
        controlled([table(np.array([4]))], 5, told.append)
    assert tried == [1, 2, 3, 4, 5, 6, 7, 8]
    assert told == [width / 8 for width in range(8)]
