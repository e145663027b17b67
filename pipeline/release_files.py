"""The files of one release, built from protected tables by an allow-list: nothing that is not named here can get in.

The bytes depend on nothing but what is released: no clock, no machine, no order of a dictionary. Built twice, a release has
the same manifest and so the same hash, which is what three people sign and what every download is checked against.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from disclosure.explain import explain
from disclosure.policy import Policy
from disclosure.published_table import Status
from disclosure.statistics import percentage
from pipeline.release_chart import chart_of
from pipeline.release_description import ReleaseDescription, ReleaseInvalid, ReleaseTable, parents, shown_codes
from pipeline.release_drawing import as_png, draw
from pipeline.release_formats import as_csv, as_csvw, as_json, as_parquet
from pipeline.release_map import Boundaries, draw_map, map_of
from pipeline.release_names import AUDIT, CONFIDENTIAL, FILE_NAME, MANIFEST, METADATA, sha256
from pipeline.release_opendocument import opendocument
from pipeline.release_quotes import QUOTES, ReleaseQuote
from pipeline.release_quotes import about as about_quotes
from pipeline.release_quotes import as_csv as quotes_csv
from pipeline.release_spreadsheet import spreadsheet
from pipeline.release_texts import TEXTS, ReleaseText
from pipeline.release_texts import about as about_texts
from pipeline.release_texts import as_csv as texts_csv
from pipeline.released_table import Released

SHORTHAND = {
    CONFIDENTIAL: "Confidential: the count is withheld so that no child can be recognised, nor another count worked out.",
    "[z]": "Not applicable: no percentage is made where the number it would be of is withheld or too small.",
}


@dataclass(frozen=True)
class Row:
    """One row of a released table: code and label of each dimension, count and percentage (None where there is none)."""

    codes: tuple[str, ...]
    labels: tuple[str, ...]
    count: int | None
    percent: str | None


def build_release(
    folder: Path,
    description: ReleaseDescription,
    tables: Sequence[ReleaseTable],
    layers: Sequence[Boundaries] = (),
    quotes: Sequence[ReleaseQuote] = (),
    texts: Sequence[ReleaseText] = (),
) -> str:
    """Write a release into `folder` (made anew) and return the SHA-256 of its manifest, in hexadecimal.

    `layers`: boundaries for maps, the finest first; `quotes`: approved ones (pipeline.quotes); `texts`: cleaned ones
    (pipeline.text_release). Raises ReleaseInvalid if there is no
    table, two share an id, or the folder holds something that no release put there.
    """
    ids = [table.id for table in tables]
    if not tables or len(set(ids)) != len(ids):
        raise ReleaseInvalid("A release needs at least one table, and each table an id of its own.")
    if description.attack.withheld == 0 and any(table.published.withheld.any() for table in tables):
        raise ReleaseInvalid("The attack's result is not of these tables: it knows of no withheld count. Attack them again.")
    files: dict[str, bytes] = {}
    listed_tables = []
    for table in tables:
        made = _table_files(description, table, layers)
        listed_tables.append(_table_metadata(table) | {"files": {kind: name for kind, (name, _) in made.items()}})
        files |= dict(made.values())
    metadata = _metadata(description, listed_tables)
    if quotes:
        files[QUOTES] = quotes_csv(quotes)
        metadata["quotes"] = about_quotes(quotes)
    if texts:
        files[TEXTS] = texts_csv(texts)
        metadata["texts"] = about_texts(texts)
    files[METADATA] = as_json(metadata)
    files[AUDIT] = as_json(_audit(description, tables))
    listed = [{"name": name, "sha256": sha256(files[name]), "bytes": len(files[name])} for name in sorted(files)]
    files[MANIFEST] = as_json({"release": description.id, "files": listed})
    _clear(folder)
    for name, content in sorted(files.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return sha256(files[MANIFEST])


def _table_files(description: ReleaseDescription, table: ReleaseTable, layers: Sequence[Boundaries]) -> dict[str, tuple[str, bytes]]:
    """Name and bytes of each file of a table, by kind."""
    rows = tuple(table_rows(table, description.policy))
    content = as_csv(table, rows)
    made = {
        "csv": (f"tables/{table.id}.csv", content),
        "csvw": (
            f"tables/{table.id}.csv-metadata.json",
            as_json(as_csvw(description, table, content, SHORTHAND)),
        ),
        "xlsx": (f"tables/{table.id}.xlsx", spreadsheet(description, table, rows, SHORTHAND)),
        "ods": (f"tables/{table.id}.ods", opendocument(description, table, rows, SHORTHAND)),
        "parquet": (f"tables/{table.id}.parquet", as_parquet(table, rows)),
    }
    shown = Released(_table_metadata(table), content)
    if (chart := chart_of(shown)) is not None:
        drawing = draw(chart, table.title)
        made |= {"svg": (f"charts/{table.id}.svg", drawing), "png": (f"charts/{table.id}.png", as_png(drawing))}
    if (area := map_of(shown, layers)) is not None:
        drawing = draw_map(area, table.title)
        made |= {"map_svg": (f"maps/{table.id}.svg", drawing), "map_png": (f"maps/{table.id}.png", as_png(drawing))}
    return made


def table_rows(table: ReleaseTable, policy: Policy) -> Iterator[Row]:
    """The rows of a table in the order of its codes, as every file and page shows them."""
    published = table.published
    withheld = published.withheld
    names = [dimension.name for dimension in published.dimensions]
    axis = names.index(table.percent_of) if table.percent_of else None
    base = None if axis is None else np.broadcast_to(np.take(published.values, [0], axis=axis), published.values.shape)
    base_withheld = None if axis is None else np.broadcast_to(np.take(withheld, [0], axis=axis), withheld.shape)
    shown = [shown_codes(dimension) for dimension in published.dimensions]
    for codes in product(*shown):
        at = tuple(dimension.index[code] for dimension, code in zip(published.dimensions, codes, strict=True))
        labels = tuple(words.labels[code] for words, code in zip(table.dimensions, codes, strict=True))
        count = None if withheld[at] else int(published.values[at])
        whole = None if base is None or base_withheld is None or base_withheld[at] else int(base[at])
        percent = percentage(count, whole, policy)
        yield Row(codes, labels, count, percent)


def _rule_value(value: Any) -> Any:
    return sorted(value) if isinstance(value, list | tuple | set | frozenset) else value


def _metadata(description: ReleaseDescription, tables: Sequence[dict[str, Any]]) -> dict[str, Any]:
    policy = description.policy
    return {
        "id": description.id,
        "title": description.title,
        "summary": description.summary,
        "wave": description.wave,
        "survey": description.survey,
        "collected": {"from": description.collected_from.isoformat(), "to": description.collected_to.isoformat()},
        "answers": {"rounded": description.answers, "to_nearest": 10},
        "reached": description.reached,
        "contact": description.contact,
        "licence": description.licence,
        "citation": description.citation,
        "replaces": description.replaces,
        "changes": list(description.changes),
        "quality": list(description.quality),
        "protection": list(description.protection),
        "policy": {
            "name": policy.name,
            "title": policy.title,
            "explained": [{"text": each.text, "source": each.source, "reason": each.reason} for each in explain(policy)],
            "rules": [
                {
                    "name": name,
                    "value": _rule_value(rule.value),
                    "source": rule.source,
                    "reason": rule.reason,
                }
                for name, rule in sorted(policy.rules.items())
            ],
        },
        "attack": _attack(description),
        "shorthand": SHORTHAND,
        "tables": list(tables),
    }


def _attack(description: ReleaseDescription) -> dict[str, Any]:
    attack = description.attack
    return {
        "method": (
            "A program that shares no code with the protection took all tables of this release together, with the rules, the earlier "
            "releases and the answers of the table builder counted here, and looked for each "
            f"{_attacked(description)} what numbers it could still be."
        ),
        "attacked": _attacked(description),
        "cells": attack.cells,
        "withheld": attack.withheld,
        "exposed": attack.exposed,
        "fewest_possible_values": attack.fewest_values,
        "earlier_releases": attack.earlier_releases,
        "builder_answers": attack.answers,
        "record_sets": attack.record_sets,
    }


def _attacked(description: ReleaseDescription) -> str:
    return "count that may be small" if description.attack.nearly else "withheld count"


def _audit(description: ReleaseDescription, tables: Sequence[ReleaseTable]) -> dict[str, Any]:
    """The attack's report as it may be public: no interval and no kind of a single cell, only totals."""
    counts = [{"id": table.id, "cells": table.published.values.size, "withheld": int(table.published.withheld.sum())} for table in tables]
    return {"release": description.id, "policy": description.policy.name, **_attack(description), "tables": counts}


