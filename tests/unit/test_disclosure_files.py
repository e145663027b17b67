"""Tables as files: protected, attacked, and refused in one sentence where they are bad."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from disclosure.error import DisclosureError
from disclosure.files import REPORT, audit_files, protect_files
from disclosure.policy import load_policy
from disclosure.published_table import Method

POLICY = load_policy("ons-threshold-10")
INNER = "place,wish,n\na,play,3\na,rest,40\nb,play,25\nb,rest,31\nc,play,60\nc,rest,22\n"
TREE = "code,parent\nTotal,\nN,Total\nS,Total\na,N\nb,N\nc,S\n"


def write(folder: Path, **files: str) -> dict[str, Path]:
    paths = {}
    for name, text in files.items():
        paths[name] = folder / f"{name}.csv"
        paths[name].write_text(text)
    return paths


def test_every_cell_comes_out_with_its_status(tmp_path: Path) -> None:
    paths = write(tmp_path, t=INNER, tree=TREE)
    protect_files([paths["t"]], {"place": paths["tree"]}, POLICY, tmp_path / "out")
    frame = pd.read_csv(tmp_path / "out" / "t.csv", dtype=str, keep_default_na=False)
    assert list(frame.columns) == ["place", "wish", "n", "status"]
    assert len(frame) == 6 * 3
    assert set(frame["status"]) == {"published", "primary", "secondary"}
    assert ((frame["n"] == "") == (frame["status"] != "published")).all()
    small = frame[(frame["place"] == "a") & (frame["wish"] == "play")]
    assert small["status"].tolist() == ["primary"]
    assert frame[(frame["place"] == "Total") & (frame["wish"] == "Total")]["n"].tolist() == ["181"]
    report = json.loads((tmp_path / "out" / REPORT).read_text())
    assert report["policy"] == "ons-threshold-10"
    assert report["attack"]["exposed"] == []
    assert len(report["certificate"]["withheld"]) == int((frame["n"] == "").sum())


def test_what_was_protected_withstands_the_attack_and_a_hole_does_not(tmp_path: Path) -> None:
    paths = write(tmp_path, t=INNER, tree=TREE)
    out = tmp_path / "out"
    protect_files([paths["t"]], {"place": paths["tree"]}, POLICY, out)
    assert audit_files([out], {}, POLICY).exposed == ()
    assert audit_files([out / "t.csv"], {"place": paths["tree"]}, POLICY).exposed == ()
    frame = pd.read_csv(out / "t.csv", dtype=str, keep_default_na=False)
    full = pd.read_csv(paths["t"])
    row = frame.index[(frame["status"] == "secondary") & (frame["place"] == "b")][0]
    count = full[(full["place"] == "b") & (full["wish"] == frame.loc[row, "wish"])]["n"].sum() if frame.loc[row, "wish"] != "Total" else 56
    frame.loc[row, ["n", "status"]] = [str(count), "published"]
    frame.to_csv(out / "t.csv", index=False)
    found = audit_files([out], {}, POLICY).exposed
    assert {"place": "a", "wish": "play"} in [dict(e.cell) for e in found]


def test_a_set_of_somebody_else_needs_no_status_column(tmp_path: Path) -> None:
    text = "wish,n\nTotal,50\nplay,\nrest,30\nsleep,17\n"
    found = audit_files([write(tmp_path, t=text)["t"]], {}, POLICY).exposed
    assert [(dict(e.cell), e.low) for e in found] == [({"wish": "play"}, 3)]


def test_a_set_of_somebody_else_may_withhold_zeros(tmp_path: Path) -> None:
    text = "wish,n\nTotal,50\nplay,\nrest,33\nsleep,17\n"
    found = audit_files([write(tmp_path, t=text)["t"]], {}, POLICY).exposed
    assert [(dict(e.cell), e.low) for e in found] == [({"wish": "play"}, 0)]


def test_a_region_column_is_linked_with_the_hierarchy_of_its_authorities(tmp_path: Path) -> None:
    paths = write(tmp_path, t=INNER, r="region,wish,n\nN,play,28\nN,rest,71\nS,play,60\nS,rest,22\n", tree=TREE)
    result = protect_files([paths["t"], paths["r"]], {"place": paths["tree"]}, POLICY, tmp_path / "out")
    one, two = result.tables
    for code in ("N", "S"):
        assert one.status[one.dimensions[0].index[code]].tolist() == two.status[two.dimensions[0].index[code]].tolist()


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    paths = write(tmp_path, t=INNER)
    for name in ("one", "two"):
        protect_files([paths["t"]], {}, POLICY, tmp_path / name)
    for file in ("t.csv", REPORT):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


@pytest.mark.parametrize(
    ("table", "tree", "message"),
    [
        (INNER.replace("a,play,3", "a,play,-3"), TREE, "whole numbers"),
        (INNER.replace("a,play,3", "a,play,3.5"), TREE, "whole numbers"),
        (INNER.replace("a,play,3", "a,play,"), TREE, "whole numbers"),
        (INNER + "N,play,28\n", TREE, "'N' in column 'place' is a total"),
        (INNER + "a,Total,43\n", TREE, "'Total' in column 'wish' is a total"),
        (INNER + "x,play,28\n", TREE, "'x' in column 'place' is an unknown code"),
        (INNER + "a,play,4\n", TREE, "same cell in two rows"),
        (INNER, TREE.replace("N,Total", "N,a"), "circle"),
        (INNER, TREE + "a,S\n", "two parents"),
        (INNER, TREE.replace("code,parent", "child,of"), "columns code and parent"),
        (INNER.replace(",n\n", ",count\n"), TREE, "no column 'n'"),
        (INNER.replace("a,play", ",play"), TREE, "empty code"),
        ("", TREE, "cannot be read"),
        ("place,wish,n\n", TREE, "no rows"),
    ],
)
def test_bad_files_are_refused_and_nothing_is_written(tmp_path: Path, table: str, tree: str, message: str) -> None:
    paths = write(tmp_path, t=table, tree=tree)
    with pytest.raises(DisclosureError, match=message):
        protect_files([paths["t"]], {"place": paths["tree"]}, POLICY, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_file_a_stray_hierarchy_and_overwriting_are_refused(tmp_path: Path) -> None:
    paths = write(tmp_path, t=INNER, tree=TREE)
    with pytest.raises(DisclosureError, match=r"no file 'u\.csv'"):
        protect_files([tmp_path / "u.csv"], {}, POLICY, tmp_path / "out")
    with pytest.raises(DisclosureError, match="'region', which is no column"):
        protect_files([paths["t"]], {"region": paths["tree"]}, POLICY, tmp_path / "out")
    with pytest.raises(DisclosureError, match="overwrite"):
        protect_files([paths["t"]], {}, POLICY, tmp_path)


def test_a_published_total_that_does_not_add_up_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DisclosureError, match="do not add up"):
        audit_files([write(tmp_path, t="wish,n\nTotal,51\nplay,20\nrest,30\n")["t"]], {}, POLICY)


def counts_of(folder: Path, name: str = "t") -> dict[tuple[str, ...], str]:
    frame = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
    return {tuple(row[:-2]): row[-2] for row in frame.itertuples(index=False)}


@pytest.fixture
def flat(tmp_path: Path) -> dict[str, Path]:
    """Place a's 3 must be withheld; another row and column must go with it."""
    return write(tmp_path, t="place,like,n\na,play,3\na,rest,40\nb,play,25\nb,rest,31\nc,play,60\nc,rest,22\n")


