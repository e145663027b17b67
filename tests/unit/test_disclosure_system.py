"""Linked tables as one system: which cells are the same, which sums relate them, and what every reader can work out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest

from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.published_table import WITHHELD, PublishedTable
from disclosure.system import System, coarser_names, link
from disclosure.table import Table

PLACE = Dimension.tree("la", {"N": "Total", "S": "Total", "a": "N", "b": "N", "c": "S"})
AREA, WISH, MOOD = Dimension.flat("area", "pqr"), Dimension.flat("wish", ["play", "rest", "read"]), Dimension.flat("mood", ["good", "bad"])
Cell = tuple[str, frozenset[tuple[str, str]]]


def table(name: str, dimensions: Sequence[Dimension], inner: object, **more: object) -> Table:
    counts = np.array(inner)
    for axis, dimension in enumerate(dimensions):
        counts = np.moveaxis(np.tensordot(dimension.aggregation, counts, axes=(1, axis)), 0, axis)
    return Table(name, tuple(dimensions), counts, **more)  # type: ignore[arg-type]


def released(true: Table, *hidden: tuple[int, ...]) -> PublishedTable:
    mask = np.zeros(true.counts.shape, bool)
    for at in hidden:
        mask[at] = True
    status = np.where(mask, "secondary", "published")
    return PublishedTable(
        true.id, true.dimensions, np.where(mask, WITHHELD, true.counts), status, mask.astype(int), "", true.population, true.where
    )


def cells(system: System) -> list[Cell]:
    """Of each cell, its population's number and its codes, totals left out."""
    return [
        (str(row[-1]), frozenset((v.name, v.codes[at]) for v, at in zip(system.variables, row, strict=False) if at))
        for row in system.places.tolist()
    ]


def counted(system: System) -> dict[Cell, int]:
    found = dict(zip(cells(system), system.x.tolist(), strict=True))
    assert len(found) == len(system.x)
    return found


def sums(system: System) -> set[tuple[str, Cell, frozenset[Cell]]]:
    """Each sum: the variable, what is summed, and its parts."""
    names, found = cells(system), set()
    for row, variable in zip(system.matrix.toarray(), system.row_variable, strict=True):
        assert set(np.unique(row).tolist()) <= {-1, 0, 1}
        (parent,) = np.flatnonzero(row < 0)
        found.add((system.variables[variable].name, names[parent], frozenset(names[k] for k in np.flatnonzero(row > 0))))
    assert len(found) == system.matrix.shape[0]
    return found


def of(**codes: str) -> Cell:
    return "0", frozenset(codes.items())


def expected(dimensions: Sequence[Dimension], fixed: Mapping[str, str] | None = None) -> set[tuple[str, Cell, frozenset[Cell]]]:
    """Every sum of a table, by its dimensions alone."""
    found = set()
    for number, dimension in enumerate(dimensions):
        others = [[(d.name, code) for code in d.codes] for k, d in enumerate(dimensions) if k != number]
        for rest in product(*others):
            held = {n: c for n, c in rest if c != "Total"} | dict(fixed or {})
            for parent, children in dimension.partitions:
                above = held if parent == "Total" else held | {dimension.name: parent}
                found.add((dimension.name, of(**above), frozenset(of(**held, **{dimension.name: child}) for child in children)))
    return found


INNER = [[[3, 14], [21, 30], [5, 6]], [[25, 11], [40, 18], [7, 8]], [[31, 12], [22, 27], [9, 1]]]
CUBE = table("cube", (PLACE, WISH, MOOD), INNER)


