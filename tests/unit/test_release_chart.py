"""How a released table is laid out and drawn: every cell where it belongs, what is withheld visible as such."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from disclosure.dimension import Dimension
from disclosure.published_table import WITHHELD, PublishedTable
from pipeline.release_chart import chart_of
from pipeline.release_description import ReleaseDimension, ReleaseTable
from pipeline.release_drawing import draw
from pipeline.release_files import build_release
from pipeline.released_table import Released
from tests.release_samples import description, published, release_table

SVG = "{http://www.w3.org/2000/svg}"


def released(folder: Path, table: ReleaseTable) -> Released:
    """A table as a door reads it: from the files."""
    withheld = int(table.published.withheld.sum())
    build_release(folder, description(withheld=withheld), [table])
    about = json.loads((folder / "release.json").read_bytes())["tables"][0]
    return Released(about, (folder / about["files"]["csv"]).read_bytes())


def table_of(dimensions: Sequence[Dimension], counts: np.ndarray, percent_of: str | None) -> ReleaseTable:
    status = np.where(counts == WITHHELD, "secondary", "published")
    words = tuple(ReleaseDimension(d.name.title(), {code: code.title() for code in d.codes}) for d in dimensions)
    table = PublishedTable("t", tuple(dimensions), counts, status, np.ones_like(counts))
    return ReleaseTable(table, "A table", words, percent_of)


def test_two_dimensions_are_lines_and_columns(tmp_path: Path) -> None:
    layout = released(tmp_path / "r", release_table()).layout()
    assert (layout.row_title, layout.column_title) == ("Place", "Life as a whole")
    assert layout.columns == ("All who answered", "Happy", "In between", "Unhappy")
    assert [(line.label, line.depth) for line in layout.groups[0].lines] == [
        ("England", 0), ("The North", 1), ("Northtown", 2), ("Northfield", 2), ("The South", 1),
    ]  # fmt: skip
    northfield = layout.groups[0].lines[3].values
    assert [(value.count, value.percent, value.withheld) for value in northfield] == [
        ("464", "100", False), ("410", "88", False), ("[c]", "[c]", True), ("[c]", "[c]", True),
    ]  # fmt: skip
    assert layout.groups[0].lines[0].values[0].count == "2,539"


def test_a_percentage_that_cannot_be_made_is_not_applicable_rather_than_confidential(tmp_path: Path) -> None:
    hidden = (*(("north-a", answer) for answer in ("Total", "okay", "sad")), ("north-b", "okay"), ("north-b", "sad"))
    table = released(tmp_path / "r", release_table(published(hidden=hidden)))
    assert (table.value(("north-a", "happy")).count, table.value(("north-a", "happy")).percent) == ("640", "[z]")


def test_three_dimensions_have_a_group_for_each_outer_category(tmp_path: Path) -> None:
    dimensions = [
        Dimension.flat("place", [f"p{k}" for k in range(5)]),
        Dimension.flat("sex", ["f", "m"]),
        Dimension.flat("life", ["yes", "no"]),
    ]
    inner = np.arange(20).reshape(5, 2, 2) + 10
    counts = inner
    for axis in range(3):
        counts = np.concatenate([counts.sum(axis=axis, keepdims=True), counts], axis=axis)
    layout = released(tmp_path / "r", table_of(dimensions, counts, "life")).layout()
    assert [group.label for group in layout.groups] == ["Total", "F", "M"]
    assert layout.columns == ("Total", "Yes", "No")
    for g, group in enumerate(layout.groups):
        for row, line in enumerate(group.lines):
            assert [int(value.count) for value in line.values] == counts[row, g].tolist()


def test_a_single_dimension_and_a_wide_one(tmp_path: Path) -> None:
    one = released(tmp_path / "a", table_of([Dimension.flat("life", ["yes", "no"])], np.array([30, 20, 10]), None)).layout()
    assert (one.column_title, one.columns, one.has_percent) == ("", ("Number of children",), False)
    wide = [Dimension.flat("life", [f"a{k}" for k in range(20)]), Dimension.flat("sex", ["f", "m"])]
    counts = np.full((21, 3), 40)
    counts[:, 0], counts[0] = 80, (1600, 800, 800)
    layout = released(tmp_path / "b", table_of(wide, counts, "life")).layout()
    assert layout.columns == ("Total", "F", "M")


def texts_of(svg: bytes) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314 - our own drawing


def test_answers_that_add_up_are_stacked_and_what_is_withheld_is_hatched(tmp_path: Path) -> None:
    chart = chart_of(released(tmp_path / "r", release_table(published(hidden=(("south", "okay"), ("south", "sad"))))))
    assert chart is not None
    assert chart.stacked
    assert [bar.label for bar in chart.panels[0].bars] == ["England", "The North", "The South"]
    assert chart.panels[0].bars[2].parts == (("Happy", 69.0), ("In between", None), ("Unhappy", None))
    svg = draw(chart, "T")
    hatched = [e for e in ET.fromstring(svg).iter(f"{SVG}rect") if e.get("fill") == "url(#withheld)"]  # noqa: S314
    assert len(hatched) == 1
    assert float(hatched[0].get("width", "0")) == pytest.approx(570 * 0.31, abs=0.1)
    assert "[c]" in texts_of(svg)


def test_multiple_response_is_one_bar_for_each_option(tmp_path: Path) -> None:
    wants = Dimension.multiple("want", ["friends", "money", "fame"])
    counts = np.array([100, 60, 40, WITHHELD, WITHHELD, 70, 30])
    chart = chart_of(released(tmp_path / "r", table_of([wants], counts, "want")))
    assert chart is not None
    assert not chart.stacked
    assert [(bar.label, bar.parts[0][1]) for bar in chart.panels[0].bars] == [("Friends", 60.0), ("Money", None), ("Fame", 70.0)]
    svg = draw(chart, "T")
    assert texts_of(svg) == ["Friends", "60%", "Money", "[c]", "Fame", "70%"]
    assert b"style" not in svg
    assert b"<script" not in svg


def test_a_group_of_which_nothing_is_shown_keeps_its_place(tmp_path: Path) -> None:
    place, life = Dimension.flat("place", ["north", "south"]), Dimension.flat("life", ["yes", "no"])
    counts = np.array([[200, 120, 80], [100, WITHHELD, WITHHELD], [100, WITHHELD, WITHHELD]])
    chart = chart_of(released(tmp_path / "r", table_of([place, life], counts, "life")))
    assert chart is not None
    assert [len([value for _, value in bar.parts if value is None]) for bar in chart.panels[0].bars] == [0, 2, 2]
    assert texts_of(draw(chart, "T")).count("[c]") == 2


def test_a_chart_of_nothing_or_of_too_much_is_not_drawn(tmp_path: Path) -> None:
    many = Dimension.flat("place", [f"p{k}" for k in range(40)])
    assert chart_of(released(tmp_path / "a", table_of([many], np.array([400, *[10] * 40]), None))) is None
    hidden = Dimension.flat("life", ["yes", "no"])
    assert chart_of(released(tmp_path / "b", table_of([hidden], np.array([30, WITHHELD, WITHHELD]), "life"))) is None


def test_a_label_cannot_break_out_of_the_drawing(tmp_path: Path) -> None:
    life = Dimension.flat("life", ["</text><script>alert(1)</script>", "b"])
    chart = chart_of(released(tmp_path / "r", table_of([life], np.array([30, 20, 10]), "life")))
    assert chart is not None
    assert b"<script" not in draw(chart, "<b>")
