"""Reading millions of postcodes in batches: integers out, and distinct places only.

Memory stays at one batch and about thirteen bytes a postcode.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from pipeline.geography.assemble import dependency_codes
from pipeline.geography.source import GeographyError, Source
from pipeline.postcode import pack

BLOCK_BYTES: Final = 1 << 22
_INT64: Final = 1 << 62


@dataclass(frozen=True, eq=False)
class Postcodes:
    """`codes`, `place` and `terminated` per postcode (n,), in the file's order; NO_CODE for what is no postcode.

    `places`: one row per distinct place with the columns asked for, as text, and `dependency` (see `dependency_codes`).
    `dates`: every month that occurs in dointr and doterm.
    """

    codes: NDArray[np.int64]
    place: NDArray[np.int32]
    terminated: NDArray[np.bool_]
    places: pd.DataFrame
    dates: frozenset[str]


def read_batches(source: Source, columns: Mapping[str, str], areas: Sequence[str]) -> Postcodes:
    """Stream a table. `columns` maps our names to the file's; `areas` are those of ours that make a place.

    Raises GeographyError if a row has too few or too many columns, or the file is cut off.
    """
    categorical = pa.dictionary(pa.int32(), pa.string())
    types = {columns[name]: categorical for name in (*areas, "dointr", "doterm")} | {columns["postcode"]: pa.string()}
    convert = pacsv.ConvertOptions(include_columns=list(types), column_types=types, strings_can_be_null=False)
    codes, place, terminated = [], [], []
    dates: set[str] = set()
    known: dict[tuple[str | int, ...], int] = {}
    try:
        with (
            source.open() as stream,
            pacsv.open_csv(stream, pacsv.ReadOptions(block_size=BLOCK_BYTES), convert_options=convert) as reader,
        ):
            for batch in reader:
                codes.append(_codes(batch.column(columns["postcode"])))
                dates.update(batch.column(columns["dointr"]).dictionary.to_pylist())
                ended = batch.column(columns["doterm"])
                dates.update(ended.dictionary.to_pylist())
                blank = np.array([not text.strip() for text in ended.dictionary.to_pylist()], dtype=np.bool_)
                terminated.append(~blank[ended.indices.to_numpy()])
                place.append(_place_numbers([batch.column(columns[name]) for name in areas], codes[-1], known))
    except pa.ArrowInvalid as error:
        raise GeographyError(f"{source.name} is no whole table: download it again") from error
    if not codes:
        raise GeographyError(f"expected postcodes in {source.name}, found none")
    return Postcodes(
        np.concatenate(codes),
        np.concatenate(place),
        np.concatenate(terminated),
        pd.DataFrame(list(known), columns=[*areas, "dependency"]).astype(dict.fromkeys(areas, "str")),
        frozenset(date for date in dates if date.strip()),
    )


def _place_numbers(columns: Sequence[Any], codes: NDArray[np.int64], known: dict[tuple[str | int, ...], int]) -> NDArray[np.int32]:
    """The number of each row's place; places that are new are added to `known`."""
    parts = [column.indices.to_numpy() for column in columns]
    parts.append(dependency_codes(codes))
    combined, span = np.zeros(len(codes), dtype=np.int64), 1
    for part in parts:
        width = int(part.max(initial=0)) + 2
        if span * width >= _INT64:  # number anew what is there so far, which is never more than the rows
            combined = pd.factorize(combined)[0].astype(np.int64)
            span = len(combined)
        combined, span = combined * width + part + 1, span * width
    combined, distinct = pd.factorize(combined)
    first = np.zeros(len(distinct), dtype=np.int64)
    first[combined[::-1]] = np.arange(len(codes) - 1, -1, -1)
    names = [column.take(pa.array(first)).to_pylist() for column in columns]
    numbers = [known.setdefault(values, len(known)) for values in zip(*names, parts[-1][first].tolist(), strict=True)]
    return np.array(numbers, dtype=np.int32)[combined]


def _codes(column: pa.StringArray) -> NDArray[np.int64]:
    """Packed postcodes of a column in any of ONS's spacings (pcd7, pcd8 or pcds)."""
    lengths = pc.binary_length(column)
    if len(column) and not (pc.min(lengths).as_py() == pc.max(lengths).as_py() == 7):
        joined = pc.replace_substring(column, " ", "")
        outward = pc.utf8_rpad(pc.utf8_slice_codeunits(joined, 0, -3), 4)
        column = pc.binary_join_element_wise(outward, pc.utf8_slice_codeunits(joined, -3), "")
        lengths = pc.binary_length(column)
    seven = pc.equal(lengths, 7)
    if not pc.all(seven).as_py():
        column = pc.if_else(seven, column, pa.scalar("-------"))
    _, _, text = column.buffers()
    start = 7 * column.offset
    return pack(np.frombuffer(text, dtype="S7", count=len(column), offset=start)) if len(column) else np.empty(0, np.int64)
