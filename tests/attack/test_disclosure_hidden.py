"""Numbers hidden in the files of a table: planted where a reader does not look, and found; files as they are made hold none."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from decimal import Decimal
from xml.etree import ElementTree as ET

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from disclosure.error import DisclosureError
from disclosure.hidden_columns import hidden_in_columns
from disclosure.hidden_sheets import hidden_in_sheets
from pipeline.release_files import SHORTHAND, table_rows
from pipeline.release_formats import as_parquet
from pipeline.release_opendocument import opendocument
from pipeline.release_spreadsheet import spreadsheet
from tests.release_samples import description, release_table

TABLE, ABOUT = release_table(), description()
ROWS = tuple(table_rows(TABLE, ABOUT.policy))
FIGURES = {float(value) for row in ROWS for value in (row.count, row.percent) if value is not None}
WORDS = {TABLE.title, ABOUT.title}
EXCEL, OPEN, PARQUET = spreadsheet(ABOUT, TABLE, ROWS, SHORTHAND), opendocument(ABOUT, TABLE, ROWS, SHORTHAND), as_parquet(TABLE, ROWS)
Change = Callable[[dict[str, str]], None]


def changed(content: bytes, change: Change) -> bytes:
    """A spreadsheet with some of its parts written anew."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = {name: packed.read(name).decode() for name in packed.namelist()}
    before = dict(parts)
    change(parts)
    assert parts != before
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as packed:
        for name, text in parts.items():
            packed.writestr(name, text)
    return output.getvalue()


def instead(part: str, old: str, new: str) -> Change:
    def change(parts: dict[str, str]) -> None:
        parts[part] = parts[part].replace(old, new, 1)

    return change


def with_part(name: str, text: str = "<a>7</a>") -> Change:
    return lambda parts: parts.update({name: text})


def without(name: str) -> Change:
    def change(parts: dict[str, str]) -> None:
        del parts[name]

    return change


def test_files_as_they_are_made_hide_nothing() -> None:
    assert hidden_in_sheets("t.xlsx", EXCEL, FIGURES, WORDS) == []
    assert hidden_in_sheets("t.ods", OPEN, FIGURES, WORDS) == []
    assert hidden_in_columns("t.parquet", PARQUET, FIGURES, WORDS) == []


SHEET, BOOK = "xl/worksheets/sheet4.xml", "xl/workbook.xml"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (instead(BOOK, '<sheet name="Notes"', '<sheet name="Notes" state="hidden"'), "a hidden sheet"),
        (instead(BOOK, '<sheet name="Notes"', '<sheet name="Notes" state="veryHidden"'), "a hidden sheet"),
        (instead(BOOK, "<calcPr", '<definedNames><definedName name="n">7</definedName></definedNames><calcPr'), "a defined name"),
        (instead(SHEET, '<row r="9"', '<row r="9" hidden="1"'), "a hidden row"),
        (instead(SHEET, '<col min="1"', '<col hidden="1" min="1"'), "a hidden col"),
        (instead(SHEET, "</sheetData>", '<row r="99"><c r="Z99"><v>7</v></c></row></sheetData>'), "a number that the table does not show"),
        (instead(SHEET, "</sheetData>", '<row r="99"><c r="Z99"><f>3+4</f></c></row></sheetData>'), "a formula"),
        (instead(SHEET, "</sheetData>", "</sheetData><headerFooter><oddFooter>7</oddFooter></headerFooter>"), "a sheet's headerFooter"),
        (instead("xl/sharedStrings.xml", "</sst>", "<si><t>sad: 7</t></si></sst>"), "a text of no cell"),
        (instead("xl/sharedStrings.xml", "</si>", "<rPh><t>7</t></rPh></si>"), "a text beside a cell's"),
        (instead("xl/styles.xml", "<fonts", '<numFmts><numFmt numFmtId="164" formatCode=";;;"/></numFmts><fonts'), "a number format that"),
        (instead("docProps/core.xml", "</cp:coreProperties>", "<cp:keywords>7</cp:keywords></cp:coreProperties>"), "the property keywords"),
        (instead("docProps/core.xml", "<dc:creator>", "<dc:creator>sad: 7"), "the property creator"),
        (instead("docProps/app.xml", "<Company>", "<Company>7"), "the property Company"),
        (instead(SHEET, '<row r="9"', '<row r="9" hidden="true"'), "a hidden row"),
        (instead(SHEET, "<sheetFormatPr", '<sheetFormatPr zeroHeight="1"'), "a hidden sheetFormatPr"),
        (instead(SHEET, "<sheetFormatPr", '<sheetFormatPr zeroHeight="true"'), "a hidden sheetFormatPr"),
        (instead(SHEET, "</sheetData>", '</sheetData><note xmlns="">7</note>'), "a sheet's note"),
        (instead(SHEET, "</sheetData>", "<row><c><v>7</v></c></row></sheetData>"), "a number that the table does not show"),
        (instead(SHEET, "</sheetData>", '<row><c t="str"><v>7 sad</v></c></row></sheetData>'), "a number that the table does not show"),
        (instead(SHEET, "</sheetData>", '<row><c r="Z9"><v>1</v></c></row></sheetData>'), "a number that the table does not show"),
        (instead("docProps/app.xml", "<Company>", "<Company>None"), "the property Company"),
        (with_part("xl/comments1.xml"), "the part xl/comments1.xml"),
        (with_part("docProps/custom.xml"), "the part docProps/custom.xml"),
        (with_part("customXml/item1.xml"), "the part customXml/item1.xml"),
        (with_part("xl/media/image1.png", "7"), "the part xl/media/image1.png"),
    ],
)  # fmt: skip
def test_what_a_workbook_hides_is_found(change: Change, where: str) -> None:
    found = hidden_in_sheets("t.xlsx", changed(EXCEL, change), FIGURES, WORDS)
    assert any(one.startswith(where) for one in found), found


