"""Where everything is drawn, and what the page for the office says: every place, colour and figure worked out by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from disclosure.compare import Compared, Refused
from disclosure.dimension import TOTAL, Dimension
from disclosure.heat_map import INK, KINDS, LETTERS, MANY_COLUMNS, MANY_ROWS, MOST_TIPS, PAPER, _fitted, cut_short, heat_map, legend
from disclosure.policy import Policy, load_policy
from disclosure.protect import Protected, protect
from disclosure.published_table import WITHHELD, PublishedTable, Status
from disclosure.report import LISTED, report_page
from disclosure.table import Table

SVG = "{http://www.w3.org/2000/svg}"
SHOWN, PRIMARY, SECONDARY = (KINDS[kind][0] for kind in (Status.PUBLISHED, Status.PRIMARY, Status.SECONDARY))
PLACE, WISH = Dimension.flat("place", ["a", "b", "c"]), Dimension.flat("wish", ["play", "rest"])
COUNTS = np.array([[1181, 88, 1093], [43, 3, 40], [56, 25, 31], [1082, 60, 1022]])
TRUE = Table("t", (PLACE, WISH), COUNTS)


def table_of(*sizes: int, status: Status = Status.PUBLISHED) -> PublishedTable:
    """A table of so many codes in each dimension, totals included; all counts 0, or all withheld."""
    dimensions = tuple(Dimension.flat(f"v{k}", [f"{'wxyz'[k]}{code}" for code in range(1, size)]) for k, size in enumerate(sizes))
    values = np.zeros(sizes, np.int64) if status is Status.PUBLISHED else np.full(sizes, WITHHELD)
    return PublishedTable("t", dimensions, values, np.full(sizes, status, dtype="<U9"), np.zeros(sizes, np.int64))


def by_hand() -> tuple[PublishedTable, np.ndarray, np.ndarray]:
    status = np.full((4, 3), "published", dtype="<U9")
    status[1, 1], status[1, 2], status[2, 1:] = "primary", "secondary", "secondary"
    low, high = np.full((4, 3), -1), np.full((4, 3), -1)
    low[1:3, 1:], high[1:3, 1:] = [[1, 16], [1, 29]], [[27, 42], [0, -1]]
    shown = np.where(status == "published", COUNTS, WITHHELD)
    return PublishedTable("t", (PLACE, WISH), shown, status, (status != "published").astype(int)), low, high


def drawn(table: PublishedTable, *bounds: np.ndarray, **more: object) -> ET.Element:
    low, high = bounds or (np.ones_like(table.values), np.full_like(table.values, 9))
    return ET.fromstring(heat_map(table, low, high, **more))  # type: ignore[arg-type]  # noqa: S314 - our own text


Text = tuple[str, float, float, str, str, bool]


def texts(picture: ET.Element) -> list[Text]:
    """What is written: words, x, y, anchor, ink, bold."""
    found = []
    for text in picture.iter(f"{SVG}text"):
        bold = text.get("font-weight") == "bold"
        found.append(
            (
                str(text.text),
                float(text.get("x", "")),
                float(text.get("y", "")),
                text.get("anchor", text.get("text-anchor", "")),
                text.get("fill", ""),
                bold,
            )
        )
    return found


def boxes(picture: ET.Element) -> list[tuple[float, float, float, float, str]]:
    """Cells that are drawn: x, y, width, height, fill. The patterns' own are left out."""
    patterns = {id(rect) for pattern in picture.iter(f"{SVG}pattern") for rect in pattern.iter(f"{SVG}rect")}
    rects = [rect for rect in picture.iter(f"{SVG}rect") if id(rect) not in patterns]
    return [(*(float(rect.get(side, "")) for side in ("x", "y", "width", "height")), rect.get("fill", "")) for rect in rects]  # type: ignore[misc]


def size_of(picture: ET.Element) -> tuple[float, float]:
    width, height = float(picture.get("width", "")), float(picture.get("height", ""))
    assert picture.get("viewBox") == f"0 0 {picture.get('width')} {picture.get('height')}"
    return width, height


