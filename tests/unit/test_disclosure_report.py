"""What is lost, and the picture of it: each withheld count marked as what it is, and no withheld count told."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from disclosure.compare import Compared, Refused, _invented_keys, compare_files
from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.heat_map import cut_short, heat_map, legend
from disclosure.inner_files import read_trees
from disclosure.labels import read_labels
from disclosure.loss import binned, loss, losses, widths
from disclosure.policy import load_policy
from disclosure.protect import Protected, protect
from disclosure.published_table import WITHHELD, Method, PublishedTable, Status
from disclosure.report import report_page
from disclosure.table import Table

SVG = "{http://www.w3.org/2000/svg}"
PLACE, WISH = Dimension.flat("place", ["a & b", "c", "d"]), Dimension.flat("wish", ["play", "rest"])
TRUE = Table("t", (PLACE, WISH), np.array([[181, 88, 93], [43, 3, 40], [56, 25, 31], [82, 60, 22]]))
STATUS = np.full((4, 3), "published", dtype="<U9")
STATUS[1, 1], STATUS[1, 2], STATUS[2, 1:] = "primary", "secondary", "secondary"
LOW, HIGH = np.full((4, 3), -1), np.full((4, 3), -1)
LOW[1:3, 1:], HIGH[1:3, 1:] = [[1, 16], [1, 29]], [[27, 42], [27, 55]]
SHOWN = PublishedTable(
    "t", (PLACE, WISH), np.where(STATUS == "published", TRUE.counts, WITHHELD), STATUS, (STATUS != "published").astype(int)
)


def test_the_loss_counts_cells_and_children() -> None:
    found = loss(TRUE, SHOWN, LOW, HIGH)
    assert (found.cells, found.primary, found.secondary, found.hidden_sum) == (12, 1, 3, 3 + 40 + 25 + 31)
    assert (found.mean_change, found.largest_change) == (0, 0)
    assert found.mean_unknown == pytest.approx((26 + 26 + 26 + 26) / 2 / 12)
    high = HIGH.copy()
    high[1, 1] = -1
    assert loss(TRUE, SHOWN, LOW, high).mean_unknown is None
    assert widths(SHOWN, LOW, high)[0].tolist() == [26, 26, 26]
    assert widths(SHOWN, LOW, high)[1] == 1
    low, high = LOW.copy(), HIGH.copy()
    low[1, 1] = high[1, 1] = 0
    assert widths(SHOWN, low, high)[0].tolist() == [0, 26, 26, 26]


def test_the_loss_of_rounding_is_how_far_counts_are_moved() -> None:
    policy = load_policy("nhs-1-7-round-5")
    result = protect([TRUE], policy)
    (found,) = losses([TRUE], result.tables, result.audit)
    shown = result.tables[0]
    change = abs(shown.values - TRUE.counts)[~shown.withheld]
    assert found.mean_change == pytest.approx(change.mean())
    assert found.largest_change == change.max() == 2
    with pytest.raises(DisclosureError, match="same cells"):
        loss(TRUE, shown, LOW[1:], HIGH)


def picture(**changes: object) -> ET.Element:
    return ET.fromstring(heat_map(replace(SHOWN, **changes), LOW, HIGH, "x"))  # type: ignore[arg-type]  # noqa: S314


def test_every_cell_is_drawn_as_what_it_is() -> None:
    drawn = picture()
    fills = [rect.get("fill") for rect in drawn.iter(f"{SVG}rect") if rect.find(f"{SVG}title") is not None]
    assert len(fills) == 12
    assert fills.count("url(#x-primary)") == 1
    assert fills.count("url(#x-secondary)") == 3
    assert {pattern.get("id") for pattern in drawn.iter(f"{SVG}pattern")} == {"x-primary", "x-secondary"}
    assert "8 shown, 1 withheld for themselves, 3 for others" in str(drawn.get("aria-label"))


def test_no_withheld_count_is_told_and_every_bound_is() -> None:
    words = [text.text for text in picture().iter(f"{SVG}text")]
    assert not {"3", "40", "25", "31"} & set(words)
    assert {"1–27", "16–42", "29–55", "181", "22"} <= set(words)
    assert any("a & b" in str(word) for word in words)


def test_the_picture_has_neither_style_nor_script_and_is_well_formed_at_any_size() -> None:
    many = Dimension.flat("area", [f"area {k}" for k in range(200)])
    counts = np.concatenate([[6200], np.full(200, 31)])
    wide = PublishedTable("w", (many,), counts, np.full(201, "published"), np.zeros(201, np.int64))
    for text in (heat_map(SHOWN, LOW, HIGH), heat_map(wide, np.full(201, -1), np.full(201, -1)), legend()):
        ET.fromstring(text)  # noqa: S314 - our own text
        assert not re.search(r"<(style|script)| style=| on[a-z]+=", text)


def test_large_tables_are_drawn_in_runs() -> None:
    one, two = (Dimension.flat(name, [f"{name}{k}" for k in range(60)]) for name in "ab")
    counts = np.full((61, 61), 40)
    counts[0, :] = counts[:, 0] = 2400
    counts[0, 0] = 144_000
    status = np.full((61, 61), Status.PUBLISHED, dtype="<U9")
    table = PublishedTable("big", (one, two), counts, status, np.zeros((61, 61), np.int64))
    drawn = ET.fromstring(heat_map(table, np.full((61, 61), -1), np.full((61, 61), -1)))  # noqa: S314 - our own text
    assert len(list(drawn.iter(f"{SVG}rect"))) == 61 + 2  # a run for each row, and the patterns


def test_the_page_compares_policies_and_tells_refusals() -> None:
    results = [protect([TRUE], load_policy(name)) for name in ("ons-threshold-10", "dfe-round-10")]
    page = report_page(Compared((TRUE,), (*results, Refused(load_policy("strict"), "7 cells cannot be protected"))))
    assert page.count("<svg") >= 4
    assert "Cannot leave: 7 cells cannot be protected." in page
    row = re.search(r"<th scope='row'>dfe-round-10</th>(.*?)</tr>", page)
    assert row is not None
    assert "<td>5</td>" in row[1]  # the largest change
    assert len(re.findall(r'<pattern id="([^"]+)"', page)) == len(set(re.findall(r'<pattern id="([^"]+)"', page)))


def csv(folder: Path, name: str, *lines: str) -> Path:
    path = folder / f"{name}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_codes_are_told_in_words_those_of_a_file_of_labels_before_those_of_a_hierarchy(tmp_path: Path) -> None:
    tree = csv(tmp_path, "tree", "code,parent,label", "a & b,,A and B", "c,,Sea", "d,,")
    words = read_labels(
        {"place": tree}, {"wish": csv(tmp_path, "wish", "code,label", "play,Playing"), "place": csv(tmp_path, "p", "code,label", "c,C")}
    )
    assert words == {"place": {"a & b": "A and B", "c": "C"}, "wish": {"play": "Playing"}}
    page = report_page(Compared((TRUE,), (protect([TRUE], load_policy("ons-threshold-10")),)), words)
    assert "A and B" in page
    assert ">Playing<" in page
    assert ">d<" in page
    assert not {">c<", ">play<"} & set(re.findall(r">[^<>]*<", page))
    assert read_trees({"place": tree}, {"place"}) == {"place": {"a & b": "", "c": "", "d": ""}}


def test_a_hierarchy_needs_no_labels_and_a_code_no_label(tmp_path: Path) -> None:
    bare = csv(tmp_path, "bare", "code,parent", "x,", "y,")
    tree = csv(tmp_path, "tree", "code,parent,label", "c,,Sea", "d,,")
    words = csv(tmp_path, "words", "code,label,more", "play,Playing,1", "rest,,2")
    assert read_labels({"area": bare, "place": tree}, {"wish": words}) == {"place": {"c": "Sea"}, "wish": {"play": "Playing"}}
    assert read_labels({"place": tree}, {"place": csv(tmp_path, "d", "code,label", "d,Dale")}) == {"place": {"c": "Sea", "d": "Dale"}}
    assert read_labels({}, {}) == {}
    for without in ("code,words", "name,label"):
        with pytest.raises(DisclosureError, match="must have the columns code and label"):
            read_labels({"place": tree}, {"wish": words, "place": csv(tmp_path, "w", without, "c,C")})
    with pytest.raises(DisclosureError, match=r"'twice.csv' gives the code 'd' two labels"):
        read_labels({"place": csv(tmp_path, "twice", "code,parent,label", "c,,C", "d,,D", "e,,E", "d,,F", "e,,G")}, {})


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (("code,words", "c,C"), "must have the columns code and label"),
        (("code,label", "c,C", "c,D"), "gives the code 'c' two labels"),
    ],
)
def test_a_bad_file_of_labels_is_told_in_one_sentence(tmp_path: Path, lines: tuple[str, ...], says: str) -> None:
    with pytest.raises(DisclosureError, match=says):
        read_labels({}, {"place": csv(tmp_path, "words", *lines)})


def test_withheld_counts_are_listed_for_those_who_cannot_see_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    result = protect([TRUE], load_policy("ons-threshold-10"))
    hidden = int(result.tables[0].withheld.sum())
    compared = Compared((TRUE,), (result,))
    (listed,) = re.findall(r"<details>.*?</details>", report_page(compared))
    rows = re.findall(
        r"<tr><td class='words'>(.*?)</td><td class='words'>(.*?)</td><td class='words'>(.*?)</td><td>(\d+) to (\d+)</td></tr>", listed
    )
    assert len(rows) == hidden > 1
    widths_told = [int(high) - int(low) for *_, low, high in rows]
    assert widths_told == sorted(widths_told)
    assert {why for *_, why, _, _ in rows} == {"under the threshold", "for others, or by a rule on groups"}
    monkeypatch.setattr("disclosure.report.LISTED", 1)
    assert f"The 1 of which most is known, out of {hidden}." in report_page(compared)


def test_totals_are_drawn_bold_and_a_large_table_says_what_it_leaves_out() -> None:
    bold = {text.text for text in picture().iter(f"{SVG}text") if text.get("font-weight") == "bold"}
    assert {"Total", "181", "88", "93", "43"} <= bold
    assert not {"a & b", "play", "22"} & bold
    assert cut_short(SHOWN) == ""
    for rows, said in ((199, ""), (200, "201 rows")):
        areas, pair = Dimension.flat("area", [f"area {k}" for k in range(rows)]), Dimension.flat("pair", ["x", "y"])
        shape = (rows + 1, 3)
        large = PublishedTable("w", (areas, pair), np.zeros(shape, np.int64), np.full(shape, "published"), np.zeros(shape, np.int64))
        assert said in cut_short(large)
        assert bool(cut_short(large)) == bool(said)


def test_a_table_without_cell_keys_is_compared_under_invented_ones(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "t",
        "place,wish,n",
        "x,play,88",
        "x,rest,40",
        "y,play,31",
        "y,rest,22",
        "z,play,0",
        "z,rest,60",
        "x,talk,30",
        "y,talk,35",
        "z,talk,30",
    )
    policies = [load_policy("ons-threshold-10"), load_policy("census-cell-key")]
    compared = compare_files([path], {}, policies)
    assert compared.invented
    assert isinstance(compared.results[1], Protected)
    assert "keys were invented" in report_page(compared)
    again = compare_files([path], {}, policies).results[1]
    assert isinstance(again, Protected)
    assert (again.tables[0].values == compared.results[1].tables[0].values).all()
    assert again.tables[0].values[3, 1] == 0  # nobody stays nobody
    alone = compare_files([path], {}, policies[:1])
    assert not alone.invented
    two = compare_files([path, csv(tmp_path, "u", "place,n", "x,158", "y,88", "z,90")], {}, policies)
    assert isinstance(two.results[1], Refused)
    assert "keys were invented" not in report_page(two)


def test_each_policy_is_told_of_as_it_goes_and_a_refusal_is_told_with_its_reason(tmp_path: Path) -> None:
    path = csv(tmp_path, "t", "place,n", "x,88", "y,31", "z,3")
    told: list[tuple[float, str]] = []
    policies = [load_policy("nhs-1-7-round-5"), load_policy("dfe-round-10"), replace(load_policy("nhs-1-7-round-5"), name="again")]
    compared = compare_files([path], {}, policies, progress=lambda share, step: told.append((share, step)))
    assert [table.id for table in compared.tables] == ["t"]
    assert [result.policy.name for result in compared.results] == [policy.name for policy in policies]
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    for number in range(3):
        assert number / 3 in shares
    assert shares[-1] == pytest.approx(1)
    assert "rounding" in {step for _, step in told}
    leaking = csv(tmp_path, "u", "place,n", "v,2", "x,2", "y,2", "z,2")
    conventional = replace(load_policy("ons-threshold-10"), method=Method.CONVENTIONAL_ROUNDING, rounding_base=5)
    (refused,) = compare_files([leaking], {}, [conventional]).results
    assert isinstance(refused, Refused)
    assert refused.policy is conventional
    assert "narrows down 5 cells" in refused.why


def test_keys_that_are_given_are_used(tmp_path: Path) -> None:
    """All three counts are the same: by these keys, they are moved as the policy's table says, and not all alike."""
    census, keys = load_policy("census-cell-key"), [0, 77, 141]
    path = csv(tmp_path, "t", "place,n,key", *(f"{place},40,{key}" for place, key in zip("xyz", keys, strict=True)))
    compared = compare_files([path], {}, [census])
    assert not compared.invented
    (result,) = compared.results
    assert isinstance(result, Protected)
    assert result.tables[0].values[1:].tolist() == census.perturbation.perturb(np.full(3, 40), np.array(keys)).tolist()


