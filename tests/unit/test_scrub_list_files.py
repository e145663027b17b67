"""Lists are read from the layouts in which they are published, kept, known to the scrubber, and never left out in silence."""

from pathlib import Path

import pytest
import xlsxwriter

from pipeline.scrub import lists_in_use
from pipeline.scrub.list_files import ListError, read


def _workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


def _file(folder: Path, name: str, content: str, encoding: str = "utf-8") -> Path:
    (folder / name).write_bytes(content.encode(encoding))
    return folder / name


def test_baby_names_as_a_workbook_with_years_side_by_side(tmp_path: Path) -> None:
    path = _workbook(
        tmp_path / "names.xlsx",
        {
            "Contents": [["Baby names"], ["Name of sheet"]],
            "Table_6": [
                ["Table 6: all names"],
                [],
                ["Name", "2021 Rank", "2021 Count [note 1]", "2020 Rank"],
                ["Zyxander", 1, 900, 2],
                ["Ottiline-Mae", 2, 3, "[x]"],
            ],
            "Table_1": [["Rank", "Name", "Count", "", "Rank", "Name", "Count"], [1, "Bramwella", 5, "", 1, "Corvinus", 4], ["", "", ""]],
        },
    )
    assert read(path) == {"given": frozenset({"Zyxander", "Ottiline-Mae", "Bramwella", "Corvinus"})}


def test_schools_as_gias_exports_them(tmp_path: Path) -> None:
    text = '"URN","EstablishmentName","Town","Locality"\r\n1,"St Wulfhild\u2019s Caf\u00e9 School","Nether Wibbleby",""\r\n'
    assert read(_file(tmp_path, "edubasealldata.csv", text, "cp1252")) == {
        "schools": frozenset({"St Wulfhild\u2019s Caf\u00e9 School"}),
        "places": frozenset({"Nether Wibbleby"}),
    }


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    assert read(_file(tmp_path, "own.csv", "\ufeffSurname,First name\nQwerthaite,Zo\u00eb\n,\n")) == {
        "surnames": frozenset({"Qwerthaite"}),
        "given": frozenset({"Zo\u00eb"}),
    }


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", "name,age\nsecret,9\n"), ("a.csv", ""), ("a.csv", "surname\n\n"), ("a.xlsx", "PK")]
)
def test_what_holds_no_list_is_refused_and_not_quoted(tmp_path: Path, name: str, content: str) -> None:
    with pytest.raises(ListError) as caught:
        read(_file(tmp_path, name, content))
    assert "secret" not in str(caught.value)
    assert not (tmp_path / "lists").exists()


def test_added_lists_are_in_use_until_removed(tmp_path: Path) -> None:
    home = tmp_path / "lists"
    assert lists_in_use.lists_in_use(home) is None
    path = _file(tmp_path, "Own Names.csv", "given name,school\nQwertilda,Hollowmere Vale School\n")
    found = lists_in_use.add(path, home)
    assert lists_in_use.add(path, home) == found
    assert [one.id for one in lists_in_use.added(home)] == [found.id]
    assert found.counts() == "1 given names, 1 schools"
    known = lists_in_use.lists_in_use(home)
    assert known is not None
    assert known.is_name("qwertilda")
    assert "hollowmere vale school" in known.schools
    lists_in_use.remove(found.id, home)
    assert lists_in_use.lists_in_use(home) is None
    with pytest.raises(ListError, match="nothing was"):
        lists_in_use.remove(found.id, home)


@pytest.mark.parametrize("damage", ["", "[]", '{"file": "a", "sha256": "b", "entries": {}}'])
def test_a_damaged_list_stops_the_scrubber(tmp_path: Path, damage: str) -> None:
    home = tmp_path / "lists"
    found = lists_in_use.add(_file(tmp_path, "own.csv", "surname\nQwerthaite\n"), home)
    (home / f"{found.id}.json").write_text(damage)
    with pytest.raises(ListError, match="damaged"):
        lists_in_use.lists_in_use(home)
