"""One released table as an OpenDocument spreadsheet, laid out by the same rules as the other one (see release_spreadsheet)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from odf.element import Element
from odf.opendocument import OpenDocumentSpreadsheet
from odf.style import ParagraphProperties, Style, TableColumnProperties, TextProperties
from odf.table import DatabaseRange, DatabaseRanges, Table, TableCell, TableColumn, TableHeaderRows, TableRow
from odf.text import P

from pipeline.release_description import ReleaseDescription, ReleaseTable
from pipeline.release_spreadsheet import cover_lines, frame, scope

if TYPE_CHECKING:
    from pipeline.release_files import Row

MADE = (1980, 1, 1, 0, 0, 0)  # the zip format must say when: the earliest it knows, so that the bytes are the same whenever built


def opendocument(description: ReleaseDescription, table: ReleaseTable, rows: Sequence[Row], shorthand: Mapping[str, str]) -> bytes:
    """The bytes of an .ods file with the sheets Cover, Notes and Table: one table, in column A, no merged cells."""
    Element.namespaces.clear()  # odfpy notes every namespace it has met in this process, and would declare them all
    document = OpenDocumentSpreadsheet()
    title = Style(name="title", family="table-cell")
    title.addElement(TextProperties(fontweight="bold", fontsize="15pt"))
    heading = Style(name="heading", family="table-cell")
    heading.addElement(TextProperties(fontweight="bold"))
    sign = Style(name="sign", family="table-cell")
    sign.addElement(ParagraphProperties(textalign="end"))
    wide = Style(name="wide", family="table-column")
    wide.addElement(TableColumnProperties(columnwidth="9cm"))
    for style in (title, heading, sign, wide):
        document.automaticstyles.addElement(style)

    _sheet(document, "Cover", wide, [(table.title, title), *((line, None) for line in cover_lines(description))])
    notes = [("Notes", title), *((f"{mark} {meaning}", None) for mark, meaning in shorthand.items())]
    _sheet(document, "Notes", wide, [*notes, *((note, None) for note in table.notes)])

    data = frame(table, rows)
    above = [(table.title, title), (scope(description), None), ("This worksheet contains one table. Withheld counts are marked [c].", None)]
    sheet = _sheet(document, "Table", wide, above)
    head, first = TableHeaderRows(), len(above) + 1
    line = TableRow()
    for name in data.columns:
        line.addElement(_text(str(name), heading))
    head.addElement(line)
    sheet.addElement(head)
    for values in data.itertuples(index=False):
        line = TableRow()
        for value in values:
            line.addElement(_text(value, sign if value.startswith("[") else None) if isinstance(value, str) else _number(float(value)))
        sheet.addElement(line)
    last = f"{_column(len(data.columns))}{first + len(data)}"
    ranges = DatabaseRanges()
    ranges.addElement(DatabaseRange(name=f"table_{table.id.replace('-', '_')}", targetrangeaddress=f"Table.A{first}:Table.{last}"))
    document.spreadsheet.addElement(ranges)
    return _same_bytes(document)


def _sheet(document: OpenDocumentSpreadsheet, name: str, wide: Style, lines: Sequence[tuple[str, Style | None]]) -> Table:
    sheet = Table(name=name)
    sheet.addElement(TableColumn(stylename=wide))
    for text, style in lines:
        line = TableRow()
        line.addElement(_text(text, style))
        sheet.addElement(line)
    document.spreadsheet.addElement(sheet)
    return sheet


def _text(text: str, style: Style | None) -> TableCell:
    cell = TableCell(valuetype="string", **({"stylename": style} if style else {}))
    cell.addElement(P(text=text))
    return cell


def _number(value: float) -> TableCell:
    cell = TableCell(valuetype="float", value=f"{value:g}" if value % 1 else str(int(value)))
    cell.addElement(P(text=f"{value:g}" if value % 1 else str(int(value))))
    return cell


def _column(number: int) -> str:
    """A column's letters, from 1."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _same_bytes(document: OpenDocumentSpreadsheet) -> bytes:
    """The document's zip without the clock in it, its type first and unpacked, as the format asks."""
    written = io.BytesIO()
    document.write(written)
    output = io.BytesIO()
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(output, "w") as target:
        for name in sorted(source.namelist(), key=lambda name: (name != "mimetype", name)):
            entry = zipfile.ZipInfo(name, MADE)
            entry.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return output.getvalue()
