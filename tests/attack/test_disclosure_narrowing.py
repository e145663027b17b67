"""What the walk from table to table takes for open really is: against every table there is, and against linear programs for each count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from disclosure import approximate, narrowing
from disclosure.approximate import Bounded, attack_approximate, bounds_of
from disclosure.inference import Search, equations, parts
from disclosure.neighbours import Neighbours
from disclosure.policy import Group, Policy, load_policy
from disclosure.table import WITHHELD, Dimension, Method, PublishedTable, Status

POLICY = replace(load_policy("census-cell-key"), threshold=4, identifying_variables=frozenset({"place"}))
REACH = 2
PLACES, MOODS = Dimension.flat("place", ["a", "b"]), Dimension.flat("mood", ["good", "bad"])


def shown(inner: np.ndarray, moved: np.ndarray, table_id: str = "t") -> PublishedTable:
    """A table of places by moods, each count moved by so much."""
    values = np.maximum(with_totals(inner[None])[0] + moved, 0)
    status = np.full(values.shape, Status.PUBLISHED.value)
    return PublishedTable(table_id, (PLACES, MOODS), values, status, np.zeros_like(values), method=Method.CELL_KEY, base=REACH)


def with_totals(inner: np.ndarray) -> np.ndarray:
    for axis in range(1, inner.ndim):
        inner = np.concatenate([inner.sum(axis=axis, keepdims=True), inner], axis=axis)
    return inner


EVERY = with_totals(np.indices((9,) * 4).reshape(4, -1).T.reshape(-1, 2, 2))  # every table of four counts up to 8
COUNTS = st.lists(st.integers(0, 5), min_size=4, max_size=4).map(lambda found: np.array(found).reshape(2, 2))
MOVES = st.lists(st.integers(-REACH, REACH), min_size=9, max_size=9).map(lambda found: np.array(found).reshape(3, 3))


def fitting(bounded: Bounded) -> np.ndarray:
    inside = ((every := EVERY) >= bounded.low) & (every <= bounded.high)
    return every[inside.reshape(len(every), -1).all(axis=1)]


@settings(max_examples=150, deadline=None)
@given(COUNTS, MOVES, st.integers(1, 3), st.booleans())
def test_counts_and_groups_are_told_exactly_where_every_table_agrees(inner: np.ndarray, moved: np.ndarray, width: int, large: bool) -> None:
    policy = replace(POLICY, minimum_width=width)
    bounded = bounds_of(shown(inner, moved), policy, secondary=False)
    every = fitting(bounded)
    if not len(every):
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(approximate, "ALL_BOUNDS", 0 if large else 1_000)  # as for many unknowns, and as for few
        found = attack_approximate([bounded], policy).report
    least, most = every.min(axis=0), every.max(axis=0)
    pinned = {tuple(at) for at in np.argwhere((least > 0) & (most < policy.threshold) & (most - least < width)).tolist()}
    small = {(PLACES.index[e.cell["place"]], MOODS.index[e.cell["mood"]]) for e in found.exposed if e.table}
    assert small == pinned
    told = {(p, m) for p in range(3) for m in (1, 2) if (every[:, p, 0] >= 4).all() and (every[:, p, 0] - every[:, p, m] <= 1).all()}
    groups = {(PLACES.index[e.cell.get("place", "Total")], MOODS.index[e.cell["mood"]]) for e in found.exposed if not e.table}
    assert groups == told
    if large or found.exposed:  # counts that are possible for certain
        assert not found.exact
        seen = least <= found.low[0], found.low[0] <= found.high[0], found.high[0] <= most
        assert all(part.all() for part in seen)
    else:  # true bounds
        open_ = (least < policy.threshold) & (most > 0)
        assert (found.low[0][open_] == least[open_]).all()
        assert (found.high[0][open_] == most[open_]).all()
    may_be_small = (least < policy.threshold) & (most > 0)
    if may_be_small.any() and found.narrowest is not None:
        assert found.narrowest <= (most - least)[may_be_small].min()


def ring(random: np.random.Generator) -> list[PublishedTable]:
    """Tables of three variables two by two, every count moved: no table has all three, and the sums go round in a circle."""
    children = random.integers(0, 3, (40, 3))
    dimensions = [Dimension.flat(name, [f"{name}{k}" for k in range(3)]) for name in "abc"]
    tables = []
    for one, other in ((0, 1), (1, 2), (0, 2)):
        inner = np.zeros((3, 3), np.int64)
        np.add.at(inner, (children[:, one], children[:, other]), 1)
        true = with_totals(inner[None])[0]
        values = np.maximum(true + random.integers(-1, 2, true.shape), 0) * (true > 0)
        tables.append(
            PublishedTable(
                f"{one}{other}", (dimensions[one], dimensions[other]), values, np.full(values.shape, Status.PUBLISHED.value),
                np.zeros_like(values), method=Method.CELL_KEY, base=1,
            )
        )  # fmt: skip
    return tables


@pytest.mark.parametrize("seed", range(6))
def test_the_walk_finds_what_a_linear_program_for_each_count_finds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    policy: Policy = replace(load_policy("census-cell-key"), group_disclosure=Group.NONE)
    tables = ring(np.random.default_rng(seed))
    bounded = [bounds_of(table, policy, secondary=False) for table in tables]
    walked = attack_approximate(bounded, policy).report
    monkeypatch.setattr(narrowing.Narrowing, "_walk", lambda *_: None)
    monkeypatch.setattr(Search, "first", lambda _: None)
    solved = attack_approximate(bounded, policy).report
    assert {str(e) for e in walked.exposed} == {str(e) for e in solved.exposed}
    if not walked.exposed:
        assert walked.narrowest == solved.narrowest
        for ours, theirs in zip((*walked.low, *walked.high), (*solved.low, *solved.high), strict=True):
            assert (ours == theirs).all()


def test_each_step_of_a_walk_is_a_table_that_fits() -> None:
    system = equations([replace(table, values=np.full((4, 4), WITHHELD), status=np.full((4, 4), "secondary"), floor=np.zeros((4, 4), int),
                                method=Method.SUPPRESSION, base=0) for table in ring(np.random.default_rng(1))])  # fmt: skip
    system.high[:] = 60
    ((_, matrix, known),) = parts(system)
    low, high = system.low.copy(), system.high.copy()
    table = Search(matrix, known, low, high).first()
    assert table is not None
    near = Neighbours(matrix, table, low, high)
    stepped = 0
    for count in [*range(len(table))] * 3:
        before = near.table
        changed = near.step(count, 1)
        after = near.table
        assert (matrix @ after == known).all()
        assert ((after >= low) & (after <= high)).all()
        if changed is None:
            assert (after == before).all()
        else:
            stepped += 1
            assert after[count] == before[count] + 1
            assert {k: int(after[k]) for k in np.flatnonzero(after != before)} == dict(changed)
    assert stepped > 2 * len(table)


def test_no_step_leaves_the_bounds() -> None:
    matrix = sparse.csr_matrix(np.array([[-1, 1, 1]]))
    near = Neighbours(matrix, np.array([5, 2, 3]), np.array([5, 2, 0]), np.array([5, 4, 3]))
    assert near.step(0, 1) is None  # fast
    assert near.step(1, -1) is None  # at its least
    assert near.step(1, 1) == {1: 3, 2: 2}
    assert near.step(2, 1) == {2: 3, 1: 2}
    assert near.step(2, 1) is None