def test_a_small_table_is_drawn_cell_by_cell() -> None:
    """Places, four codes with their total, stand across; wishes are the rows. A cell is 64 wide and 22 high, names are left and above."""
    picture = drawn(*by_hand(), prefix="x")
    one, two = "url(#x-primary)", "url(#x-secondary)"
    fills = [[SHOWN, SHOWN, SHOWN, SHOWN], [SHOWN, one, two, SHOWN], [SHOWN, two, two, SHOWN]]
    assert boxes(picture) == [(280 + 64 * c, 96 + 22 * r, 64, 22, fills[r][c]) for r in range(3) for c in range(4)]
    assert size_of(picture) == (280 + 4 * 64 + 90, 96 + 3 * 22 + 4)
    assert (picture.get("font-size"), picture.get("role")) == ("12", "img")
    rects = [rect for rect in picture.iter(f"{SVG}rect") if rect.find(f"{SVG}title") is not None]
    assert {rect.get("stroke") for rect in rects} == {PAPER}
    found = texts(picture)
    columns = [(name, 280 + 64 * c + 32, 88, "start", INK, c == 0) for c, name in enumerate(("Total", "a", "b", "c"))]
    assert found[:4] == columns
    turned = [text.get("transform") for text in picture.iter(f"{SVG}text")]
    assert turned[:4] == [f"rotate(-35 {280 + 64 * c + 32.0} 88)" for c in range(4)]
    assert set(turned[4:]) == {None}
    numbers = [["1,181", "43", "56", "1,082"], ["88", "1–27", "1–0", "60"], ["1,093", "16–42", "29+", "1,022"]]
    expected: list[Text] = []
    for r, name in enumerate(("Total", "play", "rest")):
        y = 96 + 22 * r + 15
        expected.append((name, 272, y, "end", INK, r == 0))
        expected += [
            (words, 280 + 64 * (c + 1) - 6, y, "end", PAPER if fills[r][c] == one else INK, r == 0 or c == 0)
            for c, words in enumerate(numbers[r])
        ]
    assert found[4:] == expected


def test_a_cell_that_is_pointed_at_tells_what_it_is() -> None:
    picture = drawn(*by_hand())
    tips = [str(title.text) for title in picture.iter(f"{SVG}title")]
    assert tips[:2] == ["Total · Total: 1,181", "Total · a: 43"]
    assert tips[5] == f"play · a: {KINDS[Status.PRIMARY][1]}; 1–27 stay possible"
    assert tips[10] == f"rest · b: {KINDS[Status.SECONDARY][1]}; 29+ stay possible"
    alone = drawn(table_of(3))
    assert [str(title.text) for title in alone.iter(f"{SVG}title")] == ["Total: 0", "w1: 0", "w2: 0"]


def test_kinds_have_patterns_of_their_own_colours() -> None:
    for picture in (drawn(*by_hand()), ET.fromstring(legend())):  # noqa: S314 - our own text
        primary, secondary = picture.iter(f"{SVG}pattern")
        assert (primary.get("id"), secondary.get("id")) == ("map-primary", "map-secondary")
        for pattern, colour in ((primary, PRIMARY), (secondary, SECONDARY)):
            assert (pattern.get("width"), pattern.get("height"), pattern.get("patternUnits")) == ("8", "8", "userSpaceOnUse")
            (rect,) = pattern.iter(f"{SVG}rect")
            assert rect.get("fill") == colour


def test_the_legend_has_a_line_for_each_kind() -> None:
    picture = ET.fromstring(legend("l"))  # noqa: S314 - our own text
    assert boxes(picture) == [(1, 1, 28, 18, SHOWN), (1, 25, 28, 18, "url(#l-primary)"), (1, 49, 28, 18, "url(#l-secondary)")]
    assert texts(picture) == [(words, 38, 15 + 24 * k, "start", INK, False) for k, (_, words) in enumerate(KINDS.values())]
    assert size_of(picture) == (520, 72)
    assert "XX" not in "".join(picture.itertext())