def test_invented_keys_are_of_inner_cells_with_children_and_any_there_is() -> None:
    many = Dimension.flat("area", [f"area {k}" for k in range(2000)])
    inner = np.arange(2000) % 2
    keys = _invented_keys(Table("t", (many,), np.array([inner.sum(), *inner])), 16)
    assert keys.shape == (2000,)
    assert not keys[::2].any()
    assert set(keys[1::2].tolist()) == set(range(16))
    tree = Dimension.tree("place", {"N": "Total", "S": "Total", "a": "N", "b": "N", "c": "S"})
    counts = np.array([[12, 12], [7, 7], [5, 5], [3, 3], [4, 4], [5, 5]])
    assert _invented_keys(Table("t", (tree, Dimension.flat("one", "x")), counts), 256).shape == (3, 1)


def test_the_loss_is_told_at_its_edges() -> None:
    """A withheld nought that is known to be one is no count without limit; and where all is withheld, nothing shown has changed."""
    found = loss(TRUE, SHOWN, np.zeros_like(LOW), np.where(STATUS == "published", -1, 0))
    assert (found.table, found.mean_unknown) == ("t", 0.0)
    everything = PublishedTable("t", (PLACE, WISH), np.full((4, 3), WITHHELD), np.full((4, 3), "secondary"), np.ones((4, 3), np.int64))
    assert loss(TRUE, everything, LOW, HIGH).mean_change == 0.0
    assert loss(TRUE, everything, np.zeros_like(LOW), np.full((4, 3), 4)).mean_unknown == 2.0


