"""Boundaries for maps, as they were added."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Any

from pipeline.geography.catalogue import added
from pipeline.geography.layout import Product


class Level(StrEnum):
    """What the areas of a map are."""

    COUNCIL = "council"
    REGION = "region"


_PRODUCT = {Level.COUNCIL: Product.COUNCIL_MAP, Level.REGION: Product.REGION_MAP}


def boundaries(home: Path, level: Level) -> dict[str, Any] | None:
    """England's councils or regions of 2025 as a GeoJSON FeatureCollection in longitude and latitude; None if none was added.

    Each feature has `code` (lad25cd, or E12...) and `name`, in the order of the codes; `licence` beside `features` is the line to
    print with the map. `home` is the folder of `bigask geography`. Raises GeographyError if what was added is damaged.
    """
    record = max((record for record in added(home) if record.product is _PRODUCT[level]), key=lambda found: found.vintage, default=None)
    if record is None:
        return None
    content: dict[str, Any] = json.loads((home / record.id / "map.geojson").read_text(encoding="utf-8"))
    return {**content, "licence": record.licence}