def test_one_table_is_its_own_cells_and_sums() -> None:
    system = link([CUBE])
    assert [v.name for v in system.variables] == ["la", "mood", "wish"]
    assert [set(v.codes) for v in system.variables] == [{"", *d.codes[1:]} for d in (PLACE, MOOD, WISH)]
    assert all(v.codes[0] == "" for v in system.variables)
    assert (system.x[system.entries[0]] == CUBE.counts.ravel()).all()
    assert len(system.x) == CUBE.counts.size
    assert system.places.shape == (CUBE.counts.size, len(system.variables) + 1)
    assert not system.implied.any()
    assert sums(system) == expected((PLACE, WISH, MOOD))
    assert not (system.matrix @ system.x).any()
    names = cells(system)
    for codes, entry in zip(product(PLACE.codes, WISH.codes, MOOD.codes), system.entries[0].tolist(), strict=True):
        at = dict(zip(("la", "wish", "mood"), codes, strict=True))
        assert names[entry] == of(**{name: code for name, code in at.items() if code != "Total"})
        for variable in system.variables:
            assert variable.codes[system.column(variable.name)[entry]] == ("" if at[variable.name] == "Total" else at[variable.name])


def test_the_same_cell_of_two_tables_is_one_and_a_filter_is_a_code() -> None:
    places = Table("places", (PLACE,), CUBE.counts[:, 0, 0])
    play = Table("play", (MOOD, PLACE), CUBE.counts[:, 1].T, where=(("wish", "play"),))
    system = link([places, CUBE, play])
    whole = link([CUBE])
    assert counted(system) == counted(whole)
    assert sums(system) == sums(whole)
    assert system.entries[0].tolist() == system.entries[1].reshape(CUBE.counts.shape)[:, 0, 0].tolist()
    assert system.entries[2].tolist() == system.entries[1].reshape(CUBE.counts.shape)[:, 1].T.ravel().tolist()
    alone = link([play])
    assert sums(alone) == expected((MOOD, PLACE), {"wish": "play"})
    assert next(v.partitions for v in alone.variables if v.name == "wish") == ()


def test_of_other_children_no_cell_is_the_same() -> None:
    second = replace(CUBE, id="second", population="2027")
    system = link([second, CUBE])
    assert len(system.x) == 2 * CUBE.counts.size
    assert not set(system.entries[0].tolist()) & set(system.entries[1].tolist())
    assert set(system.places[system.entries[0], -1].tolist()) == {1}  # populations in order of their names: "" first
    assert system.matrix.shape[0] == 2 * len(expected((PLACE, WISH, MOOD)))


def in_parts() -> list[Table]:
    """Totals of both variables, and two of three areas in tables of their own: what the third answered is in none."""
    whole = table("t", (AREA, WISH), [[50, 60, 70], [55, 65, 75], [80, 4, 85]])
    own = [Table(code, (WISH,), whole.counts[AREA.index[code]], where=(("area", code),)) for code in "pq"]
    return [Table("wishes", (WISH,), whole.counts[0]), Table("areas", (AREA,), whole.counts[:, 0]), *own]


def test_what_remains_of_a_total_is_a_cell_and_worked_out() -> None:
    system = link(in_parts())
    found = counted(system)
    left = {wish: of(area="r", wish=wish) for wish in ("play", "rest", "read")}
    assert {wish: found[cell] for wish, cell in left.items()} == {"play": 80, "rest": 4, "read": 85}
    assert {name for name, implied in zip(cells(system), system.implied, strict=True) if implied} == set(left.values())
    assert sums(system) == expected((AREA, WISH))
    two = link(in_parts()[:3])  # of two areas that are missing, none can be worked out
    assert not two.implied.any()
    assert sums(two) < sums(system)


def test_what_remains_is_found_in_each_hierarchy_of_a_variable() -> None:
    """A code that is missing in one way of summing only; two ways of as many parts are told apart."""
    ways = (("Total", ("5-6", "7")), ("Total", ("5", "6-7")), ("5-6", ("5", "6")), ("6-7", ("6", "7")))
    bands, counts = Dimension("age", ("Total", "5", "6", "7", "5-6", "6-7"), ways), np.array([18, 5, 6, 7, 11, 13])
    ages = Table("ages", (bands,), counts)
    play = [Table(code, (MOOD,), np.array([n, n - 1, 1]), where=(("age", code),)) for code, n in (("5-6", 11), ("6", 6))]
    everyone = Table("all", (MOOD,), np.array([18, 15, 3]))
    system = link([ages, everyone, *play])
    found = counted(system)
    assert found[of(age="7", mood="good")] == 5
    assert found[of(age="7", mood="bad")] == 2
    assert found[of(age="5", mood="good")] == 5
    assert found[of(age="5", mood="bad")] == 0


