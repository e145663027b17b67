"""One released table for machines: tidy CSV, the CSVW that describes it, and Parquet. All three are of the same rows.

CSVW: "Metadata Vocabulary for Tabular Data", W3C Recommendation, 2015. Titles of columns are the CSV's own headings, as it asks.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from disclosure.explain import explain
from pipeline.release_description import ReleaseDescription, ReleaseTable, shown_codes
from pipeline.release_names import CONFIDENTIAL, sha256

if TYPE_CHECKING:
    from pipeline.release_files import Row


def headings(table: ReleaseTable) -> list[str]:
    """Columns of the tidy file: a code and a label for each dimension, then the figures."""
    names = [dimension.name for dimension in table.published.dimensions]
    return [*(column for name in names for column in (f"{name}_code", name)), "count", "percent", "shorthand"]


def as_csv(table: ReleaseTable, rows: Sequence[Row]) -> bytes:
    """Tidy CSV in UTF-8, a line for each cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(headings(table))
    for row in rows:
        pairs = [part for pair in zip(row.codes, row.labels, strict=True) for part in pair]
        shorthand = CONFIDENTIAL if row.count is None else ""
        writer.writerow([*pairs, "" if row.count is None else row.count, row.percent or "", shorthand])
    return text.getvalue().encode("utf-8")


def as_parquet(table: ReleaseTable, rows: Sequence[Row]) -> bytes:
    """Parquet with the CSV's columns: codes and labels as dictionaries, counts as whole numbers, null where there is none."""
    names = headings(table)
    columns: dict[str, pa.Array] = {}
    for position in range(len(table.dimensions)):
        for name, values in (
            (names[2 * position], [row.codes[position] for row in rows]),
            (names[2 * position + 1], [row.labels[position] for row in rows]),
        ):
            columns[name] = pa.array(values, pa.string()).dictionary_encode()
    columns["count"] = pa.array([row.count for row in rows], pa.int64())
    columns["percent"] = pa.array([None if row.percent is None else float(row.percent) for row in rows], pa.float64())
    columns["shorthand"] = pa.array([CONFIDENTIAL if row.count is None else None for row in rows], pa.string())
    made = pa.table(columns).replace_schema_metadata({"title": table.title})
    output = io.BytesIO()
    pq.write_table(made, output, compression="zstd")
    return output.getvalue()


def as_csvw(description: ReleaseDescription, table: ReleaseTable, content: bytes, shorthand: Mapping[str, str]) -> dict[str, Any]:
    """The CSVW of a table's CSV (`content`): dimensions, codes, units, shorthand, method, licence and the file's hash."""
    columns: list[dict[str, Any]] = []
    for dimension, words in zip(table.published.dimensions, table.dimensions, strict=True):
        codes = shown_codes(dimension)
        listed = "; ".join(f"{code}: {words.labels[code]}" for code in codes)
        columns += [
            {
                "name": f"{dimension.name}_code",
                "titles": f"{dimension.name}_code",
                "dc:title": f"{words.title}: code",
                "dc:description": listed,
                "datatype": {"base": "string", "format": f"^({'|'.join(re.escape(code) for code in codes)})$"},
                "required": True,
            },
            {"name": dimension.name, "titles": dimension.name, "dc:title": words.title, "datatype": "string", "required": True},
        ]
    columns += [
        _figure("count", "Number of children", "children", {"base": "integer", "minimum": 0}),
        _figure("percent", f"Percentage of children, of all in {table.percent_of}" if table.percent_of else "Not used", "%", "decimal"),
        {
            "name": "shorthand",
            "titles": "shorthand",
            "dc:description": " ".join(f"{sign} {meaning}" for sign, meaning in shorthand.items()),
            "datatype": {"base": "string", "format": re.escape(CONFIDENTIAL)},
            "null": "",
        },
    ]
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "url": f"{table.id}.csv",
        "dc:title": table.title,
        "dc:isPartOf": description.id,
        "dc:license": description.licence,
        "dc:publisher": description.contact,
        "dc:temporal": f"{description.collected_from.isoformat()}/{description.collected_to.isoformat()}",
        "dc:provenance": " ".join(each.text for each in explain(description.policy)),
        "schema:sha256": sha256(content),
        "notes": [{"@type": "Note", "dc:description": note} for note in (description.reached, *table.notes)],
        "dialect": {"encoding": "utf-8", "lineTerminators": ["\n"], "header": True},
        "tableSchema": {"columns": columns, "primaryKey": [f"{dimension.name}_code" for dimension in table.published.dimensions]},
    }


def _figure(name: str, title: str, unit: str, datatype: object) -> dict[str, Any]:
    return {"name": name, "titles": name, "dc:title": title, "schema:unitText": unit, "datatype": datatype, "null": ""}


def as_json(content: Any) -> bytes:
    """JSON for people and machines: sorted, indented, the same bytes every time."""
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8")
