"""Charts as SVG and PNG: no style, no script, no clock. What is withheld is hatched and never drawn as nothing."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import resvg_py
from fontTools.ttLib import TTFont

from pipeline.release_chart import Bar, Chart, Panel

WIDTH, LABELS, BAR, GAP, TOP, HEADING = 960, 300, 30, 12, 16, 34
PANELS_ACROSS = 3
# From dark to light, so that an ordered scale reads as one; text on each is chosen to be at least 4.5 : 1.
SHADES = (
    ("#14505c", "#ffffff"), ("#2e7d74", "#ffffff"), ("#8fc9bd", "#14181b"), ("#f2d38b", "#14181b"), ("#c9622f", "#14181b"),
    ("#8f2f1f", "#ffffff"), ("#7a6a9b", "#ffffff"), ("#c9cfd1", "#14181b"), ("#46545e", "#ffffff"), ("#b9a06a", "#14181b"),
)  # fmt: skip
INK = "#1d2a33"
FONT = "Atkinson Hyperlegible Next, Verdana, sans-serif"
FONTS = Path(__file__).parents[1] / "api" / "static" / "fonts"  # files only: those the website shows
HATCHED = "url(#withheld)"


def draw(chart: Chart, title: str) -> bytes:
    """The chart as SVG: one panel over the whole width, small multiples side by side."""
    legend = _legend_rows(chart.series) if chart.stacked else []
    across = min(len(chart.panels), 1 if chart.stacked else PANELS_ACROSS)
    rows = [chart.panels[start : start + across] for start in range(0, len(chart.panels), across)]
    heading = HEADING if len(chart.panels) > 1 else 0
    each = heading + len(chart.panels[0].bars) * (BAR + GAP)
    top = TOP + 28 * len(legend)
    svg = canvas(WIDTH, top + sum(heading + len(row[0].bars) * (BAR + GAP) for row in rows) + TOP, title)
    for number, entries in enumerate(legend):
        for x, index, name in entries:
            box(svg, x, TOP + 28 * number, 18, 18, SHADES[index][0])
            write(svg, x + 26, TOP + 28 * number + 14, name, 15)
    figures = [value for panel in chart.panels for bar in panel.bars for _, value in bar.parts if value is not None]
    largest = 100.0 if chart.unit else max(figures)
    width = (WIDTH - LABELS) / across
    for number, row in enumerate(rows):
        y = top + number * each
        for place, panel in enumerate(row):
            _panel(svg, chart, panel, (LABELS + place * width, y + heading, width), largest, labels=place == 0)
    return finished(svg)


def _panel(svg: ET.Element, chart: Chart, panel: Panel, place: tuple[float, float, float], largest: float, *, labels: bool) -> None:
    left, y, width = place
    if panel.label:
        write(svg, left, y - 12, shortened(panel.label, int(width / 9)), 16, weight="bold")
    for number, bar in enumerate(panel.bars):
        at = y + number * (BAR + GAP)
        if labels:
            write(svg, LABELS - 12, at + BAR - 9, shortened(bar.label), 15, anchor="end")
        _bar(svg, chart, bar, (left, at, width - 90), largest)


def _bar(svg: ET.Element, chart: Chart, bar: Bar, place: tuple[float, float, float], largest: float) -> None:
    left, y, room = place
    x = left
    for index, (_, value) in enumerate(bar.parts):
        if value is None:
            continue
        width = room * value / largest if largest else 0.0
        fill, ink = SHADES[index] if chart.stacked else SHADES[0]
        box(svg, x, y, width, BAR, fill)
        if not chart.stacked:
            write(svg, x + width + 8, y + BAR - 9, f"{value:,g}{chart.unit}", 15)
        elif width >= 44:
            write(svg, x + width / 2, y + BAR - 9, f"{value:g}{chart.unit}", 15, fill=ink, anchor="middle")
        x += width
    if any(value is None for _, value in bar.parts):
        hidden = left + room - x if chart.stacked else 60.0
        if hidden > 1:
            box(svg, x, y, hidden, BAR, HATCHED, INK)
        write(svg, (left + room if chart.stacked else x + 60) + 8, y + BAR - 9, "[c]", 15)


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


def canvas(width: float, height: float, title: str) -> ET.Element:
    """An empty drawing on white, with the hatching of what is withheld."""
    size = {"viewBox": f"0 0 {width:g} {height:g}", "width": f"{width:g}", "height": f"{height:g}"}
    svg = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size})
    ET.SubElement(svg, "title").text = title
    lines = {"id": "withheld", "width": "8", "height": "8", "patternUnits": "userSpaceOnUse", "patternTransform": "rotate(45)"}
    pattern = ET.SubElement(ET.SubElement(svg, "defs"), "pattern", lines)
    ET.SubElement(pattern, "rect", {"width": "8", "height": "8", "fill": "#ffffff"})
    ET.SubElement(pattern, "rect", {"width": "2", "height": "8", "fill": "#6b777e"})
    ET.SubElement(svg, "rect", {"width": f"{width:g}", "height": f"{height:g}", "fill": "#ffffff"})
    return svg


def finished(svg: ET.Element) -> bytes:
    """The bytes of a drawing."""
    content: bytes = ET.tostring(svg, encoding="utf-8", xml_declaration=True)
    return content


def box(svg: ET.Element, x: float, y: float, width: float, height: float, fill: str, stroke: str = "#ffffff") -> None:
    """A rectangle with a thin edge."""
    numbers: dict[str, Any] = {"x": x, "y": y, "width": max(width, 0), "height": height, "stroke-width": 1}
    ET.SubElement(svg, "rect", {name: f"{number:.1f}" for name, number in numbers.items()} | {"fill": fill, "stroke": stroke})


def write(
    svg: ET.Element, x: float, y: float, text: str, size: int, *, fill: str = INK, anchor: str = "start", weight: str = "normal"
) -> None:
    """A line of text."""
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "font-size": str(size), "font-family": FONT, "fill": fill, "text-anchor": anchor}
    ET.SubElement(svg, "text", place | ({} if weight == "normal" else {"font-weight": weight})).text = text


def shortened(label: str, longest: int = 36) -> str:
    """A label that fits, with an ellipsis where it was cut."""
    return label if len(label) <= longest else label[: longest - 1].rstrip() + "…"


def as_png(svg: bytes) -> bytes:
    """A drawing as PNG, twice as large as it is shown, with our own fonts and no others: the same bytes on every machine."""
    with tempfile.TemporaryDirectory(prefix="bigask-fonts-") as folder:
        paths = []
        for name, content in _fonts().items():
            path = Path(folder, name)
            path.write_bytes(content)
            paths.append(str(path))
        return bytes(resvg_py.svg_to_bytes(svg_string=svg.decode("utf-8"), zoom=2, skip_system_fonts=True, font_files=paths))


@cache
def _fonts() -> dict[str, bytes]:
    """The website's fonts, unpacked from their web format for the renderer, which reads no other."""
    unpacked = {}
    for packed in sorted(FONTS.glob("*.woff2")):
        font = TTFont(packed, recalcTimestamp=False)
        font.flavor = None
        content = io.BytesIO()
        font.save(content)
        unpacked[f"{packed.stem}.ttf"] = content.getvalue()
    return unpacked
