"""Tables as they are counted: with the cell keys of their inner cells, and how both are kept between the steps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from disclosure.dimension import Counts, Dimension
from disclosure.table import Table
from pipeline.record_keys import KEYS
from pipeline.table_specs import TableSpec, TableSpecs

N, KEY = "n", "key"


@dataclass(frozen=True, eq=False)
class Counted:
    """A table of true counts; `keys`: for each inner cell the sum of its records' keys, or None where there are none."""

    table: Table
    keys: Counts | None = None

    @classmethod
    def of(cls, spec: TableSpec, dimensions: Sequence[Dimension], inner: pd.DataFrame, population: str) -> Counted:
        """From inner cells: a code of each dimension, `n`, and perhaps `key`. Raises DisclosureError as `Table.from_inner` does."""
        table = Table.from_inner(spec.id, dimensions, inner, title=spec.title, population=population, where=spec.where)
        if KEY not in inner:
            return cls(table)
        keys = np.zeros(tuple(len(dimension.leaves) for dimension in dimensions), np.int64)
        leaves = [{leaf: place for place, leaf in enumerate(dimension.leaves)} for dimension in dimensions]
        at = tuple(inner[d.name].astype(str).map(places).to_numpy(np.int64) for d, places in zip(dimensions, leaves, strict=True))
        keys[at] = inner[KEY].to_numpy(np.int64) % KEYS
        return cls(table, keys)


def to_cells(counted: Sequence[Counted]) -> pd.DataFrame:
    """Inner cells of tables as one frame: table, codes (JSON list), n and, where there are any, key. Zeros are left out."""
    rows = []
    for each in counted:
        table = each.table
        leaves = [[d.index[leaf] for leaf in d.leaves] for d in table.dimensions]
        inner = table.counts[np.ix_(*leaves)]
        for place in np.argwhere(inner).tolist():
            codes = [d.leaves[at] for d, at in zip(table.dimensions, place, strict=True)]
            key = [] if each.keys is None else [int(each.keys[tuple(place)])]
            rows.append((table.id, json.dumps(codes), int(inner[tuple(place)]), *key))
    keyed = all(each.keys is not None for each in counted)
    return pd.DataFrame(rows, columns=["table", "codes", N, *([KEY] if keyed else [])])


def from_cells(cells: pd.DataFrame, specs: TableSpecs, population: str) -> list[Counted]:
    """The reverse of `to_cells`, for the declared tables."""
    found = []
    for spec in specs.tables:
        dimensions = [specs.dimension(name, level) for name, level in spec.by]
        mine = cells[cells["table"] == spec.id]
        inner = pd.DataFrame([json.loads(row) for row in mine["codes"]], columns=[d.name for d in dimensions])
        for column in (N, KEY) if KEY in mine else (N,):
            inner[column] = mine[column].to_numpy()
        found.append(Counted.of(spec, dimensions, inner, population))
    return found
