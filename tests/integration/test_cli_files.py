"""The verbs that go from files to files: official geography, and disclosure control of anybody's tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.integration.chain import WAVE, Office, Stages
from tests.integration.command import Run
from tests.integration.official_files import ONSPD_2026, VINTAGE, postcode_table, write_zip


def _onspd(folder: Path) -> Path:
    """The postcode directory as downloaded, in small."""
    return write_zip(folder / "onspd.zip", {"Data/ONSPD_JAN_2026_UK.csv": postcode_table(ONSPD_2026)})


def _tables(folder: Path, counts: dict[tuple[str, str], int]) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "sport.csv"
    pd.DataFrame([(a, b, n) for (a, b), n in counts.items()], columns=["town", "sport", "n"]).to_csv(path, index=False)
    return path


COUNTS = {
    (town, sport): n
    for (town, row) in {"a": (120, 45, 3), "b": (88, 61, 30), "c": (140, 33, 52)}.items()
    for sport, n in zip(("none", "some", "much"), row, strict=True)
}


def test_tables_are_protected_and_withstand_the_attack(bigask: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, told, err = bigask("disclosure", "protect", str(_tables(tmp_path / "in", COUNTS)), "--out", str(out))
    assert (code, err) == (0, "")
    assert "sport" in told
    published = pd.read_csv(out / "sport.csv").set_index(["town", "sport"])
    assert pd.isna(published.loc[("a", "much"), "n"])
    assert published.loc[("Total", "Total"), "n"] == sum(COUNTS.values())
    code, told, err = bigask("disclosure", "audit", str(out))
    assert (code, err) == (0, "")
    assert told.startswith("0 of ")


def test_a_table_with_a_single_hole_is_pinned_down(bigask: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    bigask("disclosure", "protect", str(_tables(tmp_path / "in", COUNTS)), "--out", str(out))
    published = pd.read_csv(out / "sport.csv", keep_default_na=False)
    true = {**COUNTS}
    for row in published.index:
        key = (published.loc[row, "town"], published.loc[row, "sport"])
        if key in true and key != ("a", "much"):
            published.loc[row, ["n", "status"]] = [str(true[key]), "published"]
    (tmp_path / "bare").mkdir()
    published.to_csv(tmp_path / "bare" / "sport.csv", index=False)
    code, told, err = bigask("disclosure", "audit", str(tmp_path / "bare"))
    assert (code, err) == (7, "")
    assert "3 to 3" in told
    assert "1 of 1 withheld counts are pinned down." in told


@pytest.mark.parametrize(
    ("change", "said"),
    [({("a", "none"): -1}, "whole numbers"), ({("Total", "none"): 5}, "total")],
)
def test_a_bad_table_is_one_sentence(bigask: Run, tmp_path: Path, change: dict[tuple[str, str], int], said: str) -> None:
    code, told, err = bigask("disclosure", "protect", str(_tables(tmp_path / "in", COUNTS | change)), "--out", str(tmp_path / "out"))
    assert (code, told) == (7, "")
    assert said in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("hierarchy", ["town", "town=", "=x.csv", "town=nowhere.csv"])
def test_a_hierarchy_that_is_no_file(bigask: Run, tmp_path: Path, hierarchy: str) -> None:
    table = str(_tables(tmp_path / "in", COUNTS))
    assert bigask("disclosure", "protect", table, "--out", str(tmp_path / "out"), "--hierarchy", hierarchy)[0] == 2
    assert bigask("disclosure", "audit", str(tmp_path / "nowhere.csv"))[0] == 2


def test_an_official_file_is_added_listed_shown_used_and_removed(bigask: Run, tmp_path: Path) -> None:
    official = _onspd(tmp_path)
    assert bigask("geography", "list") == (0, "", "")
    code, told, _ = bigask("geography", "add", str(official))
    assert code == 0
    name = told.partition(":")[0]
    code, told, _ = bigask("geography", "list")
    assert (code, told.split()[:2]) == (0, [name, VINTAGE])
    code, told, _ = bigask("geography", "show", name)
    assert code == 0
    assert "sha256" in told
    asked = tmp_path / "postcodes.csv"
    asked.write_text("S63 8XQ\nnonsense\n", encoding="utf-8")
    code, told, _ = bigask("geography", "lookup", str(asked))
    assert (code, told.count("\n")) == (0, 3)
    assert bigask("geography", "remove", name)[0] == 0
    code, _, err = bigask("geography", "show", name)
    assert (code, err.count("\n")) == (8, 1)


def test_a_file_that_is_no_geography_is_refused(bigask: Run, tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    code, told, err = bigask("geography", "add", str(path))
    assert (code, told, err.count("\n")) == (8, "", 1)
    assert bigask("geography", "add", str(tmp_path / "nowhere.csv"))[0] == 2


@pytest.mark.usefixtures("quick")
def test_locate_reads_the_file_that_was_added(stages: Stages, bigask: Run, tmp_path: Path) -> None:
    stages.copy("transfer", tmp_path / "home")
    assert bigask("geography", "add", str(_onspd(tmp_path)))[0] == 0
    assert bigask("locate", "--wave", WAVE, "--as", "an.alyst")[0] == 0
    assert Office.at(tmp_path / "home").store.steps(WAVE)["locate"]["vintage"] == VINTAGE


def test_what_policies_make_of_tables_is_drawn(bigask: Run, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    table = str(_tables(tmp_path / "in", COUNTS))
    code, told, _ = bigask("disclosure", "report", table, "--policy", "ons-threshold-10", "--policy", "dfe-round-10", "--out", str(page))
    assert code == 0
    assert "for the office alone" in told
    assert "dfe-round-10" in page.read_text(encoding="utf-8")
    assert "<svg" in page.read_text(encoding="utf-8")


def test_wishes_are_kept(bigask: Run, tmp_path: Path) -> None:
    table = _tables(tmp_path / "in", COUNTS)
    wishes = tmp_path / "wishes.csv"
    wishes.write_text("wish,nothing\nshow,x\n", encoding="utf-8")
    code, told, err = bigask("disclosure", "protect", str(table), "--out", str(tmp_path / "out"), "--wishes", str(wishes))
    assert (code, told) == (7, "")
    assert "'nothing', which is no variable of any table" in err


def test_counts_are_read_back_from_percentages(bigask: Run, tmp_path: Path) -> None:
    published = tmp_path / "shares.csv"
    published.write_text("wish,n,percent\nTotal,60,100\nplay,,5.0\nrest,,45.0\nlearn,,50.0\n", encoding="utf-8")
    code, told, err = bigask("disclosure", "read-back", str(published), "--variable", "wish", "--percent", "percent", "--of", "wish")
    assert (code, err) == (7, "")
    assert "wish play: 3 to 3" in told
    code, told, err = bigask("disclosure", "read-back", str(published), "--variable", "sport", "--percent", "percent")
    assert (code, told) == (7, "")
    assert "no row has a code in 'sport'" in err.lower()


def _too_many_ones(folder: Path) -> Path:
    """Seven answers of one child each: their total, known to be under ten, is narrowed down too far for `strict`."""
    return _tables(folder, {("a", f"sport{k}"): 1 for k in range(7)})


def test_what_to_merge_is_suggested_and_helps(bigask: Run, tmp_path: Path) -> None:
    table = _too_many_ones(tmp_path / "in")
    code, told, err = bigask("disclosure", "suggest", str(table), "--policy", "strict")
    assert (code, err) == (0, "")
    lines = told.splitlines()
    assert lines[0] == "As they are, these tables of 16 cells cannot be protected: 16 are in the way."
    assert lines[1].startswith("put 'sport0' and 'sport1' of 'sport' together, in the table 'sport': 14 cells, 14 withheld")
    assert pd.read_csv(table)["sport"].nunique() == 7, "nothing is merged by itself"
    merged = _tables(tmp_path / "merged", {("a", "sport0 + sport1"): 2, **{("a", f"sport{k}"): 1 for k in range(2, 7)}})
    assert bigask("disclosure", "protect", str(merged), "--policy", "strict", "--out", str(tmp_path / "out"))[0] == 0


def test_whoever_is_refused_is_told_what_to_merge(bigask: Run, tmp_path: Path) -> None:
    table = _too_many_ones(tmp_path / "in")
    code, told, err = bigask("disclosure", "protect", str(table), "--policy", "strict", "--out", str(tmp_path / "out"))
    assert code == 7
    assert "16 cells cannot be protected" in err
    assert err.count("\n") == 1
    assert "put 'sport0' and 'sport1' of 'sport' together" in told
    assert not (tmp_path / "out").exists()


def test_where_nothing_helps_that_is_told(bigask: Run, tmp_path: Path) -> None:
    code, told, err = bigask("disclosure", "suggest", str(_too_many_ones(tmp_path / "in")), "--policy", "strict", "--minutes", "0")
    assert (code, err) == (7, "")
    assert told.splitlines()[1] == "No merging that was tried makes the tables protectable."


def test_less_withheld_is_suggested_where_tables_can_be_protected(bigask: Run, tmp_path: Path) -> None:
    code, told, err = bigask("disclosure", "suggest", str(_tables(tmp_path / "in", COUNTS)))
    assert (code, err) == (0, "")
    assert told.splitlines()[0] == "As they are: 16 cells, 4 withheld (25%)."
    assert "0 withheld (0%)" in told
