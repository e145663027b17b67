"""A released table as a map: one small map for each answer, areas shaded by class, what is withheld hatched, never blank or nought.

Boundaries are those that an analyst added (`bigask geography add`); without any, there is no map. Only released figures are used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

from pipeline.release_chart import answer_axis, categories, figure
from pipeline.release_drawing import HATCHED, INK, box, canvas, finished, shortened, write
from pipeline.released_table import Released

# Light to dark in one hue, told apart by everybody.
CLASSES = ("#e3f0ee", "#b0d5cf", "#76b5ac", "#37897f", "#14505c")
NO_FIGURE = "#ffffff"
WIDTH, ACROSS, HEAD, LEGEND = 960.0, 3, 34.0, 84.0
MOST_MAPS = 6
MIDDLE_LATITUDE = 53.0  # of England: one degree east is that much shorter than one north

Point = tuple[float, float]
Boundaries = Mapping[str, Any]  # a GeoJSON FeatureCollection with `code` and `name` (see pipeline.geography.boundaries)


@dataclass(frozen=True)
class Map:
    """What is drawn: for each answer its label and the areas' figures by code (None: withheld). `breaks`: the classes' edges."""

    answers: tuple[tuple[str, Mapping[str, float | None]], ...]
    breaks: tuple[float, ...]
    unit: str
    boundaries: Boundaries


def map_of(table: Released, layers: Sequence[Boundaries]) -> Map | None:
    """The map of a table by area, with the finest of `layers` whose areas it shows; None if there is none, or nothing to show."""
    for layer in layers:
        areas = {feature["properties"]["code"] for feature in layer["features"]}
        for axis, dimension in enumerate(table.dimensions):
            shown = [entry["code"] for entry in dimension["codes"] if entry["code"] in areas]
            if len(shown) * 2 > len(areas):
                return _map(table, axis, shown, layer)
    return None


def _map(table: Released, axis: int, areas: Sequence[str], layer: Boundaries) -> Map | None:
    answer = answer_axis(table)
    if len(table.dimensions) == 1 or answer == axis:
        answers = [(None, "Number of children")]
    else:
        answers = [(entry["code"], entry["label"]) for entry in categories(table, answer)][:MOST_MAPS]
    found = []
    for code, label in answers:
        fixed: list[tuple[int, str]] = [] if code is None else [(answer, code)]
        found.append((label, {area: figure(table, dict([*fixed, (axis, area)])) for area in areas}))
    figures = sorted(value for _, values in found for value in values.values() if value is not None)
    if not figures:
        return None
    unit = "%" if table.percent_of and answers[0][0] is not None else ""
    breaks = _breaks(figures)
    return Map(tuple(found), breaks, unit, layer) if breaks else None


def _breaks(figures: Sequence[float]) -> tuple[float, ...]:
    """Upper edges of all classes but the last, so that each holds about as many figures; equal figures are never parted."""
    edges = [figures[len(figures) * k // len(CLASSES)] for k in range(1, len(CLASSES))]
    return tuple(dict.fromkeys(edge for edge in edges if edge > figures[0]))


def draw_map(drawn: Map, title: str) -> bytes:
    """The map as SVG."""
    across = min(ACROSS, len(drawn.answers))
    width = WIDTH / across
    shapes, tall = _shapes(drawn.boundaries, width - 24)
    down = math.ceil(len(drawn.answers) / across)
    svg = canvas(WIDTH, LEGEND + down * (HEAD + tall), title)
    store = ET.SubElement(svg, "defs")
    for code, path in shapes.items():
        ET.SubElement(store, "path", {"id": f"area-{code}", "d": path})
    _legend(svg, drawn)
    for number, (label, figures) in enumerate(drawn.answers):
        x, y = number % across * width + 12, LEGEND + number // across * (HEAD + tall)
        if len(drawn.answers) > 1:
            write(svg, x, y + 20, shortened(label, int(width / 9)), 16, weight="bold")
        group = ET.SubElement(
            svg,
            "g",
            {"transform": f"translate({x:g} {y + HEAD:g})", "stroke": "#5b6a72", "stroke-width": "0.5", "stroke-linejoin": "round"},
        )
        for code in shapes:
            ET.SubElement(group, "use", {"href": f"#area-{code}", "fill": _fill(figures, code, drawn.breaks)})
    write(svg, 12, LEGEND + down * (HEAD + tall) - 4, drawn.boundaries["licence"], 10)
    return finished(svg)


def _fill(figures: Mapping[str, float | None], code: str, breaks: Sequence[float]) -> str:
    if code not in figures:
        return NO_FIGURE
    value = figures[code]
    return HATCHED if value is None else CLASSES[sum(value >= edge for edge in breaks)]


def _legend(svg: ET.Element, drawn: Map) -> None:
    edges = [f"{edge:,g}{drawn.unit}" for edge in drawn.breaks]
    texts = [f"under {edges[0]}", *(f"{low} to under {high}" for low, high in pairwise(edges)), f"{edges[-1]} or more"]
    entries = [*zip(CLASSES, texts, strict=False), (HATCHED, "withheld [c]"), (NO_FIGURE, "no figure")]
    x, y = 12.0, 16.0
    for fill, text in entries:
        if x + 30 + 8 * len(text) > WIDTH:
            x, y = 12.0, y + 28
        box(svg, x, y, 18, 18, fill, INK)
        write(svg, x + 26, y + 14, text, 15)
        x += 26 + 8 * len(text) + 20


def _shapes(layer: Boundaries, width: float) -> tuple[dict[str, str], float]:
    """Each area as an SVG path in a frame of this width, and the frame's height. Corners closer than half a unit are left out."""
    squeeze = math.cos(math.radians(MIDDLE_LATITUDE))
    every = [point for feature in layer["features"] for ring in _rings(feature["geometry"]) for point in ring]
    west, east = min(x for x, _ in every), max(x for x, _ in every)
    south, north = min(y for _, y in every), max(y for _, y in every)
    scale = width / ((east - west) * squeeze)

    def place(point: Point) -> Point:
        return (point[0] - west) * squeeze * scale, (north - point[1]) * scale

    paths = {}
    for feature in layer["features"]:
        parts = []
        for ring in _rings(feature["geometry"]):
            corners = list(_thinned([place(point) for point in ring]))
            if len(corners) > 2:
                parts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in corners) + "Z")
        paths[str(feature["properties"]["code"])] = "".join(parts) or _dot(feature, place)
    return paths, (north - south) * scale + 12


def _dot(feature: Mapping[str, Any], place: Callable[[Point], Point]) -> str:
    """An area too small for the map's scale: a small square where it is."""
    x, y = place(next(_rings(feature["geometry"]))[0])
    return f"M{x - 1:.1f} {y - 1:.1f}h2v2h-2Z"


def _rings(geometry: Mapping[str, Any]) -> Iterator[list[Point]]:
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    for polygon in polygons:
        for ring in polygon:
            yield [(float(point[0]), float(point[1])) for point in ring]


def _thinned(corners: Sequence[Point], least: float = 0.5) -> Iterator[Point]:
    last: Point | None = None
    for corner in corners:
        if last is None or abs(corner[0] - last[0]) >= least or abs(corner[1] - last[1]) >= least:
            yield corner
            last = corner
