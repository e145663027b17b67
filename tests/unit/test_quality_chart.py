"""What slips through, drawn: every figure is where it says, and nothing is drawn that is not known."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from api.quality_chart import Measured, bound_curve, intervals
from pipeline.residual import Residual
from pipeline.review_policy import load_review_policy

POLICY = load_review_policy()
SVG = "{http://www.w3.org/2000/svg}"


def drawn(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own drawing


def texts(svg: str) -> list[str]:
    return [str(node.text) for node in drawn(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize(
    "found",
    [
        Residual(3000, 400, 400, 2, 1, 0.975), Residual(3000, 400, 400, 0, 1, 0.975), Residual(3000, 400, 0, 0, 1, 0.975),
        Residual(3000, 400, 399, 30, 1, 0.975), Residual(12, 12, 12, 12, 1, 0.975), Residual(12, 12, 3, 3, 1, 0.975),
        Residual(1, 1, 1, 0, 3, 0.99), Residual(0, 0, 0, 0, 1, 0.975), Residual(9, 9, 0, 0, 1, 0.975),
    ],
)  # fmt: skip
def test_the_curve_stays_on_its_drawing_and_says_where_it_is(found: Residual) -> None:
    svg = bound_curve(found, POLICY)
    tree = drawn(svg)
    _, _, width, height = (float(part) for part in tree.attrib["viewBox"].split())
    for line in tree.iter(f"{SVG}line"):
        assert all(0 <= float(line.attrib[axis]) <= width for axis in ("x1", "x2"))
        assert all(0 <= float(line.attrib[axis]) <= height for axis in ("y1", "y2"))
    said = [text for text in texts(svg) if text.startswith("now:")]
    assert said == ([f"now: {found.upper:.1f}"] if found.read and list(tree.iter(f"{SVG}circle")) else [])
    assert f"policy: at most {POLICY.most_per_1000:g} of 1,000" in texts(svg)
    falling = [
        float(line.attrib["y2"]) - float(line.attrib["y1"]) for line in tree.iter(f"{SVG}line") if line.attrib["stroke-width"] == "3"
    ]
    assert sum(step < 0 for step in falling) <= 1, "the more is read, the lower the bound, but for the step to the next look"


def test_shares_are_drawn_in_their_intervals() -> None:
    svg = intervals([Measured("Recall", 0.9, 0.8, 0.95), Measured("Kappa", 0.5, 0.4, 0.6, asked=0.6)])
    tree = drawn(svg)
    places = [float(circle.attrib["cx"]) for circle in tree.iter(f"{SVG}circle")]
    bars = [line.attrib for line in tree.iter(f"{SVG}line") if line.attrib["stroke-width"] == "7"]
    for place, bar in zip(places, bars, strict=True):
        assert float(bar["x1"]) < place < float(bar["x2"])
    fills = [circle.attrib["fill"] for circle in tree.iter(f"{SVG}circle")]
    assert fills[0] != fills[1], "what falls short of what is asked looks different"
    assert {"0.900", "0.500"} <= set(texts(svg))
