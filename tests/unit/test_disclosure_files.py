"""Tables as files: protected, attacked, and refused in one sentence where they are bad."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from disclosure.advice import suggest
from disclosure.blocks import Budget
from disclosure.clothes import Columns
from disclosure.error import DisclosureError
from disclosure.files import REPORT, audit_files, protect_files, read_back_files, suggest_files
from disclosure.inner_files import read_inner
from disclosure.policy import Group, Policy, Zeros, load_policy
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


def test_results_go_into_any_folder_with_a_report_for_the_office(tmp_path: Path) -> None:
    paths = write(tmp_path, t=INNER, tree=TREE)
    told: list[float] = []
    for _ in range(2):  # the second time over what is there
        out = tmp_path / "some" / "where"
        protect_files([paths["t"]], {"place": paths["tree"]}, POLICY, out, progress=lambda share, _step: told.append(share))
    assert (min(told), max(told)) == (0.0, 1.0)
    text = (out / REPORT).read_text(encoding="utf-8")
    report = json.loads(text)
    assert text == json.dumps(report, indent=1)
    assert report["note"].startswith("For the office. Do not publish: ")
    rule = POLICY.rules["threshold"]
    assert report["rules"]["threshold"] == {"value": rule.value, "source": rule.source, "reason": rule.reason}
    assert set(report["rules"]) == set(POLICY.rules)


def test_time_that_is_over_refuses_and_writes_nothing(tmp_path: Path) -> None:
    paths = write(tmp_path, t=INNER)
    with pytest.raises(DisclosureError, match="in the time given"):
        protect_files([paths["t"]], {}, POLICY, tmp_path / "out", budget=Budget(over=lambda: True))
    assert not (tmp_path / "out").exists()


ZEROS = replace(POLICY, group_disclosure=Group.NONE, zeros=Zeros.PROTECTED)
WITH_ZEROS = "place,wish,n\na,play,0\na,rest,40\nb,play,25\nb,rest,31\nc,play,60\nc,rest,22\n"


@pytest.mark.parametrize(("inner", "policy", "zeros"), [(INNER, POLICY, []), (WITH_ZEROS, ZEROS, ["a"])])
def test_a_folder_is_attacked_as_its_report_says(tmp_path: Path, inner: str, policy: Policy, zeros: list[str]) -> None:
    """What a reader takes for granted of a withheld count is 1, but of a withheld zero 0: the bounds are those the office found."""
    result = protect_files([write(tmp_path, t=inner)["t"]], {}, policy, tmp_path / "out")
    (entry,) = json.loads((tmp_path / "out" / REPORT).read_text())["structure"]
    places = result.tables[0].dimensions[0].codes
    assert [places[at // 3] for at in entry["withheld_zeros"]] == zeros
    found = audit_files([tmp_path / "out"], {}, policy)
    assert found.low[0].tolist() == result.audit.low[0].tolist()
    assert found.high[0].tolist() == result.audit.high[0].tolist()
    assert found.exposed == ()


OPEN = "like,n\nTotal,50\nbooks,\nsport,\nfilms,10\n"  # nothing of it is known


def test_a_folder_without_a_report_of_ours_is_attacked_by_the_policy_given(tmp_path: Path) -> None:
    """That zeros are shown is known: two withheld counts that make two are one each."""
    write(tmp_path, one="wish,n\nTotal,50\nplay,\nrest,\nsleep,48\n", open=OPEN)
    for text in (None, '{"written by": "another office"}'):
        if text is not None:
            (tmp_path / REPORT).write_text(text)
        told: list[float] = []
        found = audit_files([tmp_path], {}, POLICY, progress=lambda share, _step: told.append(share)).exposed  # noqa: B023 - called at once
        assert [(e.table, dict(e.cell), e.low, e.high) for e in found] == [
            ("one", {"wish": "play"}, 1, 1),
            ("one", {"wish": "rest"}, 1, 1),
        ]
        assert told
    (tmp_path / REPORT).write_text("{")
    with pytest.raises(DisclosureError, match=r"'report\.json' cannot be read as JSON"):
        audit_files([tmp_path], {}, POLICY)


def test_progress_is_told_where_zeros_may_be_withheld_too(tmp_path: Path) -> None:
    told: list[float] = []
    paths = write(tmp_path, t="wish,n\nTotal,50\nplay,\nrest,50\nsleep,\n", open=OPEN)
    found = audit_files([paths["t"], paths["open"]], {}, POLICY, progress=lambda share, _step: told.append(share))
    assert [(e.cell["wish"], e.low) for e in found.exposed if e.how.startswith("adding")] == [("play", 0), ("sleep", 0)]
    assert told


def test_the_method_is_the_reports_whatever_the_policy_of_the_attack(tmp_path: Path) -> None:
    rounding = load_policy("nhs-1-7-round-5")
    protect_files([write(tmp_path, t=INNER)["t"]], {}, rounding, tmp_path / "out")
    assert audit_files([tmp_path / "out"], {}, replace(POLICY, group_disclosure=Group.NONE)).exposed == ()


def test_several_files_are_attacked_together_under_names_of_their_own(tmp_path: Path) -> None:
    paths = write(tmp_path, one="wish,place,n\nTotal,Total,50\nTotal,a,\nTotal,b,\n", two="place,n\nTotal,50\na,47\nb,\n")
    found = audit_files([paths["one"], paths["two"]], {}, POLICY).exposed
    assert ({"place": "b"}, 3, 3) in [(dict(e.cell), e.low, e.high) for e in found]
    (tmp_path / "more").mkdir()
    twin = write(tmp_path / "more", one="wish,n\nTotal,50\nplay,50\n")["one"]
    with pytest.raises(DisclosureError, match="two files have the same name"):
        audit_files([paths["one"], twin], {}, POLICY)
    with pytest.raises(DisclosureError, match="no published table"):
        audit_files([], {}, POLICY)


def test_the_form_for_readers_is_read_and_a_row_that_is_missing_is_withheld(tmp_path: Path) -> None:
    """Of 50, 47 chose what is shown; whether the fourth row says "withheld" or is not there, it is 3."""
    text = "place,wish,n,status\n" + "".join(f"{p},{w},{n},published\n" for p in ("Total", "a") for w, n in (("Total", 50), ("rest", 47)))
    tree = write(tmp_path, tree="code,parent\nplay,\nrest,\n")["tree"]
    for more in ("", "Total,play,,withheld\na,play,,withheld\n", "a,play,,primary\n"):
        found = audit_files([write(tmp_path, t=text + more)["t"]], {"wish": tree}, POLICY).exposed
        assert {(e.cell["wish"], e.low, e.high) for e in found} == {("play", 3, 3)}
    status = {"published": "a row is blank but 'published'", "hidden": "unknown status 'hidden'"}
    for word, says in status.items():
        with pytest.raises(DisclosureError, match=says):
            audit_files([write(tmp_path, t=text + f"a,play,,{word}\n")["t"]], {"wish": tree}, POLICY)
    with pytest.raises(DisclosureError, match="or holds a count but is not"):
        audit_files([write(tmp_path, t=text + "a,play,3,withheld\n")["t"]], {"wish": tree}, POLICY)


@pytest.mark.parametrize("n", ["-1", "2.5", "inf", "many", "-2.5", "-inf"])
def test_what_is_no_count_is_refused_in_a_published_file(tmp_path: Path, n: str) -> None:
    with pytest.raises(DisclosureError, match=r"'t\.csv': column 'n' must hold whole numbers"):
        audit_files([write(tmp_path, t=f"wish,n\nTotal,50\nplay,{n}\nrest,\n")["t"]], {}, POLICY)


@pytest.mark.parametrize(
    ("text", "tree", "says"),
    [
        ("wish,n\nplay,30\n", None, "'t.csv' has no 'Total' in column 'wish': give its hierarchy"),
        ("wish,n\nTotal,50\nplay,50\nrest,0\n", "code,parent\nplay,\nsleep,\n", "'t.csv': 'rest' in column 'wish' is an unknown code"),
        ("wish,n\nTotal,50\nplay,50\nplay,50\n", None, "'t.csv' has the same cell in two rows"),
        ("wish,count\nTotal,50\n", None, "'t.csv' has no column 'n'"),
    ],
)
def test_a_bad_published_file_is_told_in_one_sentence(tmp_path: Path, text: str, tree: str | None, says: str) -> None:
    hierarchies = {} if tree is None else {"wish": write(tmp_path, tree=tree)["tree"]}
    with pytest.raises(DisclosureError) as refused:
        audit_files([write(tmp_path, t=text)["t"]], hierarchies, POLICY)
    assert str(refused.value) == says


def test_an_unknown_code_beside_a_report_is_told(tmp_path: Path) -> None:
    protect_files([write(tmp_path, t=INNER)["t"]], {}, POLICY, tmp_path / "out")
    with (tmp_path / "out" / "t.csv").open("a") as file:
        file.write("x,play,3,published\n")
    with pytest.raises(DisclosureError, match=r"'t\.csv': 'x' in column 'place' is an unknown code"):
        audit_files([tmp_path / "out"], {}, POLICY)


@pytest.mark.parametrize(
    ("rows", "codes"),
    [
        ("Total,100\nN,60\nS,40\n", 3),  # nothing below the regions was ever published
        ("Total,100\na,20\nb,40\nc,40\n", 6),  # regions follow from their councils
        ("Total,100\nN,60\na,20\nb,40\nS,40\n", 5),
        ("Total,100\na,20\nb,40\n", 5),
    ],
)
def test_of_a_hierarchy_a_published_table_has_the_levels_that_it_shows_and_those_between(tmp_path: Path, rows: str, codes: int) -> None:
    paths = write(tmp_path, t="place,n\n" + rows, tree=TREE)
    assert audit_files([paths["t"]], {"place": paths["tree"]}, POLICY).low[0].shape == (codes,)


def test_a_level_that_is_left_out_hides_nothing(tmp_path: Path) -> None:
    """The regions are not in the table, but their councils add up to the total all the same: the last one is known."""
    paths = write(tmp_path, t="place,n\nTotal,103\na,20\nb,\nc,80\n", tree=TREE)
    found = audit_files([paths["t"]], {"place": paths["tree"]}, POLICY).exposed
    assert ({"place": "b"}, 3, 3) in [(dict(e.cell), e.low, e.high) for e in found]


def test_percentages_are_read_back_from_files_with_what_their_hierarchies_say(tmp_path: Path) -> None:
    paths = write(tmp_path, one="\ufeffplace,n,share\nTotal,60,\nN,,5.0\n", two="place,n,share\nTotal,60,\nS,,95.0\n", tree=TREE)
    columns = Columns(percent="share", of="place")
    found = read_back_files([paths["one"], paths["two"]], ["place"], {"place": paths["tree"]}, columns, POLICY).exposed
    assert ("N", 3, 3) in [(e.cell["place"], e.low, e.high) for e in found]
    with pytest.raises(DisclosureError, match="'region', which is no column"):
        read_back_files([paths["one"]], ["place"], {"region": paths["tree"]}, columns, POLICY)
    (tmp_path / "bad.csv").write_bytes(b"\xff\xfe\xff")
    for name in ("bad.csv", "none.csv"):
        with pytest.raises(DisclosureError, match=f"'{name}' cannot be read as text in UTF-8"):
            read_back_files([tmp_path / name], ["place"], {}, columns, POLICY)


def test_advice_on_files_is_that_on_their_tables(tmp_path: Path) -> None:
    with_keys = "place,wish,n,key\n" + "".join(f"{p},{w},{n},{n * 31}\n" for p, n in (("a", 2), ("b", 40), ("c", 3)) for w in ("x", "y"))
    paths, policy = write(tmp_path, t=with_keys, tree=TREE), load_policy("census-cell-key")
    inner = read_inner([paths["t"]], {"place": paths["tree"]})
    tried: list[int] = []
    found = suggest_files([paths["t"]], {"place": paths["tree"]}, policy, spent=lambda: False, progress=lambda: tried.append(1))
    assert found == suggest(inner.tables, policy, keys=inner.keys)
    assert len(tried) > 1
    alone: list[int] = []
    suggest_files([paths["t"]], {"place": paths["tree"]}, policy, spent=lambda: True, progress=lambda: alone.append(1))
    assert len(alone) == 1