def test_cells_that_must_be_shown_or_hidden_are(flat: dict[str, Path], tmp_path: Path) -> None:
    protect_files([flat["t"]], {}, POLICY, tmp_path / "plain")
    plain = counts_of(tmp_path / "plain")
    beside = next(place for place in ("b", "c") if plain[place, "play"] == "")
    other = {"b": "c", "c": "b"}[beside]
    wishes = write(tmp_path, wishes=f"wish,place,like\nshow,{beside},play\n")["wishes"]
    protect_files([flat["t"]], {}, POLICY, tmp_path / "shown", wishes=wishes)
    shown = counts_of(tmp_path / "shown")
    assert shown[beside, "play"] != ""
    assert shown[other, "play"] == ""
    wishes = write(tmp_path, wishes=f"wish,place,like\nhide,{other},rest\n")["wishes"]
    protect_files([flat["t"]], {}, POLICY, tmp_path / "hidden", wishes=wishes)
    assert counts_of(tmp_path / "hidden")[other, "rest"] == ""
    costly = write(tmp_path, costly=f"cost,place,like\n9000,{beside},play\n9000,{beside},rest\n")["costly"]
    protect_files([flat["t"]], {}, POLICY, tmp_path / "costly", wishes=costly)
    assert counts_of(tmp_path / "costly")[beside, "play"] != ""


