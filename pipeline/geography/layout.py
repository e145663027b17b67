"""Which product a table is, told by its columns and never by the name of the file.

ONS moves the year in a column's name from edition to edition (lad24cd, lad25cd) and renamed most columns in 2025, so each
column that is read is known by a pattern.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pipeline.geography.source import GeographyError


class Product(StrEnum):
    """What can be added."""

    ONSPD = "ONSPD"
    NSPL = "NSPL"
    PCD = "ONS postcode lookup"
    IMD2019 = "IMD 2019"
    IOD2025 = "IoD 2025"
    GIAS = "GIAS"
    NAMES = "Council names"
    COUNCIL_MAP = "Council boundaries"
    REGION_MAP = "Region boundaries"


POSTCODE_PRODUCTS: Final = (Product.ONSPD, Product.NSPL, Product.PCD)


@dataclass(frozen=True)
class Layout:
    """The columns of a product: our name -> pattern of theirs. All of `needed` are there, and none of `absent`."""

    product: Product
    needed: Mapping[str, str]
    optional: Mapping[str, str]
    absent: tuple[str, ...] = ()


_POSTCODE: Final = {
    "postcode": r"pcd7|pcd",
    "dointr": r"dointr",
    "doterm": r"doterm",
    "lad": r"lad\d\dcd|oslaua|laua|ladcd",
}
_AREAS: Final = {
    "lsoa11cd": r"lsoa11(cd)?",
    "msoa11cd": r"msoa11(cd)?",
    "lsoa21cd": r"lsoa21(cd)?",
    "msoa21cd": r"msoa21(cd)?",
    "ruc21": r"ruc21(ind)?",
    "imd_rank": r"imd(\d\dind)?",
}
_GRID: Final = r"osgrdind|gridind"
_OLD_CENSUS: Final = r"(oa01|lsoa01|msoa01)(cd)?"
_RANK: Final = r"index of multiple deprivation \(imd\) rank.*"
_DECILE: Final = r"index of multiple deprivation \(imd\) decile.*"

LAYOUTS: Final = (
    Layout(Product.ONSPD, {**_POSTCODE, "grid": _GRID, "census_2001": _OLD_CENSUS}, _AREAS),
    Layout(Product.NSPL, {**_POSTCODE, "grid": _GRID}, _AREAS, absent=(_OLD_CENSUS,)),
    Layout(Product.PCD, _POSTCODE, _AREAS, absent=(_GRID,)),
    Layout(Product.IMD2019, {"lsoa": r"lsoa code \(2011\)", "rank": _RANK, "decile": _DECILE}, {}),
    Layout(Product.IOD2025, {"lsoa": r"lsoa code \(2021\)", "rank": _RANK, "decile": _DECILE}, {}),
    Layout(
        Product.GIAS,
        {
            "urn": r"urn",
            "name": r"establishmentname",
            "type": r"typeofestablishment \(name\)",
            "type_group": r"establishmenttypegroup \(name\)",
            "status": r"establishmentstatus \(name\)",
            "phase": r"phaseofeducation \(name\)",
            "low_age": r"statutorylowage",
            "high_age": r"statutoryhighage",
            "postcode": r"postcode",
            "lad": r"districtadministrative \(code\)",
        },
        {
            "pupils": r"numberofpupils",
            "town": r"town",
            "locality": r"locality",
            "updated": r"lastchangeddate",
            "opened": r"opendate",
            "closed": r"closedate",
        },
    ),
    Layout(
        Product.NAMES,
        {"lad": r"lad(\d\d)?cd", "name": r"lad(\d\d)?nm"},
        {"rgn": r"rgn(\d\d)?cd", "rgnnm": r"rgn(\d\d)?nm"},
        absent=(r"pcd.*", r"lsoa.*|oa\d\dcd|wd\d\dcd|msoa.*"),
    ),
)


@dataclass(frozen=True)
class Recognised:
    """A product, and for each of our names the name its column has in this file."""

    product: Product
    columns: Mapping[str, str]


def recognise(header: Sequence[str]) -> Recognised | None:
    """The product with this header, or None. Raises GeographyError if two columns could be the same thing."""
    for layout in LAYOUTS:
        columns: dict[str, str] = {}
        for ours, pattern in {**layout.needed, **layout.optional}.items():
            matches = _matching(pattern, header)
            if ours == "census_2001":
                matches = matches[:1]
            if len(matches) > 1:
                raise GeographyError(f"expected one column for {ours}, found {', '.join(matches)}: this is a mixed file")
            if matches:
                columns[ours] = matches[0]
        if all(ours in columns for ours in layout.needed) and not any(_matching(pattern, header) for pattern in layout.absent):
            columns.pop("census_2001", None)
            return Recognised(layout.product, columns)
    return None


def _matching(pattern: str, header: Sequence[str]) -> list[str]:
    return [name for name in header if re.fullmatch(pattern, name.lower())]


def expectation() -> str:
    """One sentence on what can be added, for a refusal."""
    return "expected one of " + ", ".join(product.value for product in Product)
