"""What is asked of a pattern, cell by cell: what a reader takes for granted, what may be withheld and what must be, and at what cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from disclosure import suppression
from disclosure.blocks import Budget, suppress_in_blocks
from disclosure.dimension import Dimension
from disclosure.error import DisclosureError, Unprotected
from disclosure.groups import UNBOUNDED
from disclosure.policy import Attacker, Group, Policy, load_policy
from disclosure.primary import GroupFound, Primary, primary
from disclosure.problem import Pattern, Problem
from disclosure.published_table import WITHHELD, PublishedTable
from disclosure.suppression import (
    CELL_WEIGHT,
    KEPT_SHARE,
    ZERO_WEIGHT,
    Chosen,
    Wishes,
    _lost,
    _marked,
    _problem,
    _refuse,
    _weight,
    _withheld_alike,
    choose,
    floor,
)
from disclosure.system import System, link
from disclosure.table import Table

POLICY = replace(load_policy("ons-threshold-10"), group_disclosure=Group.NONE)
KNOWN = replace(POLICY, attacker=Attacker.STATUS_KNOWN)
PLACE = Dimension.flat("place", ["a", "b", "c"])
WISH = Dimension.flat("wish", ["x", "y"])
INNER = [[2, 20], [0, 15], [9, 10]]


def table(inner: list[list[int]], name: str = "t", **more: Any) -> Table:
    """Places by wishes, with totals."""
    counts = np.array(inner)
    counts = np.vstack([counts.sum(axis=0), counts])
    counts = np.column_stack([counts.sum(axis=1), counts])
    place = Dimension.flat("place", "abcdefgh"[: len(inner)])
    return Table(name, (place, Dimension.flat("wish", "xyz"[: len(inner[0])])), counts, **more)


def released(true: Table, withheld: Sequence[tuple[int, ...]] = ()) -> PublishedTable:
    hidden = np.zeros(true.counts.shape, bool)
    for at in withheld:
        hidden[at] = True
    status = np.where(hidden, "secondary", "published").astype(np.str_)
    return PublishedTable(
        "earlier", true.dimensions, np.where(hidden, WITHHELD, true.counts), status, hidden.astype(np.int64),
        population=true.population, where=true.where,
    )  # fmt: skip


def asked(tables: list[Table], policy: Policy, earlier: list[PublishedTable] | None = None, **wishes: Any) -> tuple[Problem, System]:
    system = link(tables, earlier or [])
    rules, wished = primary(system, policy), Wishes(**wishes)
    least = np.where(_marked(system, tables, wished.hide), 0, floor(system.x, rules, policy))
    return _problem(system, rules, least, policy, tables, earlier or [], wished), system


def grid(values: Any, system: System, true: Table) -> Any:
    return values[system.entries[0]].reshape(true.counts.shape).tolist()


TRUE = table(INNER)
COUNTS = TRUE.counts
SMALL = (COUNTS > 0) & (COUNTS < 10)


def test_a_reader_who_sees_zeros_takes_one_for_granted_of_every_withheld_count() -> None:
    problem, system = asked([TRUE], POLICY)
    assert grid(problem.down, system, TRUE) == np.maximum(COUNTS - 1, 0).tolist()
    assert grid(problem.up, system, TRUE) == (UNBOUNDED - COUNTS).tolist()
    assert grid(problem.movable, system, TRUE) == (COUNTS > 0).tolist()
    assert grid(problem.hidden, system, TRUE) == SMALL.tolist()
    assert grid(problem.weight, system, TRUE) == np.where(COUNTS > 0, COUNTS + CELL_WEIGHT, ZERO_WEIGHT).tolist()
    assert grid(problem.order, system, TRUE) == COUNTS.tolist()
    assert not problem.free.any()
    assert not problem.fall.any()
    assert problem.width == 1


def test_a_reader_who_sees_which_counts_are_small_knows_on_which_side_of_the_threshold_each_is() -> None:
    problem, system = asked([TRUE], replace(KNOWN, minimum_width=3))
    assert grid(problem.down, system, TRUE) == np.where(COUNTS >= 10, COUNTS - 10, np.maximum(COUNTS - 1, 0)).tolist()
    assert grid(problem.up, system, TRUE) == np.where(SMALL, 9 - COUNTS, UNBOUNDED - COUNTS).tolist()
    assert problem.width == 3


def test_a_single_child_may_be_withheld_and_costs_what_a_cell_does() -> None:
    true = table([[1, 20], [0, 15], [9, 10]])
    problem, system = asked([true], replace(POLICY, threshold=2))
    assert np.argwhere(grid(problem.hidden, system, true)).tolist() == [[1, 1]]
    assert grid(problem.movable, system, true)[1] == [True] * 3
    assert grid(problem.weight, system, true)[1] == [26.0, 6.0, 25.0]


@pytest.mark.parametrize(("count", "known", "least"), [(0, 0, 0), (1, 1, 1), (9, 1, 1), (10, 10, 1), (11, 10, 1)])
def test_what_is_taken_for_granted_at_the_threshold(count: int, known: int, least: int) -> None:
    nothing = np.zeros(1, bool)
    rules = Primary(nothing, nothing, nothing, nothing, np.zeros(1, np.int64), ())
    assert floor(np.array([count]), rules, POLICY).tolist() == [least]
    assert floor(np.array([count]), rules, KNOWN).tolist() == [known]


def test_nothing_is_taken_for_granted_of_what_a_group_has_in_common() -> None:
    nothing = np.zeros(2, bool)
    rules = Primary(nothing, np.array([True, False]), nothing, nothing, np.zeros(2, np.int64), ())
    assert floor(np.array([40, 40]), rules, KNOWN).tolist() == [0, 10]
    assert floor(np.array([40, 40]), rules, POLICY).tolist() == [1, 1]


def test_zeros_beside_a_group_may_be_withheld_and_its_count_must_possibly_fall() -> None:
    true = table([[20, 0], [0, 15], [19, 10]])
    problem, system = asked([true], replace(KNOWN, group_disclosure=Group.ALL, identifying_variables=frozenset({"place"})))
    assert grid(problem.hidden, system, true) == [[False] * 3, [False, True, True], [False, True, True], [False] * 3]
    assert all(all(row) for row in grid(problem.movable, system, true))
    assert grid(problem.fall, system, true) == [[0, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert grid(problem.down, system, true)[1][1] == 20


PARTS = [
    Table("wishes", (WISH,), np.array([76, 31, 45])),
    Table("places", (PLACE,), np.array([76, 22, 31, 23])),
    Table("a", (WISH,), np.array([22, 2, 20]), where=(("place", "a"),)),
    Table("b", (WISH,), np.array([31, 16, 15]), where=(("place", "b"),)),
]


@pytest.mark.parametrize("policy", [POLICY, KNOWN])
def test_a_count_in_no_table_is_free_unless_it_is_small_and_nobody_knows_of_its_status(policy: Policy) -> None:
    """What is left for the third place: 13 and 10 children; with four of the first more in the second, 9."""
    for moved, small in ((0, [False, False]), (4, [True, False])):
        more = np.array([0, moved, -moved])
        parts = [*PARTS[:3], replace(PARTS[3], counts=PARTS[3].counts + more)]
        problem, system = asked(parts, policy)
        implied = np.flatnonzero(system.implied)
        left = sorted(implied.tolist(), key=lambda cell: int(system.places[cell, 1]))
        counts = np.array([13 - moved, 10 + moved])
        assert system.x[left].tolist() == counts.tolist()
        assert problem.hidden[left].tolist() == small
        assert problem.free[left].tolist() == [not each for each in small]
        assert problem.movable[left].all()
        assert problem.down[left].tolist() == counts.tolist()
        assert problem.up[left].tolist() == (UNBOUNDED - counts).tolist()
        assert problem.free.sum() == 2 - sum(small)


def test_a_zero_in_no_table_may_move() -> None:
    parts = [PARTS[0], PARTS[1], PARTS[2], replace(PARTS[3], counts=np.array([31, 29, 2]))]
    problem, system = asked(parts, POLICY)
    zero = system.implied & (system.x == 0)
    assert zero.sum() == 1
    assert problem.movable[zero].all()
    assert problem.free[zero].all()


def test_what_an_earlier_release_withheld_stays_so_and_what_it_published_is_no_cover() -> None:
    earlier = released(TRUE, [(1, 1), (3, 1), (1, 2), (3, 2), (2, 2), (2, 0)])
    problem, system = asked([TRUE], POLICY, [earlier])
    assert (problem.hidden == problem.movable).all()
    assert grid(problem.hidden, system, TRUE) == earlier.withheld.tolist()


def test_a_count_that_only_an_earlier_release_had_and_withheld_can_tell_nothing() -> None:
    """Its place is in no table of ours, and of a count that nobody here knows no change is allowed, nor can it be hidden again."""
    earlier = released(TRUE, [(1, 1), (1, 2), (3, 1), (3, 2)])
    problem, system = asked([Table("b", (WISH,), COUNTS[2], where=(("place", "b"),))], POLICY, [earlier])
    unknown = system.x == WITHHELD
    assert unknown.sum() == 4
    assert not problem.movable[unknown].any()
    assert not problem.hidden.any()
    assert not problem.down[unknown].any()


def marks(*cells: tuple[int, int]) -> dict[str, np.ndarray]:
    found = np.zeros(COUNTS.shape, bool)
    for cell in cells:
        found[cell] = True
    return {"t": found}


def test_wishes_say_what_may_be_withheld_and_what_must_be() -> None:
    problem, system = asked([TRUE], POLICY, show=marks((1, 2)), hide=marks((2, 1), (3, 2)))
    expected = COUNTS > 0
    expected[1, 2], expected[2, 1] = False, True
    assert grid(problem.movable, system, TRUE) == expected.tolist()
    expected = SMALL.copy()
    expected[2, 1] = expected[3, 2] = True
    assert grid(problem.hidden, system, TRUE) == expected.tolist()
    down = np.maximum(COUNTS - 1, 0)
    down[3, 2] = 10  # what is withheld at will may be a zero
    assert grid(problem.down, system, TRUE) == down.tolist()


@pytest.mark.parametrize(
    ("wishes", "earlier"),
    [
        ({"show": marks((1, 1))}, []),  # small
        ({"show": marks((1, 2)), "hide": marks((1, 2))}, []),
        ({"show": marks((1, 2))}, [(1, 2), (1, 1), (3, 1), (3, 2)]),
    ],
)
def test_what_is_never_to_be_withheld_and_must_be_is_refused(wishes: dict[str, Any], earlier: list[tuple[int, int]]) -> None:
    before = [released(TRUE, earlier)] if earlier else []
    with pytest.raises(DisclosureError, match="never to be withheld must be"):
        asked([TRUE], POLICY, before, **wishes)


def test_what_is_published_already_cannot_be_withheld_any_more() -> None:
    before = [released(TRUE, [(1, 1), (1, 2), (3, 1), (3, 2)])]
    assert asked([TRUE], POLICY, before, hide=marks((1, 2)))[0].hidden.sum() == 4
    with pytest.raises(DisclosureError, match="never to be published was published before"):
        asked([TRUE], POLICY, before, hide=marks((2, 2)))
    with pytest.raises(Unprotected, match="1 cells must be withheld that an earlier release has published") as refused:
        asked([TRUE], POLICY, [released(TRUE, [(1, 1), (1, 2)])])
    assert refused.value.cells == ({"place": "c", "wish": "x"},)


def test_marks_of_a_table_are_those_of_its_cells_in_every_table() -> None:
    other = Table("a", (WISH,), COUNTS[1], where=(("place", "a"),))
    system = link([TRUE, other])
    found = _marked(system, [TRUE, other], {"a": np.array([False, False, True])})
    assert grid(found, system, TRUE) == (COUNTS == 20).tolist()
    assert not _marked(system, [TRUE, other], {}).any()


def test_costs_are_those_wished_for_and_less_where_a_pattern_is_to_be_kept() -> None:
    plain = np.where(COUNTS > 0, COUNTS + CELL_WEIGHT, ZERO_WEIGHT)
    other = table([[5, 30], [11, 12], [13, 14]], "u", population="else")
    system = link([TRUE, other])

    def weight(**wishes: Any) -> list[list[float]]:
        found = _weight(system, [TRUE, other], Wishes(**wishes))
        assert found[system.entries[1]].tolist() == (other.counts.reshape(-1) + CELL_WEIGHT).tolist()
        return grid(found, system, TRUE)  # type: ignore[no-any-return]

    assert weight() == plain.tolist()
    cost = np.arange(1.0, 13.0).reshape(4, 3)
    assert weight(cost={"t": cost}) == cost.tolist()
    before = replace(released(TRUE, [(1, 1), (2, 2)]), id="t")
    kept = np.where(before.withheld, KEPT_SHARE, 1)
    assert weight(like=[before]) == (plain * kept).tolist()
    assert weight(like=[before], cost={"t": cost}) == (cost * kept).tolist()
    assert weight(like=[replace(before, id="v")]) == plain.tolist()


def test_a_pattern_is_kept_by_codes_whatever_their_order() -> None:
    place = Dimension("place", ("everywhere", "c", "d", "a"), (("everywhere", ("c", "d", "a")),))
    before = np.arange(12).reshape(4, 3)  # by place, then by wish
    truth = Table("old", (place, WISH), np.array([[18, 6, 12], [6, 2, 4], [6, 2, 4], [6, 2, 4]]))
    for hidden, now in (
        ((0, 1), (0, 1)),
        ((1, 2), (3, 2)),
        ((3, 0), (1, 0)),
        ((2, 1), None),  # a place that is no more
    ):
        old = released(truth, [hidden])
        assert before[hidden] == before.reshape(-1)[np.flatnonzero(old.withheld)[0]]
        kept = _withheld_alike(TRUE, old)
        assert np.argwhere(kept).tolist() == ([list(now)] if now else [])
        turned = released(Table("old", (WISH, place), truth.counts.T), [hidden[::-1]])
        assert np.argwhere(_withheld_alike(TRUE, turned)).tolist() == ([list(now)] if now else [])
    other = released(Table("old", (Dimension.flat("town", ["c", "d", "a"]), WISH), truth.counts), [(1, 2)])
    assert not _withheld_alike(TRUE, other).any()
    alone = released(Table("old", (WISH,), truth.counts[0]), [(1,)])
    assert not _withheld_alike(TRUE, alone).any()


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.inf, np.nan])
def test_a_cost_is_a_number_above_nought(wrong: float) -> None:
    with pytest.raises(DisclosureError, match="above 0"):
        Wishes(cost={"u": np.ones(2), "t": np.array([1.0, wrong])})
    assert Wishes(cost={"t": np.array([1e-9, 1e9])}).cost["t"][0] == 1e-9


@pytest.mark.parametrize("wish", ["show", "hide", "cost"])
def test_a_wish_fits_a_table_that_is_there(wish: str) -> None:
    dtype = float if wish == "cost" else bool
    Wishes(**{wish: {"t": np.ones((4, 3), dtype)}}).check([TRUE])  # type: ignore[arg-type]
    for name, shape in (("t", (3, 4)), ("t", (12,)), ("u", (4, 3))):
        with pytest.raises(DisclosureError, match=f"table '{name}' does not fit"):
            Wishes(**{wish: {name: np.ones(shape, dtype)}}).check([TRUE])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("beyond", "lost"), [([], set()), ([2], {7}), ([0], {7}), ([3], {8}), ([4], set()), ([1], set()), ([2, 3], {7, 8})]
)
def test_a_group_is_lost_with_its_largest_count_or_the_zero_beside_it(beyond: list[int], lost: set[int]) -> None:
    nothing = np.zeros(5, bool)
    found = (GroupFound(7, 2, 0, 1), GroupFound(8, 3, -1, 1))
    rules = Primary(nothing, nothing, nothing, nothing, np.zeros(5, np.int64), found)
    assert _lost(rules, np.isin(np.arange(5), beyond)) == lost


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ([(1, 1), (1, 2)], "2 told with place 'a'"),
        ([(1, 1), (2, 1), (3, 1)], "3 told with wish 'x'"),
        ([(1, 2), (3, 2), (3, 1)], "3 told with wish 'y'"),
        ([(3, 0), (3, 1), (2, 1), (3, 2)], "4 told with place 'c'"),
        ([(0, 1), (0, 2), (0, 0)], "3 told with wish 'x'"),
        ([(0, 0)], "1 told with wish 'Total'"),
    ],
)
def test_what_is_refused_is_named_by_what_most_of_it_has_in_common(cells: list[tuple[int, int]], told: str) -> None:
    system = link([TRUE])
    where = np.zeros(COUNTS.shape, bool)
    for cell in cells:
        where[cell] = True
    of = np.zeros(len(system.x), bool)
    of[system.entries[0]] = where.reshape(-1)
    _refuse(system, np.zeros(len(system.x), bool), "told with")
    with pytest.raises(Unprotected) as refused:
        _refuse(system, of, "told with")
    assert str(refused.value) == f"{told}: merge categories, or leave a table out"
    named = [{n: c for n, c in (("place", PLACE.codes[p]), ("wish", WISH.codes[w])) if c != "Total"} for p, w in cells]
    assert sorted(map(str, refused.value.cells)) == sorted(map(str, named))


def test_a_variable_that_has_a_total_alone_is_common_to_nothing() -> None:
    system = link([Table("t", (Dimension("alone", ("Total",), ()), WISH), np.array([[5, 2, 3]]))])
    with pytest.raises(Unprotected, match="3 told with wish 'x'"):
        _refuse(system, np.ones(3, bool), "told with")


def quietly(_share: float) -> None:
    """Nobody listens."""


def chosen(true: list[Table], policy: Policy, **how: Any) -> tuple[Chosen, System]:
    system = link(true)
    return choose(system, true, policy, progress=quietly, **how), system


def test_the_cheapest_cells_are_withheld_beside_a_small_one() -> None:
    true = table([[3, 30, 40], [41, 50, 60], [70, 42, 43]])
    found, system = chosen([true], POLICY)
    assert np.argwhere(grid(found.pattern.hidden, system, true)).tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]
    assert (found.least == 1).all()
    assert found.rules.small.sum() == 1
    assert not found.pattern.unproven.any()
    cost = np.ones(true.counts.shape)
    cost[2:, 1:3] = 99
    dear, system = chosen([true], POLICY, wishes=Wishes(cost={"t": cost}, hide={"t": true.counts == 3}))
    assert np.argwhere(grid(dear.pattern.hidden, system, true)).tolist() in (
        [[0, 1], [0, 3], [1, 1], [1, 3]],
        [[0, 0], [0, 1], [1, 0], [1, 1]],
    )
    assert grid(dear.least, system, true)[1][1] == 0


def test_progress_is_told() -> None:
    told: list[float] = []
    choose(link([TRUE]), [TRUE], POLICY, progress=told.append)
    assert told


PINNED = table([[40, 0], [23, 15], [30, 20]])
IN_WISH = replace(POLICY, group_disclosure=Group.ALL, identifying_variables=frozenset({"place"}))


def test_a_group_that_cannot_be_protected_is_withheld_by_its_total() -> None:
    """Nobody of the first place has the second wish; where that wish's other counts stay published, nobody else could."""
    group, system = chosen([PINNED], IN_WISH)
    assert grid(group.pattern.hidden, system, PINNED)[1] == [False, True, True]
    show = {"t": np.zeros(PINNED.counts.shape, bool)}
    show["t"][[0, 2, 3], 2] = True
    found, system = chosen([PINNED], IN_WISH, wishes=Wishes(show=show))
    withheld = grid(found.pattern.hidden, system, PINNED)
    assert withheld[1] == [True, True, False]
    assert sum(map(sum, withheld)) == 4
    assert grid(found.rules.group, system, PINNED)[1] == [True, False, False]


