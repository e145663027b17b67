"""Small official tables (tens of thousands of rows), read whole as text."""

from __future__ import annotations

import io

import pandas as pd

from pipeline.geography.layout import Recognised
from pipeline.geography.source import GeographyError, Source


def read_table(source: Source, recognised: Recognised) -> pd.DataFrame:
    """The columns that were recognised, under our names, as text; blank is null.

    UTF-8, or else Windows-1252 as the Department for Education writes it. Raises GeographyError if the table is cut off.
    """
    if not source.ends_with_newline():
        raise GeographyError(f"{source.name} ends in the middle of a line: download it again")
    with source.open() as stream:
        content = stream.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("windows-1252", errors="replace")
    names = {theirs: ours for ours, theirs in recognised.columns.items()}
    try:
        frame: pd.DataFrame = pd.read_csv(io.StringIO(text), dtype="str", usecols=list(names), na_values=[""], keep_default_na=False)
    except (pd.errors.ParserError, ValueError) as error:
        raise GeographyError(f"{source.name} is no whole table: download it again") from error
    frame = frame.rename(columns=names)
    for column in frame:
        frame[column] = frame[column].str.strip()
    if frame.empty:
        raise GeographyError(f"expected rows in {source.name}, found none below its header")
    return frame
