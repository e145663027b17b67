"""What a spreadsheet holds beside what it shows: hidden sheets, rows and columns, comments, names, properties, texts of no cell.

Whatever is not known to be harmless is found: parts of the file and elements that no plain table needs, and every number in a cell that
is none of the figures shown. It needs no true count to hold against, and so finds one in whatever form. It belongs to the attack.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping
from string import digits
from typing import NoReturn
from xml.etree import ElementTree as ET

from disclosure.error import DisclosureError

_EXCEL_PARTS = re.compile(
    r"(\[Content_Types\]\.xml|_rels/\.rels|docProps/(core|app)\.xml|xl/_rels/workbook\.xml\.rels|xl/(workbook|styles|sharedStrings)\.xml"
    r"|xl/theme/theme1\.xml|xl/worksheets/sheet\d+\.xml|xl/worksheets/_rels/sheet\d+\.xml\.rels|xl/tables/table\d+\.xml)\Z"
)
_EXCEL_SHEET = frozenset(
    ("dimension", "sheetPr", "sheetViews", "sheetFormatPr", "cols", "sheetData", "mergeCells", "hyperlinks", "pageMargins", "pageSetup",
     "printOptions", "tableParts", "ignoredErrors")
)  # fmt: skip
_EXCEL_CELL = frozenset(("v", "is", "t", "r", "rPr"))
_EXCEL_PROPERTIES = frozenset(
    ("coreProperties", "title", "subject", "creator", "lastModifiedBy", "created", "modified", "Properties", "Application", "DocSecurity",
     "ScaleCrop", "HeadingPairs", "TitlesOfParts", "vector", "variant", "lpstr", "i4", "Company", "LinksUpToDate", "SharedDoc",
     "HyperlinksChanged", "AppVersion")
)  # fmt: skip
_WORDS = frozenset(("title", "subject", "creator", "lastModifiedBy", "Company", "lpstr"))
_OPEN_PARTS = re.compile(r"(mimetype|META-INF/manifest\.xml|(content|meta|styles)\.xml)\Z")
_OPEN_CONTENT = frozenset(
    ("document-content", "automatic-styles", "font-face-decls", "scripts", "style", "text-properties", "paragraph-properties",
     "table-column-properties", "table-row-properties", "table-cell-properties", "table-properties", "body", "spreadsheet", "table",
     "table-column", "table-row", "table-header-rows", "table-cell", "covered-table-cell", "p", "span", "s", "a", "database-ranges",
     "database-range")
)  # fmt: skip
_OPEN_META = frozenset(("document-meta", "meta", "generator", "document-styles", "styles", "automatic-styles", "master-styles"))


def hidden_in_sheets(name: str, content: bytes, figures: Collection[float], words: Collection[str]) -> list[str]:
    """Where a spreadsheet (.xlsx or .ods) holds something that a reader does not see; never what. `figures`: numbers that are shown,
    `words`: texts that a property may hold.

    Raises DisclosureError for what is no spreadsheet.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = {each.filename: packed.read(each) for each in packed.infolist()}
            apart = ["a comment of the archive"] if packed.comment else []
            repeated = len(packed.infolist()) - len(parts)
        documents = {part: _document(name, data) for part, data in parts.items() if part.endswith((".xml", ".rels"))}
    except (zipfile.BadZipFile, OSError, RuntimeError):
        raise DisclosureError(f"'{name}' is no spreadsheet") from None
    apart += ["a part twice"] if repeated else []
    if not content.startswith(b"PK"):
        apart.append("something before its beginning")
    look = _excel if "xl/workbook.xml" in documents else _open
    return apart + list(look(parts, documents, frozenset(figures), frozenset(words)))


class _Beside(Exception):
    """A document holds something beside elements, attributes and texts."""


class _Plain(ET.TreeBuilder):
    """Elements, attributes and texts. Comments, instructions and types of document are refused, in whatever encoding they stand."""

    def comment(self, _text: str | None, /) -> NoReturn:
        raise _Beside

    def pi(self, _target: str, _text: str | None = None, /) -> NoReturn:
        raise _Beside

    def doctype(self, _name: str, _public: str | None, _system: str | None, /) -> NoReturn:
        raise _Beside


def _document(name: str, data: bytes) -> ET.Element:
    try:
        return ET.fromstring(data, ET.XMLParser(target=_Plain()))  # noqa: S314 - without entities, which need a type of document
    except _Beside:
        raise DisclosureError(f"'{name}' holds a comment or declares a document type, which no table needs: write it without") from None
    except ET.ParseError:
        raise DisclosureError(f"'{name}' cannot be read: write it again") from None


