"""One released table as an accessible spreadsheet, by the rules of the Government Analysis Function that gptables knows.

Source of the rules: "Releasing statistics in spreadsheets", Government Analysis Function: a cover, a table of contents, notes,
one table to a sheet starting in column A, no merged cells, shorthand in square brackets and explained.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING

import pandas as pd
from pandas.errors import Pandas4Warning

from pipeline.release_description import ReleaseDescription, ReleaseTable

with warnings.catch_warnings():  # gptables 2.0 leaves its theme's file open while it is imported
    warnings.simplefilter("ignore", ResourceWarning)
    import gptables

if TYPE_CHECKING:
    from pipeline.release_files import Row


def spreadsheet(description: ReleaseDescription, table: ReleaseTable, rows: Sequence[Row], shorthand: Mapping[str, str]) -> bytes:
    """The bytes of an .xlsx file with the sheets Cover, Contents, Notes and Table. Same input, same bytes.

    `shorthand`: signs and what they mean; [c] and [z] are used.
    """
    notes = {"shorthand": " ".join(shorthand.values()), "sample": description.reached}
    notes |= {f"table{number}": note for number, note in enumerate(table.notes, start=1)}
    data = frame(table, rows)
    sheet = gptables.GPTable(
        table=data,
        table_name=f"table_{table.id.replace('-', '_')}",
        title=table.title + "".join(f"$${reference}$$" for reference in notes if reference not in ("shorthand", "sample")),
        subtitles=[description.title],
        instructions="This worksheet contains one table. Withheld counts are marked by shorthand. Notes are on the notes worksheet.",
        scope=f"{scope(description)}$$sample$$",
        source=f"{description.survey}, wave {description.wave}",
        legend=[f"{sign} {meaning}" for sign, meaning in shorthand.items()],
        table_notes={"Count": "$$shorthand$$"},
        index_columns={2: 0},
    )
    output = io.BytesIO()
    with warnings.catch_warnings():  # gptables 2.0 sorts in place, which pandas 3 allows and pandas 4 will not
        warnings.simplefilter("ignore", Pandas4Warning)
        workbook = gptables.produce_workbook(
            output,
            sheets={"Table": sheet},
            cover=_cover(description, table),
            notes_table=pd.DataFrame({"reference": list(notes), "Note text": list(notes.values())}),
            workbook_options={"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
        )
    # A spreadsheet must state when it was made. The last day of collection keeps the bytes the same whenever it is built.
    made = datetime.combine(description.collected_to, time())
    workbook.set_properties({"title": table.title, "subject": description.title, "created": made})
    workbook.close()
    return output.getvalue()


def scope(description: ReleaseDescription) -> str:
    """Whose answers these are, in words."""
    first, last = _day(description.collected_from), _day(description.collected_to)
    return f"Children who answered on {first}" if first == last else f"Children who answered from {first} to {last}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def cover_lines(description: ReleaseDescription) -> list[str]:
    """What a reader must know before any number, a line each; the last says whom to ask."""
    rules = [f"{rule.value}: {rule.reason}" for name, rule in sorted(description.policy.rules.items()) if name == "threshold"]
    return [
        description.summary,
        description.reached,
        f"About {description.answers:,} children answered (rounded to the nearest 10).",
        f"Disclosure control: {description.policy.title}. Smallest count shown, other than nought: {'; '.join(rules)}",
        f"Release {description.id}. Licence: {description.licence}.",
        description.contact,
    ]


def _cover(description: ReleaseDescription, table: ReleaseTable) -> gptables.Cover:
    lines = cover_lines(description)
    return gptables.Cover(title=table.title, intro=lines[:2], about=lines[2:-1], contact=lines[-1:])


def frame(table: ReleaseTable, rows: Sequence[Row]) -> pd.DataFrame:
    """The table as both spreadsheets show it: codes, labels, figures, and shorthand in place of a figure."""
    columns: dict[str, list[object]] = {}
    for position, (dimension, words) in enumerate(zip(table.published.dimensions, table.dimensions, strict=True)):
        columns[f"{words.title} code"] = [row.codes[position] for row in rows]
        name = words.title if words.title not in columns else f"{words.title} ({dimension.name})"
        columns[name] = [row.labels[position] for row in rows]
    columns["Count"] = ["[c]" if row.count is None else row.count for row in rows]
    if table.percent_of is not None:
        columns["Percent"] = ["[c]" if row.count is None else "[z]" if row.percent is None else float(row.percent) for row in rows]
    return pd.DataFrame(columns, dtype=object)
