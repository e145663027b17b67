"""Each file of a table says the same: CSV, the CSVW that describes it, Parquet, and both spreadsheets."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from odf.chart import Chart
from odf.opendocument import load
from odf.table import DatabaseRange, Table, TableCell, TableRow

from pipeline.release_files import build_release
from tests.release_samples import description, release_table


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("release") / "r"
    build_release(made, description(), [release_table()])
    return made


def rows_of(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / "tables/life-by-place.csv").read_text(encoding="utf-8"))))


def test_parquet_holds_the_rows_of_the_csv_with_nulls_where_counts_are_withheld(folder: Path) -> None:
    table = pq.read_table(folder / "tables/life-by-place.parquet")
    rows = rows_of(folder)
    assert table.column_names == list(rows[0])
    for found, row in zip(table.to_pylist(), rows, strict=True):
        assert found["rgn_code"] == row["rgn_code"]
        assert found["count"] == (int(row["count"]) if row["count"] else None)
        assert found["percent"] == (float(row["percent"]) if row["percent"] else None)
        assert found["shorthand"] == (row["shorthand"] or None)
    assert sum(row["shorthand"] == "[c]" for row in rows) == 4


def test_opendocument_has_one_table_that_a_program_finds_and_the_figures_of_the_csv(folder: Path) -> None:
    path = folder / "tables/life-by-place.ods"
    frame = pd.read_excel(path, engine="odf", sheet_name="Table", header=3)
    rows = rows_of(folder)
    assert frame["Place"].tolist() == [row["rgn"] for row in rows]
    assert [str(value) for value in frame["Count"]] == [row["count"] or "[c]" for row in rows]
    document = load(path)
    assert [sheet.getAttribute("name") for sheet in document.getElementsByType(Table)] == ["Cover", "Notes", "Table"]
    (named,) = document.getElementsByType(DatabaseRange)
    assert named.getAttribute("targetrangeaddress") == f"Table.A4:Table.F{4 + len(rows)}"
    assert not any(cell.getAttribute("numbercolumnsspanned") for cell in document.getElementsByType(TableCell)), "no merged cells"
    assert not any(not line.childNodes for line in document.getElementsByType(TableRow)), "no empty lines"


def test_opendocument_does_not_depend_on_what_the_process_wrote_before(tmp_path: Path, folder: Path) -> None:
    Chart(attributes={"class": "chart:bar"})  # odfpy notes every namespace it has met, and writes all of them into what comes after
    build_release(tmp_path / "again", description(), [release_table()])
    assert (tmp_path / "again/tables/life-by-place.ods").read_bytes() == (folder / "tables/life-by-place.ods").read_bytes()


def test_opendocument_starts_with_its_type_unpacked_as_the_format_asks(folder: Path) -> None:
    with zipfile.ZipFile(folder / "tables/life-by-place.ods") as packed:
        first = packed.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert packed.read("mimetype") == b"application/vnd.oasis.opendocument.spreadsheet"


def test_csvw_describes_the_csv_that_is_there(folder: Path) -> None:
    about: dict[str, Any] = json.loads((folder / "tables/life-by-place.csv-metadata.json").read_bytes())
    content = (folder / "tables/life-by-place.csv").read_bytes()
    rows = rows_of(folder)
    columns = about["tableSchema"]["columns"]
    assert (about["@context"][0], about["url"]) == ("http://www.w3.org/ns/csvw", "life-by-place.csv")
    assert about["schema:sha256"] == hashlib.sha256(content).hexdigest()
    assert [column["titles"] for column in columns] == list(rows[0])
    assert [column["name"] for column in columns] == list(rows[0])
    for column in columns:
        for row in rows:
            value = row[column["titles"]]
            if value == column.get("null"):
                continue
            assert value or not column.get("required")
            form = column["datatype"].get("format") if isinstance(column["datatype"], dict) else None
            assert form is None or re.fullmatch(form, value), column["titles"]
    keys = [tuple(row[name] for name in about["tableSchema"]["primaryKey"]) for row in rows]
    assert len(set(keys)) == len(keys)


def test_the_picture_is_made_with_the_projects_own_font_alone(folder: Path) -> None:
    png = (folder / "charts/life-by-place.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    width = int.from_bytes(png[16:20])
    assert width == 1920