def _local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


def _tag(element: ET.Element) -> str:
    return _local(str(element.tag))


def _elements(documents: Mapping[str, ET.Element], part: str) -> list[ET.Element]:
    """All elements of a part; none if there is no such part."""
    return list(documents[part].iter()) if part in documents else []


def _number(text: str, figures: Collection[float]) -> bool:
    """True for a number that is shown."""
    try:
        return float(text) in figures
    except ValueError:
        return False


def _excel(parts: dict[str, bytes], documents: dict[str, ET.Element], figures: frozenset[float], words: frozenset[str]) -> Iterator[str]:
    yield from (f"the part {part}" for part in parts if not _EXCEL_PARTS.match(part))
    book = _elements(documents, "xl/workbook.xml")
    sheets = [element for element in book if _tag(element) == "sheet"]
    yield from ("a hidden sheet" for sheet in sheets if sheet.get("state", "visible") != "visible")
    if any(_tag(element) == "definedName" for element in book):
        yield "a defined name"
    if any(";;;" in str(element.get("formatCode")) for element in _elements(documents, "xl/styles.xml")):
        yield "a number format that shows nothing"
    used: set[int] = set()
    for part, root in documents.items():
        if part.startswith("xl/worksheets/sheet"):
            yield from _excel_sheet(root, figures, used)
    texts = [_tag(element) for element in _elements(documents, "xl/sharedStrings.xml")]
    if set(range(texts.count("si"))) - used:
        yield "a text of no cell"
    if set(texts) - {"sst", "si", *_EXCEL_CELL}:
        yield "a text beside a cell's"
    names = {*words, *(sheet.get("name") for sheet in sheets), "Worksheets"}
    for part in ("docProps/core.xml", "docProps/app.xml"):
        for element in _elements(documents, part):
            text = (element.text or "").strip()
            if _tag(element) not in _EXCEL_PROPERTIES or (_tag(element) in _WORDS and text and text not in names):
                yield f"the property {_tag(element)}"


def _excel_sheet(root: ET.Element, figures: frozenset[float], used: set[int]) -> Iterator[str]:
    yield from (f"a sheet's {_tag(element)}" for element in root if _tag(element) not in _EXCEL_SHEET)
    columns: dict[str, list[str]] = {}
    for element in root.iter():
        if element.get("hidden") in ("1", "true") or element.get("zeroHeight") in ("1", "true"):
            yield f"a hidden {_tag(element)}"
        if _tag(element) != "c":
            continue
        if any(_tag(child) not in _EXCEL_CELL for child in element):
            yield "a formula"
        value = next((child.text for child in element if _tag(child) == "v"), None)
        if element.get("t") == "s" and value is not None:
            used.add(int(value))
        elif value is not None:
            columns.setdefault(str(element.get("r")).rstrip(digits), []).append(value)
    for numbers in columns.values():
        numbered = len(columns) == 1 and numbers == [str(number + 1) for number in range(len(numbers))]  # as notes are
        if not numbered and not all(_number(value, figures) for value in numbers):
            yield "a number that the table does not show"


def _open(parts: dict[str, bytes], documents: dict[str, ET.Element], figures: frozenset[float], words: frozenset[str]) -> Iterator[str]:
    yield from (f"the part {part}" for part in parts if not _OPEN_PARTS.match(part))
    content = documents.get("content.xml")
    if content is None:
        yield "no content"
        return
    for element in content.iter():
        if _tag(element) not in _OPEN_CONTENT:
            yield f"the element {_tag(element)}"
        named = [(_local(attribute), value) for attribute, value in element.attrib.items()]
        for short, value in named:
            if (short == "visibility" and value != "visible") or (short == "display" and value in ("false", "none")) or short == "formula":
                yield f"a {_tag(element)} with {short}"
            if short == "value" and not _number(value, figures):
                yield "a number that the table does not show"
        shown = "".join(element.itertext()) if "value" in dict(named) else ""
        if shown and not _number(shown.replace(",", ""), figures):
            yield "a number that the table does not show"
    for part in ("meta.xml", "styles.xml"):
        for element in _elements(documents, part):
            text = (element.text or "").strip()
            if _tag(element) not in _OPEN_META or (text and _tag(element) != "generator" and text not in words):
                yield f"the property {_tag(element)}"
