"""Columns of large files, kept small: text is read a piece at a time, and each distinct text of a column is held once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

ROWS = 100_000  # rows whose text is held at the same time


def read_columns(path: Path) -> pd.DataFrame:
    """A CSV file in UTF-8 as text, stripped, each column as categories. Raises what pandas raises; no rows: no columns."""
    pieces: list[pd.DataFrame] = []
    with pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", chunksize=ROWS) as chunks:
        for chunk in chunks:
            pieces.append(pd.DataFrame({k: column.str.strip().astype("category") for k, (_, column) in enumerate(chunk.items())}))
            names = [str(name).strip() for name in chunk.columns]
    if not pieces:
        return pd.DataFrame()
    frame = pd.DataFrame({k: pd.api.types.union_categoricals([piece[k] for piece in pieces]) for k in range(len(names))})
    frame.columns = pd.Index(names)
    return frame


def positions(column: pd.Series[str], index: Mapping[str, int]) -> npt.NDArray[np.int64]:
    """Where each text of a column stands in an index; -1 where it does not."""
    texts = pd.Categorical(column)
    found = [index.get(str(text), -1) for text in texts.categories]
    return np.array([*found, -1], np.int64)[np.asarray(texts.codes)]  # a missing text has the code -1: the last


def numbers(column: pd.Series[str]) -> npt.NDArray[np.float64]:
    """The numbers that a column's texts are; NaN where they are none."""
    texts = pd.Categorical(column)
    found = pd.to_numeric(pd.Series(texts.categories.astype(object)), errors="coerce").to_numpy(float)
    return np.array([*found, np.nan])[np.asarray(texts.codes)]