@pytest.mark.parametrize("moods", range(2, 14))
def test_what_remains_is_told_right_whatever_comes_first(moods: int) -> None:
    """Cells stand in an order by chance. Two sums of one code, and two codes with a part in common, have as many parts each."""
    ways = (("A", ("a", "b")), ("B", ("a", "c")), ("Total", ("A", "c")), ("Total", ("B", "b")))
    age, mood = Dimension("age", ("Total", "A", "B", "a", "b", "c"), ways), Dimension.flat("mood", [str(k) for k in range(moods)])
    parts = {"a": np.arange(moods), "b": np.arange(moods) + 20, "c": 2 * np.arange(moods) + 50}
    of_each = {"Total": parts["a"] + parts["b"] + parts["c"], "A": parts["a"] + parts["b"], "B": parts["a"] + parts["c"]} | parts
    everyone = Table("ages", (age,), np.array([of_each[code].sum() for code in age.codes]))
    shown = [
        Table(code, (mood,), np.array([of_each[code].sum(), *of_each[code]]), where=() if code == "Total" else (("age", code),))
        for code in ("Total", "B", "a")
    ]
    system = link([everyone, *shown])
    found = counted(system)
    implied = {name for name, mark in zip(cells(system), system.implied, strict=True) if mark}
    assert implied == {of(age=code, mood=str(k)) for code in "bc" for k in range(moods)}
    for code in "bc":
        assert [found[of(age=code, mood=str(k))] for k in range(moods)] == parts[code].tolist()
    for left, code in (([0, 1], "b"), ([1, 2], "c")):  # of either sum alone, one part is left
        alone = link([everyone, *(shown[k] for k in left)])
        implied = {name for name, mark in zip(cells(alone), alone.implied, strict=True) if mark}
        assert implied == {of(age=code, mood=str(k)) for k in range(moods)}


def test_an_only_part_is_no_remainder_and_later_sums_are_looked_at() -> None:
    """What is all of a region is the region, and nothing is left to be worked out; of two councils of another, the second is."""
    tree = Dimension.tree("la", {"N": "Total", "S": "Total", "a": "N", "b": "S", "c": "S"})
    cube = table("t", (tree, MOOD), [[3, 14], [25, 11], [31, 12]])
    own = [Table(code, (MOOD,), cube.counts[tree.index[code]], where=(("la", code),)) for code in ("N", "S", "b")]
    system = link([Table("places", (tree,), cube.counts[:, 0]), Table("moods", (MOOD,), cube.counts[0]), *own])
    implied = {name for name, mark in zip(cells(system), system.implied, strict=True) if mark}
    assert implied == {of(la="c", mood=mood) for mood in ("good", "bad")}


def test_cells_of_no_sum_are_cells() -> None:
    alone = [Table(str(k), (Dimension.flat("area", []),), np.array([k]), population=str(k)) for k in range(40)]
    system = link([Table("moods", (MOOD,), np.array([7, 3, 4])), *alone])
    assert system.matrix.shape == (1, 3 + 40)
    assert sorted(system.x[[entry[0] for entry in system.entries[1:]]].tolist()) == list(range(40))


def test_a_count_that_follows_twice_is_worked_out_once() -> None:
    """Alone in its row and in its column; of four others, nothing is known but their sums."""
    grid = table("t", (Dimension.flat("area", "pqrs"), Dimension.flat("wish", "vwxy")), np.arange(16).reshape(4, 4) + 10)
    whole = Table("mood", (MOOD,), np.array([grid.counts[0, 0], grid.counts[0, 0], 0]))
    for two in combinations(range(1, 5), 2):
        open_ = list(product(two, two))
        for alone in product(sorted({1, 2, 3, 4} - set(two)), repeat=2):
            system = link([whole], [released(grid, alone, *open_)])
            found = system.x[system.entries[1]].reshape(5, 5)
            assert found[alone] == grid.counts[alone]
            assert np.argwhere(found == WITHHELD).tolist() == [list(at) for at in open_]


