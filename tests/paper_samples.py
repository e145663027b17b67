"""A finished response, put back onto paper or into a file's row, to be typed in or imported again."""

from __future__ import annotations

import csv
import io

from forms.answers import Response
from forms.setting import Setting
from forms.sheet import columns, empty_sheet
from forms.survey import Form, Kind
from pipeline.keying import Entry, Paper


def cells(form: Form, response: Response) -> dict[str, str]:
    """Column -> cell of a response's row; what cannot be told any more (ways not to answer about a place) is left empty."""
    found = {name: " ".join(codes) for name, codes in response.choices.items()} | dict(response.texts)
    for question in form.questions:
        if question.kind is Kind.POSTCODE:
            found[str(question.text_field)] = response.locator.postcode
        elif question.kind is Kind.SCHOOL:
            found[str(question.text_field)] = response.locator.school
        elif question.kind is Kind.COUNCIL:
            found[question.id] = response.locator.council
    return found


def sheet(form: Form, rows: list[dict[str, str]], setting: Setting = Setting.ANY, header: str = "") -> bytes:
    """A filled-in layout, as a spreadsheet program saves it."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    for row in rows:
        writer.writerow([row.get(name, "") for name in columns(form, setting)] + [""])
    return b"\xef\xbb\xbf" + ((header or empty_sheet(form, setting)) + written.getvalue()).encode()


def type_in(form: Form, response: Response, setting: Setting = Setting.ANY) -> tuple[Paper, list[Entry]]:
    """A paper with this response on it, typed in whole, and the entries that were asked on the way."""
    paper, row, asked = Paper(form, setting), cells(form, response), []
    while (entry := paper.next_entry()) is not None:
        asked.append(entry)
        paper.type(as_typed(entry, row.get(entry.field, "")))
    return paper, asked


def as_typed(entry: Entry, cell: str) -> str:
    """What somebody types for a cell: a text as it is, a council by its name, codes by the numbers of their boxes."""
    question = entry.printed.question
    if entry.is_text:
        return cell
    if question.kind is Kind.COUNCIL:
        option = question.option(cell) if cell else None
        return option.label if option else ""
    number_of = {option.code: str(number) for number, option in entry.printed.boxes}
    return " ".join(number_of[code] for code in cell.split())
