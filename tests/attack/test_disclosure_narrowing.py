"""What the walk from table to table takes for open really is: against every table there is, and against linear programs for each count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import sparse

from disclosure import approximate, narrowing
from disclosure.approximate import Bounded, attack_approximate
from disclosure.dimension import Dimension
from disclosure.in_sight import Exposure
from disclosure.inference import Equations, Key, equations, parts
from disclosure.narrowing import Narrowing
from disclosure.neighbours import Neighbours
from disclosure.policy import Group, Zeros, load_policy
from disclosure.published_table import WITHHELD, PublishedTable, Status
from disclosure.search import Search

POLICY = replace(load_policy("census-cell-key"), threshold=4, identifying_variables=frozenset({"place"}))
PLACES, MOODS = Dimension.flat("place", ["a", "b"]), Dimension.flat("mood", ["good", "bad", "none"])


def with_totals(inner: np.ndarray) -> np.ndarray:
    for axis in range(1, inner.ndim):
        inner = np.concatenate([inner.sum(axis=axis, keepdims=True), inner], axis=axis)
    return inner


EVERY = with_totals(np.indices((7,) * 6).reshape(6, -1).T.reshape(-1, 2, 3))  # every table of six counts up to 6
COUNTS = st.lists(st.integers(0, 4), min_size=6, max_size=6).map(lambda found: np.array(found).reshape(2, 3))
SLACK = st.lists(st.sampled_from([0, 0, 1, 20]), min_size=12, max_size=12).map(lambda found: np.array(found).reshape(3, 4))


ONE_MIND, THREE_TO_FIVE = np.array([[4, 0, 0], [5, 1, 4]]), np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]])


def between(low: np.ndarray, high: np.ndarray, dimensions: tuple[Dimension, ...] = (PLACES, MOODS)) -> Bounded:
    """A table, each count between these."""
    status = np.full(low.shape, Status.SECONDARY.value)
    return Bounded(PublishedTable("t", dimensions, np.full(low.shape, WITHHELD), status, np.zeros_like(low)), low, high)


@settings(max_examples=150, deadline=None)
@example(ONE_MIND, THREE_TO_FIVE, THREE_TO_FIVE, 1, True, Zeros.DATA)
@given(COUNTS, SLACK, SLACK, st.integers(1, 3), st.booleans(), st.sampled_from([Zeros.DATA, Zeros.PROTECTED]))
def test_counts_and_groups_are_told_exactly_where_every_table_agrees(
    inner: np.ndarray, below: np.ndarray, above: np.ndarray, width: int, large: bool, zeros: Zeros
) -> None:
    policy = replace(POLICY, minimum_width=width, zeros=zeros)
    true = with_totals(inner[None])[0]
    low, high = np.maximum(true - below, 0), true + above
    high[1:, 1:] = np.minimum(high[1:, 1:], 6)
    every = EVERY[((low <= EVERY) & (high >= EVERY)).all(axis=(1, 2))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(approximate, "ALL_BOUNDS", 0 if large else 1_000)  # as for many unknowns, and as for few
        found = attack_approximate([between(low, high)], policy).report
    least, most = every.min(axis=0), every.max(axis=0)
    small = (most < policy.threshold) & ((least > 0) | (zeros is Zeros.PROTECTED)) & (most - least < width)
    assert {at(e) for e in found.exposed if e.table} == set(zip(*np.nonzero(small), strict=True))
    told = {(p, m) for p in range(3) for m in (1, 2, 3) if (every[:, p, 0] >= 4).all() and (every[:, p, 0] - every[:, p, m] <= 1).all()}
    assert {at(e) for e in found.exposed if not e.table} == told
    may_be_small = (least < policy.threshold) & (most > 0)
    assert found.exact == (not large and not found.exposed)
    if found.exact:
        assert (found.low[0][may_be_small] == least[may_be_small]).all()
        assert (found.high[0][may_be_small] == most[may_be_small]).all()
    else:  # counts that are possible for certain
        assert (found.low[0] >= least).all()
        assert (found.high[0] <= most).all()
    widths = (most - least)[may_be_small]
    assert (found.narrowest is None) == (not len(widths))
    assert found.narrowest is None or (found.narrowest <= widths.min() and (found.narrowest > 0) == (widths.min() > 0))


def at(exposure: Exposure) -> tuple[int, int]:
    """Where a table has the cell."""
    return PLACES.index[exposure.cell.get("place", PLACES.total)], MOODS.index[exposure.cell.get("mood", MOODS.total)]


def ring(random: np.random.Generator, share: float, slack: int) -> list[Bounded]:
    """Tables of three variables two by two, a share of the counts open: no table has all three, and the sums go round in a circle."""
    children = random.integers(0, 4, (60, 3))
    dimensions = [Dimension.flat(name, [f"{name}{k}" for k in range(4)]) for name in "abc"]
    bounded = []
    for one, other in ((0, 1), (1, 2), (0, 2)):
        inner = np.zeros((4, 4), np.int64)
        np.add.at(inner, (children[:, one], children[:, other]), 1)
        true = with_totals(inner[None])[0]
        table = PublishedTable(
            f"{one}{other}", (dimensions[one], dimensions[other]), np.full(true.shape, WITHHELD),
            np.full(true.shape, Status.SECONDARY.value), np.zeros_like(true),
        )  # fmt: skip
        below, above = (np.where(random.random(true.shape) < share, slack, 0) for _ in range(2))
        bounded.append(Bounded(table, np.maximum(true - below, 0), true + above))
    return bounded


RINGS = [ring(np.random.default_rng(seed), share, slack) for seed in range(4) for share, slack in ((0.5, 9), (0.6, 1), (0.9, 3))]


@pytest.mark.parametrize("width", [1, 3])
def test_the_walk_finds_what_linear_programs_for_each_count_find(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = replace(load_policy("census-cell-key"), minimum_width=width, group_disclosure=Group.NONE)
    walked = [attack_approximate(bounded, policy).report for bounded in RINGS]
    monkeypatch.setattr(narrowing.Narrowing, "_walk", lambda *_: None)
    solved = [attack_approximate(bounded, policy).report for bounded in RINGS]
    assert sum(found.linear_programs for found in walked) < sum(found.linear_programs for found in solved)
    for ours, theirs in zip(walked, solved, strict=True):
        assert {str(e) for e in ours.exposed} == {str(e) for e in theirs.exposed}


# Two rows less two columns leave one count, which no sum by itself tells: the last row and column, and the whole, are open.
OPEN = np.array([[1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 1, 1], [1, 0, 0, 1]]) * 90
ALPHA, BETA = (Dimension.flat(name, [f"{name}{k}" for k in range(3)]) for name in ("alpha", "beta"))


@pytest.mark.parametrize(
    ("left", "more", "width", "zeros", "told"),
    [
        (9, 0, 1, Zeros.DATA, [(9, 9)]),
        (10, 0, 1, Zeros.DATA, []),
        (1, 0, 1, Zeros.DATA, [(1, 1)]),
        (0, 0, 1, Zeros.DATA, []),
        (0, 0, 1, Zeros.PROTECTED, [(0, 0)]),
        (8, 1, 1, Zeros.DATA, []),
        (8, 1, 2, Zeros.DATA, [(8, 9)]),
        (9, 1, 2, Zeros.DATA, []),
        (7, 2, 2, Zeros.DATA, []),
    ],
)
def test_what_only_linear_programming_tells_is_found(
    left: int, more: int, width: int, zeros: Zeros, told: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    true = with_totals(np.array([[[30, 40, 50], [30, 40, left], [60, 70, 80]]]))[0]
    above = OPEN.copy()
    above[1, 0] += more
    policy = replace(load_policy("census-cell-key"), minimum_width=width, zeros=zeros, group_disclosure=Group.NONE)
    bounded = between(np.maximum(true - OPEN, 0), true + above, (ALPHA, BETA))
    monkeypatch.setattr(approximate, "ALL_BOUNDS", 0)
    found = attack_approximate([bounded], policy).report
    assert [(e.low, e.high) for e in found.exposed] == told
    assert found.narrowest is None or found.narrowest <= max(more, 0 if 0 < left < 10 else 1)


def test_each_step_of_a_walk_is_a_table_that_fits() -> None:
    system = equations([each.table for each in ring(np.random.default_rng(1), 0, 0)])
    system.high[:] = 90
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


def narrowed(seed: int, unasked: bool) -> tuple[list[Bounded], list[set[tuple[int, int]]], list[set[tuple[int, int]]]]:
    """Two populations' tables, and of each the counts and the groups that every table that fits agrees on."""
    random = np.random.default_rng(seed)
    bounded, counts, groups = [], [], []
    for name in ("one", "other"):
        inner = random.integers(0, 5, (2, 3))
        inner[:, 1 + random.integers(0, 2)] //= 4
        true = with_totals(inner[None])[0]
        low, high = (np.maximum(true - random.choice([0, 0, 0, 1, 9], (3, 4)), 0), true + random.choice([0, 0, 0, 1, 9], (3, 4)))
        high[1:, 1:] = np.minimum(high[1:, 1:], 6)
        every = EVERY[((low <= EVERY) & (high >= EVERY)).all(axis=(1, 2))]
        least, most = every.min(axis=0), every.max(axis=0)
        table = between(low, high)
        bounded.append(replace(table, table=replace(table.table, id=name, population=name)))
        counts.append(set(zip(*np.nonzero((least > 0) & (most < POLICY.threshold) & (least == most)), strict=True)))
        none = every[:, :, 3] * unasked
        answers = (1, 2) if unasked else (1, 2, 3)
        told = {(p, m) for p in range(3) for m in answers if (every[:, p, 0] - none[:, p] - every[:, p, m] <= 1).all()}
        answered = (every[:, :, 0] - none).min(axis=0)
        groups.append({(p, m) for p, m in told if answered[p] >= POLICY.threshold})
    return bounded, counts, groups