def test_nothing_is_looked_for_where_bounds_say_that_nothing_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Pattern | None] = []

    def search(*given: Any) -> Pattern:
        tried.append(given[4])
        return suppress_in_blocks(*given)

    monkeypatch.setattr(suppression, "suppress_in_blocks", search)
    show = {"t": np.zeros(PINNED.counts.shape, bool)}
    show["t"][[0, 2, 3], 2] = True
    chosen([PINNED], IN_WISH, wishes=Wishes(show=show))
    assert tried == [None]


def test_cells_that_a_pattern_leaves_unproven_refuse_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing_proven(*given: Any) -> Pattern:
        return replace(suppress_in_blocks(*given), unproven=given[1].hidden)

    monkeypatch.setattr(suppression, "suppress_in_blocks", nothing_proven)
    with pytest.raises(Unprotected, match="2 cells cannot be protected in these tables, most of them with wish 'x'"):
        chosen([TRUE], POLICY)
    with pytest.raises(Unprotected, match="2 cells could not be protected in the time given, most of them with wish 'x'"):
        chosen([TRUE], POLICY, budget=Budget(over=lambda: True))


def test_what_was_found_is_kept_while_small_sums_are_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[int, Pattern | None, Pattern]] = []

    def search(system: System, problem: Problem, progress: Any, budget: Budget, start: Pattern | None) -> Pattern:
        hidden = int(problem.hidden.sum())
        given.append((hidden, start, suppress_in_blocks(system, problem, progress, budget, start)))
        return given[-1][2]

    monkeypatch.setattr(suppression, "suppress_in_blocks", search)
    true = table([[4, 5, 40], [6, 7, 41], [60, 61, 62]])
    found, system = chosen([true], replace(POLICY, minimum_withheld_sum=20))
    assert len(given) == 2
    assert given[0][1] is None
    assert given[1][1] is given[0][2]
    assert given[0][0] == 4
    assert given[1][0] > 4
    hidden = np.array(grid(found.pattern.hidden, system, true))
    for counts, withheld in ((true.counts, hidden), (true.counts.T, hidden.T)):
        for row, out in zip(counts, withheld, strict=True):
            assert out[0] or not 0 < row[1:][out[1:]].sum() < 20
    again, _ = chosen([true], replace(POLICY, minimum_withheld_sum=9))
    assert again.pattern.hidden.sum() == 4