CELL = '<table:table-cell office:value-type="float" office:value="7"><text:p>7</text:p></table:table-cell>'


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (
            instead("content.xml", '<table:table table:name="Notes"', '<table:table table:display="false" table:name="Notes"'),
            "a table with",
        ),
        (instead("content.xml", "<table:table-row>", '<table:table-row table:visibility="collapse">'), "a table-row with visibility"),
        (instead("content.xml", "</table:table-row>", f"{CELL}</table:table-row>"), "a number that the table does not show"),
        (instead("content.xml", "<text:p>", "<office:annotation><text:p>7</text:p></office:annotation><text:p>"), "the element annotation"),
        (instead("content.xml", "<table:table ", "<table:tracked-changes/><table:table "), "the element tracked-changes"),
        (instead("content.xml", 'office:value-type="float"', 'table:formula="of:=3+4" office:value-type="float"'), "a table-cell with"),
        (instead("content.xml", "<table:table ", '<table:table table:display="none" '), "a table with display"),
        (instead("content.xml", 'office:value="410"', 'office:value="7"'), "a number that the table does not show"),
        (instead("content.xml", "<text:p>410<", "<text:p>7<"), "a number that the table does not show"),
        (instead("content.xml", "<text:p>410<", "<text:p>7 sad<"), "a number that the table does not show"),
        (instead("meta.xml", "</office:meta>", "<meta:user-defined>7</meta:user-defined></office:meta>"), "the property user-defined"),
        (instead("styles.xml", "<office:styles/>", "<office:styles>7</office:styles>"), "the property styles"),
        (with_part("Thumbnails/thumbnail.png", "7"), "the part Thumbnails/thumbnail.png"),
    ],
)
def test_what_an_open_document_hides_is_found(change: Change, where: str) -> None:
    found = hidden_in_sheets("t.ods", changed(OPEN, change), FIGURES, WORDS)
    assert any(one.startswith(where) for one in found), found


def test_what_no_reader_misses_is_not_found() -> None:
    shown = instead("content.xml", "<table:table-row>", '<table:table-row table:visibility="visible">')
    assert hidden_in_sheets("t.ods", changed(OPEN, shown), FIGURES, WORDS) == []
    apart = instead("content.xml", "<text:p>410<", "<text:p>4<text:span>10</text:span><")
    assert hidden_in_sheets("t.ods", changed(OPEN, apart), FIGURES, WORDS) == []
    assert hidden_in_sheets("t.xlsx", changed(EXCEL, without("docProps/app.xml")), FIGURES, WORDS) == []
    thousands = instead("content.xml", "<text:p>2539<", "<text:p>2,539<")
    assert hidden_in_sheets("t.ods", changed(OPEN, thousands), FIGURES, WORDS) == []