@pytest.mark.parametrize(
    ("sizes", "columns", "rows"),
    [
        ((3, 24), 24, 3),
        ((24, 3), 24, 3),
        ((3, 25), 3, 25),
        ((25, 3), 3, 25),
        ((26, 25), 25, 26),
        ((25, 26), 25, 26),
        ((3, 5, 4), 5, 12),
        ((7,), 7, 1),
        ((30,), 30, 1),
        ((23, 24), 24, 23),
    ],
)
def test_the_variable_with_most_codes_that_fits_stands_across(sizes: tuple[int, ...], columns: int, rows: int) -> None:
    found = boxes(drawn(table_of(*sizes)))
    assert (len({x for x, *_ in found}), len({y for _, y, *_ in found})) == (columns, rows)


def test_a_table_is_drawn_small_beyond_so_many_rows_or_columns() -> None:
    """At the limit it is drawn as ever; one more, and cells are flat or narrow, without numbers or the names that have no room."""
    assert (MANY_ROWS, MANY_COLUMNS) == (200, 24)
    plenty = drawn(table_of(2, 100, 24))  # 200 rows
    assert size_of(plenty) == (280 + 24 * 64 + 90, 96 + 200 * 22 + 4)
    assert len(texts(plenty)) == 24 + 200 + 200 * 24
    high = drawn(table_of(3, 67, 3))  # the first of two that are as large stands across: 201 rows
    assert size_of(high) == (0 + 3 * 64 + 90, 96 + 201 * 4 + 4)
    assert [text[0] for text in texts(high)] == ["Total", "w1", "w2"]
    assert boxes(high)[4][:4] == (64, 96 + 4, 64, 4)
    wide = drawn(table_of(25, 26))
    assert size_of(wide) == (280 + 25 * 6 + 90, 0 + 26 * 22 + 4)
    assert [text[:3] for text in texts(wide)][:2] == [("Total", 272, 15), ("x1", 272, 22 + 15)]
    assert len(texts(wide)) == 26
    assert boxes(wide)[28][:4] == (280 + 3 * 6, 22, 6, 22)
    both = drawn(table_of(25, 300))
    assert size_of(both) == (0 + 25 * 6 + 90, 0 + 300 * 4 + 4)
    assert texts(both) == []
    for picture in (high, wide, both):
        assert not [rect for rect in picture.iter(f"{SVG}rect") if rect.get("stroke")]


def test_the_page_says_what_an_overview_leaves_out() -> None:
    for sizes in ((2, 100, 24), (24,), (24, 24)):
        assert cut_short(table_of(*sizes)) == ""
    assert cut_short(table_of(3, 67, 3)) == "An overview, without numbers: it has 201 rows, the totals first."
    assert cut_short(table_of(25)) == "An overview, without numbers: it has 25 columns, the totals first."
    assert cut_short(table_of(25, 1200)) == "An overview, without numbers: it has 1,200 rows and 25 columns, the totals first."


@pytest.mark.parametrize(("codes", "tips"), [(MOST_TIPS, MOST_TIPS), (MOST_TIPS + 1, 0)])
def test_of_a_large_table_cells_have_no_text_of_their_own(codes: int, tips: int) -> None:
    text = heat_map(table_of(codes), np.ones(codes, np.int64), np.ones(codes, np.int64))
    assert text.count("<title>") == tips
    assert text.count("<rect") == 2 + max(tips, 1)  # the patterns'; each cell's, or one for all cells alike
    assert "XX" not in text


def test_cells_alike_beside_each_other_are_drawn_in_one() -> None:
    """A hundred rows of 24: too many for texts, few enough for numbers."""
    plain = table_of(100, 24)
    status, values = plain.status.copy(), plain.values.copy()
    status[3, 2:5], status[3, 5], values[3, 2:6] = Status.SECONDARY, Status.PRIMARY, WITHHELD
    table = PublishedTable("t", plain.dimensions, values, status, np.zeros_like(values))
    line = [box for box in boxes(drawn(table)) if box[1] == 96 + 3 * 22]
    assert [(x, width) for x, _, width, *_ in line] == [(280, 2 * 64), (280 + 2 * 64, 3 * 64), (280 + 5 * 64, 64), (280 + 6 * 64, 18 * 64)]
    words = [text[0] for text in texts(drawn(table)) if text[2] == 96 + 3 * 22 + 15]
    assert words == ["w3", "0", "0", *["1–9"] * 4, *["0"] * 18]


