"""Merging, case by case: what each way leaves, which ways are proposed, in what order, and which would unlink tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from disclosure.dimension import TOTAL, Dimension
from disclosure.mergeable import FEWEST, GROUPS, MOST, Cell, holds, mergings, still_linked
from disclosure.merging import LeaveOut, Merging, PutTogether, RollUp, merged, merged_keys
from disclosure.published_table import PublishedTable, Status
from disclosure.table import Table

PLACE = Dimension.tree("place", {"N": TOTAL, "S": TOTAL, "a": "N", "b": "N", "c": "S", "d": "S"})
LIKE = Dimension.flat("like", ["x", "y"])
WISH = Dimension.multiple("wish", ["play", "rest", "learn"])


def flat(name: str, *counts: int, **more: object) -> Table:
    """A table of one variable, with codes a, b, c and so on."""
    codes = Dimension.flat(name, "abcdefghijklmnop"[: len(counts)])
    return Table(name, (codes,), np.array([sum(counts), *counts]), **more)  # type: ignore[arg-type]


def crossed(name: str, rows: Dimension, columns: Dimension, inner: list[list[int]]) -> Table:
    counts = rows.aggregation @ np.array(inner) @ columns.aggregation.T
    return Table(name, (rows, columns), counts)


def published(table: Table) -> PublishedTable:
    status = np.full(table.counts.shape, Status.PUBLISHED, dtype="<U9")
    return PublishedTable(table.id, table.dimensions, table.counts, status, np.zeros_like(table.counts), where=table.where)


def ways(tables: Sequence[Table], cells: Sequence[Cell] = (), earlier: Sequence[PublishedTable] = ()) -> list[Merging]:
    return [way for way, _ in mergings(tables, cells, earlier)]


def test_a_variable_left_with_one_code_beside_its_total_is_still_there() -> None:
    """Its total alone is no variable; a total and one code are two counts."""
    table = crossed("t", Dimension.flat("place", ["a"]), LIKE, [[3, 4]])
    (left,) = merged([table], LeaveOut(("t",), "like"))
    assert [d.codes for d in left.dimensions] == [(TOTAL, "a")]
    assert left.counts.tolist() == [7, 7]
    wishes = crossed("t", LIKE, Dimension.flat("age", ["8", "9"]), [[1, 2], [3, 4]])
    (left,) = merged([wishes], PutTogether(("t",), "age", ("8", "9")))
    assert left.counts.tolist() == [[10, 10], [3, 3], [7, 7]]


def test_keys_keep_their_axis_while_a_code_is_left() -> None:
    table = crossed("t", LIKE, Dimension.flat("age", ["8", "9"]), [[1, 2], [3, 4]])
    keys = {"t": np.array([[10, 20], [30, 40]])}
    assert merged_keys(keys, [table], PutTogether(("t",), "age", ("8", "9")))["t"].tolist() == [[30], [70]]
    assert merged_keys(keys, [table], LeaveOut(("t",), "age"))["t"].tolist() == [30, 70]
    assert merged_keys(keys, [table], LeaveOut(("t",), "like"))["t"].tolist() == [40, 60]
    alone = crossed("t", Dimension.flat("place", ["a"]), LIKE, [[3, 4]])
    assert merged_keys({"t": np.array([[5, 6]])}, [alone], LeaveOut(("t",), "like"))["t"].tolist() == [11]
    assert merged_keys({"t": np.array([[5, 6]])}, [alone], LeaveOut(("t",), "place"))["t"].tolist() == [5, 6]


def test_an_option_is_left_out_with_its_complement_and_nothing_else() -> None:
    table = Table("t", (WISH,), np.array([10, 4, 6, 7, 3, 1, 9]))
    (left,) = merged([table], LeaveOut(("t",), "wish", "rest"))
    assert left.dimensions == (Dimension.multiple("wish", ["play", "learn"]),)
    assert left.counts.tolist() == [10, 4, 6, 1, 9]


def test_tables_that_are_left_out_are_named_in_words() -> None:
    assert str(LeaveOut(("t", "u"))) == "leave out the tables 't' and 'u'"
    assert str(LeaveOut(("t", "u", "v"))) == "leave out the tables 't', 'u' and 'v'"


def test_a_table_holds_the_cells_of_its_codes_and_filters() -> None:
    table = Table("t", (PLACE, LIKE), np.zeros((7, 3), int), where=(("age", "9"),))
    for cell in ({"age": "9"}, {"age": "9", "place": "N"}, {"age": "9", "place": "a", "like": "x"}):
        assert holds(table, cell)
    for cell in ({}, {"place": "N"}, {"age": "8", "place": "N"}, {"age": "9", "place": "e"}, {"age": "9", "home": "h"}):
        assert not holds(table, cell)
    assert holds(Table("u", (LIKE,), np.zeros(3, int)), {})
    assert holds(Table("u", (LIKE,), np.zeros(3, int)), {"like": "y"})


def test_options_in_the_way_are_left_out_first_in_every_table_that_has_them() -> None:
    two = Dimension.multiple("wish", ["rest", "learn"])
    tables = [Table("t", (WISH,), np.array([10, 4, 6, 7, 3, 1, 9])), Table("u", (two,), np.array([10, 7, 3, 1, 9]))]
    cells = [{"wish": "rest"}, {"wish": "rest"}, {"wish": "play"}]
    options = [way for way in ways(tables, cells) if isinstance(way, LeaveOut) and way.variable]
    both = ("t", "u")
    assert options == [LeaveOut(both, "wish", "rest"), LeaveOut(("t",), "wish", "play"), LeaveOut(both, "wish", "learn")]
    assert not any(isinstance(way, RollUp | PutTogether) for way in ways(tables, cells))


def test_parents_with_most_cells_in_the_way_below_them_are_rolled_up_first() -> None:
    table = crossed("t", PLACE, LIKE, [[5, 6]] * 4)
    rolled = [
        way.parents for way in ways([table], [{"place": "c"}, {"place": "c", "like": "x"}, {"place": "a"}]) if isinstance(way, RollUp)
    ]
    assert rolled == [("S",), ("N",), ("N", "S")]
    rolled = [way.parents for way in ways([table], [{"place": "a"}]) if isinstance(way, RollUp)]
    assert rolled == [("N",), ("S",), ("N", "S")]
    many = Dimension.tree(
        "place", {f"P{k}": TOTAL for k in range(GROUPS + 1)} | {f"{c}{k}": f"P{k}" for k in range(GROUPS + 1) for c in "cd"}
    )
    large = Table("t", (many,), many.aggregation @ np.ones(len(many.leaves), int))
    rolled = [way.parents for way in ways([large]) if isinstance(way, RollUp)]
    assert [len(parents) for parents in rolled] == [1] * GROUPS + [GROUPS + 1]


def put(table: Table, *cells: Cell) -> list[tuple[str, ...]]:
    return [way.codes for way in ways([table], list(cells)) if isinstance(way, PutTogether)]


def test_of_codes_below_a_parent_the_smallest_are_put_together() -> None:
    assert FEWEST == (2, 3)
    assert put(flat("t", 9, 3, 5, 7)) == [("b", "c"), ("b", "c", "d")]
    assert put(flat("t", 3, 3, 3, 3)) == [("a", "b"), ("a", "b", "c")]  # of equal ones, the first
    assert put(flat("t", 1, 1, 0, 9)) == [("a", "c"), ("a", "b", "c")]  # one with nobody in it before others
    assert put(flat("t", 9, 3, 5)) == [("b", "c")]  # all three would be the total again
    assert put(flat("t", 9, 3)) == []


def test_of_codes_in_the_way_so_many_are_put_together() -> None:
    table = flat("t", *range(20, 27))
    where = [{"t": code} for code in "gfedcba"]
    assert put(table, *where[:1]) == [("a", "b"), ("a", "b", "c")]  # one alone is no merging
    assert put(table, *where[:MOST])[2:] == [tuple(sorted("gfedc"))]
    assert put(table, *where[: MOST + 1])[2:] == []
    assert put(flat("t", 5, 6, 7), *where[-3:]) == [("a", "b")]


def test_how_small_a_code_is_its_largest_table_says() -> None:
    """A code that few of one table chose may be a large one in another; by the totals of all other variables."""
    small = Table("u", (Dimension.flat("t", "abc"),), np.array([6, 1, 2, 3]), where=(("home", "alone"),))
    assert [way.codes for way in ways([flat("t", 9, 3, 5), small]) if isinstance(way, PutTogether)] == [("b", "c")]
    one = crossed("t", Dimension.flat("t", "abc"), LIKE, [[1, 90], [50, 5], [60, 5]])
    assert put(one)[0] == ("b", "c")


def test_groups_with_most_cells_in_the_way_come_first() -> None:
    tree = Dimension.tree("place", {"N": TOTAL, "S": TOTAL} | dict.fromkeys("abc", "N") | dict.fromkeys("def", "S"))
    table = Table("t", (tree,), tree.aggregation @ np.arange(10, 16))
    assert put(table, {"place": "f"}) == [("d", "e"), ("a", "b")]
    assert put(table, {"place": "c"}) == [("a", "b"), ("d", "e")]


def test_codes_are_put_together_where_they_are_in_a_table_and_only_below_one_parent() -> None:
    """A table with only some of the codes could not show what they make together."""
    some, other = flat("t", 9, 3, 5, 7), Table("u", (Dimension.flat("t", "ab"),), np.array([24, 12, 12]), where=(("home", "alone"),))
    found = [way for way in ways([some, other]) if isinstance(way, PutTogether)]
    assert all(set(way.codes) <= {"a", "b"} or not {"a", "b"} & set(way.codes) for way in found)
    apart = Table("v", (Dimension.flat("t", "xyz"),), np.array([24, 8, 8, 8]), where=(("home", "alone"),))
    tables = {way.codes: way.tables for way in ways([some, apart]) if isinstance(way, PutTogether)}
    assert tables["b", "c"] == ("t",)
    assert tables["x", "y"] == ("v",)
    whole = Table("w", (Dimension.flat("t", "bc"),), np.array([8, 3, 5]), where=(("home", "alone"),))
    assert PutTogether(("t", "w"), "t", ("b", "c")) in ways([some, whole])


def test_a_single_table_is_never_left_out_and_several_each_may_be() -> None:
    assert not [way for way in ways([flat("t", 9, 3, 5)]) if isinstance(way, LeaveOut)]
    assert not still_linked([flat("t", 9, 3, 5)], [])
    others = [way for way in ways([flat("t", 9, 3), flat("u", 5, 7)]) if isinstance(way, LeaveOut)]
    assert others == [LeaveOut(("t",)), LeaveOut(("u",))]


REGIONS = crossed("regions", Dimension.flat("region", ["N", "S"]), LIKE, [[30, 40], [50, 30]])
TOWNS = Table("towns", (PLACE,), np.array([150, 70, 80, 30, 40, 20, 60]))


def test_a_name_of_its_own_is_a_link() -> None:
    """Regions are the upper codes of places: without the codes that say so, nobody sees that the two tables count the same."""
    (upper,) = merged([TOWNS], RollUp(("towns",), "place", ("N", "S")))
    assert still_linked([TOWNS, REGIONS], [TOWNS, REGIONS])
    assert not still_linked([TOWNS, REGIONS], [upper, REGIONS])
    assert still_linked([TOWNS, REGIONS], [REGIONS])
    assert still_linked([TOWNS, REGIONS], [upper])
    more = crossed("more", PLACE, LIKE, [[5, 6]] * 4)
    assert still_linked([more, REGIONS], [Table("more", (LIKE,), np.array([44, 20, 24])), REGIONS])


def test_of_two_names_for_one_variable_both_must_stay_or_one_alone() -> None:
    regions = Table("regions", (Dimension.flat("region", ["N", "S"]),), np.array([150, 70, 80]))
    (upper,) = merged([TOWNS], RollUp(("towns",), "place", ("N", "S")))
    assert not still_linked([TOWNS, regions], [upper, regions])
    assert still_linked([TOWNS, regions], [upper])
    assert still_linked([TOWNS, regions], [regions])


def in_area(name: str = "", code: str = "") -> Table:
    return Table(f"in {code}", (LIKE,), np.array([30, 15, 15]), where=((name, code),) if name else ())


@pytest.mark.parametrize(
    ("left", "linked"),
    [
        ([REGIONS, in_area("place", "a")], False),  # the north less a is b
        ([REGIONS, in_area("place", "c")], False),
        ([in_area("region", "N"), in_area("place", "a")], False),
        ([in_area("region", "N"), in_area()], False),  # all less the north are the south
        ([in_area("region", "S"), in_area("region", "N")], False),
        ([in_area("region", "S"), in_area("place", "a")], True),
        ([in_area("region", "N")], True),
    ],
)
def test_what_a_variable_of_another_name_uses_counts_as_used(left: list[Table], linked: bool) -> None:
    """Towns say what regions are made of; they may go only if what is left does not use it, under whichever name."""
    before = [TOWNS, REGIONS, *(table for table in left if table is not REGIONS)]
    assert still_linked(before, [TOWNS, *left])
    assert still_linked(before, left) == linked


AGES = Table("ages", (Dimension.tree("age", {"old": TOTAL, "young": TOTAL, "9": "old", "13": "old"}),), np.array([9, 6, 3, 2, 4]))


def of(*ages: str) -> list[Table]:
    return [Table(f"of {age}", (LIKE,), np.array([6, 3, 3]), where=(("age", age),) if age else ()) for age in ages]


@pytest.mark.parametrize(
    ("left", "linked"),
    [
        (of("9", "13", "old"), False),  # 9 and 13 make "old"
        (of("9", "old"), False),  # "old" less 9 is 13
        (of("9", "13"), False),  # together they are "old"
        (of("9"), True),
        (of("old"), True),
        (of("9", "young"), True),  # of different parents
        (of("old", "young"), False),
        (of("old", ""), False),  # all less the old are the young
        (of("9", ""), True),
        (of(""), True),
    ],
)
def test_a_relation_may_go_only_if_what_is_left_uses_none_of_it(left: list[Table], linked: bool) -> None:
    assert still_linked([AGES, *left], [AGES, *left])
    assert still_linked([AGES, *left], left) == linked
    assert still_linked([AGES, *left], left, [published(AGES)])  # an earlier release still says it
    if left:
        assert still_linked([AGES, *left], left[:1], [published(table) for table in left[1:]]) == linked


def test_codes_of_a_tables_own_variable_count_as_used() -> None:
    upper = Table("upper", (Dimension.flat("age", ["old", "young"]),), np.array([9, 6, 3]))
    lower, other = (Table("lower", (Dimension.flat("age", codes),), np.array([5, 2, 3])) for codes in (["9", "13"], ["5", "6"]))
    assert not still_linked([AGES, upper, lower], [upper, lower])  # 9 and 13 make "old"
    assert still_linked([AGES, upper, other], [upper, other])


def test_what_an_earlier_release_uses_is_not_unlinked() -> None:
    """The table of ages may go if nothing else is told of an age; a release about nine-year-olds and one about all the old forbid it."""
    new = [AGES, *of("9")]
    assert LeaveOut(("ages",)) in ways(new)
    assert LeaveOut(("ages",)) not in ways(new, earlier=[published(table) for table in of("old")])
    assert LeaveOut(("ages",)) in ways(new, earlier=[published(table) for table in of("young")])


def test_a_total_has_one_meaning_whatever_it_is_called() -> None:
    """Two tables may call the total of a variable differently: who says what it sums says it for both."""
    other = Dimension("age", ("All", "old", "young"), (("All", ("old", "young")),))
    again = Table("again", (other,), np.array([9, 6, 3]))
    upper = Table("ages", (Dimension.flat("age", ["old", "young"]),), np.array([9, 6, 3]))
    assert still_linked([upper, again], [again])
    assert still_linked([upper, again, *of("old", "")], [again, *of("old", "")])
    assert not still_linked([upper, again, *of("old", "")], of("old", ""))