def test_only_the_numbers_of_notes_need_not_be_shown() -> None:
    """The sheet of the notes has them in one column, and no other number; where one is beside it, or one is missing, all are found."""
    notes, found = "xl/worksheets/sheet3.xml", "a number that the table does not show"
    two = "<row><c r='A98'><v>4</v></c><c r='B98'><v>{}</v></c></row></sheetData>"
    for number in (410, 1):
        beside = instead(notes, "</sheetData>", two.format(number))
        assert found in hidden_in_sheets("t.xlsx", changed(EXCEL, beside), FIGURES, WORDS)
    for at, number, hidden in (("A98", 4, []), ("A98", 5, [found]), ("B98", 4, [found, found])):
        more = instead(notes, "</sheetData>", f"<row><c r='{at}'><v>{number}</v></c></row></sheetData>")
        assert hidden_in_sheets("t.xlsx", changed(EXCEL, more), FIGURES, WORDS) == hidden


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [("t.xlsx", EXCEL, "_rels/.rels"), ("t.xlsx", EXCEL, "xl/styles.xml"), ("t.ods", OPEN, "content.xml"), ("t.ods", OPEN, "meta.xml")],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("beside", ["<!-- 7 -->", "<?sad 7?>", '<!DOCTYPE a [<!ENTITY n "7">]>'])
def test_what_stands_beside_elements_is_found_in_any_encoding(name: str, content: bytes, part: str, encoding: str, beside: str) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = {each: packed.read(each) for each in packed.namelist()}
    root = ET.fromstring(parts[part])  # noqa: S314 - our own
    parts[part] = f'<?xml version="1.0" encoding="{encoding}"?>{beside}{ET.tostring(root, "unicode")}'.encode(encoding)
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as packed:
        for each, data in parts.items():
            packed.writestr(each, data)
    with pytest.raises(DisclosureError, match=f"'{name}' holds a comment or declares"):
        hidden_in_sheets(name, output.getvalue(), FIGURES, WORDS)


def test_a_part_that_is_there_twice_or_cannot_be_read_is_found() -> None:
    """Of two parts of one name, a reader of the file takes one, and its searcher perhaps the other."""
    with_spare = changed(EXCEL, with_part("xl/worksheets/sheet9.xml", "<worksheet/>"))
    assert hidden_in_sheets("t.xlsx", with_spare.replace(b"sheet9.xml", b"sheet4.xml"), FIGURES, WORDS)[0] == "a part twice"
    assert hidden_in_sheets("t.xlsx", with_spare, FIGURES, WORDS) == []
    with pytest.raises(DisclosureError, match=r"'t.ods' cannot be read"):
        hidden_in_sheets("t.ods", changed(OPEN, instead("content.xml", "</", "<")), FIGURES, WORDS)


def test_what_stands_around_a_spreadsheet_is_found() -> None:
    assert "something before its beginning" in hidden_in_sheets("t.xlsx", b"7" + EXCEL, FIGURES, WORDS)
    output = io.BytesIO(EXCEL)
    with zipfile.ZipFile(output, "a") as packed:
        packed.comment = b"sad: 7"
    assert hidden_in_sheets("t.xlsx", output.getvalue(), FIGURES, WORDS) == ["a comment of the archive"]
    with pytest.raises(DisclosureError, match="holds a comment"):
        hidden_in_sheets("t.ods", changed(OPEN, instead("content.xml", "<text:p>", "<!-- 7 --><text:p>")), FIGURES, WORDS)
    with pytest.raises(DisclosureError, match="is no spreadsheet"):
        hidden_in_sheets("t.ods", b"7", FIGURES, WORDS)


def written(table: pa.Table, **options: object) -> bytes:
    output = io.BytesIO()
    pq.write_table(table, output, compression="zstd", **options)
    return output.getvalue()


PLAIN = pq.read_table(io.BytesIO(PARQUET))


def test_what_a_parquet_file_hides_is_found() -> None:
    assert hidden_in_columns("t", written(PLAIN), FIGURES, WORDS) == []
    told = PLAIN.replace_schema_metadata({"title": TABLE.title, "n": "7"})
    assert hidden_in_columns("t", written(told), FIGURES, WORDS) == ["the metadata n"]
    fields = [field.with_metadata({"least": "7"}) if field.name == "count" else field for field in PLAIN.schema]
    assert "metadata of the column count" in hidden_in_columns("t", written(PLAIN.cast(pa.schema(fields))), FIGURES, WORDS)
    codes = PLAIN.column_names[0]
    one = PLAIN[codes].combine_chunks()
    spare = pa.DictionaryArray.from_arrays(one.indices, pa.array([*one.dictionary.to_pylist(), "sad 7"]))
    found = hidden_in_columns("t", written(PLAIN.set_column(0, codes, spare)), FIGURES, WORDS)
    assert f"an entry of the column {codes} that no row uses" in found
    more = pa.array([7, *PLAIN["count"].to_pylist()[1:]], pa.int64())
    at = PLAIN.column_names.index("count")
    assert "a number in the column count that the table does not show" in hidden_in_columns(
        "t", written(PLAIN.set_column(at, "count", more)), FIGURES, WORDS
    )
    with pytest.raises(DisclosureError, match="is no Parquet file"):
        hidden_in_columns("t", b"7", FIGURES, WORDS)