def test_rows_with_long_names_are_told_apart_by_each_of_their_categories() -> None:
    one, two = (
        Dimension.flat("who", ["a word that is long, and longer still than that"]),
        Dimension.flat("wish", ["play outside", "play inside"]),
    )
    across = Dimension.flat("age", [str(k) for k in range(5, 15)])
    shape = (2, 3, 11)
    table = PublishedTable("t", (one, two, across), np.zeros(shape, np.int64), np.full(shape, "published"), np.zeros(shape, np.int64))
    drawn = ET.fromstring(heat_map(table, np.zeros(shape, np.int64), np.zeros(shape, np.int64)))  # noqa: S314 - our own text
    names = [str(text.text) for text in drawn.iter(f"{SVG}text") if " · " in str(text.text)]
    assert names == ["a word that is long, and… · play outside", "a word that is long, and … · play inside"]
    assert {len(name) for name in names} == {40}


def test_distances_are_counted_by_their_size() -> None:
    sizes = {"1": 1, "2": 1, "3 to 4": 2, "5 to 9": 2, "10 to 19": 2, "20 to 49": 2, "50 to 99": 2, "100 or more": 2}
    edges = np.array([1, 2, 3, 4, 5, 9, 10, 19, 20, 49, 50, 99, 100, 5000])
    assert binned(edges, 0) == list(sizes.items())
    assert binned(np.append(edges, 0), 3) == [("0", 1), *sizes.items(), ("no limit", 3)]
    assert binned(np.zeros(0, np.int64), 0) == []
    assert binned(np.zeros(0, np.int64), 2) == [*((size, 0) for size in sizes), ("no limit", 2)]


def test_the_widths_are_those_of_withheld_counts_ascending_and_a_limit_of_nought_is_one() -> None:
    found, unlimited = widths(SHOWN, LOW, HIGH)
    assert (found.tolist(), unlimited) == ([26, 26, 26, 26], 0)
    high = HIGH.copy()
    high[1, 1], high[1, 2] = -1, 0
    assert widths(SHOWN, np.where(high == 0, 0, LOW), high)[1] == 1
