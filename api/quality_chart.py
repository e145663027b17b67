"""What slips through, drawn: the bound as more texts are read, and intervals of what was measured. SVG without style or script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.etree import ElementTree as ET

from pipeline.residual import PER, Residual, upper
from pipeline.review_policy import ReviewPolicy

WIDTH, LEFT, RIGHT, TOP, PLOT, BOTTOM = 860, 92, 30, 20, 250, 62
INK, GRID, LINE, LIMIT, GOOD = "#1d2a33", "#d5dde0", "#14505c", "#8f2f1f", "#2e7d74"
FONT = "Atkinson Hyperlegible Next, Verdana, sans-serif"


@dataclass(frozen=True)
class Measured:
    """A share with its interval, all from 0 to 1. `asked`: what the policy asks, if anything."""

    label: str
    value: float
    low: float
    high: float
    asked: float | None = None


def bound_curve(found: Residual, policy: ReviewPolicy) -> str:
    """The upper bound per 1,000 texts against the number of texts read, if no more are missed, and where the policy's line is."""
    last = max(found.read * 2, policy.first_draw * 2)
    last = min(last, found.unread) if found.unread > 10 else max(last, 10)
    confidence = policy.confidence(max(found.looks, 1))
    later = policy.confidence(found.looks + 1) if found.complete else confidence  # reading on is a further look
    first = max(found.missed + 1, last // 60)
    reads = sorted({round(first + (last - first) * k / 80) for k in range(81)} | ({found.read} if found.read > found.missed else set()))
    ceiling = _round_up(max(3 * policy.most_per_1000, min(2 * found.upper, PER)) if found.read else 5 * policy.most_per_1000)
    svg = _drawing(TOP + PLOT + BOTTOM, "Upper bound of what slips through, by the number of texts read")

    def x(texts: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * texts / last

    def y(rate: float) -> float:
        return TOP + PLOT * (1 - rate / ceiling)

    for k in range(5):
        rate, texts = ceiling * k / 4, last * k / 4
        _line(svg, LEFT, y(rate), WIDTH - RIGHT, y(rate), GRID)
        _text(svg, LEFT - 10, y(rate) + 5, f"{rate:.0f}", anchor="end")
        _text(svg, x(texts), TOP + PLOT + 22, f"{texts:,.0f}", anchor="middle")
    _text(svg, (LEFT + WIDTH - RIGHT) / 2, TOP + PLOT + 50, "texts of the sample read, if no more turn out to be missed", anchor="middle")
    bounds = [(read, PER * upper(found.missed, read, confidence if read <= found.read else later)) for read in reads]
    points = [(x(read), y(bound)) for read, bound in bounds if bound <= ceiling]
    for (x1, y1), (x2, y2) in pairwise(points):
        _line(svg, x1, y1, x2, y2, LINE, 3)
    _line(svg, LEFT, y(policy.most_per_1000), WIDTH - RIGHT, y(policy.most_per_1000), LIMIT, 2, "7 5")
    _text(svg, LEFT + 8, y(policy.most_per_1000) + 19, f"policy: at most {policy.most_per_1000:g} of 1,000", LIMIT)
    if found.read and found.upper <= ceiling:
        at = (x(found.read), y(found.upper))
        colour = GOOD if found.complete and found.upper <= policy.most_per_1000 else LIMIT
        ET.SubElement(
            svg, "circle", {"cx": f"{at[0]:.1f}", "cy": f"{at[1]:.1f}", "r": "8", "fill": colour, "stroke": "#ffffff", "stroke-width": "2"}
        )
        beside, anchor = (14, "start") if at[0] < WIDTH - 180 else (-14, "end")
        _text(svg, at[0] + beside, at[1] - 12, f"now: {found.upper:.1f}", INK, anchor)
    return ET.tostring(svg, encoding="unicode")


def intervals(measured: Sequence[Measured]) -> str:
    """Each share as a point on its interval, from 0 to 1, with what the policy asks."""
    row, labels = 46, 330
    svg = _drawing(TOP + row * len(measured) + 44, "Measured shares with their intervals")

    def x(share: float) -> float:
        return labels + (WIDTH - labels - RIGHT - 70) * min(max(share, 0.0), 1.0)

    bottom = TOP + row * len(measured)
    for k in range(5):
        _line(svg, x(k / 4), TOP, x(k / 4), bottom, GRID)
        _text(svg, x(k / 4), bottom + 24, f"{k / 4:g}", anchor="middle")
    for number, one in enumerate(measured):
        y = TOP + row * number + row / 2
        good = one.asked is None or one.value >= one.asked
        _text(svg, labels - 16, y + 5, one.label, anchor="end")
        _line(svg, x(one.low), y, x(one.high), y, LINE, 7)
        place = {
            "cx": f"{x(one.value):.1f}",
            "cy": f"{y:.1f}",
            "r": "9",
            "fill": LINE if good else LIMIT,
            "stroke": "#ffffff",
            "stroke-width": "2",
        }
        ET.SubElement(svg, "circle", place)
        if one.asked is not None:
            _line(svg, x(one.asked), y - 16, x(one.asked), y + 16, LIMIT, 2, "4 3")
        _text(svg, WIDTH - RIGHT - 50, y + 5, f"{one.value:.3f}")
    return ET.tostring(svg, encoding="unicode")


def _round_up(rate: float) -> float:
    """The next number whose quarters are whole, for an axis of four steps."""
    step = next((step for step in (4, 8, 12, 20, 40, 60, 80, 100, 200, 400, 600) if step >= rate), PER)
    return float(step)


def _drawing(height: float, title: str) -> ET.Element:
    size = {"viewBox": f"0 0 {WIDTH} {height:.0f}", "width": str(WIDTH), "height": f"{height:.0f}"}
    svg = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "class": "drawing", **size})
    ET.SubElement(svg, "title").text = title
    ET.SubElement(svg, "rect", {"width": str(WIDTH), "height": f"{height:.0f}", "fill": "#ffffff"})
    return svg


def _line(svg: ET.Element, x1: float, y1: float, x2: float, y2: float, colour: str, width: int = 1, dashes: str = "") -> None:
    place = {"x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}", "stroke": colour, "stroke-width": str(width)}
    ET.SubElement(
        svg, "line", place | ({"stroke-dasharray": dashes} if dashes else {}) | ({"stroke-linecap": "round"} if width > 2 else {})
    )


def _text(svg: ET.Element, x: float, y: float, text: str, fill: str = INK, anchor: str = "start") -> None:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "font-size": "15", "font-family": FONT, "fill": fill, "text-anchor": anchor}
    ET.SubElement(svg, "text", place).text = text
