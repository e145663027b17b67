"""A released table as a drawing: bars for a choice, stacked bars for answers that add up. SVG without style or script.

What is withheld is hatched and never drawn as nothing. Only released figures are drawn, at the totals of what does not fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from api.released_table import Released

WIDTH, LABELS, BAR, GAP, TOP = 960, 300, 30, 12, 16
MOST_BARS = 16
# From dark to light, so that an ordered scale reads as one; text on each is chosen to be at least 4.5 : 1.
SHADES = (
    ("#14505c", "#ffffff"), ("#2e7d74", "#ffffff"), ("#8fc9bd", "#14181b"), ("#f2d38b", "#14181b"), ("#c9622f", "#14181b"),
    ("#8f2f1f", "#ffffff"), ("#7a6a9b", "#ffffff"), ("#c9cfd1", "#14181b"), ("#46545e", "#ffffff"), ("#b9a06a", "#14181b"),
)  # fmt: skip
INK = "#1d2a33"
FONT = "Atkinson Hyperlegible Next, Verdana, sans-serif"


@dataclass(frozen=True)
class Bar:
    """One bar: its label and its parts as (name, percentage or count; None if withheld)."""

    label: str
    parts: tuple[tuple[str, float | None], ...]


@dataclass(frozen=True)
class Chart:
    """What is drawn. `stacked`: each bar's parts add up to 100 %; else every bar has one part. `unit`: "%" or ""."""

    bars: tuple[Bar, ...]
    stacked: bool
    unit: str

    @property
    def series(self) -> tuple[str, ...]:
        """Names of the parts, in order."""
        return tuple(name for name, _ in self.bars[0].parts)


def chart_of(table: Released) -> Chart | None:
    """What to draw of a table, or None if nothing sensible fits (too many categories, or everything withheld)."""
    dimensions = table.dimensions
    names = [dimension["name"] for dimension in dimensions]
    answer = names.index(table.percent_of) if table.percent_of else table.column_axis() or 0
    totals = tuple(dimension["codes"][0]["code"] for dimension in dimensions)
    categories = [entry for entry in dimensions[answer]["codes"] if entry["parent"] == totals[answer]]
    unit = "%" if table.percent_of else ""

    def figure(at: Mapping[int, str]) -> float | None:
        value = table.value(tuple(at.get(axis, total) for axis, total in enumerate(totals)))
        text = value.percent if unit else value.count.replace(",", "")
        return None if text.startswith("[") or not text else float(text)

    stacked = bool(unit) and dimensions[answer]["adds_up"] and 1 < len(categories) <= len(SHADES) and len(dimensions) > 1
    if stacked:
        down = max((axis for axis in range(len(dimensions)) if axis != answer), key=lambda axis: len(dimensions[axis]["codes"]))
        rows = [entry for entry in dimensions[down]["codes"] if table.depth(down, entry["code"]) <= 1]
        bars = [Bar(row["label"], tuple((c["label"], figure({down: row["code"], answer: c["code"]})) for c in categories)) for row in rows]
        bars = [bar for bar in bars if any(value is not None for _, value in bar.parts)]
    else:
        bars = [Bar(c["label"], ((dimensions[answer]["title"], figure({answer: c["code"]})),)) for c in categories]
    if not 1 <= len(bars) <= MOST_BARS or all(value is None for bar in bars for _, value in bar.parts):
        return None
    return Chart(tuple(bars), stacked, unit)


def draw(chart: Chart, title: str) -> bytes:
    """The chart as SVG."""
    legend = _legend_rows(chart.series) if chart.stacked else []
    top = TOP + 28 * len(legend)
    height = top + len(chart.bars) * (BAR + GAP) + TOP
    svg = ET.Element(
        "svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {WIDTH} {height}", "width": str(WIDTH), "height": str(height)}
    )
    ET.SubElement(svg, "title").text = title
    pattern = ET.SubElement(
        ET.SubElement(svg, "defs"),
        "pattern",
        {"id": "withheld", "width": "8", "height": "8", "patternUnits": "userSpaceOnUse", "patternTransform": "rotate(45)"},
    )
    ET.SubElement(pattern, "rect", {"width": "8", "height": "8", "fill": "#ffffff"})
    ET.SubElement(pattern, "rect", {"width": "2", "height": "8", "fill": "#6b777e"})
    ET.SubElement(svg, "rect", {"width": str(WIDTH), "height": str(height), "fill": "#ffffff"})
    for row, entries in enumerate(legend):
        for x, index, name in entries:
            y = TOP + 28 * row
            _box(svg, x, y, 18, 18, SHADES[index][0])
            _text(svg, x + 26, y + 14, name, 15)
    largest = 100.0 if chart.unit else max(value for bar in chart.bars for _, value in bar.parts if value is not None)
    for number, bar in enumerate(chart.bars):
        _draw_bar(svg, chart, bar, top + number * (BAR + GAP), largest)
    drawing: bytes = ET.tostring(svg, encoding="utf-8", xml_declaration=True)
    return drawing


def _draw_bar(svg: ET.Element, chart: Chart, bar: Bar, y: int, largest: float) -> None:
    room = WIDTH - LABELS - 90
    _text(svg, LABELS - 12, y + BAR - 9, _shortened(bar.label), 15, anchor="end")
    x = float(LABELS)
    for index, (_, value) in enumerate(bar.parts):
        if value is None:
            continue
        width = room * value / largest if largest else 0.0
        fill, ink = SHADES[index] if chart.stacked else SHADES[0]
        _box(svg, x, y, width, BAR, fill)
        if not chart.stacked:
            _text(svg, x + width + 8, y + BAR - 9, f"{value:,g}{chart.unit}", 15)
        elif width >= 44:
            _text(svg, x + width / 2, y + BAR - 9, f"{value:g}{chart.unit}", 15, ink, "middle")
        x += width
    if any(value is None for _, value in bar.parts):
        left = LABELS + room - x if chart.stacked else 60.0
        if left > 1:
            _box(svg, x, y, left, BAR, "url(#withheld)", INK)
        _text(svg, (LABELS + room if chart.stacked else x + 60) + 8, y + BAR - 9, "[c]", 15)


def _legend_rows(series: Sequence[str]) -> list[list[tuple[int, int, str]]]:
    rows: list[list[tuple[int, int, str]]] = [[]]
    x = LABELS
    for index, name in enumerate(series):
        width = 26 + 8 * len(name) + 24
        if x + width > WIDTH and rows[-1]:
            rows.append([])
            x = LABELS
        rows[-1].append((x, index, name))
        x += width
    return rows


def _shortened(label: str, longest: int = 36) -> str:
    return label if len(label) <= longest else label[: longest - 1].rstrip() + "…"


def _box(svg: ET.Element, x: float, y: float, width: float, height: float, fill: str, stroke: str = "#ffffff") -> None:
    numbers: dict[str, Any] = {"x": x, "y": y, "width": max(width, 0), "height": height, "stroke-width": 1}
    ET.SubElement(svg, "rect", {name: f"{number:.1f}" for name, number in numbers.items()} | {"fill": fill, "stroke": stroke})


def _text(svg: ET.Element, x: float, y: float, text: str, size: int, fill: str = INK, anchor: str = "start") -> None:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "font-size": str(size), "font-family": FONT, "fill": fill, "text-anchor": anchor}
    ET.SubElement(svg, "text", place).text = text
