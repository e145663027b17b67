"""The files of a release: what they hold, that they are the same every time, and what is refused."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.audit import audit
from disclosure.dimension import Dimension
from disclosure.policy import available, load_policy
from disclosure.published_table import PublishedTable, Status
from disclosure.statistics import percentage
from pipeline.release_description import (
    AttackResult,
    ReleaseDescription,
    ReleaseDimension,
    ReleaseInvalid,
    ReleaseTable,
    protection_by,
    rounded_answers,
    shown_codes,
)
from pipeline.release_files import build_release, table_rows
from tests.release_samples import description, published, release_table

POLICY = load_policy("ons-threshold-10")


def rows_of(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / "tables/life-by-place.csv").read_text(encoding="utf-8"))))


def test_the_folder_holds_the_manifest_and_exactly_what_it_lists(tmp_path: Path) -> None:
    digest = build_release(tmp_path / "r", description(), [release_table()])
    manifest = (tmp_path / "r/manifest.json").read_bytes()
    assert hashlib.sha256(manifest).hexdigest() == digest
    listed = {entry["name"]: entry for entry in json.loads(manifest)["files"]}
    there = {path.relative_to(tmp_path / "r").as_posix() for path in (tmp_path / "r").rglob("*") if path.is_file()}
    assert there == {*listed, "manifest.json"}
    table = {f"tables/life-by-place.{kind}" for kind in ("csv", "csv-metadata.json", "xlsx", "ods", "parquet")}
    assert set(listed) == {"release.json", "audit.json", *table, "charts/life-by-place.svg", "charts/life-by-place.png"}
    for name, entry in listed.items():
        content = (tmp_path / "r" / name).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (entry["sha256"], entry["bytes"])


def test_building_twice_gives_the_same_bytes_whatever_the_clock_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build_release(tmp_path / "a", description(), [release_table()])

    class AnyDatetime(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, datetime)

    class Later(metaclass=AnyDatetime):
        @staticmethod
        def now(_zone: object = None) -> datetime:
            return datetime(2031, 5, 6, 7, 8, 9)  # noqa: DTZ001

    monkeypatch.setattr("xlsxwriter.core.datetime", Later)
    assert build_release(tmp_path / "b", description(), [release_table()]) == first


def test_another_number_gives_another_hash(tmp_path: Path) -> None:
    first = build_release(tmp_path / "a", description(), [release_table()])
    table = published()
    counts = table.values.copy()
    counts[np.ix_([0, 2], [0, 1])] += 1  # one more happy child in the South
    changed = PublishedTable(table.id, table.dimensions, counts, table.status, table.floor)
    assert build_release(tmp_path / "b", description(), [release_table(changed)]) != first


def test_the_csv_is_tidy_and_withheld_counts_are_blank_and_marked(tmp_path: Path) -> None:
    build_release(tmp_path / "r", description(), [release_table()])
    rows = rows_of(tmp_path / "r")
    assert list(rows[0]) == ["rgn_code", "rgn", "life_code", "life", "count", "percent", "shorthand"]
    assert len(rows) == 20
    by = {(row["rgn_code"], row["life_code"]): row for row in rows}
    assert by["Total", "Total"]["count"] == "2539"
    assert by["Total", "Total"]["rgn"] == "England"
    hidden = by["north-b", "sad"]
    assert (hidden["count"], hidden["percent"], hidden["shorthand"]) == ("", "", "[c]")
    assert sum(row["shorthand"] == "[c]" for row in rows) == 4
    assert by["south", "happy"]["percent"] == "69"


def test_no_file_says_which_withheld_count_is_a_small_one(tmp_path: Path) -> None:
    table = published()
    status = table.status.copy()
    status[status == Status.SECONDARY] = Status.PRIMARY
    floors = np.zeros_like(table.floor)
    other = PublishedTable(table.id, table.dimensions, table.values, status, floors)
    assert build_release(tmp_path / "a", description(), [release_table(table)]) == build_release(
        tmp_path / "b", description(), [release_table(other)]
    )


def test_the_spreadsheet_has_the_four_sheets_and_runs_nothing(tmp_path: Path) -> None:
    build_release(tmp_path / "r", description(), [release_table()])
    with zipfile.ZipFile(tmp_path / "r/tables/life-by-place.xlsx") as book:
        workbook = book.read("xl/workbook.xml").decode()
        texts = book.read("xl/sharedStrings.xml").decode()
        sheets = "".join(book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet"))
    assert [workbook.index(f'name="{name}"') for name in ("Cover", "Contents", "Notes", "Table")] == sorted(
        workbook.index(f'name="{name}"') for name in ("Cover", "Contents", "Notes", "Table")
    )
    assert "[c] Confidential" in texts
    assert "not a random sample" in texts
    assert "Places are as they were in 2025." in texts
    assert "<f>" not in sheets
    assert "<mergeCell" not in sheets


def test_the_metadata_say_how_many_who_when_and_by_which_rules(tmp_path: Path) -> None:
    build_release(tmp_path / "r", description(), [release_table()])
    data = json.loads((tmp_path / "r/release.json").read_bytes())
    assert data["answers"] == {"rounded": 2540, "to_nearest": 10}
    assert data["collected"] == {"from": "2026-09-14", "to": "2026-10-09"}
    threshold = next(rule for rule in data["policy"]["rules"] if rule["name"] == "threshold")
    assert threshold["value"] == 10
    assert threshold["source"]
    assert threshold["reason"]
    assert (data["attack"]["exposed"], data["attack"]["fewest_possible_values"]) == (0, 23)
    table = data["tables"][0]
    assert (table["cells"], table["withheld"], table["percent_of"]) == (20, 4, "life")
    assert {"code": "north-a", "label": "Northtown", "parent": "north"} in table["dimensions"][0]["codes"]


def test_percentages_need_a_published_count_and_a_published_base() -> None:
    hidden = (*(("north-a", answer) for answer in ("Total", "okay", "sad")), ("north-b", "okay"), ("north-b", "sad"))
    rows = {row.codes: row for row in table_rows(release_table(published(hidden=hidden)), POLICY)}
    assert rows["north-a", "happy"].count == 640
    assert rows["north-a", "happy"].percent is None
    assert rows["north-b", "okay"].percent is None
    assert rows["north-b", "happy"].percent == "88"


@pytest.mark.parametrize(
    ("count", "base", "decimals", "text"),
    [
        (0, 9, 1, None),
        (0, 10, 1, "0"),
        (5, 10, 1, "50"),
        (1, 8 * 25, 1, "1"),
        (333, 999, 1, "33"),
        (333, 1000, 1, "33.3"),
        (333, 1000, 0, "33"),
        (333, 1000, 2, "33.3"),
        (995, 1000, 0, "100"),
        (0, 0, 1, None),
    ],
)
def test_a_percentage_is_as_exact_as_its_base_allows(count: int, base: int, decimals: int, text: str | None) -> None:
    assert percentage(count, base, replace(POLICY, percentage_decimals=decimals)) == text


@given(st.integers(10, 10_000_000).flatmap(lambda base: st.tuples(st.integers(0, base), st.just(base))))
def test_a_percentage_is_the_nearest_one(pair: tuple[int, int]) -> None:
    count, base = pair
    text = percentage(count, base, replace(POLICY, percentage_decimals=1))
    assert text is not None
    step = Fraction(1, 10) if base >= 1000 else Fraction(1)
    assert abs(Fraction(text) - Fraction(100 * count, base)) <= step / 2


def test_complements_of_multiple_response_are_not_shown() -> None:
    things = Dimension.multiple("want", ["friends", "money"])
    assert shown_codes(things) == ("Total", "friends", "money")
    counts = np.array([100, 60, 40, 30, 70])
    table = PublishedTable("wants", (things,), counts, np.full(5, "published"), np.ones(5, np.int64))
    words = ReleaseDimension("Wanted", {"Total": "All", "friends": "Friends", "money": "Money"})
    rows = list(table_rows(ReleaseTable(table, "Wants", (words,), "want"), POLICY))
    assert [(row.codes[0], row.count, row.percent) for row in rows] == [("Total", 100, "100"), ("friends", 60, "60"), ("money", 30, "30")]


@pytest.mark.parametrize(("exact", "rounded"), [(0, 0), (4, 0), (5, 10), (14, 10), (15, 20), (2539, 2540)])
def test_the_number_of_answers_is_rounded_to_ten(exact: int, rounded: int) -> None:
    assert rounded_answers(exact) == rounded


def test_what_may_not_be_published_cannot_be_described(tmp_path: Path) -> None:
    with pytest.raises(ReleaseInvalid, match="rounded"):
        replace(description(), answers=2539)
    with pytest.raises(ReleaseInvalid, match="could work out"):
        AttackResult(cells=20, withheld=4, exposed=1, fewest_values=2)
    for withheld, fewest in ((4, 1), (0, 5)):
        with pytest.raises(ReleaseInvalid, match="at least two"):
            AttackResult(cells=20, withheld=withheld, exposed=0, fewest_values=fewest)
    with pytest.raises(ReleaseInvalid, match="not of these tables"):
        build_release(tmp_path / "r", description(withheld=0), [release_table()])
    with pytest.raises(ReleaseInvalid, match="at least one table"):
        build_release(tmp_path / "r", description(), [release_table(), release_table()])
    with pytest.raises(ReleaseInvalid, match="ends before"):
        replace(description(), collected_to=description().collected_from.replace(year=2025))
    for bad in ("../up", "Upper", "a" * 62, "", "trailing\n"):
        with pytest.raises(ReleaseInvalid, match="cannot be a release's id"):
            replace(description(), id=bad)
    with pytest.raises(ReleaseInvalid, match="formula"):
        ReleaseDimension("Place", {"x": "=1+1"})
    with pytest.raises(ReleaseInvalid, match="no label"):
        ReleaseTable(published(), "T", (ReleaseDimension("Place", {}), ReleaseDimension("Life", {})))
    with pytest.raises(ReleaseInvalid, match="no dimension"):
        replace(release_table(), percent_of="age")


def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    build_release(folder, description(), [release_table()])
    build_release(folder, description(), [release_table()])
    (folder / "tables/notes.txt").write_text("an analyst's working file")
    with pytest.raises(ReleaseInvalid, match="no release put there"):
        build_release(folder, description(), [release_table()])
    assert (folder / "tables/notes.txt").exists()


def test_the_attack_s_own_report_decides_and_any_exposed_count_stops_the_release() -> None:
    tables = [published()]
    report = audit(tables, POLICY)
    result = AttackResult.of(report, tables)
    assert (result.cells, result.withheld, result.exposed) == (20, 4, 0)
    assert report.narrowest is not None
    assert result.fewest_values == report.narrowest + 1
    exposed = [published(hidden=(("north-b", "sad"),))]
    with pytest.raises(ReleaseInvalid, match="could work out"):
        AttackResult.of(audit(exposed, POLICY), exposed)


def test_multiple_response_is_said_not_to_add_up(tmp_path: Path) -> None:
    things = Dimension.multiple("want", ["friends", "money"])
    table = PublishedTable("wants", (things,), np.array([100, 60, 40, 30, 70]), np.full(5, "published"), np.ones(5, np.int64))
    words = ReleaseDimension("Wanted", {"Total": "All", "friends": "Friends", "money": "Money"})
    build_release(tmp_path / "r", description(), [ReleaseTable(table, "Wants", (words,), "want"), release_table()])
    tables = json.loads((tmp_path / "r/release.json").read_bytes())["tables"]
    assert [[d["adds_up"] for d in table["dimensions"]] for table in tables] == [[False], [True, True]]


def test_a_release_says_how_far_its_counts_are_from_the_true_ones() -> None:
    said = {name: " ".join(protection_by(load_policy(name))) for name in available()}
    assert "by about 2 as a rule and 6 at most" in said["census-cell-key"]
    assert "multiple of 5: it is 2 at most" in said["nhs-1-7-round-5"]
    assert "multiple of 10: it is 5 at most" in said["dfe-round-10"]
    assert "need not add up" in said["census-cell-key"]
    assert said["ons-threshold-10"] == said["strict"] == " ".join(ReleaseDescription.protection)


def test_counts_that_are_shown_nearly_were_attacked_though_none_is_withheld() -> None:
    assert AttackResult(20, 0, 0, 5, nearly=True).fewest_values == 5
    with pytest.raises(ReleaseInvalid, match="at least two"):
        AttackResult(20, 0, 0, 1, nearly=True)