def test_each_total_that_would_tell_a_small_sum_is_named() -> None:
    """Of the first area, and of all; the first is a part of the sum that the other tells."""
    tree = Dimension.tree("place", {"N": "Total", "a": "N", "b": "N", "c": "Total", "d": "Total"})
    true = Table("t", (tree,), np.array([22, 11, 5, 6, 4, 7]))
    totals = {"t": np.array([True, True, False, False, False, False])}
    with pytest.raises(Unprotected, match="2 totals would tell a sum of withheld counts under 30") as refused:
        chosen([true], replace(POLICY, minimum_withheld_sum=30), wishes=Wishes(show=totals))
    assert sorted(map(str, refused.value.cells)) == ["{'place': 'N'}", "{}"]


def one_after_the_other(system: System, true: Table, *cells: tuple[int, int]) -> Any:
    """Stands in for a rule that finds one cell, then another, then none."""
    grids = system.entries[0].reshape(true.counts.shape)
    masks = iter([*(np.arange(len(system.x)) == grids[cell] for cell in cells), *[np.zeros(len(system.x), bool)] * 9])
    return lambda *_: next(masks).copy()


def test_groups_that_are_lost_one_after_the_other_stay_withheld_by_their_totals(monkeypatch: pytest.MonkeyPatch) -> None:
    true = table([[40, 0], [30, 0], [23, 15]])
    system = link([true])
    monkeypatch.setattr(suppression, "beyond_protection", one_after_the_other(system, true, (1, 1), (2, 1)))
    found, _ = chosen([true], IN_WISH)
    assert np.argwhere(grid(found.rules.group, system, true)).tolist() == [[1, 0], [2, 0]]


def test_what_is_withheld_for_sums_one_after_the_other_stays_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    """It must be hidden in every search from then on, although nothing but its sum needs it."""
    true = table([[3, 30, 40], [41, 50, 60], [70, 42, 43]])
    system = link([true])
    asked: list[list[list[int]]] = []

    def search(*given: Any) -> Pattern:
        asked.append(np.argwhere(grid(given[1].hidden, system, true)).tolist())
        return suppress_in_blocks(*given)

    monkeypatch.setattr(suppression, "suppress_in_blocks", search)
    monkeypatch.setattr(suppression, "cells_for_sums", one_after_the_other(system, true, (1, 3), (2, 3)))
    found, _ = chosen([true], POLICY)
    assert asked == [[[1, 1]], [[1, 1], [1, 3]], [[1, 1], [1, 3], [2, 3]]]
    hidden = np.array(grid(found.pattern.hidden, system, true))
    assert hidden[1, 3]
    assert hidden[2, 3]