def test_what_was_withheld_before_is_unknown_unless_it_follows() -> None:
    grid = table("t", (AREA, WISH), [[50, 60, 70], [55, 65, 75], [80, 4, 85]])
    other = Table("mood", (MOOD,), np.array([544, 500, 44]))
    follows = link([other], [released(grid, (1, 1))])
    assert counted(follows)[of(area="p", wish="play")] == 50
    square = released(grid, (1, 1), (1, 2), (2, 1), (2, 2))
    open_ = counted(link([other], [square]))
    assert {cell for cell, n in open_.items() if n == WITHHELD} == {of(area=area, wish=wish) for area in "pq" for wish in ("play", "rest")}
    chain = counted(link([other], [released(grid, (1, 1), (1, 2), (2, 1))]))  # one alone in its row, then each of the rest
    assert [chain[of(area=a, wish=w)] for a, w in (("p", "play"), ("p", "rest"), ("q", "play"))] == [50, 60, 55]
    total = counted(link([other], [released(grid, (1, 0))]))
    assert total[of(area="p")] == 180
    known = link([grid], [square])
    assert WITHHELD not in counted(known).values()
    assert (known.x[known.entries[1]] == grid.counts.ravel()).all()


def test_a_count_is_taken_from_whichever_table_has_it() -> None:
    grid = table("t", (AREA, WISH), [[50, 60, 70], [55, 65, 75], [80, 4, 85]])
    hidden = released(grid, (1, 1), (1, 2), (2, 1), (2, 2))
    shown = released(replace(grid, id="u"), (1, 3), (1, 2), (2, 3), (2, 2))
    other = Table("mood", (MOOD,), np.array([544, 500, 44]))
    for earlier in ([hidden, shown], [shown, hidden]):
        assert counted(link([other], earlier))[of(area="p", wish="play")] == 50


def test_tables_that_contradict_each_other_are_refused() -> None:
    grid = table("t", (AREA, WISH), [[50, 60, 70], [55, 65, 75], [80, 4, 85]])
    more = grid.counts.copy()
    more[[0, 0, 1, 1], [0, 1, 0, 1]] += 1
    for pair in ([grid, replace(grid, id="u", counts=more)], [replace(grid, id="u", counts=more), grid]):
        with pytest.raises(DisclosureError, match="different counts for the same cell"):
            link(pair)
    with pytest.raises(DisclosureError, match="different counts for the same cell"):
        link([grid], [released(replace(grid, id="u", counts=more))])
    assert link([grid], [released(replace(grid, id="u", counts=more, population="2027"))]).x.min() == 4
    own = [Table(code, (WISH,), np.array([100, 20, 30, 50]), where=(("area", code),)) for code in "pqr"]
    areas = Table("areas", (AREA,), np.array([300, 100, 100, 100]))
    with pytest.raises(DisclosureError, match="same children must be counted in all of them"):
        link([Table("wishes", (WISH,), np.array([300, 61, 90, 149])), areas, *own])
    with pytest.raises(DisclosureError, match="a difference between them is below zero"):
        link([Table("wishes", (WISH,), np.array([300, 39, 90, 171])), areas, *own[:2]])
    exactly = [Table("wishes", (WISH,), np.array([300, 40, 90, 170])), areas, *own[:2]]
    assert counted(link(exactly))[of(area="r", wish="play")] == 0


def test_there_is_a_table_and_each_has_an_id_of_its_own() -> None:
    with pytest.raises(DisclosureError, match="at least one table"):
        link([])
    with pytest.raises(DisclosureError, match="an id of its own"):
        link([CUBE, Table("cube", (PLACE,), CUBE.counts[:, 0, 0])])
    assert len(link([CUBE], [released(CUBE)]).entries) == 2


