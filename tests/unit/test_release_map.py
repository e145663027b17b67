"""Maps of released tables: shaded by class, hatched where withheld, and never made of areas that a table does not show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np

from disclosure.dimension import Dimension
from disclosure.published_table import WITHHELD, PublishedTable
from pipeline.release_description import ReleaseDimension, ReleaseTable
from pipeline.release_files import build_release
from pipeline.release_map import CLASSES, draw_map, map_of
from pipeline.released_table import Released
from tests.release_samples import description

AREAS = ("E12000001", "E12000002", "E12000003", "E12000004", "E12000005", "E12000006")
SVG = "{http://www.w3.org/2000/svg}"


def layer(codes: tuple[str, ...] = AREAS) -> dict[str, Any]:
    """Squares side by side."""

    def square(x: float) -> list[list[list[float]]]:
        return [[[x, 50], [x + 1, 50], [x + 1, 51], [x, 51], [x, 50]]]

    features = [
        {"type": "Feature", "properties": {"code": code, "name": code}, "geometry": {"type": "Polygon", "coordinates": square(k)}}
        for k, code in enumerate(codes)
    ]
    return {"type": "FeatureCollection", "features": features, "licence": "Contains squares of our own."}


def release(folder: Path, counts: np.ndarray, layers: list[dict[str, Any]]) -> Released:
    dimensions = (Dimension.flat("area", list(AREAS)), Dimension.flat("life", ["good", "bad"]))
    status = np.where(counts == WITHHELD, "secondary", "published")
    words = tuple(ReleaseDimension(d.name.title(), {code: code.title() for code in d.codes}) for d in dimensions)
    table = PublishedTable("t", dimensions, counts, status, np.ones_like(counts))
    build_release(folder, description(withheld=int((counts == WITHHELD).sum())), [ReleaseTable(table, "A table", words, "life")], layers)
    about = json.loads((folder / "release.json").read_bytes())["tables"][0]
    return Released(about, (folder / about["files"]["csv"]).read_bytes())


def counts_of(good: list[int]) -> np.ndarray:
    inner = np.array([[200, value, 200 - value] for value in good])
    return np.concatenate([inner.sum(axis=0, keepdims=True), inner])


def test_classes_follow_the_figures_and_what_is_withheld_is_hatched(tmp_path: Path) -> None:
    counts = counts_of([20, 40, 60, 80, 100, 180])
    counts[3, 1:] = WITHHELD
    table = release(tmp_path / "r", counts, [layer()])
    drawn = map_of(table, [layer()])
    assert drawn is not None
    assert [label for label, _ in drawn.answers] == ["Good", "Bad"]
    assert drawn.answers[0][1] == dict(zip(AREAS, (10.0, 20.0, None, 40.0, 50.0, 90.0), strict=True))
    root = ET.fromstring(draw_map(drawn, "T"))  # noqa: S314 - our own drawing
    good, bad = (group for group in root.iter(f"{SVG}g"))
    fills = [use.get("fill") for use in good.iter(f"{SVG}use")]
    assert fills[2] == "url(#withheld)"
    known = [CLASSES.index(fill) for fill in fills if fill in CLASSES]
    assert known == sorted(known)
    assert len(known) == 5
    assert [use.get("fill") for use in bad.iter(f"{SVG}use")].count("url(#withheld)") == 1
    assert "Contains squares of our own." in [text.text for text in root.iter(f"{SVG}text")]


def test_the_release_holds_the_map_as_drawing_and_picture(tmp_path: Path) -> None:
    table = release(tmp_path / "r", counts_of([20, 40, 60, 80, 100, 180]), [layer()])
    assert {"map_svg", "map_png"} <= set(table.metadata["files"])
    assert (tmp_path / "r/maps/t.png").read_bytes().startswith(b"\x89PNG")


def test_no_boundaries_or_those_of_other_areas_make_no_map(tmp_path: Path) -> None:
    table = release(tmp_path / "r", counts_of([20, 40, 60, 80, 100, 180]), [])
    assert "map_svg" not in table.metadata["files"]
    assert map_of(table, [layer(("E06000001", "E06000002"))]) is None


def test_an_area_that_the_table_does_not_show_has_no_figure_rather_than_nought(tmp_path: Path) -> None:
    table = release(tmp_path / "r", counts_of([20, 40, 60, 80, 100, 180]), [])
    wider = layer((*AREAS, "E12000009"))
    drawn = map_of(table, [wider])
    assert drawn is not None
    uses = list(ET.fromstring(draw_map(drawn, "T")).iter(f"{SVG}use"))  # noqa: S314 - our own drawing
    assert [use.get("fill") for use in uses if use.get("href") == "#area-E12000009"] == ["#ffffff", "#ffffff"]


def test_the_finest_layer_that_fits_is_taken(tmp_path: Path) -> None:
    table = release(tmp_path / "r", counts_of([20, 40, 60, 80, 100, 180]), [])
    drawn = map_of(table, [layer(("E06000001", "E06000002")), layer()])
    assert drawn is not None
    assert set(drawn.answers[0][1]) == set(AREAS)
