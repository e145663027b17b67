"""A published table's relations, apart from its numbers: what is kept of every release, so that later ones can be held against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.published_table import Method, PublishedTable


def to_relations(table: PublishedTable) -> dict[str, Any]:
    """For JSON: variables with their categories and sums, whose answers were counted, and by what method; no count."""
    return {
        "id": table.id,
        "title": table.title,
        "population": table.population,
        "where": [list(pair) for pair in table.where],
        "dimensions": [dimension_to_json(dimension) for dimension in table.dimensions],
        "method": table.method.value,
        "base": table.base,
    }


def from_relations(entry: Mapping[str, Any], values: npt.NDArray[Any], status: npt.NDArray[Any], floor: npt.NDArray[Any]) -> PublishedTable:
    """The table of these relations, from its counts in the table's own order. Raises DisclosureError if they do not fit."""
    try:
        dimensions = tuple(dimension_from_json(dimension) for dimension in entry["dimensions"])
        shape = tuple(len(dimension.codes) for dimension in dimensions)
        where = tuple((str(name), str(code)) for name, code in entry["where"])
        method, base = Method(entry["method"]), int(entry["base"])
        grids = [np.asarray(flat).reshape(shape) for flat in (values, status, floor)]
        names = str(entry["id"]), str(entry["title"]), str(entry["population"])
    except (KeyError, TypeError, ValueError):
        raise DisclosureError("what is kept of an earlier release does not fit its counts: restore it from the backup") from None
    return PublishedTable(
        names[0], dimensions, grids[0].astype(np.int64), grids[1].astype(np.str_), grids[2].astype(np.int64), names[1], names[2], where,
        method, base,
    )  # fmt: skip


def dimension_to_json(dimension: Dimension) -> dict[str, Any]:
    """A dimension for JSON."""
    return {"name": dimension.name, "codes": list(dimension.codes), "partitions": [[p, list(c)] for p, c in dimension.partitions]}


def dimension_from_json(entry: Mapping[str, Any]) -> Dimension:
    """The reverse of `dimension_to_json`. Raises DisclosureError for a hierarchy that is none."""
    return Dimension(entry["name"], tuple(entry["codes"]), tuple((parent, tuple(below)) for parent, below in entry["partitions"]))