def test_statistics_that_were_made_of_true_counts_are_found() -> None:
    """A least count of 7 in the footer of a file in which 7 is nowhere, as a writer leaves it that blanks values after counting."""
    least = min(int(row.count) for row in ROWS if row.count)
    footer = len(PARQUET) - 8 - int.from_bytes(PARQUET[-8:-4], "little")
    mark = least.to_bytes(8, "little")
    assert mark in PARQUET[footer:]
    forged = PARQUET[:footer] + PARQUET[footer:].replace(mark, (7).to_bytes(8, "little"))
    assert "the statistics of the column count" in hidden_in_columns("t", forged, FIGURES, WORDS)
    percent = struct.pack("<d", min(float(row.percent) for row in ROWS if row.percent))
    both = forged[:footer] + forged[footer:].replace(percent, struct.pack("<d", 7.0))
    found = [f"the statistics of the column {column}" for column in ("count", "percent")]
    assert hidden_in_columns("t", both, FIGURES, WORDS) == found


def test_a_false_number_of_blanks_is_found_and_none_at_all_is_not() -> None:
    """As many blanks as there were in another table tell of that one; without statistics, nothing is told."""
    footer = len(PARQUET) - 8 - int.from_bytes(PARQUET[-8:-4], "little")
    blanks = PLAIN["count"].null_count
    mark = min(int(row.count) for row in ROWS if row.count).to_bytes(8, "little") + b"\x16"  # the field of the blanks comes next
    assert blanks > 1
    assert PARQUET[footer:].count(mark + bytes([2 * blanks])) == 1
    for told, found in (
        (0, []),
        (blanks, []),
        (1, ["the statistics of the column count"]),
        (blanks + 1, ["the statistics of the column count"]),
    ):
        forged = PARQUET[:footer] + PARQUET[footer:].replace(mark + bytes([2 * blanks]), mark + bytes([2 * told]))
        assert hidden_in_columns("t", forged, FIGURES, WORDS) == found
    assert hidden_in_columns("t", written(PLAIN, write_statistics=False), FIGURES, WORDS) == []
    assert hidden_in_columns("t", written(PLAIN, row_group_size=7), FIGURES, WORDS) == []


def test_metadata_of_any_kind_is_found() -> None:
    bare = PLAIN.replace_schema_metadata(None)
    assert hidden_in_columns("t", written(bare, store_schema=False), FIGURES, WORDS) == []
    told = PLAIN.replace_schema_metadata({b"n\xff": b"7\xff"})
    assert hidden_in_columns("t", written(told), FIGURES, WORDS) == ["the metadata n\ufffd"]
    output = io.BytesIO()
    with pq.ParquetWriter(output, PLAIN.schema, compression="zstd") as writer:
        writer.write_table(PLAIN)
        writer.add_key_value_metadata({"n": "7"})
    assert hidden_in_columns("t", output.getvalue(), FIGURES, WORDS) == ["the metadata n"]
    numbered = [field.with_metadata({"PARQUET:field_id": "7"}) if field.name == "count" else field for field in PLAIN.schema]
    assert hidden_in_columns("t", written(PLAIN.cast(pa.schema(numbered, PLAIN.schema.metadata))), FIGURES, WORDS) == [
        "metadata of the column count"
    ]


@pytest.mark.parametrize(
    ("values", "where"),
    [
        (pa.array([Decimal(7)] * len(ROWS)), "a number in the column more that the table does not show"),
        (pa.array([7] * len(ROWS), pa.duration("s")), "a number in the column more that the table does not show"),
        (pa.array([b"7"] * len(ROWS)), "a number in the column more that the table does not show"),
        (pa.array([[7]] * len(ROWS)), "more than one value in a row of the column more"),
        (pa.array([{"n": 7}] * len(ROWS)), "more than one value in a row of the column more"),
    ],
)
def test_a_number_of_any_type_is_found(values: pa.Array, where: str) -> None:
    alone = hidden_in_columns("t", written(PLAIN.append_column("more", values)), FIGURES, WORDS)
    assert where in alone
    twice = PLAIN.append_column("more", values).append_column("most", values)
    assert len(hidden_in_columns("t", written(twice), FIGURES, WORDS)) == 2 * len(alone)


def test_bytes_of_no_column_are_found() -> None:
    length = int.from_bytes(PARQUET[-8:-4], "little")
    at = len(PARQUET) - 8 - length
    assert "bytes of no column" in hidden_in_columns("t", PARQUET[:at] + b"sad 7" + PARQUET[at:], FIGURES, WORDS)
