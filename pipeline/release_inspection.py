"""What is tried on a draft beside the attack on its counts: records put together from tables, and numbers hidden in its files.

Nothing here knows how the files are built: each is opened as it would leave.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from disclosure.dimension import Counts
from disclosure.embedded import leaks
from disclosure.error import DisclosureError
from disclosure.hidden_columns import hidden_in_columns
from disclosure.hidden_sheets import hidden_in_sheets
from disclosure.policy import Policy
from disclosure.published_table import PublishedTable
from disclosure.reconstruct import reconstruct, reconstructible
from pipeline.release_chart import chart_of
from pipeline.release_description import ReleaseTable
from pipeline.release_names import METADATA
from pipeline.released_table import Released

MOST_COMBINATIONS = 2_500  # of the variables of a set of tables: records of larger sets would take minutes to put together


def require_records_apart(tables: Sequence[PublishedTable], policy: Policy) -> int:
    """Put records together from every set of the tables that is small enough; returns how many sets that were.

    Raises DisclosureError if a record of few children is given back that no table has.
    """
    sets = reconstructible(tables, MOST_COMBINATIONS)
    for together in sets:
        found = reconstruct(together, policy, small=True)
        if found.records:
            raise DisclosureError(
                f"nothing is released: the tables {', '.join(sorted(table.id for table in together))} give back {len(found.records)} "
                "records of few children together; leave one of them out, or merge categories"
            )
    return len(sets)


def require_nothing_hidden(folder: Path, tables: Sequence[ReleaseTable], true: Mapping[str, Counts]) -> int:
    """Search each table's files in `folder` for what they do not show; returns how many files that were.

    `true`: the counts before protection, by the table's id. Raises DisclosureError for the first finding, and for a file of a kind that
    nobody knows how to search.
    """
    metadata = json.loads((folder / METADATA).read_text(encoding="utf-8"))
    words = frozenset(_texts(metadata))
    searched = 0
    for table, about in zip(tables, metadata["tables"], strict=True):
        shown = table.published
        if true[table.id].shape != shown.values.shape:
            raise DisclosureError(f"the counts of table '{table.id}' are not those that it was protected from: have it protected anew")
        cells = Released(about, (folder / about["files"]["csv"]).read_bytes())
        for codes, value in cells.cells():
            at = tuple(dimension.index[code] for dimension, code in zip(shown.dimensions, codes, strict=True))
            if value.withheld != shown.withheld[at] or (not value.withheld and value.count != f"{shown.values[at]:,}"):
                raise DisclosureError(
                    f"nothing is drafted: '{about['files']['csv']}' is not the table that was protected; mend what writes it"
                )
        percent = {float(value.percent) for _, value in cells.cells() if value.percent not in ("", "[c]", "[z]")}
        counts = {float(count) for count in shown.values[~shown.withheld]}
        secret = {int(count) for count in true[table.id][shown.withheld]}
        figures, drawn = counts | percent, counts | percent | _rests(cells)
        for kind, name in about["files"].items():
            where = _hidden(kind, name, (folder / name).read_bytes(), figures, drawn, secret, words)
            searched += 1
            if where:
                raise DisclosureError(f"nothing is drafted: '{name}' holds what its table does not show, in {where}; mend what writes it")
    return searched


def _hidden(kind: str, name: str, content: bytes, figures: set[float], drawn: set[float], secret: set[int], words: frozenset[str]) -> str:
    """Where a file holds something hidden; "" if nowhere. `drawn`: figures that a drawing may show, `secret`: counts that are withheld."""
    if kind in ("csv", "csvw"):
        return ""  # held against the protected table itself; its description has no figures
    if kind == "parquet":
        return "; ".join(hidden_in_columns(name, content, figures, words))
    if kind in ("xlsx", "ods"):
        return "; ".join(hidden_in_sheets(name, content, figures, words))
    if kind in ("svg", "png", "map_svg", "map_png"):
        shown = {round(figure) for figure in drawn}
        return "a length, an attribute or a text" if leaks(name, content, secret, shown, words) else ""
    raise DisclosureError(f"'{name}' is of a kind that nobody can search: leave it out")


def _rests(table: Released) -> set[float]:
    """What is left of 100 beside the percentages that a bar shows: it is drawn as withheld."""
    chart = chart_of(table)
    bars = [bar for panel in chart.panels for bar in panel.bars] if chart is not None and chart.stacked else []
    return {100 - sum(value or 0 for _, value in bar.parts) for bar in bars}


def _texts(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    for part in document.values() if isinstance(document, dict) else document if isinstance(document, list) else ():
        yield from _texts(part)