def test_names_have_so_much_room() -> None:
    """A column's 16 letters, a row's 40; as much to each category as all have room for, and two letters at the least."""
    names = ["a" * 16, "b" * 17]
    table = replace(table_of(3), dimensions=(Dimension.flat("v0", names),))
    assert [text[0] for text in texts(drawn(table))][1:3] == ["a" * 16, "b" * 15 + "…"]
    assert _fitted("c" * LETTERS, LETTERS) == "c" * 40
    assert _fitted("c" * 41, LETTERS) == "c" * 39 + "…"
    assert _fitted("abc · defg", 5) == "a… · d…"
    assert _fitted("abc · defg", 10) == "abc · defg"
    assert _fitted("abc · defgh", 10) == "abc · def…"


def test_a_row_is_named_by_its_categories_and_by_its_total_where_it_has_none() -> None:
    across = Dimension.flat("age", [str(k) for k in range(5, 15)])
    tree = Dimension.tree("place", {"All": "", "N": "All", "a": "N", "b": "N"})
    shape = (4, 3, 11)
    table = PublishedTable("t", (tree, WISH, across), np.zeros(shape, np.int64), np.full(shape, "published"), np.zeros(shape, np.int64))
    found = [(text[0], text[5]) for text in texts(drawn(table)) if text[3] == "end" and text[0] != "0"]
    names = ["All", "play", "rest", "N", "N · play", "N · rest", "a", "a · play", "a · rest", "b", "b · play", "b · rest"]
    assert found == [(name, name not in ("a · play", "a · rest", "b · play", "b · rest")) for name in names]
    numbers = [text[5] for text in texts(drawn(table)) if text[0] == "0"]
    assert numbers == [name not in ("a · play", "a · rest", "b · play", "b · rest") or k == 0 for name in names for k in range(11)]


ONS, NHS = load_policy("ons-threshold-10"), load_policy("nhs-1-7-round-5")


def cells_of(page: str, policy: str) -> list[str]:
    row = re.search(rf"<th scope='row'>{policy}</th>(.*?)</tr>", page)
    assert row is not None
    return re.findall(r"<td[^>]*>(.*?)</td>", row[1])


@pytest.fixture
def protected() -> Protected:
    return protect([TRUE], ONS)


def with_bounds(result: Protected, low: list[int], high: list[int], *, exact: bool = True) -> Protected:
    """The same with other bounds of its four withheld counts."""
    (table,) = result.tables
    lows, highs = result.audit.low[0].copy(), result.audit.high[0].copy()
    lows[table.withheld], highs[table.withheld] = low, high
    return replace(result, audit=replace(result.audit, low=(lows,), high=(highs,), exact=exact))


def test_what_is_lost_is_told_policy_by_policy(protected: Protected) -> None:
    refused = Refused(load_policy("strict"), "7 <cells> cannot be protected")
    page = report_page(Compared((TRUE,), (refused, with_bounds(protected, [1, 16, 1, 29], [25, 42, 27, 55]))))
    heads = re.findall(r"<th scope='col'>(.*?)</th>", page.split("</table>")[0])
    assert heads == [
        "Policy", "Withheld for themselves", "Withheld for others", "Share withheld", "Children in withheld counts",
        "Mean change of a shown count", "Largest change", "Mean uncertainty of any count",
    ]  # fmt: skip
    assert cells_of(page, "ons-threshold-10") == ["1", "3", "33.3%", "99", "0.00", "0", f"{(24 + 26 * 3) / 2 / 12:.1f}"]
    assert cells_of(page, "strict") == ["Cannot leave: 7 &lt;cells&gt; cannot be protected."]
    assert page.count("Under this policy the tables cannot leave: 7 &lt;cells&gt; cannot be protected.") == 1
    assert "A shown count is" not in page
    assert page.count("<h3>t</h3>") == 1  # a refusal does not keep the next policy's tables away
    assert page.startswith("<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'>")
    assert "<title>What protection does to these tables</title><style>body{" in page
    assert 'aria-label="Picture of t under ons-threshold-10"' in page
    assert "XX" not in page


