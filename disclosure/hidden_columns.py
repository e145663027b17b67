"""What a Parquet file holds beside its rows: metadata, statistics of columns, entries of a dictionary that no row uses, other bytes.

Readers of the rows never see them, and a file made of true counts that are blanked afterwards may keep the true least and largest in
its statistics. Whatever does not follow from the rows is found. It belongs to the attack.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from disclosure.error import DisclosureError

FRAME = 12  # bytes of a file beside its columns and its footer: its mark twice, and the footer's length


def hidden_in_columns(name: str, content: bytes, figures: Collection[float], words: Collection[str]) -> list[str]:
    """Where a Parquet file holds something that its rows, read as a table, do not show; never what. `figures`: numbers that are shown,
    `words`: texts that its metadata may hold.

    Raises DisclosureError for what is no Parquet file.
    """
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        rows = file.read()
    except (pa.ArrowException, OSError, ValueError):
        raise DisclosureError(f"'{name}' is no Parquet file") from None
    return list(_hidden(file, rows, len(content), frozenset(figures), frozenset(words)))


def _hidden(file: pq.ParquetFile, rows: pa.Table, size: int, figures: frozenset[float], words: frozenset[str]) -> Iterator[str]:
    about = file.metadata
    schema = file.schema_arrow
    for key, value in {**(schema.metadata or {}), **{k: v for k, v in (about.metadata or {}).items() if k != b"ARROW:schema"}}.items():
        if value.decode("utf-8", "replace") not in words:
            yield f"the metadata {key.decode('utf-8', 'replace')}"
    yield from (f"metadata of the column {field.name}" for field in schema if field.metadata)
    chunks = [about.row_group(group).column(column) for group in range(about.num_row_groups) for column in range(about.num_columns)]
    if size != FRAME + about.serialized_size + sum(chunk.total_compressed_size for chunk in chunks):
        yield "bytes of no column"
    for column in schema.names:
        values = rows[column]
        if pa.types.is_nested(values.type):
            yield f"more than one value in a row of the column {column}"
            continue
        shown = set(values.to_pylist()) - {None}
        if any(not isinstance(value, str) and value not in figures for value in shown):
            yield f"a number in the column {column} that the table does not show"
        if pa.types.is_dictionary(values.type) and any(set(chunk.dictionary.to_pylist()) - shown for chunk in values.chunks):
            yield f"an entry of the column {column} that no row uses"
        told = [chunk.statistics for chunk in chunks if chunk.path_in_schema == column and chunk.is_stats_set]
        nulls = sum(each.null_count for each in told if each.has_null_count)
        if any(each.has_min_max and not {each.min, each.max} <= shown for each in told) or nulls not in (0, values.null_count):
            yield f"the statistics of the column {column}"
