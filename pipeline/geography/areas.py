"""Names of councils and regions, and their boundaries for maps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pandas as pd

from pipeline.councils import VINTAGE, Councils
from pipeline.geography.layout import Product, Recognised
from pipeline.geography.source import GeographyError, Source
from pipeline.geography.table import read_table

# Longitudes and latitudes of England lie inside; metres of the British National Grid do not.
WEST, SOUTH, EAST, NORTH = -7.0, 49.0, 2.5, 56.0
_CODE: Final = {Product.COUNCIL_MAP: re.compile(r"lad(\d\d)cd", re.I), Product.REGION_MAP: re.compile(r"rgn(\d\d)?cd", re.I)}


def read_names(source: Source, recognised: Recognised) -> pd.DataFrame:
    """England's councils of 2025 (lad25cd, lad25nm and, where the file has them, rgn and rgnnm), in the order of their codes.

    Raises GeographyError unless the file names exactly the 296 councils that this program knows, each in its region.
    """
    councils = Councils.of_2025()
    table = read_table(source, recognised)
    table = table[table["lad"].str.startswith("E0", na=False)].drop_duplicates()
    found, expected = set(table["lad"]), set(councils.names)
    if found != expected or len(table) != len(expected):
        raise GeographyError(
            f"expected England's {len(expected)} councils of {VINTAGE} in {source.name}, found {len(found)} codes, "
            f"{len(found - expected)} of them others"
        )
    if "rgn" in table and not (table["rgn"] == table["lad"].map(dict(councils.regions))).all():
        raise GeographyError(f"expected every council in its region of {VINTAGE} in {source.name}, found some in another")
    table = table.rename(columns={"lad": "lad25cd", "name": "lad25nm"})
    return table.sort_values("lad25cd", ignore_index=True)


def read_map(source: Source) -> tuple[Product, dict[str, Any]]:
    """A map of England's councils or regions: its product, and a GeoJSON FeatureCollection with `code` and `name` only.

    Raises GeographyError unless every council (or region) of 2025 is there once, in longitude and latitude.
    """
    try:
        with source.open() as stream:
            features = json.load(stream)["features"]
        product, key = next(
            (product, name) for name in features[0]["properties"] for product, pattern in _CODE.items() if pattern.fullmatch(name)
        )
        label = next(name for name in features[0]["properties"] if name.lower() == key.lower().replace("cd", "nm"))
        kept = [
            {
                "type": "Feature",
                "properties": {"code": feature["properties"][key], "name": feature["properties"][label]},
                "geometry": feature["geometry"],
            }
            for feature in features
            if str(feature["properties"][key]).startswith("E")
        ]
        points = [point for feature in kept for point in _points(feature["geometry"]["coordinates"])]
    except (ValueError, KeyError, IndexError, TypeError, StopIteration) as error:
        raise GeographyError(f"expected a GeoJSON map with LADxxCD or RGNxxCD, found something else in {source.name}") from error
    councils = Councils.of_2025()
    expected = set(councils.names if product is Product.COUNCIL_MAP else councils.region_names)
    codes = [feature["properties"]["code"] for feature in kept]
    if len(codes) != len(expected) or set(codes) != expected:
        raise GeographyError(f"expected {len(expected)} areas of {VINTAGE} in {source.name}, found {len(set(codes) & expected)} of them")
    if not all(WEST <= x <= EAST and SOUTH <= y <= NORTH for x, y in points):
        raise GeographyError(f"expected longitude and latitude (WGS84) in {source.name}, found other coordinates: download it as GeoJSON")
    return product, {"type": "FeatureCollection", "features": sorted(kept, key=lambda feature: str(feature["properties"]["code"]))}


def _points(coordinates: Any) -> Iterator[tuple[float, float]]:
    if isinstance(coordinates[0], (int, float)):
        yield float(coordinates[0]), float(coordinates[1])
    else:
        for part in coordinates:
            yield from _points(part)
