"""What the output checker compares a draft with: true margins from the vault, and the same table in releases that left."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from api.checker_comparison import comparisons, counted, margins
from disclosure.dimension import NOT
from pipeline import approval
from pipeline.release_files import build_release
from pipeline.released_table import Released
from retention import releases
from retention.secure_store import SecureStore, StepRefused
from tests.release_samples import HIDDEN, description, published, release_table
from tests.staff_samples import WAVE, make_office


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SecureStore:
    return make_office(tmp_path_factory.mktemp("office") / "secure")


def draft_of(store: SecureStore, release_id: str) -> Released:
    draft = approval.read_draft(store, release_id)
    about = draft.metadata["tables"][0]
    return Released(about, draft.file(about["files"]["csv"]))


def test_margins_are_the_true_counts_beside_what_would_be_shown(store: SecureStore) -> None:
    place, life = margins(store, WAVE, draft_of(store, "autumn-2026"))
    assert (place.title, life.title) == ("Place", "Life as a whole")
    assert place.lines == (
        ("England", 2539, "2,539"), ("The North", 1524, "1,524"), ("Northtown", 1060, "1,060"), ("Northfield", 464, "464"),
        ("The South", 1015, "1,015"),
    )  # fmt: skip
    assert life.lines == (
        ("All who answered", 2539, "2,539"), ("Happy", 1750, "1,750"), ("In between", 551, "551"), ("Unhappy", 238, "238"),
    )  # fmt: skip


def test_a_child_who_chose_several_options_is_counted_once() -> None:
    def dimension(name: str, *codes: str) -> dict[str, object]:
        entries = [{"code": code, "label": code, "parent": "Total"} for code in codes]
        return {"name": name, "title": name, "codes": [{"code": "Total", "label": "All", "parent": None}, *entries]}

    rows = [f"{age},{want},1,,\n" for age in ("Total", "a", "b") for want in ("Total", "x", "y")]
    about = {"id": "t", "dimensions": [dimension("age", "a", "b"), dimension("want", "x", "y")], "percent_of": None}
    table = Released(about, ("age_code,want_code,count,percent,shorthand\n" + "".join(rows)).encode())
    chose = {("a", "x"): 3, ("a", "y"): 9, ("b", "x"): 2, ("b", "y"): 0}
    of = {"a": 10, "b": 5}
    cells = []
    for (age, want), n in chose.items():
        cells += [("t", json.dumps([age, want]), n), ("t", json.dumps([age, NOT + want]), of[age] - n)]
    by_age, by_want = counted(pd.DataFrame(cells, columns=["table", "codes", "n"]), table)
    assert [count for _, count, _ in by_age.lines] == [15, 10, 5]
    assert [count for _, count, _ in by_want.lines] == [15, 5, 9]


def test_a_table_that_the_vault_knows_nothing_of_is_not_checked_by_guess(store: SecureStore) -> None:
    table = draft_of(store, "autumn-2026")
    other = Released({**table.metadata, "id": "another"}, approval.read_draft(store, "autumn-2026").file("tables/life-by-place.csv"))
    with pytest.raises(StepRefused, match="holds no counts of this table"):
        margins(store, WAVE, other)


def test_only_releases_that_left_are_compared_cell_by_cell(store: SecureStore) -> None:
    assert comparisons(store, "autumn-2026", draft_of(store, "autumn-2026")) == ()
    wider = (*HIDDEN, ("south", "okay"), ("south", "sad"))
    digest = build_release(
        approval.draft_folder(store.zone, "summer-2026"), description("summer-2026", withheld=6), [release_table(published(hidden=wider))]
    )
    releases.draft(store, "summer-2026", WAVE, "olga", digest)
    assert comparisons(store, "autumn-2026", draft_of(store, "autumn-2026")) == (), "a draft has not left"
    approval.check(store, "summer-2026", "chris")
    approval.approve(store, "summer-2026", "ali", None)
    (found,) = comparisons(store, "autumn-2026", draft_of(store, "autumn-2026"))
    assert (found.release, found.cells, found.alike, found.more) == ("summer-2026", 20, 18, 0)
    assert [(one.labels, one.before, one.now) for one in found.differences] == [
        (("The South", "In between"), "[c]", "220"),
        (("The South", "Unhappy"), "[c]", "95"),
    ]
    assert comparisons(store, "summer-2026", draft_of(store, "summer-2026")) == (), "what is not released yet is no earlier release"