def test_a_variable_without_sums_has_none() -> None:
    system = link([Table("t", (Dimension.flat("area", []),), np.array([7]))])
    assert system.matrix.shape == (0, 1)
    assert system.row_variable.shape == (0,)
    assert system.x.tolist() == [7]


REGION = Dimension.flat("region", ["N", "S"])
FINE = table("fine", (PLACE, MOOD), [[3, 14], [25, 11], [31, 12]])
COARSE = table("coarse", (REGION, WISH), [[20, 20, 13], [13, 20, 10]])


def test_a_coarser_level_under_another_name_is_the_same_variable() -> None:
    assert coarser_names([COARSE, FINE]) == coarser_names([FINE, COARSE]) == {"region": "la"}
    system = link([FINE, COARSE])
    assert [v.name for v in system.variables] == ["la", "mood", "wish"]
    found = counted(system)
    assert found[of(la="N", wish="play")] == 20
    assert sums(system) >= expected((PLACE, MOOD)) | {
        ("la", of(wish=wish), frozenset({of(la="N", wish=wish), of(la="S", wish=wish)})) for wish in WISH.codes[1:]
    }


@pytest.mark.parametrize(
    ("coarse", "fine"),
    [
        (table("c", (REGION,), [54, 43]), FINE),  # another count
        (table("c", (REGION,), [53, 42]), FINE),
        (replace(COARSE, population="2027"), FINE),
        (replace(COARSE, where=(("age", "5"),)), FINE),
        (replace(COARSE, where=(("la", "N"),)), replace(FINE, where=(("la2", "N"),))),
        (table("c", (Dimension.flat("region", ["N", "S", "W"]),), [53, 43, 0]), FINE),  # a code that the other has not
        (table("c", (Dimension.flat("region", []),), [96]), FINE),
        (table("c", (Dimension.flat("a", ["x", "y"]),), [3, 4]), table("f", (Dimension.flat("b", ["x", "y"]),), [3, 4])),  # no coarser
        (table("c", (REGION, PLACE), [[17, 36, 0], [0, 0, 43]]), FINE),  # both in one table
        (COARSE, table("f", (PLACE, REGION), np.diag([53, 0, 43])[:, [0, 2]])),
    ],
)
def test_what_only_looks_like_a_coarser_level_is_none(coarse: Table, fine: Table) -> None:
    assert coarser_names([coarse, fine]) == {}


def test_a_coarser_level_is_of_the_first_table_that_has_it_and_others_are_looked_at_too() -> None:
    district = replace(PLACE, name="district")
    again = table("again", (district, MOOD), [[3, 14], [25, 11], [31, 12]])
    assert coarser_names([COARSE, FINE, again])["region"] == "la"
    assert coarser_names([COARSE, again, FINE])["region"] == "district"
    pairs = [replace(FINE, id="2027", population="2027"), replace(COARSE, id="x", population="2028"), FINE, COARSE]
    assert coarser_names(pairs) == {"region": "la"}
    both = table("both", (MOOD, PLACE, AREA), np.ones((2, 3, 3), int))
    ones = table("ones", (WISH, REGION), [[4, 2], [4, 2], [4, 2]])
    assert coarser_names([ones, both]) == {"region": "la"}
    moods = [table("c", (REGION, MOOD), [[28, 25], [31, 12]]), table("f", (MOOD, PLACE), [[3, 25, 31], [14, 11, 12]])]
    assert coarser_names(moods) == {"region": "la"}
    assert coarser_names([table("north", (Dimension.flat("region", ["N"]),), [53]), FINE]) == {"region": "la"}


def test_a_filter_by_a_coarser_level_is_one_of_the_same_variable() -> None:
    north = Table("north", (WISH,), COARSE.counts[1], where=(("region", "N"),))
    system = link([FINE, COARSE, north])
    assert [v.name for v in system.variables] == ["la", "mood", "wish"]
    assert counted(system) == counted(link([FINE, COARSE]))