def _table_metadata(table: ReleaseTable) -> dict[str, Any]:
    published = table.published
    dimensions = []
    for dimension, words in zip(published.dimensions, table.dimensions, strict=True):
        above, shown = parents(dimension), shown_codes(dimension)
        codes = [{"code": code, "label": words.labels[code], "parent": above.get(code)} for code in shown]
        adds_up = published.exact and any(
            parent == dimension.total and set(children) <= set(shown) for parent, children in dimension.partitions
        )
        dimensions.append({"name": dimension.name, "title": words.title, "codes": codes, "adds_up": adds_up})
    shown_cells = np.ix_(*([d.index[code] for code in shown_codes(d)] for d in published.dimensions))
    return {
        "id": table.id,
        "title": table.title,
        "notes": list(table.notes),
        "percent_of": table.percent_of,
        "dimensions": dimensions,
        "cells": int(published.status[shown_cells].size),
        "withheld": int((published.status[shown_cells] != Status.PUBLISHED).sum()),
    }


def _clear(folder: Path) -> None:
    """Make the folder empty. A folder that holds anything but a release's files is left alone and refused."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ReleaseInvalid("The folder for the release is something else: name another place.")
    if folder.exists():
        names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if not path.is_dir()]
        if any(name != MANIFEST and not FILE_NAME.match(name) for name in names):
            raise ReleaseInvalid("The folder for the release holds files that no release put there: name another place.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
