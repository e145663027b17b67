"""Counts that a group of children is in: found in every table of them, and in none of others."""

from __future__ import annotations

import numpy as np
import pytest

from disclosure.counted_in import codes_above, counted_in
from disclosure.dimension import Dimension
from disclosure.published_table import WITHHELD, PublishedTable, Status

AREA = Dimension.tree("area", {"north": "England", "south": "England", "a": "north", "b": "north", "c": "south"})
COUNCILS = Dimension.flat("area", ["a", "c"], total="here")
AGE, MOOD = Dimension.flat("age", ["9", "10"]), Dimension.flat("mood", ["good"])


def table(name: str, dimensions: tuple[Dimension, ...], values: object, *where: tuple[str, str], population: str = "") -> PublishedTable:
    """A table whose negative counts are withheld."""
    counts = np.array(values)
    status = np.where(counts < 0, Status.SECONDARY.value, Status.PUBLISHED.value)
    return PublishedTable(name, dimensions, counts, status, np.zeros_like(counts), population=population, where=where)


# England, north, south, a, b, c
AREAS = table("areas", (AREA,), [60, 40, 20, 30, 10, 20])


def counts(cell: dict[str, str], *tables: PublishedTable, dimensions: tuple[Dimension, ...] = (AREA, AGE)) -> list[tuple[str, int]]:
    found = list(counted_in(cell, tables, dimensions))
    assert all(n == shown.values[place] and len(place) == len(shown.dimensions) for n, shown, place in found)
    return [(shown.id, n) for n, shown, _ in found]


def test_the_total_the_cell_itself_and_all_above_it_count_the_same_children() -> None:
    assert counts({"area": "a"}, AREAS) == [("areas", 60), ("areas", 30), ("areas", 40)]
    assert counts({"area": "north"}, AREAS) == [("areas", 60), ("areas", 40)]
    assert counts({"area": "c"}, AREAS) == [("areas", 60), ("areas", 20), ("areas", 20)]
    assert counts({"age": "9"}, AREAS) == [("areas", 60)]  # of all areas, the total alone counts them


def test_of_several_variables_every_wider_cell_counts_them() -> None:
    both = table("both", (AREA, AGE), [[60, 25, 35], [40, 15, 25], [20, 10, 10], [30, 11, 19], [10, 4, 6], [20, 10, 10]])
    assert counts({"area": "a", "age": "9"}, both) == [("both", n) for n in (60, 25, 30, 11, 40, 15)]
    assert counts({"area": "a"}, both) == [("both", n) for n in (60, 30, 40)]


@pytest.mark.parametrize(("count", "found"), [(WITHHELD, []), (0, []), (1, [("one", 1)])])
def test_a_count_of_nobody_or_that_is_withheld_is_none(count: int, found: list[tuple[str, int]]) -> None:
    assert counts({}, table("one", (MOOD,), [count, WITHHELD])) == found


def test_a_filter_counts_those_alone_that_it_lets_in() -> None:
    north, south = (table(code, (AGE,), [40, 15, 25], ("area", code)) for code in ("north", "south"))
    younger = table("younger", (AREA,), [60, 40, 20, 30, 10, 20], ("age", "9"))
    assert counts({"area": "a", "age": "9"}, south, north, younger) == [
        ("north", 40),
        ("north", 15),
        *(("younger", n) for n in (60, 30, 40)),
    ]
    assert counts({"age": "9"}, north) == []  # those of nine may live anywhere
    several = table("several", (MOOD,), [7, 7], ("area", "north"), ("age", "10"))
    assert counts({"area": "a", "age": "9"}, several, AREAS) == [("areas", n) for n in (60, 30, 40)]
    assert counts({"area": "a", "age": "10"}, several) == [("several", 7)]


def test_a_population_is_that_of_the_cell_or_any_if_it_has_none() -> None:
    waves = [table(year, (AGE,), [40, 15, 25], population=year) for year in ("2026", "2027")]
    assert counts({"age": "9", "population": "2027"}, *waves) == [("2027", 40), ("2027", 15)]
    assert counts({"age": "9"}, *waves) == [("2026", 40), ("2026", 15), ("2027", 40), ("2027", 15)]


def test_what_is_above_a_code_is_found_in_any_hierarchy_nearest_first_and_without_a_total() -> None:
    assert codes_above("area", "a", [AREA]) == ("a", "north")
    assert codes_above("area", "a", [AGE, COUNCILS, AREA]) == ("a", "north")
    assert codes_above("area", "England", [AREA]) == ("England",)
    assert codes_above("age", "a", [AREA]) == ("a",)
    health = Dimension.tree("area", {"a": "trust", "c": "trust", "trust": "cluster", "b": "cluster", "cluster": "all", "d": "all"})
    assert codes_above("area", "a", [AREA, health]) == ("a", "north", "trust", "cluster")
    twice = Dimension("area", ("all", "x", "y", "a", "b"), (("all", ("x", "b")), ("x", ("y", "b")), ("y", ("a",)), ("all", ("x",))))
    assert codes_above("area", "a", [twice, twice]) == ("a", "y", "x")


def test_codes_above_that_a_table_does_not_show_are_passed_over() -> None:
    assert counts({"area": "a"}, table("councils", (COUNCILS,), [50, 30, 20])) == [("councils", 50), ("councils", 30)]
    assert counts({"area": "b"}, table("councils", (COUNCILS,), [50, 30, 20])) == [("councils", 50)]
    assert counts({"area": "England"}, AREAS) == [("areas", 60)]  # once, though it is the total and the cell itself