def test_figures_of_several_tables_are_put_together_by_their_size() -> None:
    """Means are over all counts: a table of twelve counts weighs four times as much as one of three."""
    large, small = (
        PublishedTable(
            "t",
            (PLACE, WISH),
            COUNTS + 2 * (COUNTS > 60),
            np.full((4, 3), "published", dtype="<U9"),
            np.zeros((4, 3), int),
            method=NHS.method,
            base=5,
        ),
        table_of(3),
    )
    true = (TRUE, Table("u", small.dimensions, np.zeros(3, int)))
    status = np.array(["published", "primary", "secondary"], dtype="<U9")
    few = PublishedTable("u", small.dimensions, np.array([4, WITHHELD, WITHHELD]), status, np.zeros(3, int))
    none = np.full((4, 3), -1)
    result = protect([TRUE], NHS)
    audit = replace(result.audit, low=(none, np.array([-1, 1, 1])), high=(none, np.array([-1, 7, 13])), exact=False)
    page = report_page(Compared(true, (replace(result, tables=(large, few), audit=audit),)))
    changed = int((COUNTS > 60).sum())
    mean_unknown = (changed * 2 + 4 + (6 + 12) / 2) / 15
    assert cells_of(page, NHS.name) == ["1", "1", "13.3%", "0", f"{(changed * 2 + 4) / 13:.2f}", "4", f"{mean_unknown:.1f}"]
    assert f"A shown count is {changed * 2 / 12:.1f} children from the true one on average, and 2 at most." in page
    assert "A shown count is 4.0 children from the true one on average, and 4 at most." in page
    (unlimited,) = (replace(audit, high=(none, np.array([-1, 7, -1]))),)
    assert cells_of(report_page(Compared(true, (replace(result, tables=(large, few), audit=unlimited),))), NHS.name)[-1] == "no limit"


def test_where_all_is_withheld_no_shown_count_has_changed() -> None:
    shown = table_of(2, status=Status.SECONDARY)
    true = Table("t", shown.dimensions, np.array([30, 30]))
    result = protect([TRUE], ONS)
    bounds = replace(result.audit, low=(np.array([1, 1]),), high=(np.array([9, 9]),))
    page = report_page(Compared((true,), (replace(result, tables=(shown,), audit=bounds),)))
    assert cells_of(page, ONS.name) == ["0", "2", "100.0%", "60", "0.00", "0", "4.0"]
    one = PublishedTable(
        "t", shown.dimensions, np.array([35, WITHHELD]), np.array(["published", "secondary"]), np.zeros(2, int), method=NHS.method, base=5
    )
    page = report_page(Compared((true,), (replace(result, tables=(one,), audit=bounds),)))
    assert cells_of(page, ONS.name)[4:6] == ["5.00", "5"]  # of one shown count


def test_widths_are_drawn_to_scale_and_said_to_be_exact_only_if_they_are(protected: Protected) -> None:
    pages = {
        exact: report_page(Compared((TRUE,), (with_bounds(protected, [1, 1, 1, 1], [3, 4, 4, 30], exact=exact),)))
        for exact in (True, False)
    }
    for exact, head in ((True, "Distance between the bounds"), (False, "Distance, at least")):
        (table,) = re.findall(r"<table><caption>How wide withheld counts stay open</caption>(.*?)</table>", pages[exact])
        assert table.startswith(f"<tr><th scope='col'>{head}</th><th scope='col'>Counts</th><td></td></tr><tr><th scope='row'>1</th>")
        rows = re.findall(r"<tr><th scope='row'>(.*?)</th><td>(.*?)</td><td><svg [^>]*><rect width='(.*?)' [^>]*/></svg></td></tr>", table)
        told = {words: (count, width) for words, count, width in rows}
        assert told["2"] == ("1", "120.0")
        assert told["3 to 4"] == ("2", "240.0")
        assert told["20 to 49"] == ("1", "120.0")
        assert told["1"] == ("0", "0.0")
    one = report_page(Compared((TRUE,), (with_bounds(protected, [1, 16, 1, 29], [3, 20, 11, 250]),)))
    assert set(re.findall(r"<rect width='(.*?)' height='14'", one)) == {"0.0", "240.0"}
    shown = report_page(Compared((TRUE,), (replace(protected, tables=(table_of(4, 3),)),)))
    assert "How wide" not in shown
    assert "<details>" not in shown
    assert "XX" not in shown


