"""What published tables say of what they withhold: their unknowns, their sums, and what these alone tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.inference import Equations, Key, cells_named, equations, parts, tighten
from disclosure.published_table import WITHHELD, PublishedTable
from disclosure.search import NO_LIMIT
from tests.property.brute_force import SHAPES, random_table

AREA = Dimension.flat("area", ["a", "b", "c"])
PLACE = Dimension.tree("place", {"a": "Total", "b": "Total", "c": "Total", "a1": "a", "a2": "a", "b1": "b", "b2": "b"})
MOOD = Dimension.flat("mood", ["good", "bad"])


def table(
    dimensions: Sequence[Dimension],
    values: Any,
    *,
    name: str = "t",
    population: str = "2026",
    where: tuple[tuple[str, str], ...] = (),
    floor: int = 1,
) -> PublishedTable:
    """`values`: None is withheld."""
    shown = np.array(values, dtype=float)
    hidden = np.isnan(shown)
    counts = np.where(hidden, WITHHELD, shown).astype(np.int64)
    status = np.where(hidden, "secondary", "published")
    return PublishedTable(name, tuple(dimensions), counts, status, np.where(hidden, floor, 0), population=population, where=where)


def rows(system: Equations) -> set[tuple[frozenset[tuple[int, int]], int]]:
    """Each sum with unknowns in it: ((unknown, sign) ...) and what is known of it."""
    found = set()
    for row, known in zip(system.matrix, system.known.tolist(), strict=True):
        found.add((frozenset(zip(row.indices.tolist(), row.data.tolist(), strict=True)), known))
    return found


def test_withheld_counts_become_unknowns_and_sums_equations() -> None:
    system = equations([table([AREA], [60, None, 20, None]), table([MOOD], [60, 60, 0], name="u")])
    assert system.keys == (("2026", ("area", "a")), ("2026", ("area", "c")))
    assert system.implied == 2
    assert rows(system) == {(frozenset({(0, 1), (1, 1)}), 40), (frozenset(), 0)}
    assert system.low.tolist() == [1, 1]
    assert system.high.tolist() == [NO_LIMIT] * 2
    assert [each.tolist() for each in system.cells] == [[-1, 0, -1, 1], [-1, -1, -1]]
    assert system.sums[0] == ("area", ("2026",), (("2026", ("area", "a")), ("2026", ("area", "b")), ("2026", ("area", "c"))))
    assert system.counts["2026", ("mood", "bad")] == 0
    assert len(system.counts) == 4


def test_a_withheld_total_is_an_unknown_of_its_sum() -> None:
    assert rows(equations([table([AREA], [None, 20, None, 5])])) == {(frozenset({(0, -1), (1, 1)}), -25)}


def test_what_is_published_anywhere_is_known_everywhere_and_the_most_that_is_taken_for_granted_holds() -> None:
    one, two = [None, None, None, 5], [60, None, None, 5]
    system = equations([table([AREA], one, floor=0), table([AREA], two, name="u", floor=2), table([AREA], two, name="v", floor=1)])
    assert system.keys == (("2026", ("area", "a")), ("2026", ("area", "b")))
    assert system.low.tolist() == [2, 2]
    assert [each.tolist() for each in system.cells] == [[-1, 0, 1, -1]] * 3
    assert equations([table([AREA], one, floor=0)]).low.tolist() == [0, 0, 0]
    other = equations([table([AREA], one), table([AREA], two, name="u", population="2027")])
    assert len(other.keys) == 5


def test_tables_that_give_one_count_twice_are_refused() -> None:
    same = [table([AREA], [60, 20, 20, 20]), table([AREA, MOOD], np.full((4, 3), None).tolist(), name="u")]
    assert len(equations(same).keys) == 8  # the areas' counts are known from the other table
    with pytest.raises(DisclosureError, match="different counts for the same cell"):
        equations([same[0], table([AREA], [61, None, None, 20], name="u")])


def test_what_a_table_is_about_is_part_of_its_cells_names() -> None:
    filtered = table([MOOD], [9, 5, 4], where=(("place", "a"),))
    assert list(cells_named(filtered, {})) == [
        ("2026", ("place", "a")),
        ("2026", ("mood", "good"), ("place", "a")),
        ("2026", ("mood", "bad"), ("place", "a")),
    ]
    assert list(cells_named(filtered, {"mood": "zest", "place": "area"}))[1] == ("2026", ("area", "a"), ("zest", "good"))
    crossed = list(cells_named(table([MOOD, AREA], np.full((3, 4), None).tolist()), {}))
    assert crossed[:2] == [("2026",), ("2026", ("area", "a"))]
    assert crossed[4:6] == [("2026", ("mood", "good")), ("2026", ("area", "a"), ("mood", "good"))]


FINE = [90, 30, 40, 20, None, None, None, None]


def areas(
    values: Sequence[int | None] = (90, 30, None, 20), *, codes: Sequence[str] = "abc", name: str = "coarse", **other: object
) -> PublishedTable:
    return table([Dimension.flat(name, list(codes))], values, name="u", **other)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("coarse", "linked"),
    [
        (areas(), True),
        (areas((90, 30, None, None)), True),  # one margin in common
        (areas((90, None, None, None)), False),  # none but the total
        (areas((90, 30, None, 21)), False),
        (areas((90, 31, None, None)), False),
        (areas((90, 30, None, 20), population="2027"), False),
        (areas((90, 30, None, 20), where=(("mood", "good"),)), False),
        (areas((90, 30, None), codes="ax"), False),
        (areas((90, 30, None), codes="ab"), True),
        (areas((90, 60, 30), codes="xa"), False),
        (areas((90, 90, 0), codes="yz"), False),
    ],
)
def test_a_variable_is_taken_for_a_level_of_another_if_its_margins_say_so(coarse: PublishedTable, linked: bool) -> None:
    fine = table([PLACE], FINE)
    for order in ([fine, coarse], [coarse, fine]):
        system = equations(order)
        names = {part[0] for key in (*system.keys, *system.counts) for part in key[1:]}
        assert ("coarse" in names) is not linked
        assert ("coarse" in {variable for variable, _, _ in system.sums}) is not linked


def test_a_margin_of_nought_is_one_in_common_and_two_questions_of_the_same_answers_stay_two() -> None:
    nobody = table([PLACE], [70, 30, 40, 0, None, None, None, None])
    linked = equations([nobody, areas((70, None, None, 0))])
    assert {part[0] for key in (*linked.keys, *linked.counts) for part in key[1:]} == {"place"}
    same = [areas((90, 30, 40, 20), name=name) for name in ("one", "two", "three")]
    assert {part[0] for key in equations(same).counts for part in key[1:]} == {"one", "two", "three"}


def test_a_level_of_another_variable_may_state_sums_that_the_other_does_not() -> None:
    parts = areas((90, 10, None, 40, None), codes=("a1", "a2", "b", "c"))
    fine = table([PLACE], [90, 30, 40, None, None, None, None, None])
    assert ("place", ("2026",), tuple(("2026", ("place", code)) for code in ("a1", "a2", "b", "c"))) in equations([fine, parts]).sums


def test_every_sum_of_a_hierarchy_is_stated_in_every_table_that_has_its_parts() -> None:
    a, b, c, a1, a2, b1, b2 = (("2026", ("place", code)) for code in PLACE.codes[1:])
    assert set(equations([table([PLACE], FINE)]).sums) == {
        ("place", ("2026",), (a, b, c)),
        ("place", a, (a1, a2)),
        ("place", b, (b1, b2)),
    }


def test_variables_of_one_table_are_never_the_same() -> None:
    both = table([PLACE, areas().dimensions[0]], np.full((8, 4), None).tolist(), name="both")
    known = np.array(both.values)
    known[:4, 0], known[0] = (90, 30, 40, 20), (90, 30, 40, 20)
    shown = PublishedTable("both", both.dimensions, known, np.where(known < 0, "secondary", "published"), both.floor, population="2026")
    assert any("coarse" in str(key) for key in equations([shown]).keys)
    with_it = equations([shown, areas()])
    assert any("coarse" in str(key) for key in with_it.counts)


def test_one_part_that_is_in_no_table_is_an_unknown_of_its_own_and_two_are_none() -> None:
    wide = table([AREA], [60, 20, 20, 20])
    few = Dimension.flat("area", ["a", "b", "elsewhere"])
    system = equations([wide, table([MOOD, few], [[60, 20, 20, 20], [None, None, 9, None], [None] * 4], name="u")])
    left = [system.keys[k] for k in range(system.implied, len(system.keys))]
    assert left == [("2026", ("area", "c"), ("mood", "good")), ("2026", ("area", "c"), ("mood", "bad"))]
    assert system.low[system.implied :].tolist() == [0, 0]
    pair = [
        table([Dimension.flat("area", ["a", "b"])], [40, 20, 20]),
        table([MOOD, Dimension.flat("area", ["a", "rest"])], np.full((3, 3), None).tolist(), name="u"),
    ]
    half = equations(pair)
    assert half.keys[half.implied :] == (("2026", ("area", "b"), ("mood", "good")), ("2026", ("area", "b"), ("mood", "bad")))
    two = Dimension.flat("area", ["a", "elsewhere"])
    fewer = equations([wide, table([MOOD, two], [[60, 20, 40], [None] * 3, [None] * 3], name="u")])
    assert fewer.implied == len(fewer.keys)


def test_a_sum_of_one_part_makes_no_unknown_of_it() -> None:
    only = Dimension("area", ("Total", "b"), (("Total", ("b",)),))
    system = equations([table([only], [9, 9]), table([MOOD], [9, None, None], name="u")])
    assert system.implied == len(system.keys) == 2


def test_a_sum_that_another_table_has_more_parts_in_holds_only_where_it_is_said() -> None:
    """Of those in care, everybody was asked; of all children, some were not."""
    asked, all_ = Dimension.flat("mood", ["good", "bad"]), Dimension.flat("mood", ["good", "bad", "not asked"])
    cared = table([asked], [None, None, None], where=(("place", "a1"),))
    of_all = table([PLACE, all_], np.full((8, 4), None).tolist(), name="all")
    system = equations([cared, of_all])
    moods = [(above, len(children)) for variable, above, children in system.sums if variable == "mood"]
    assert (("2026", ("place", "a1")), 2) in moods  # where it was said
    assert (("2026", ("place", "a2")), 2) not in moods
    assert (("2026", ("place", "a")), 2) not in moods  # more children than it was said of
    assert (("2026",), 2) not in moods
    assert sum(parts == 3 for _, parts in moods) == 8  # the whole sum holds everywhere
    under = equations([table([asked], [None, None, None], where=(("place", "a"),)), of_all])
    twos = {above for variable, above, children in under.sums if variable == "mood" and len(children) == 2}
    assert twos == {("2026", ("place", code)) for code in ("a", "a1", "a2")}  # said of a: true of what is in it


def moods(of: Sequence[PublishedTable], parts: int = 2) -> set[Key]:
    """What the sums of so many moods are said of."""
    return {above for variable, above, children in equations(of).sums if variable == "mood" and len(children) == parts}


ALL_MOODS = Dimension.flat("mood", ["good", "bad", "not asked"])


def test_what_is_said_of_a_code_is_said_of_all_that_is_below_it_by_whatever_way() -> None:
    """A school is in a town, and of a kind; towns are in counties, kinds of a sector."""
    ways = (
        ("Total", ("county",)),
        ("county", ("town",)),
        ("town", ("s",)),
        ("Total", ("sector",)),
        ("sector", ("kind",)),
        ("kind", ("s",)),
    )
    school = Dimension("school", ("Total", "county", "town", "s", "sector", "kind"), ways)
    everywhere = table([school, ALL_MOODS], np.full((6, 4), None).tolist(), name="all")
    for code in ("county", "sector", "town", "kind"):
        said = moods([table([MOOD], [None] * 3, where=(("school", code),)), everywhere])
        assert ("2026", ("school", "s")) in said
        assert ("2026", ("school", "county")) in said or code != "county"
        assert ("2026", ("school", "sector")) not in said or code == "sector"


def test_what_is_said_of_some_is_found_by_the_name_that_their_variable_has_elsewhere() -> None:
    everywhere = table([PLACE, ALL_MOODS], [[n, None, None, None] for n in FINE], name="all")
    said = moods([table([MOOD], [None] * 3, where=(("coarse", "a"),)), areas(), everywhere])
    assert said == {("2026", ("place", code)) for code in ("a", "a1", "a2")}


def test_what_is_said_of_those_of_no_other_tables_variable_holds_among_them() -> None:
    here, there = (("school", "s"),), (("school", "r"),)
    every = [table([AREA, ALL_MOODS], np.full((4, 4), None).tolist(), name=where[0][1], where=where) for where in (here, there)]
    said = moods([table([MOOD], [None] * 3, where=here), *every])
    assert len(said) == 4
    assert all(("school", "s") in key for key in said)


def test_a_sum_that_no_table_contradicts_holds_of_everybody() -> None:
    nested = Dimension.tree("mood", {"any": "Total", "good": "any", "bad": "any"})
    assert ("2026",) in moods([table([MOOD], [None] * 3, where=(("place", "a1"),)), table([nested], [None] * 4)])


@pytest.mark.parametrize("seed", range(12))
def test_the_truth_solves_every_equation_and_lies_within_what_is_tightened(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = random_table("t", SHAPES[seed % len(SHAPES)], rng, 5)
    hidden = (truth.counts > 0) & (rng.random(truth.counts.shape) < 0.5)
    shown = PublishedTable(
        "t", truth.dimensions, np.where(hidden, WITHHELD, truth.counts), np.where(hidden, "secondary", "published"), hidden.astype(np.int64)
    )
    system = equations([shown])
    values = np.zeros(len(system.keys), np.int64)
    values[system.cells[0][hidden.ravel()]] = truth.counts[hidden]
    assert (system.matrix @ values == system.known).all()
    tighten(system)
    assert (system.low <= values).all()
    assert (values <= system.high).all()
    whole = parts(system)
    assert sorted([cell for cells, _, _ in whole for cell in cells.tolist()]) == np.flatnonzero(system.low < system.high).tolist()
    for cells, matrix, known in whole:
        assert (matrix @ values[cells] == known).all()
        assert (np.diff(matrix.indptr) > 0).all()


def bounds(matrix: Sequence[Sequence[int]], known: Sequence[int], low: Sequence[int], high: Sequence[int | None]) -> Equations:
    limits = np.array([NO_LIMIT if each is None else each for each in high], np.int64)
    system: Mapping[str, object] = {"sums": (), "counts": {}, "cells": (), "keys": tuple(("", str(k)) for k in range(len(low)))}
    return Equations(
        matrix=sparse.csr_matrix(np.array(matrix)),
        known=np.array(known),
        low=np.array(low),
        high=limits,
        implied=len(low),
        **system,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("matrix", "known", "low", "high", "expected"),
    [
        ([[1, 1]], [5], [0, 0], [None, None], [(0, 5), (0, 5)]),
        ([[1, 1]], [5], [1, 2], [None, None], [(1, 3), (2, 4)]),
        ([[1, 1]], [5], [0, 0], [2, None], [(0, 2), (3, 5)]),
        ([[1, 1]], [5], [0, 0], [None, 5], [(0, 5), (0, 5)]),
        ([[-1, 1, 1]], [0], [0, 1, 1], [None, 4, 3], [(2, 7), (1, 4), (1, 3)]),
        ([[-1, 1, 1]], [0], [0, 1, 1], [3, None, None], [(2, 3), (1, 2), (1, 2)]),
        ([[-1, 1]], [3], [1, 0], [None, None], [(1, None), (4, None)]),
        ([[-1, 1]], [int(NO_LIMIT) // 2 - 1], [1, 0], [1, None], [(1, 1), (int(NO_LIMIT) // 2, int(NO_LIMIT) // 2)]),
        ([[1, 1, 0], [0, 1, 1]], [1, 9], [1, 0, 0], [None, None, None], [(1, 1), (0, 0), (9, 9)]),  # one after the other
        ([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]], [4, 4, 4], [4, 0, 0, 0], [None] * 4, [(4, 4), (0, 0), (4, 4), (0, 0)]),
    ],
)
def test_bounds_are_narrowed_by_every_sum_until_nothing_changes(
    matrix: list[list[int]], known: list[int], low: list[int], high: list[int | None], expected: list[tuple[int, int | None]]
) -> None:
    system = bounds(matrix, known, low, high)
    tighten(system)
    found = [(a, None if b >= NO_LIMIT else b) for a, b in zip(system.low.tolist(), system.high.tolist(), strict=True)]
    assert found == expected


def test_when_nothing_changes_any_more_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    calls, bincount = [], np.bincount
    monkeypatch.setattr(np, "bincount", lambda *given: calls.append(1) or bincount(*given))  # type: ignore[func-returns-value]
    tighten(bounds([[1, 1, 0], [0, 1, 1]], [5, 9], [0, 0, 0], [None] * 3))
    assert len(calls) == 3 * 2  # a round that narrows, one that narrows further, and one that does not


def test_bounds_that_cross_are_refused() -> None:
    with pytest.raises(DisclosureError, match="no table of whole numbers fits"):
        tighten(bounds([[1, 1]], [5], [3, 3], [None, None]))
    with pytest.raises(DisclosureError, match="no table of whole numbers fits"):
        tighten(bounds([[1, 1], [1, 1]], [5, 6], [0, 5], [None, 5]))
    tighten(bounds([[1, 1]], [6], [3, 3], [None, None]))


def test_what_shares_no_sum_falls_apart_and_what_is_closed_is_taken_out() -> None:
    system = bounds(
        [[1, 1, 0, 0, 0, 0], [0, 0, 0, 1, 1, 0], [0, 0, 1, 0, 0, 0], [0, 0, -1, 1, 1, 0]],
        [5, 9, 4, 5],
        [0, 0, 4, 0, 0, 7],
        [5, 5, 4, 9, 9, 8],
    )
    found = [(cells.tolist(), matrix.toarray().tolist(), known.tolist()) for cells, matrix, known in parts(system)]
    assert found == [([0, 1], [[1, 1]], [5]), ([3, 4], [[1, 1], [1, 1]], [9, 9]), ([5], [], [])]


def test_a_sum_of_what_is_closed_alone_has_to_hold() -> None:
    for known, right in ((4, True), (5, False), (3, False)):
        system = bounds([[1, 0, 0], [0, 1, 1]], [known, 3], [4, 0, 0], [4, 3, 3])
        if right:
            assert len(parts(system)) == 1
        else:
            with pytest.raises(DisclosureError, match="no table of whole numbers fits"):
                parts(system)


def test_a_count_that_a_sum_is_all_about_stays_with_the_others_of_its_part() -> None:
    ((cells, matrix, known),) = parts(bounds([[1, 0], [1, 1]], [2, 5], [0, 0], [9, 9]))
    assert (cells.tolist(), matrix.toarray().tolist(), known.tolist()) == ([0, 1], [[1, 0], [1, 1]], [2, 5])


def test_where_all_is_closed_there_are_no_parts() -> None:
    assert parts(bounds([[1, 1]], [5], [2, 3], [2, 3])) == []
