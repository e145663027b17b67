"""A drafted table as the output checker sees it: what is shown, withheld for itself, and withheld for others, with every bound.

The same drawing as `bigask disclosure report` makes. For output checkers alone: it tells which withheld counts are small.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from disclosure.heat_map import cut_short, heat_map, legend
from disclosure.labels import Labels
from disclosure.loss import binned
from disclosure.loss import widths as widths_of
from disclosure.published_table import PublishedTable
from pipeline.release_register import tables_of
from retention.secure_store import SecureStore, StepRefused


@dataclass(frozen=True)
class Drawn:
    """A table's picture and its legend, as SVG elements; what the picture leaves out; how wide withheld counts stay open."""

    picture: Markup
    legend: Markup
    cut: str
    widths: tuple[tuple[str, int], ...]


def drawn(table: PublishedTable, low: np.ndarray, high: np.ndarray, labels: Labels | None = None) -> Drawn:
    """The drawing of a table with the bounds of its withheld counts (`high` -1: no limit). `labels`: for a variable, its codes in words."""
    picture, key = heat_map(table, low, high, "drawn", labels), legend("legend")
    widths = tuple(binned(*widths_of(table, low, high)))
    return Drawn(Markup(picture), Markup(key), cut_short(table), widths)  # noqa: S704 - made by us, every text escaped


def picture(store: SecureStore, wave_id: str, table_id: str, labels: Labels | None = None) -> Drawn:
    """The drawing of a protected table.

    Raises StepRefused if the vault holds no such table, or bounds that do not fit it; VaultError, KeyRingError.
    """
    table = next((table for table in tables_of(store, wave_id) if table.id == table_id), None)
    if table is None:
        raise StepRefused(f"The vault holds no protected table '{table_id}' of this wave: have the tables protected anew.")
    document = json.loads(store.vault.read(store.asset(wave_id, "attack").stored)["document"].iloc[0])
    low, high = _bounds(table, [cell for cell in document["certificate"]["withheld"] if cell["table"] == table_id])
    return drawn(table, low, high, labels)


def _bounds(table: PublishedTable, cells: list[dict[str, object]]) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.full(table.values.shape, -1), np.full(table.values.shape, -1)
    found = np.zeros(table.values.shape, bool)
    for entry in cells:
        codes = entry["cell"]
        at = tuple(d.index.get(str(codes[d.name]), -1) for d in table.dimensions) if isinstance(codes, dict) else ()
        if len(at) != len(table.dimensions) or -1 in at:
            raise StepRefused("What the vault holds about this table does not fit it: have the tables protected anew.")
        low[at], high[at] = int(str(entry["low"])), -1 if entry["high"] is None else int(str(entry["high"]))
        found[at] = True
    if (found != table.withheld).any():
        raise StepRefused("What the vault holds about this table does not fit it: have the tables protected anew.")
    return low, high