def listed(page: str) -> list[list[str]]:
    (found,) = re.findall(r"<details>(.*?)</details>", page)
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", found)[1:]]


def test_withheld_counts_are_listed_those_first_that_are_told_most_of(protected: Protected) -> None:
    """By the distance of their bounds; those without a limit last; equal ones in the table's order."""
    page = report_page(Compared((TRUE,), (with_bounds(protected, [1, 1000, 0, 10], [-1, 1002, 0, 500]),)), {"wish": {"play": "to <play>"}})
    assert listed(page) == [
        ["b", "to &lt;play&gt;", "for others, or by a rule on groups", "0 to 0"],
        ["a", "rest", "for others, or by a rule on groups", "1,000 to 1,002"],
        ["b", "rest", "for others, or by a rule on groups", "10 to 500"],
        ["a", "to &lt;play&gt;", "under the threshold", "1 or more"],
    ]
    assert "<summary>The withheld counts of t as a list</summary><table><tr><th scope='col' class='words'>place</th>" in page
    assert (
        "<th scope='col' class='words'>wish</th><th scope='col' class='words'>Why</th><th scope='col'>What stays possible</th></tr><tr>"
        in page
    )
    assert "out of" not in page
    same = report_page(Compared((TRUE,), (with_bounds(protected, [1, 1, 1, 1], [5, 5, 5, 5]),)))
    assert [row[:2] for row in listed(same)] == [["a", "play"], ["a", "rest"], ["b", "play"], ["b", "rest"]]


def test_a_long_list_is_cut_and_equal_ones_keep_their_order() -> None:
    """Every third is told most of; then come those after it, in their order."""
    shown = table_of(LISTED + 2, status=Status.SECONDARY)
    true = Table("t", shown.dimensions, np.array([30 * (LISTED + 1), *[30] * (LISTED + 1)]))
    result = protect([TRUE], ONS)
    high = np.array([5 + k % 3 for k in range(LISTED + 2)])
    bounds = replace(result.audit, low=(np.ones(LISTED + 2, np.int64),), high=(high,))
    page = report_page(Compared((true,), (replace(result, tables=(shown,), audit=bounds),)))
    assert f"<p>The 400 of which most is known, out of {LISTED + 2}.</p>" in page
    order = [k for first in range(3) for k in range(first, LISTED + 2, 3)][:LISTED]
    assert [row[0] for row in listed(page)] == [f"w{k}" if k else TOTAL for k in order]
    fits = table_of(LISTED, status=Status.SECONDARY)
    true = Table("t", fits.dimensions, np.array([30 * (LISTED - 1), *[30] * (LISTED - 1)]))
    bounds = replace(bounds, low=(np.ones(LISTED, np.int64),), high=(high[:LISTED],))
    assert "out of" not in report_page(Compared((true,), (replace(result, tables=(fits,), audit=bounds),)))


def test_a_table_with_a_title_is_called_by_it(protected: Protected) -> None:
    (table,) = protected.tables
    page = report_page(Compared((TRUE,), (replace(protected, tables=(replace(table, title="Wishes & <places>"),)),)))
    for words in (
        "<h3>Wishes &amp; &lt;places&gt;</h3>",
        'aria-label="Picture of Wishes &amp; &lt;places&gt; under',
        "The withheld counts of Wishes &amp; &lt;places&gt; as a list",
    ):
        assert words in page


def test_a_policy_is_called_by_its_title() -> None:
    own: Policy = replace(ONS, name="own <one>", title="Small & safe")
    page = report_page(Compared((TRUE,), (replace(protect([TRUE], ONS), policy=own),)))
    assert "<h2>Small &amp; safe</h2><p>Policy “own &lt;one&gt;”.</p>" in page
