"""Dimensions, tables and published tables check themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.published_table import WITHHELD, PublishedTable, Status
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
    ],
)
def test_a_hierarchy_leads_up_to_its_total(parents: dict[str, str], message: str) -> None:
    with pytest.raises(DisclosureError, match=message):
        Dimension.tree("place", parents)


def test_a_code_cannot_stand_twice() -> None:
    with pytest.raises(DisclosureError, match="'yes' twice"):
        Dimension.flat("answer", ["yes", "yes"])


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


def published(values: list[int], status: list[str]) -> PublishedTable:
    return PublishedTable("t", (ANSWER,), np.array(values), np.array(status), np.zeros(3, np.int64))


def test_a_withheld_cell_holds_no_number() -> None:
    table = published([12, WITHHELD, 12], [Status.PUBLISHED, Status.PRIMARY, Status.PUBLISHED])
    assert table.to_frame()["n"].isna().tolist() == [False, True, False]
    assert table.to_frame(show_status=False)["status"].tolist() == ["published", "withheld", "published"]
    with pytest.raises(DisclosureError, match="withheld one must have none"):
        published([12, 4, 12], [Status.PUBLISHED, Status.PRIMARY, Status.PUBLISHED])


def test_an_unknown_status_is_refused() -> None:
    with pytest.raises(DisclosureError, match="unknown status 'review'"):
        published([12, 4, 12], [Status.PUBLISHED, "review", Status.PUBLISHED])


def test_percentages_come_from_published_counts_only() -> None:
    shares = published([30, 10, WITHHELD], [Status.PUBLISHED, Status.PUBLISHED, Status.PRIMARY]).percentages("answer")
    assert shares[:2].tolist() == [100, 33]
    assert np.isnan(shares[2])
    hidden_total = published([WITHHELD, 10, 12], [Status.SECONDARY, Status.PUBLISHED, Status.PUBLISHED])
    assert np.isnan(hidden_total.percentages("answer")).all()
