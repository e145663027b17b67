"""Dimensions, tables and published tables check themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from disclosure.dimension import Dimension, is_tree
from disclosure.error import DisclosureError
from disclosure.published_table import WITHHELD, Method, PublishedTable, Status
from disclosure.table import Table

PLACE = Dimension.tree("place", {"N": "Total", "S": "Total", "a": "N", "b": "N", "c": "S"})
ANSWER = Dimension.flat("answer", ["yes", "no"])


def frame(*rows: tuple[str, str, object]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["place", "answer", "n"])


def test_totals_of_every_level_are_added_up() -> None:
    table = Table.from_inner("t", [PLACE, ANSWER], frame(("a", "yes", 3), ("b", "no", 4), ("c", "yes", 5)))
    found = {(p, a): int(table.counts[i, j]) for i, p in enumerate(PLACE.codes) for j, a in enumerate(ANSWER.codes)}
    assert found["Total", "Total"] == 12
    assert found["N", "Total"] == 7
    assert found["N", "yes"] == 3
    assert found["S", "no"] == 0
    assert found["Total", "yes"] == 8


def test_several_choices_share_one_base() -> None:
    wish = Dimension.multiple("wish", ["play", "rest"])
    rows = pd.DataFrame({"wish": ["play", "not play", "rest", "not rest"], "n": [7, 3, 4, 6]})
    assert Table.from_inner("t", [wish], rows).counts.tolist() == [10, 7, 3, 4, 6]
    rows.loc[3, "n"] = 5
    with pytest.raises(DisclosureError, match="do not add up"):
        Table.from_inner("t", [wish], rows)


@pytest.mark.parametrize(
    ("parents", "message"),
    [
        ({"a": "b", "b": "a", "c": "Total"}, "circle"),
        ({"Total": "", "a": "Total", "b": "c", "c": "b"}, "circle"),
        ({"Total": "a", "a": "", "b": ""}, "circle"),
    ],
)
def test_a_hierarchy_leads_up_to_its_total(parents: dict[str, str], message: str) -> None:
    with pytest.raises(DisclosureError, match=message):
        Dimension.tree("place", parents)


def test_a_code_cannot_stand_twice() -> None:
    with pytest.raises(DisclosureError, match="dimension 'answer' has the code 'yes' twice"):
        Dimension.flat("answer", ["no", "yes", "yes"])
    with pytest.raises(DisclosureError, match="dimension 'answer', below 'Total', has the code 'no' twice"):
        Dimension("answer", ("Total", "yes", "no"), (("Total", ("yes", "no", "no")),))


@pytest.mark.parametrize(
    ("name", "codes", "partitions", "message"),
    [
        ("", ("Total",), (), "needs a name and codes"),
        ("answer", (), (), "dimension 'answer' needs a name and codes"),
        ("answer", ("Total", "yes"), (("Total", ("yes", "no", "maybe")),), "dimension 'answer' uses the unknown code 'maybe'"),
        ("answer", ("Total", "yes"), (("Total", ("yes",)), ("all", ("yes",))), "unknown code 'all'"),
        (
            "answer",
            ("Total", "yes", "no", "maybe"),
            (("Total", ("yes",)),),
            "code 'maybe' of dimension 'answer' does not lead up to 'Total'",
        ),
        ("answer", ("Total", "yes"), (("Total", ("yes",)), ("yes", ("Total",))), "in a circle through 'Total'"),
    ],
)
def test_a_dimension_that_hangs_together_badly_is_refused(
    name: str, codes: tuple[str, ...], partitions: tuple[tuple[str, tuple[str, ...]], ...], message: str
) -> None:
    with pytest.raises(DisclosureError, match=message):
        Dimension(name, codes, partitions)


@pytest.mark.parametrize(
    ("parents", "codes", "partitions"),
    [
        ({"a": "N", "b": "N", "N": "", "c": "N"}, ("N", "a", "b", "c"), (("N", ("a", "b", "c")),)),
        ({"a": "N", "b": "S"}, ("Total", "a", "b", "N", "S"), (("N", ("a",)), ("S", ("b",)), ("Total", ("N", "S")))),
        ({"a": "", "b": ""}, ("Total", "a", "b"), (("Total", ("a", "b")),)),
        ({"Total": "", "a": "", "b": "a"}, ("Total", "a", "b"), (("Total", ("a",)), ("a", ("b",)))),
        ({"a": ""}, ("a",), ()),
    ],
)
def test_a_tree_hangs_below_its_only_top_or_below_a_total(
    parents: dict[str, str], codes: tuple[str, ...], partitions: tuple[tuple[str, tuple[str, ...]], ...]
) -> None:
    tree = Dimension.tree("place", parents)
    assert (tree.name, tree.codes, tree.partitions) == ("place", codes, partitions)
    assert tree.total == codes[0]


def test_dimensions_name_their_totals() -> None:
    assert Dimension.flat("answer", ["yes"], "all") == Dimension("answer", ("all", "yes"), (("all", ("yes",)),))
    assert Dimension.flat("answer", []) == Dimension("answer", ("Total",), ())
    assert Dimension.multiple("wish", ["play", "rest"], "asked") == Dimension(
        "wish",
        ("asked", "play", "not play", "rest", "not rest"),
        (("asked", ("play", "not play")), ("asked", ("rest", "not rest"))),
    )


TWO_WAYS = Dimension(
    "age",
    ("Total", "5", "6", "7", "5-6", "6-7"),
    (("Total", ("5-6", "7")), ("Total", ("5", "6-7")), ("5-6", ("5", "6")), ("6-7", ("6", "7"))),
)


def test_codes_sum_their_leaves_and_the_first_way_counts() -> None:
    assert PLACE.leaves == ("a", "b", "c")
    assert dict(zip(PLACE.codes, PLACE.aggregation.tolist(), strict=True)) == {
        "Total": [1, 1, 1], "N": [1, 1, 0], "S": [0, 0, 1], "a": [1, 0, 0], "b": [0, 1, 0], "c": [0, 0, 1],
    }  # fmt: skip
    assert TWO_WAYS.leaves == ("5", "6", "7")
    assert TWO_WAYS.aggregation.tolist() == [[1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1]]
    assert Dimension.multiple("wish", ["play", "rest"]).aggregation.tolist()[0] == [1, 1, 0, 0]
    assert dict(PLACE.index) == {code: k for k, code in enumerate(PLACE.codes)}


def test_a_tree_has_one_way_up_and_one_down() -> None:
    assert is_tree(PLACE.partitions)
    assert is_tree(())
    assert not is_tree(TWO_WAYS.partitions)
    assert not is_tree(Dimension.multiple("wish", ["play", "rest"]).partitions)
    assert not is_tree((("Total", ("a", "b")), ("N", ("b", "c"))))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (frame(("a", "yes", 1), ("a", "yes", 2)), "same cell in two rows"),
        (frame(("a", "yes", -1)), "whole numbers"),
        (frame(("a", "yes", 1.5)), "whole numbers"),
        (frame(("a", "yes", "many")), "whole numbers"),
        (frame(("a", "yes", None)), "whole numbers"),
        (frame(("N", "yes", 1)), "'N' in column 'place' is a total"),
        (frame(("a", "Total", 1)), "'Total' in column 'answer' is a total"),
        (frame(("z", "yes", 1)), "'z' in column 'place' is an unknown code"),
        (frame(("a", "yes", 1), ("b", "no", 1), ("y", "yes", 1), ("z", "no", 1)), "table 't': 'y' in column 'place' is an unknown code"),
        (frame(("a", "yes", float("inf"))), "whole numbers"),
        (frame(("a", "yes", 2.0**53 + 2)), "whole numbers"),
        (frame(("a", "yes", 1)).drop(columns="n"), "no column 'n'"),
        (frame(("a", "yes", 1)).drop(columns="answer"), "no column 'answer'"),
    ],
)
def test_bad_inner_cells_are_refused_in_one_sentence(rows: pd.DataFrame, message: str) -> None:
    with pytest.raises(DisclosureError, match=message):
        Table.from_inner("t", [PLACE, ANSWER], rows)


def test_counts_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(DisclosureError, match="do not add up"):
        Table("t", (ANSWER,), np.array([5, 3, 3]))
    for place, answer, where in ((1, 0, "'yes'|'N'|'Total'"), (3, 1, "'Total' of 'answer'|'N' of 'place'")):
        counts = Table.from_inner("t", [PLACE, ANSWER], frame(("a", "yes", 3), ("b", "no", 4), ("c", "yes", 5))).counts.copy()
        counts[place, answer] += 1
        with pytest.raises(DisclosureError, match=where):
            Table("t", (PLACE, ANSWER), counts)


def test_a_table_keeps_what_it_was_given_and_cannot_be_changed() -> None:
    table = Table.from_inner(
        "t", [PLACE, ANSWER], frame(("a", "yes", 0), ("b", "no", 2**53)), title="Answers", population="2026", where=[("band", "6-8")]
    )
    assert (table.id, table.title, table.population, table.where) == ("t", "Answers", "2026", (("band", "6-8"),))
    assert table.counts[0, 0] == 2**53
    assert table.counts.dtype == np.int64
    with pytest.raises(ValueError, match="read-only"):
        table.counts[0, 0] = 1
    counts = np.array([8, 5, 3], np.int32)
    kept = Table("t", (ANSWER,), counts)  # type: ignore[arg-type]  # 32 bits are taken, too
    counts[0] = 9
    assert kept.counts.tolist() == [8, 5, 3]
    bare = Table.from_inner("t", [ANSWER], pd.DataFrame({"answer": ["yes"], "n": [8]}))
    assert (bare.title, bare.population, bare.where) == ("", "", ())


def test_every_cell_has_a_place_of_its_own() -> None:
    age = Dimension.flat("age", ["5", "6", "7", "8"])
    rows = [
        (place, answer, each, 1 + k)
        for k, (place, answer, each) in enumerate((p, a, g) for p in "abc" for a in ("no", "yes") for g in "5678")
    ]
    table = Table.from_inner(
        "t", [PLACE, ANSWER, age], pd.DataFrame(rows, columns=["place", "answer", "age", "n"]).sample(frac=1, random_state=0)
    )
    for place, answer, each, n in rows:
        assert table.counts[PLACE.index[place], ANSWER.index[answer], age.index[each]] == n
    assert table.counts[0, 0, 0] == sum(n for *_, n in rows)


@pytest.mark.parametrize(
    ("dimensions", "counts", "where", "message"),
    [
        ((), np.array(5), (), "table 't' needs at least one dimension"),
        ((ANSWER, ANSWER), np.zeros((3, 3), int), (), "table 't' needs .* each variable only once"),
        ((ANSWER,), np.zeros(3, int), (("answer", "yes"),), "each variable only once"),
        ((ANSWER,), np.zeros(3, int), (("age", "5"), ("age", "6")), "each variable only once"),
        ((ANSWER,), np.zeros(4, int), (), "one count for every combination"),
        ((ANSWER,), np.zeros((3, 1), int), (), "one count for every combination"),
        ((ANSWER,), np.zeros(3), (), "no whole number from 0 up"),
        ((ANSWER,), np.array([0, 1, -1]), (), "no whole number from 0 up"),
    ],
)
def test_a_table_that_is_none_is_refused(
    dimensions: tuple[Dimension, ...], counts: np.ndarray, where: tuple[tuple[str, str], ...], message: str
) -> None:
    with pytest.raises(DisclosureError, match=message):
        Table("t", dimensions, counts, where=where)
    if np.issubdtype(counts.dtype, np.integer) and "no whole" not in message:
        with pytest.raises(DisclosureError, match=message.replace("one count", "a value and a status")):
            PublishedTable("t", dimensions, counts, np.full(counts.shape, "published"), np.zeros(counts.shape, int), where=where)


@pytest.mark.parametrize("where", [("answer", "yes"), ("place", "N")])
def test_a_variable_of_inner_cells_comes_once(where: tuple[str, str]) -> None:
    with pytest.raises(DisclosureError, match=r"table 't' needs .* each variable only once"):
        Table.from_inner("t", [PLACE, ANSWER], frame(("a", "yes", 1)), where=[where])


def published(values: list[int], status: list[str]) -> PublishedTable:
    return PublishedTable("t", (ANSWER,), np.array(values), np.array(status), np.zeros(3, np.int64))


def test_a_withheld_cell_holds_no_number() -> None:
    table = published([12, WITHHELD, 12], [Status.PUBLISHED, Status.PRIMARY, Status.PUBLISHED])
    assert table.to_frame()["n"].isna().tolist() == [False, True, False]
    assert table.to_frame(show_status=False)["status"].tolist() == ["published", "withheld", "published"]
    with pytest.raises(DisclosureError, match="withheld one must have none"):
        published([12, 4, 12], [Status.PUBLISHED, Status.PRIMARY, Status.PUBLISHED])


def test_an_unknown_status_is_refused() -> None:
    with pytest.raises(DisclosureError, match="unknown status 'hidden'"):
        published([12, 4, 12], ["review", "hidden", Status.PUBLISHED])


def test_percentages_come_from_published_counts_only() -> None:
    shares = published([30, 10, WITHHELD], [Status.PUBLISHED, Status.PUBLISHED, Status.PRIMARY]).percentages("answer")
    assert shares[:2].tolist() == [100, 33]
    assert np.isnan(shares[2])
    hidden_total = published([WITHHELD, 10, 12], [Status.SECONDARY, Status.PUBLISHED, Status.PUBLISHED])
    assert np.isnan(hidden_total.percentages("answer")).all()
    assert np.isnan(published([0, 0, 0], [Status.PUBLISHED] * 3).percentages("answer")).all()


WISH = Dimension.flat("wish", ["play", "rest", "read"])
SMALL = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]])


def test_percentages_are_of_the_total_over_the_dimension_asked_for() -> None:
    table = PublishedTable("t", (ANSWER, WISH), SMALL, np.full((3, 4), "published"), np.zeros((3, 4), int))
    assert table.percentages("wish")[:2].tolist() == [[100, 100, 0, 0]] * 2
    assert np.isnan(table.percentages("wish")[2]).all()
    assert table.percentages("answer")[:, :2].tolist() == [[100, 100], [100, 100], [0, 0]]
    third = published([3, 1, 2], [Status.PUBLISHED] * 3)
    assert third.percentages("answer").tolist() == [100, 33, 67]
    assert third.percentages("answer", 1).tolist() == [100, 33.3, 66.7]
    with pytest.raises(DisclosureError, match="no dimension 'age'"):
        third.percentages("age")


def test_of_a_total_that_reads_nought_nothing_is_a_percentage() -> None:
    rounded = PublishedTable(
        "t", (ANSWER,), np.array([0, 5, 0]), np.full(3, "published"), np.zeros(3, int), method=Method.CONVENTIONAL_ROUNDING, base=5
    )
    assert np.isnan(rounded.percentages("answer")).all()


def test_a_table_of_one_count_is_one_row() -> None:
    one = PublishedTable("t", (Dimension.flat("area", []),), np.array([7]), np.full(1, "published"), np.zeros(1, int))
    assert one.to_frame().to_dict("list") == {"area": ["Total"], "n": [7], "status": ["published"]}


@pytest.mark.parametrize("wrong", ["values", "status", "floor"])
def test_a_published_table_has_a_value_a_status_and_a_floor_for_every_cell(wrong: str) -> None:
    parts: dict[str, Any] = {"values": np.zeros((3, 4), int), "status": np.full((3, 4), "published"), "floor": np.zeros((3, 4), int)}
    parts[wrong] = parts[wrong][:2]
    with pytest.raises(DisclosureError, match="a value and a status for every combination"):
        PublishedTable("t", (ANSWER, WISH), **parts)


@pytest.mark.parametrize(("values", "status"), [([12, WITHHELD, 12], "published"), ([12, -2, 12], "primary"), ([12, 0, 12], "secondary")])
def test_what_is_published_has_a_count_and_what_is_withheld_none(values: list[int], status: str) -> None:
    with pytest.raises(DisclosureError, match="a published cell needs a count"):
        published(values, [Status.PUBLISHED, status, Status.PUBLISHED])


@pytest.mark.parametrize(
    ("method", "base", "fits"),
    [
        (Method.SUPPRESSION, 0, True),
        (Method.SUPPRESSION, 1, False),
        (Method.CONVENTIONAL_ROUNDING, 0, False),
        (Method.CONVENTIONAL_ROUNDING, 1, True),
        (Method.CELL_KEY, -1, False),
    ],
)
def test_how_far_counts_may_be_from_the_true_ones_is_told_by_all_methods_but_suppression(method: Method, base: int, fits: bool) -> None:
    def made() -> PublishedTable:
        return PublishedTable("t", (ANSWER,), np.array([8, 5, 3]), np.full(3, "published"), np.zeros(3, int), method=method, base=base)

    if fits:
        assert made().exact == (method is Method.SUPPRESSION)
        return
    with pytest.raises(DisclosureError, match="how far its counts may be"):
        made()


@pytest.mark.parametrize(
    ("place", "to", "adds_up"),
    [((2, 3), 1, False), ((0, 0), 2, False), ((1, 0), 2, False), ((0, 1), 2, False), ((2, 3), WITHHELD, True), ((0, 0), WITHHELD, True)],
)
def test_published_counts_add_up_unless_one_of_them_is_withheld(place: tuple[int, int], to: int, adds_up: bool) -> None:
    values = SMALL.copy()
    values[place] = to
    status = np.where(values == WITHHELD, "secondary", "published")

    def made(method: Method, base: int) -> PublishedTable:
        return PublishedTable("t", (ANSWER, WISH), values, status, np.zeros((3, 4), int), method=method, base=base)

    assert (made(Method.CONVENTIONAL_ROUNDING, 5).values == values).all()
    if adds_up:
        assert (made(Method.SUPPRESSION, 0).values == values).all()
        return
    with pytest.raises(DisclosureError, match="do not add up"):
        made(Method.SUPPRESSION, 0)


def test_a_sum_with_one_part_withheld_is_not_held_to_the_others() -> None:
    """Nor is one whose total is withheld; the next sum of the same dimension is."""
    values = np.array([WITHHELD, WITHHELD, 9, 9, 0, 7])
    status = np.where(values == WITHHELD, "secondary", "published")
    two = Dimension.tree("place", {"N": "Total", "S": "Total", "a": "N", "b": "N", "c": "S"})
    order = [two.index[code] for code in ("Total", "N", "S", "c", "a", "b")]
    right = np.zeros(6, int)
    right[order] = values
    marks = np.full(6, "published", dtype="<U9")
    marks[order] = status
    assert PublishedTable("t", (two,), right, marks, np.zeros(6, int)).withheld.sum() == 2
    wide = SMALL.copy()
    wide[1, 3], wide[1, 0] = WITHHELD, 2  # one more of all who said yes, beside a wish that is withheld
    with pytest.raises(DisclosureError, match="below 'Total' of 'answer' do not add up"):
        PublishedTable("t", (ANSWER, WISH), wide, np.where(wide == WITHHELD, "secondary", "published"), np.zeros((3, 4), int))
    right[two.index["c"]] = 8
    with pytest.raises(DisclosureError, match="below 'S' of 'place' do not add up"):
        PublishedTable("t", (two,), right, marks, np.zeros(6, int))


def test_a_published_table_cannot_be_changed_and_is_told_row_by_row() -> None:
    values = SMALL.copy()
    values[2, 3], values[2, 2] = WITHHELD, WITHHELD
    status = np.full((3, 4), "published", dtype="<U9")
    status[2, 3], status[2, 2] = "secondary", "primary"
    table = PublishedTable("t", (ANSWER, WISH), values, status, np.zeros((3, 4), int))
    for array in (table.values, table.status, table.floor):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = array[0, 0]
    frame = table.to_frame()
    assert list(frame.columns) == ["answer", "wish", "n", "status"]
    assert frame["answer"].tolist() == [code for code in ANSWER.codes for _ in WISH.codes]
    assert frame["wish"].tolist() == list(WISH.codes) * 3
    assert frame["n"].astype(object).where(frame["n"].notna(), WITHHELD).tolist() == values.ravel().tolist()
    assert frame["status"].tolist() == status.ravel().tolist()
    assert frame.index.tolist() == list(range(12))
    assert table.to_frame(show_status=False)["status"].tolist() == ["published"] * 10 + ["withheld"] * 2
    pieces = list(table.frames())
    assert [len(piece) for piece in pieces] == [4, 4, 4]
    assert pieces[2]["status"].tolist() == status[2].tolist()
    assert [piece["status"].tolist()[-1] for piece in table.frames(show_status=False)] == ["published", "published", "withheld"]