def test_a_small_count_that_must_be_shown_is_refused(flat: dict[str, Path], tmp_path: Path) -> None:
    wishes = write(tmp_path, wishes="wish,place,like\nshow,a,play\n")["wishes"]
    with pytest.raises(DisclosureError):
        protect_files([flat["t"]], {}, POLICY, tmp_path / "out", wishes=wishes)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("wish,age\nshow,4\n", "no variable"),
        ("wish,place\nshow,z\n", "line 2: no table has this cell"),
        ("wish,place\nperhaps,a\n", "either a wish"),
        ("wish,cost,place\nshow,3,a\n", "either a wish"),
        ("wish,cost,place\n,,a\n", "either a wish"),
        ("cost,place\n0,a\n", "above 0"),
        ("cost,place\nmuch,a\n", "above 0"),
        ("wish,place\nshow,b\nhide,b\n", "to be shown and to be hidden"),
        ("table,wish,place\nother,show,b\n", "no table has this cell"),
    ],
)
def test_a_bad_wish_is_told_in_a_sentence(flat: dict[str, Path], tmp_path: Path, text: str, words: str) -> None:
    wishes = write(tmp_path, wishes=text)["wishes"]
    with pytest.raises(DisclosureError, match=words):
        protect_files([flat["t"]], {}, POLICY, tmp_path / "out", wishes=wishes)


def test_options_in_pairs_are_read_as_multiple_response(tmp_path: Path) -> None:
    text = "place,likes,n\n" + "".join(
        f"{place},{code},{n}\n"
        for place, counts in {"a": (30, 20, 44, 6), "b": (25, 15, 12, 28)}.items()
        for code, n in zip(("play", "not play", "rest", "not rest"), counts, strict=True)
    )
    paths = write(tmp_path, t=text)
    protect_files([paths["t"]], {}, POLICY, tmp_path / "out")
    assert counts_of(tmp_path / "out")["a", "Total"] == "50"
    assert counts_of(tmp_path / "out")["a", "not rest"] == ""
    assert audit_files([tmp_path / "out"], {}, POLICY).exposed == ()


@pytest.mark.parametrize("name", ["nhs-1-7-round-5", "dfe-round-10"])
def test_rounded_tables_are_written_and_attacked_as_what_they_are(tmp_path: Path, name: str) -> None:
    paths, policy = write(tmp_path, t=INNER, tree=TREE), load_policy(name)
    protect_files([paths["t"]], {"place": paths["tree"]}, policy, tmp_path / "out")
    shown = counts_of(tmp_path / "out")
    assert shown["a", "play"] == ""
    assert all(int(n) % policy.rounding_base == 0 for n in shown.values() if n)
    assert audit_files([tmp_path / "out"], {}, policy).exposed == ()
    assert audit_files([tmp_path / "out" / "t.csv"], {"place": paths["tree"]}, policy).exposed == ()


def test_rounding_that_gives_itself_away_is_found_in_any_published_file(tmp_path: Path) -> None:
    rounding = replace(POLICY, method=Method.CONVENTIONAL_ROUNDING, rounding_base=5)
    paths = write(tmp_path, t="wish,n\nTotal,10\nplay,0\nrest,0\nlearn,0\nsing,0\n")
    assert len(audit_files([paths["t"]], {}, rounding).exposed) == 5


def test_the_cell_key_takes_sums_of_record_keys(tmp_path: Path) -> None:
    policy = load_policy("census-cell-key")
    with_keys = "gender,n,key\na,3,70000\nb,40,123\nc,0,0\n"
    paths = write(tmp_path, t=with_keys)
    result = protect_files([paths["t"]], {}, policy, tmp_path / "out")
    expected = policy.perturbation.perturb(np.array([43, 3, 40, 0]), np.array([70123, 70000, 123, 0]) % policy.cell_keys)
    assert result.tables[0].values.tolist() == expected.tolist()
    bad = write(tmp_path, t=with_keys.replace("123", "-1"))
    with pytest.raises(DisclosureError, match="record keys"):
        protect_files([bad["t"]], {}, policy, tmp_path / "out2")
    bare = write(tmp_path, t=INNER)
    with pytest.raises(DisclosureError, match="no cell keys"):
        protect_files([bare["t"]], {}, policy, tmp_path / "out3")
