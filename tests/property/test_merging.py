"""Merged tables against counting the same children again; and which merging may be proposed at all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.dimension import NOT, TOTAL, Dimension
from disclosure.error import DisclosureError
from disclosure.mergeable import Cell, mergings
from disclosure.merging import JOINT, LeaveOut, Merging, PutTogether, RollUp, below, merged, merged_keys
from disclosure.published_table import WITHHELD, PublishedTable, Status
from disclosure.table import Table
from tests.property.brute_force import cells, random_table

PLACE = Dimension.tree("place", {"N": TOTAL, "S": TOTAL, "a": "N", "b": "N", "c": "S", "d": "S", "e": "S"})
ANSWER = Dimension.flat("answer", ["x", "y", "z"])
WISH = Dimension.multiple("wish", ["play", "rest"])
AGE = Dimension.tree("age", {"young": TOTAL, "old": TOTAL, "9": "old", "13": "old"})
SEED = st.integers(0, 2**32 - 1)


def linked(seed: int) -> list[Table]:
    """A table of places, answers and ages, what it says of each place and of each answer, and a table of wishes by place."""
    rng = np.random.default_rng(seed)
    full = random_table("full", (PLACE, ANSWER, AGE), rng, 9)
    return [
        full,
        Table("places", (PLACE, ANSWER), full.counts[:, :, 0]),
        Table("ages", (AGE,), full.counts[0, 0]),
        random_table("wishes", (PLACE, WISH), rng, 9),
    ]


def all_cells(tables: Sequence[Table]) -> list[Cell]:
    return [dict(cell) for table in tables for cell in cells(table)]


def counted_again(table: Table, cell: Cell) -> int:
    """The children of a cell of merged codes, one inner cell of the table before after the other."""
    parts = []
    for d in table.dimensions:
        code = cell.get(d.name, d.total)
        if NOT in code or code in [option for option in d.codes if NOT + option in d.codes]:
            parts.append([code])  # an option is not made of others
        else:
            some = {leaf for each in code.split(JOINT) for leaf in (*below(d, each), each) if leaf in d.leaves}
            parts.append([d.total] if NOT in "".join(some) else sorted(some))
    return sum(int(table.counts[tuple(d.index[c] for d, c in zip(table.dimensions, leaves, strict=True))]) for leaves in product(*parts))


@settings(max_examples=15, deadline=None)
@given(seed=SEED)
def test_merged_counts_are_those_of_counting_again(seed: int) -> None:
    before = linked(seed)
    ways = mergings(before, all_cells(before))
    assert {RollUp, PutTogether, LeaveOut} == {type(way) for way, _ in ways}
    for way, after in ways:
        assert merged(before, way)[0].id == after[0].id
        assert len({table.id for table in before} - {table.id for table in after}) == (isinstance(way, LeaveOut) and not way.variable)
        assert sum(table.counts.size for table in after) < sum(table.counts.size for table in before)
        for table in after:
            old = next(each for each in before if each.id == table.id)
            for cell, count in zip(cells(table), table.counts.ravel().tolist(), strict=True):
                assert count == counted_again(old, dict(cell)), (str(way), cell)


@settings(max_examples=15, deadline=None)
@given(seed=SEED)
def test_keys_are_summed_as_counts_are(seed: int) -> None:
    """What is true of counts must be of keys: so the counts of inner cells, given as their keys, come out as the counts."""
    before = linked(seed)[:3]
    keys = {table.id: inner(table) for table in before}
    for way, after in mergings(before, all_cells(before)):
        found = merged_keys(keys, before, way)
        assert set(found) == {table.id for table in after}
        assert all((found[table.id] == inner(table)).all() for table in after)


def inner(table: Table) -> np.ndarray:
    return np.asarray(table.counts[np.ix_(*([d.index[leaf] for leaf in d.leaves] for d in table.dimensions))])


def ways_of(tables: Sequence[Table], earlier: Sequence[PublishedTable] = ()) -> list[Merging]:
    return [way for way, _ in mergings(tables, all_cells(tables), earlier)]


def test_codes_are_put_together_in_all_tables_or_in_none() -> None:
    tables = linked(1)
    put = [way for way in ways_of(tables) if isinstance(way, PutTogether)]
    assert put
    for way in put:
        assert set(way.tables) == {t.id for t in tables for d in t.dimensions if d.name == way.variable and set(way.codes) & set(d.codes)}


def test_smallest_codes_and_those_in_the_way_are_put_together() -> None:
    table = Table("t", (Dimension.flat("wish", list("pqrst")),), np.array([150, 50, 20, 40, 10, 30]))
    put = [way.codes for way, _ in mergings([table], [{"wish": "p"}, {"wish": "r"}]) if isinstance(way, PutTogether)]
    assert put == [("q", "s"), ("q", "s", "t"), ("p", "r")]


def test_what_relates_filtered_tables_is_never_taken_away() -> None:
    """Of those aged 9, of those aged 13, and of all the old: only the table of ages says that the first two make the third."""
    own = [Table(code, (ANSWER,), np.array([30, 10, 10, 10]), where=(("age", code),)) for code in ("9", "13")]
    both = Table("old", (ANSWER,), np.array([60, 20, 20, 20]), where=(("age", "old"),))
    ages = Table(
        "ages", (AGE, Dimension.flat("home", ["h", "i"])), np.array([[80, 40, 40], [20, 10, 10], [60, 30, 30], [30, 15, 15], [30, 15, 15]])
    )
    ways = ways_of([*own, both, ages])
    assert LeaveOut(("9",)) in ways
    assert LeaveOut(("ages",), "home") in ways
    for taken in (LeaveOut(("ages",)), LeaveOut(("ages",), "age"), RollUp(("ages",), "age", ("old",))):
        assert taken not in ways
    assert LeaveOut(("ages",)) in ways_of([both, ages])
    assert RollUp(("ages",), "age", ("old",)) in ways_of([both, ages])


def test_a_region_under_a_name_of_its_own_stays_linked() -> None:
    towns = Table("towns", (PLACE,), np.array([150, 70, 80, 30, 40, 20, 25, 35]))
    regions = Table(
        "regions", (Dimension.flat("region", ["N", "S"]), ANSWER), np.array([[150, 50, 50, 50], [70, 30, 20, 20], [80, 20, 30, 30]])
    )
    ways = ways_of([towns, regions])
    assert RollUp(("towns",), "place", ("N",)) in ways
    assert RollUp(("towns",), "place", ("N", "S")) not in ways
    assert LeaveOut(("towns",)) in ways


def test_categories_of_an_earlier_release_are_left_as_they_are() -> None:
    status = np.full(4, Status.PUBLISHED, dtype="<U9")
    earlier = PublishedTable("before", (ANSWER,), np.array([30, 10, 10, 10]), status, np.zeros(4, np.int64))
    table = Table("now", (ANSWER, PLACE), random_table("t", (ANSWER, PLACE), np.random.default_rng(1), 9).counts)
    put = {way.variable for way in ways_of([table], [earlier]) if isinstance(way, PutTogether)}
    assert put == {"place"}


def test_two_hierarchies_over_the_same_codes_are_not_rolled_up() -> None:
    both = Dimension("place", (TOTAL, "N", "S", "in", "out", "a", "b", "c", "d"), (
        (TOTAL, ("N", "S")), (TOTAL, ("in", "out")), ("N", ("a", "b")), ("S", ("c", "d")), ("in", ("a", "c")), ("out", ("b", "d")),
    ))  # fmt: skip
    table = Table("t", (both, ANSWER), np.ones((9, 4), int) * np.array([8, 4, 4, 4, 4, 2, 2, 2, 2])[:, None] * np.array([3, 1, 1, 1]))
    assert {way.variable for way in ways_of([table]) if not isinstance(way, LeaveOut)} == {"answer"}


def test_a_merging_says_what_it_is() -> None:
    assert str(RollUp(("t",), "place", ("N", "S"))) == "show 'place' no finer than 'N' and 'S', in the table 't'"
    assert str(PutTogether(("t", "u"), "wish", ("a", "b"))) == "put 'a' and 'b' of 'wish' together, in the tables 't' and 'u'"
    assert str(LeaveOut(("t",))) == "leave out the table 't'"
    assert str(LeaveOut(("t",), "wish")) == "leave out 'wish', in the table 't'"
    assert str(LeaveOut(("t",), "wish", "play")) == "leave out 'play' of 'wish', in the table 't'"


def test_a_variable_that_is_not_there_cannot_be_merged() -> None:
    with pytest.raises(DisclosureError, match="table 'ages' has no variable 'place'"):
        merged(linked(1), RollUp(("ages",), "place", ("N",)))


def test_nothing_is_put_in_place_of_a_withheld_count() -> None:
    assert all((table.counts != WITHHELD).all() for way, after in mergings(linked(1), []) for table in after)
