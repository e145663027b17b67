"""Reads the lists that an analyst adds: baby names of the ONS, schools of the DfE (GIAS), or a table of one's own.

What a column holds is told by its heading, wherever in the first rows of a sheet that stands: the ONS puts several years side by side
below a title, GIAS is one wide CSV. `HEADINGS` is all that is understood.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from python_calamine import CalamineError, CalamineWorkbook

KINDS: Final = ("given", "surnames", "places", "schools")
HEADINGS: Final = MappingProxyType(
    {
        "given name": "given", "given names": "given", "first name": "given", "forename": "given",
        "surname": "surnames", "last name": "surnames", "family name": "surnames",
        "place": "places", "town": "places", "locality": "places", "village": "places",
        "school": "schools", "school name": "schools", "establishmentname": "schools",
    }
)  # fmt: skip
_RANKED: Final = re.compile(r"(?:\d{4} )?(?:rank|count)\d*")  # beside these, the ONS's 'Name' is a baby's
_HEADER_ROWS: Final = 40
_LONGEST: Final = 120
_SPREADSHEETS: Final = (".xlsx", ".xls", ".ods")
Table = Sequence[Sequence[object]]


class ListError(ValueError):
    """A file that holds no list. The message says what was expected."""


def read(path: Path) -> dict[str, frozenset[str]]:
    """Kind of list -> what it holds, as written. Raises ListError for a file that cannot be read, or in which nothing is understood."""
    found: dict[str, set[str]] = {}
    for table in _tables(path):
        for kind, values in _columns(table):
            found.setdefault(kind, set()).update(values)
    kept = {kind: frozenset(values) for kind, values in found.items() if values}
    if not kept:
        raise ListError(
            f"{path.name} has no column that is understood. Expected: baby names as the ONS publishes them (Rank, Name, Count), "
            f"schools as GIAS exports them (EstablishmentName), or one of the headings {', '.join(sorted(HEADINGS))}."
        )
    return kept


def _tables(path: Path) -> Iterator[Table]:
    if path.suffix.lower() in _SPREADSHEETS:
        try:
            workbook = CalamineWorkbook.from_path(path)
            for sheet in workbook.sheet_names:
                yield workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        except (CalamineError, OSError):
            raise ListError(f"{path.name} cannot be read as a spreadsheet: download it again, or save it as CSV.") from None
        return
    try:
        raw = path.read_bytes()
    except OSError:
        raise ListError(f"{path.name} cannot be read.") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")  # as GIAS writes it
    try:
        yield list(csv.reader(text.splitlines()))
    except csv.Error:
        raise ListError(f"{path.name} cannot be read as CSV: save it again as CSV, or give the spreadsheet itself.") from None


def _columns(table: Table) -> Iterator[tuple[str, Iterable[str]]]:
    for number, row in enumerate(table[:_HEADER_ROWS]):
        headings = [_heading(cell) for cell in row]
        ranked = any(_RANKED.fullmatch(heading) for heading in headings)
        kinds = ["given" if heading == "name" and ranked else HEADINGS.get(heading, "") for heading in headings]
        if any(kinds):
            for column, kind in enumerate(kinds):
                if kind:
                    yield kind, _values(table[number + 1 :], column)
            return


def _heading(cell: object) -> str:
    return " ".join(re.sub(r"\[.*?\]|\(.*?\)", "", str(cell)).lower().split())  # without the ONS's notes


def _values(rows: Table, column: int) -> Iterator[str]:
    for row in rows:
        value = " ".join(str(row[column]).split()) if column < len(row) else ""
        if 1 < len(value) <= _LONGEST and any(c.isalpha() for c in value):
            yield value
