"""Bounds from the sums around one count: never narrower than the truth, closer with every step, and no larger than is allowed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

import disclosure.nearby as module
from disclosure.error import DisclosureError
from disclosure.inference import equations, parts, tighten
from disclosure.nearby import Nearby
from disclosure.published_table import WITHHELD, PublishedTable, Status
from disclosure.search import Search
from tests.property.brute_force import SHAPES, random_table

LENGTH = 8


def row() -> Search:
    """Counts of which each two neighbours have a sum: 5, but the last two 1."""
    matrix = np.eye(LENGTH - 1, LENGTH, dtype=np.int64) + np.eye(LENGTH - 1, LENGTH, 1, dtype=np.int64)
    known = np.full(LENGTH - 1, 5)
    known[-1] = 1
    return Search(sparse.csr_matrix(matrix), known, np.zeros(LENGTH, np.int64), np.full(LENGTH, 9))


def test_each_step_takes_in_the_next_sums_until_there_are_no_more() -> None:
    assert list(Nearby(row()).bounds(0)) == [(0, 5)] * 6 + [(0, 1)]
    assert list(Nearby(row()).bounds(7)) == [(0, 1)] * 7
    assert list(Nearby(row()).bounds(3)) == [(0, 5), (0, 5), (0, 5), (4, 5)]
    nearby = Nearby(row())
    list(nearby.bounds(0))
    assert nearby.solved == 14


@pytest.mark.parametrize(("most", "steps"), [(1, 0), (2, 1), (3, 2), (7, 6), (8, 7)])
def test_no_more_counts_are_looked_at_than_allowed(monkeypatch: pytest.MonkeyPatch, most: int, steps: int) -> None:
    monkeypatch.setattr(module, "MOST", most)
    assert len(list(Nearby(row()).bounds(0))) == steps


@pytest.mark.parametrize("seed", range(12))
def test_the_truth_is_never_left_out_and_the_last_bounds_are_those_of_the_whole(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = SHAPES[seed % len(SHAPES)]
    truth = random_table("t", shape, rng, 6)
    hidden = (truth.counts > 0) & (rng.random(truth.counts.shape) < 0.7)
    hidden[(0,) * hidden.ndim] = False
    status = np.where(hidden, Status.SECONDARY, Status.PUBLISHED).astype(np.str_)
    table = PublishedTable("t", shape, np.where(hidden, WITHHELD, truth.counts), status, hidden.astype(np.int64))
    system = equations([table])
    tighten(system)
    for cells, matrix, known in parts(system):
        search = Search(matrix, known, system.low[cells], system.high[cells])
        for k in range(len(cells)):
            found = list(Nearby(search).bounds(k))
            least, most = (search.extreme(k, way)[0] for way in (-1, 1))
            for low, high in found:
                assert low <= np.ceil(least - 1e-6)
                assert high >= np.floor(most + 1e-6)
            for (low, high), (lower, higher) in zip(found[1:], found, strict=False):
                assert lower <= low
                assert high <= higher
            if found:
                assert found[-1] == (np.ceil(least - 1e-6), np.floor(most + 1e-6))


def test_bounds_are_those_of_real_numbers() -> None:
    twins = sparse.csr_matrix(np.array([[1, 1, -1], [1, -1, 0]]))  # the last is twice the first, or the second
    search = Search(twins, np.zeros(2, np.int64), np.array([0, 0, 1]), np.array([9, 9, 3]))
    assert list(Nearby(search).bounds(2)) == [(1, 3)] * 2
    assert list(Nearby(search).bounds(0)) == [(1, 1)]


def test_sums_that_nothing_fits_are_refused() -> None:
    search = row()
    search.known[0] = 20
    with pytest.raises(DisclosureError, match="no table fits"):
        list(Nearby(search).bounds(0))
