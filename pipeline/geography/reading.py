"""From a downloaded file to what is kept of it: find the table, recognise the product, read and check it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.councils import VINTAGE as COUNCIL_VINTAGE
from pipeline.directory import Directory, DirectoryError
from pipeline.geography.areas import read_map, read_names
from pipeline.geography.deprivation import COLUMN, VINTAGE, read_deprivation
from pipeline.geography.gias import read_schools
from pipeline.geography.layout import POSTCODE_PRODUCTS, Product, Recognised, expectation, recognise
from pipeline.geography.postcodes import read_postcodes
from pipeline.geography.source import GeographyError, Source, sources

# Parts of a product lie beside the whole in ONS's zips, one for each of 124 postcode areas; two tables of similar size are
# two editions in one file.
PART = 0.5
_COUNTED = "every area is there"
_ZIPPED = "the zip's length and checksum hold"
_NOT_SAID = "a CSV does not say how many rows it should have: compare the number with its publisher's, or add the zip"
COUNCILS_IN_FORCE = f"{COUNCIL_VINTAGE}-04"  # councils change on the first of April


@dataclass(frozen=True, eq=False)
class Reading:
    """A product in one of three shapes: a postcode directory, a table, or a map. `vintage` is YYYY-MM.

    `whole`: how it is known that the file was read to its end.
    """

    product: Product
    vintage: str
    content: Directory | pd.DataFrame | dict[str, Any]
    columns: Mapping[str, str] = field(default_factory=dict)
    whole: str = ""

    @property
    def rows(self) -> int:
        """Postcodes, table rows, or areas of a map."""
        if isinstance(self.content, Directory):
            return len(self.content.codes)
        return len(self.content["features"] if isinstance(self.content, dict) else self.content)

    def save(self, folder: Path) -> None:
        """Write it into `folder`, which exists: a directory's three files, `table.parquet` or `map.geojson`."""
        if isinstance(self.content, Directory):
            self.content.save(folder)
        elif isinstance(self.content, dict):
            (folder / "map.geojson").write_text(json.dumps(self.content, separators=(",", ":")), encoding="utf-8")
        else:
            self.content.to_parquet(folder / "table.parquet", compression="zstd", index=False)


def read(path: Path, digest: str) -> Reading:
    """Read an official file; `digest` is its sha256. Raises GeographyError with what was expected and what was found."""
    found = sources(path)
    if all(source.is_map for source in found):
        product, features = read_map(found[0])
        return Reading(product, COUNCILS_IN_FORCE, features, whole=_COUNTED)
    source, recognised = _table([source for source in found if not source.is_map], path)
    product = recognised.product
    content: Directory | pd.DataFrame
    if product in POSTCODE_PRODUCTS:
        try:
            content = read_postcodes(source, recognised, digest)
        except DirectoryError as error:
            raise GeographyError(f"{source.name}: {error}") from error
        vintage = content.vintage
    elif product in COLUMN:
        content, vintage = read_deprivation(source, recognised), VINTAGE[product]
    elif product is Product.GIAS:
        content, vintage = read_schools(source, recognised)
    else:
        content, vintage = read_names(source, recognised), COUNCILS_IN_FORCE
    counted = product in COLUMN or product is Product.NAMES
    whole = _COUNTED if counted else _ZIPPED if source.promises_to_be_whole else _NOT_SAID
    return Reading(product, vintage, content, recognised.columns, whole)


def _table(found: Sequence[Source], path: Path) -> tuple[Source, Recognised]:
    """The one table of a product in a file; the largest, if the others are parts of it or lists of names."""
    known = [(source, recognised) for source in found if (recognised := recognise(source.header())) is not None]
    if not known:
        header = found[0].header()
        raise GeographyError(f"{expectation()}; found in {path.name} a table of {len(header)} columns: {', '.join(header[:6])} ...")
    main = [pair for pair in known if pair[1].product is not Product.NAMES] or known
    largest = main[0][0].size
    rivals = [source.name for source, _ in main if source.size > largest * PART]
    if len(rivals) > 1:
        raise GeographyError(f"expected one whole table in {path.name}, found {len(rivals)}: unpack it and add the one you want")
    return main[0]