@pytest.mark.parametrize("walks", [True, False])
@pytest.mark.parametrize("unasked", [True, False])
def test_groups_and_counts_are_told_of_each_population_with_and_without_a_walk(
    unasked: bool, walks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By brute force; "none" are those who were not asked, or an answer as any other."""
    if not walks:
        monkeypatch.setattr(narrowing.Narrowing, "_walk", lambda *_: None)
    several = 0
    for seed in range(16):
        bounded, counts, groups = narrowed(seed, unasked)
        for order in (bounded, bounded[::-1]):
            found = attack_approximate(order, POLICY, not_answers=("none",) if unasked else ()).report.exposed
            assert [{at(e) for e in found if e.table == each.table.id} for each in bounded] == counts
            assert sorted(at(e) for e in found if not e.table) == sorted([*groups[0], *groups[1]])
        several += len(groups[0]) > 0
    assert several > 3


def two_parts(least: int, most: int) -> list[Bounded]:
    """Twice 20 children, of whom so many are good, and the others bad."""
    low, high = np.array([20, least, 0]), np.array([20, most, 20])
    alone = between(low, high, (Dimension.flat("mood", ["good", "bad"]),))
    return [replace(alone, table=replace(alone.table, id=name, population=name)) for name in ("one", "other")]


def test_how_far_the_attack_is_is_told_of_all_counts_part_by_part() -> None:
    told: list[tuple[float, str]] = []
    attack_approximate(two_parts(2, 9), POLICY, progress=lambda share, what: told.append((share, what)))
    assert told == [(4 / 6, "attacking the tables"), (1.0, "attacking the tables")]


@pytest.mark.parametrize(("least", "limit", "programs"), [(3, 0, 2), (3, 1_000, 6), (4, 1_000, 2)])
def test_programs_are_asked_for_a_table_and_for_the_bounds_of_what_may_be_small(
    least: int, limit: int, programs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approximate, "ALL_BOUNDS", limit)
    assert attack_approximate(two_parts(least, 9), POLICY).report.linear_programs == programs


def test_what_was_seen_is_told_of_counts_that_need_no_walk_and_bounds_where_nothing_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approximate, "ALL_BOUNDS", 0)
    seen = attack_approximate(two_parts(5, 12), POLICY).report
    assert (seen.low[0] == seen.high[0]).all()
    assert (seen.low[0][0], 5 <= seen.low[0][1] <= 12) == (20, True)
    monkeypatch.setattr(Search, "first", lambda _: None)
    unseen = attack_approximate(two_parts(5, 12), POLICY).report
    assert (unseen.low[0].tolist(), unseen.high[0].tolist()) == ([20, 5, 8], [20, 12, 15])


@pytest.mark.parametrize(("rule", "other", "told"), [(Group.ALL, 0, True), (Group.ALL, 1, False), (Group.ALL_BUT_ONE, 1, True)])
@pytest.mark.parametrize("walks", [True, False])
def test_whether_one_may_stand_apart_from_a_group_is_the_policys_to_say(
    rule: Group, other: int, told: bool, walks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """20 or 21 children, all of whom, or all but at most one, are good."""
    if not walks:
        monkeypatch.setattr(narrowing.Narrowing, "_walk", lambda *_: None)
    bounded = between(np.array([20, 20, 0]), np.array([21, 21, other]), (Dimension.flat("mood", ["good", "bad"]),))
    found = attack_approximate([bounded], replace(POLICY, group_disclosure=rule)).report.exposed
    assert [dict(e.cell) for e in found] == ([{"mood": "good"}] if told else [])


def narrowing_of(
    bounds: Mapping[str, tuple[int, int]], groups: Sequence[str], also: Sequence[tuple[Mapping[str, int], int]] = (), **policy: object
) -> Narrowing:
    """Unknowns "place" and "place mood" between bounds; the places that are groups, parted by mood; and other equations between them.

    Nothing is narrowed down by adding and subtracting before, so that all of it is left to the linear programs.
    """
    keys: dict[str, Key] = {name: ("", *(("mood", mood) for mood in name.split()[1:]), ("place", name.split()[0])) for name in bounds}
    below = {group: [name for name in bounds if name.startswith(f"{group} ")] for group in groups}
    rows = [*(({group: -1, **dict.fromkeys(names, 1)}, 0) for group, names in below.items()), *also]
    matrix = sparse.csr_matrix(np.array([[row.get(name, 0) for name in bounds] for row, _ in rows]))
    low, high = np.array([*bounds.values()]).T
    sums = tuple(("mood", keys[group], tuple(keys[name] for name in names)) for group, names in below.items())
    known = np.array([number for _, number in rows])
    system = Equations(tuple(keys.values()), len(keys), matrix, known, low.copy(), high.copy(), (), sums, {})
    found = Narrowing(system, replace(POLICY, **policy), ("none",))  # type: ignore[arg-type]
    found.run(None)
    return found


def told_of(found: Narrowing) -> list[str]:
    """The groups that are told, as "place mood"."""
    how = "group disclosure: (nearly) all of a group in one category"
    assert all((e.table, e.how) == ("", how) for e in found.groups_told())
    return [f"{e.cell['place']} {e.cell['mood']}" for e in found.groups_told()]


@pytest.fixture(params=[True, False], ids=["walking", "by programs alone"])
def _walks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not request.param:
        monkeypatch.setattr(narrowing.Narrowing, "_walk", lambda *_: None)


@pytest.mark.usefixtures("_walks")
@pytest.mark.parametrize(
    ("none", "bad", "told"),
    [
        ((2, 10), (0, 1), ["a good"]),
        ((0, 16), (0, 1), ["a good"]),
        ((0, 17), (0, 1), []),
        ((2, 10), (0, 2), []),
        ((2, 2), (0, 1), ["a good"]),
    ],
)
def test_those_who_gave_no_answer_are_no_part_of_a_group_also_as_the_first_unknown(
    none: tuple[int, int], bad: tuple[int, int], told: list[str]
) -> None:
    assert told_of(narrowing_of({"a none": none, "a": (20, 20), "a good": (0, 20), "a bad": bad}, ["a"])) == told


@pytest.mark.parametrize(("good", "bad", "told"), [(17, 1, ["a good"]), (16, 2, []), (1, 17, ["a bad"])])
def test_a_group_all_of_which_is_known_needs_no_search(good: int, bad: int, told: list[str]) -> None:
    counts = {"a none": 2, "a": 20, "a good": good, "a bad": bad, "b": 20, "b good": good + 2, "b bad": bad}
    found = narrowing_of({name: (count, count) for name, count in counts.items()}, ["a", "b"])
    assert told_of(found) == [*told, *(each.replace("a ", "b ") for each in told)] if bad < 17 else ["a bad"]
    assert found.solved == 0


@pytest.mark.usefixtures("_walks")
@pytest.mark.parametrize(("size", "bad", "told"), [(4, 1, ["b good"]), (3, 1, []), (9, 2, [])])
def test_groups_with_and_without_those_who_gave_no_answer_are_told_apart(size: int, bad: int, told: list[str]) -> None:
    a = {"a none": (3, 10), "a": (20, 20), "a good": (0, 20), "a bad": (0, 3)}
    b = {"b": (size, size), "b good": (0, size), "b bad": (0, bad)}
    assert told_of(narrowing_of({**a, **b, "y": (0, 90), "z": (0, 90)}, ["a", "b"], [({"y": 1, "z": 1}, 90)])) == told


@pytest.mark.usefixtures("_walks")
def test_a_group_of_which_only_those_without_an_answer_and_the_others_are_open_is_searched() -> None:
    bounds = {"a none": (0, 10), "a": (20, 20), "a good": (10, 10), "a bad": (0, 10), "u": (0, 1)}
    assert told_of(narrowing_of(bounds, ["a"], [({"a none": 1, "u": -1}, 9)])) == ["a good"]


@pytest.mark.usefixtures("_walks")
def test_all_who_answered_gave_the_one_answer_there_is() -> None:
    assert told_of(narrowing_of({"a": (20, 20), "a good": (0, 20), "a none": (0, 5)}, ["a"])) == []


@pytest.mark.usefixtures("_walks")
@pytest.mark.parametrize(
    ("bounds", "equation"),
    [
        ({"a": (0, 99), "a good": (0, 99), "a bad": (0, 1), "u": (0, 2)}, ({"a good": 1, "u": 1}, 12)),  # at least ten are good
        (
            {"a": (20, 20), "a good": (0, 20), "a bad": (0, 1), "a none": (0, 20), "u": (0, 9)},
            ({"a none": 1, "u": 1}, 9),
        ),  # eleven answered
    ],
)
def test_a_group_is_large_where_only_linear_programs_tell(
    bounds: Mapping[str, tuple[int, int]], equation: tuple[Mapping[str, int], int]
) -> None:
    assert told_of(narrowing_of(bounds, ["a"], [equation])) == ["a good"]


@pytest.mark.usefixtures("_walks")
@pytest.mark.parametrize(("good", "told"), [(3, ["a good"]), (2, [])])
def test_a_group_is_as_large_as_those_who_answered_however_many_did_not(good: int, told: list[str]) -> None:
    """Nobody knows how many were asked; but that three are good, and one is bad."""
    assert told_of(narrowing_of({"a none": (0, 9), "a": (0, 99), "a good": (good, good), "a bad": (1, 1)}, ["a"])) == told


@pytest.mark.usefixtures("_walks")
@pytest.mark.parametrize("equation", [({"a good": 1, "a bad": -2}, 10), ({"a good": 1, "a bad": 3}, 25)])
def test_as_many_as_may_be_outside_a_category_are_looked_for_however_the_category_changes_with_them(
    equation: tuple[Mapping[str, int], int],
) -> None:
    assert told_of(narrowing_of({"a": (0, 99), "a good": (0, 99), "a bad": (0, 5)}, ["a"], [equation])) == []


@pytest.mark.parametrize(("good", "programs"), [(2, 1), (3, 3)])
def test_two_programs_are_asked_for_each_group_that_the_walk_leaves_in_doubt(good: int, programs: int) -> None:
    bounds = {"a none": (0, 9), "a": (0, 99), "a good": (good, good), "a bad": (1, 1)}
    assert narrowing_of(bounds, ["a"]).solved == programs  # and the one for a first table


def test_a_program_that_finds_a_table_saves_others_and_none_is_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two that are four together, what is seen of the one is seen of the other."""
    monkeypatch.setattr(narrowing.Narrowing, "_walk", lambda *_: None)
    found = narrowing_of({"a": (4, 4), "a good": (1, 3), "a bad": (1, 3)}, ["a"], group_disclosure=Group.NONE)
    assert found.solved == 3  # any table, the most and the least of one
    found.bound_all()
    assert found.solved == 5  # those of the other


@pytest.mark.parametrize(
    ("counts", "narrowest"),
    [
        ({"a": (20, 20), "a good": (11, 18), "a bad": (2, 9)}, 7),
        ({"a": (12, 12), "a good": (12, 12), "a bad": (0, 0)}, None),  # nought, and large
        ({"a": (4, 4), "a good": (4, 4), "a bad": (0, 0)}, None),
        ({"a": (3, 3), "a good": (3, 3), "a bad": (0, 0)}, 0),
    ],
)
def test_the_narrowest_is_that_of_counts_that_may_be_small(counts: Mapping[str, tuple[int, int]], narrowest: int | None) -> None:
    found = narrowing_of(counts, ["a"], group_disclosure=Group.NONE)
    found.bound_all()
    assert found.narrowest() == narrowest
