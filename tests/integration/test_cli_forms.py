"""`bigask forms`: from a printed box or a file's cell into the open wave, indistinguishable there from what came over the web."""

from __future__ import annotations

import io
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from forms.answers import Locator, Response
from forms.load import load_survey
from forms.setting import Setting
from governance.permit import PERMIT, permit_folder
from pipeline.keying import Paper
from retention.seal import BODY_SIZE, LOCATOR_SIZE, open_sealed
from tests.integration.chain import OPENED, WAVE, Office, Stages, responses
from tests.integration.command import Run
from tests.paper_samples import as_typed, cells, sheet

pytestmark = pytest.mark.usefixtures("quick")
FORMS = load_survey().forms


@pytest.fixture
def office(stages: Stages, home: Path) -> Office:
    """An open wave in which children have answered over the web already."""
    stages.copy(OPENED, home)
    return Office.at(home)


def opened(office: Office) -> Counter[tuple[bytes, bytes]]:
    """(body, locator) of everything in the store."""
    body, locator = (office.store.ring.private(key) for key in (office.wave.body_key, office.wave.locator_key))
    return Counter((open_sealed(record.body, body), open_sealed(record.locator, locator)) for record in office.collection.records())


def parts(response: Response) -> tuple[bytes, bytes]:
    return response.body(), response.locator.to_bytes()


def of_form(form_id: str, count: int = 1) -> list[Response]:
    """What invented children answer to this form."""
    return [response for response in responses(300, 7) if response.form == form_id][:count]


def test_a_file_of_simulated_children_is_stored_as_if_they_had_answered_over_the_web(office: Office, bigask: Run, tmp_path: Path) -> None:
    before = opened(office)
    expected = before.copy()
    for form_id, form in FORMS.items():
        answered = of_form(form_id, 20)
        file = tmp_path / f"{form_id}.csv"
        file.write_bytes(sheet(form, [cells(form, response) for response in answered]))
        code, told, wrong = bigask("forms", "import", str(file), "--form", form_id)
        assert (code, wrong) == (0, "")
        assert f"{len(answered)} responses stored, 0 were there already" in told
        expected.update(parts(response) for response in answered)
    assert opened(office) == expected
    sizes = {(len(record.id), len(record.body), len(record.locator)) for record in office.collection.records()}
    assert sizes == {(16, BODY_SIZE, LOCATOR_SIZE)}


def test_the_same_file_again_changes_nothing_and_leaves_no_trace_of_itself(office: Office, bigask: Run, tmp_path: Path) -> None:
    form, answered = FORMS["9-12"], of_form("9-12", 5)
    file = tmp_path / "answers.csv"
    file.write_bytes(sheet(form, [cells(form, response) for response in answered]))
    assert bigask("forms", "import", str(file), "--form", "9-12")[0] == 0
    after = opened(office)
    kept = {str(path) for path in office.settings.home.rglob("*") if path.is_file()}
    code, told, _ = bigask("forms", "import", str(file), "--form", "9-12")
    assert (code, "0 responses stored, 5 were there already" in told) == (0, True)
    assert opened(office) == after
    assert {str(path) for path in office.settings.home.rglob("*") if path.is_file()} == kept


def test_one_wrong_row_keeps_the_whole_file_out_and_is_told_without_its_words(office: Office, bigask: Run, tmp_path: Path) -> None:
    form, before = FORMS["9-12"], opened(office)
    rows = [cells(form, response) for response in of_form("9-12", 30)]
    rows[20] |= {"age": "Zebedee", "postcode.text": "ZZ99 9ZZ"}
    file = tmp_path / "answers.csv"
    file.write_bytes(sheet(form, rows))
    code, told, wrong = bigask("forms", "import", str(file), "--form", "9-12")
    assert code == 8
    assert "row 22, column age: of these codes: under_9 9 10" in told
    assert re.fullmatch(r"Nothing was taken from the file[^\n]*\.\n", wrong)
    assert not re.search("Zebedee|ZZ99", told + wrong)
    assert opened(office) == before


def test_a_secure_settings_file_goes_in_without_a_place(office: Office, bigask: Run, tmp_path: Path) -> None:
    before = office.collection.count()
    assert bigask("forms", "layout", "--form", "13-17", "--setting", "secure", "--out", str(tmp_path))[0] == 0
    file = tmp_path / "13-17-secure.csv"
    header = file.read_text(encoding="utf-8-sig")
    assert not re.search("postcode|school,|council", header)
    row = {"age": "16", "where_live": "young_offender_institution", "barriers.text": "Nobody listens"}
    file.write_bytes(sheet(FORMS["13-17"], [row], Setting.SECURE, header))
    assert bigask("forms", "import", str(file), "--form", "13-17", "--setting", "secure")[0] == 0
    assert office.collection.count() == before + 1
    new = [body for body in opened(office) if b"Nobody listens" in body[0]]
    assert [Locator.from_bytes(locator) for _, locator in new] == [Locator()]


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], None]:
    """Types these lines at the prompts."""

    def lines(typed: list[str]) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in typed)))

    return lines


def keys(form_id: str, response: Response) -> Iterator[str]:
    """What is typed for one paper, up to the question whether to store it."""
    paper, row = Paper(FORMS[form_id]), cells(FORMS[form_id], response)
    while (entry := paper.next_entry()) is not None:
        typed = as_typed(entry, row.get(entry.field, ""))
        paper.type(typed)
        yield typed


def test_two_papers_typed_in_are_stored_as_if_they_had_come_over_the_web(
    office: Office, bigask: Run, typing: Callable[[list[str]], None]
) -> None:
    before = opened(office)
    one, two = [response for response in of_form("6-8", 40) if "\n" not in "".join(response.texts.values())][:2]
    typing([*keys("6-8", one), "y", "y", *keys("6-8", two), "y", "n"])
    code, told, _ = bigask("forms", "enter", "--form", "6-8")
    assert code == 0
    assert "2 papers stored. Destroy the papers now" in told
    assert opened(office) - before == Counter([parts(one), parts(two)])


def test_a_mistyped_number_is_asked_again_and_a_paper_that_is_not_confirmed_is_not_stored(
    office: Office, bigask: Run, typing: Callable[[list[str]], None]
) -> None:
    before = opened(office)
    typing(["99", "1", "<", "2", *[""] * 4, "n", "n"])
    code, told, _ = bigask("forms", "enter", "--form", "4-5")
    assert code == 0
    assert "Type numbers from 1 to 11" in told
    assert told.count("1. ") >= 3
    assert "0 papers stored" in told
    assert opened(office) == before


def test_an_end_of_the_lines_loses_only_the_paper_in_hand(office: Office, bigask: Run, typing: Callable[[list[str]], None]) -> None:
    one = of_form("9-12", 1)[0]
    before = office.collection.count()
    typing([*keys("9-12", one), "y", "y", "1", "2"])
    code, told, _ = bigask("forms", "enter", "--form", "9-12")
    assert (code, office.collection.count()) == (0, before + 1)
    assert "1 papers stored" in told


@pytest.mark.parametrize("verb", [("enter",), ("import", __file__)])
def test_nothing_is_taken_while_no_wave_is_open_or_the_gate_is_shut(office: Office, bigask: Run, verb: tuple[str, ...]) -> None:
    permit = permit_folder(office.settings.collection) / PERMIT
    signed = permit.read_bytes()
    permit.unlink()
    code, told, wrong = bigask("forms", *verb, "--form", "9-12")
    assert code == 3
    assert told == ""
    assert wrong.startswith("G2: ")
    permit.write_bytes(signed)
    office.collection.close(date(2026, 5, 31))
    code, _, wrong = bigask("forms", *verb, "--form", "9-12")
    assert (code, wrong) == (3, f"Wave '{WAVE}' is closed: it takes no more answers.\n")


def test_forms_are_printed_by_form_and_layout(bigask: Run, tmp_path: Path) -> None:
    code, told, _ = bigask("forms", "print", "--form", "4-5", "--layout", "normal", "--out", str(tmp_path / "new" / "folder"))
    assert code == 0
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == ["4-5-normal.pdf"]
    assert "4-5-normal.pdf" in told
    code, _, wrong = bigask("forms", "print", "--form", "4-5", "--layout", "easy", "--out", str(tmp_path))
    assert (code, wrong) == (8, "Form 4-5 is printed as normal or large: choose another form for the layout easy.\n")
    assert bigask("forms", "print", "--form", "10-11", "--out", str(tmp_path))[0] == 2
    assert bigask("forms", "print", "--layout", "tiny", "--out", str(tmp_path))[0] == 2


def test_reading_grades_are_printed_with_their_exceptions(bigask: Run) -> None:
    code, told, _ = bigask("forms", "check")
    assert code == 0
    for form_id in FORMS:
        assert re.search(rf"^{form_id} +read by", told, re.MULTILINE)
    assert "- hostel: the houses are called so" in told
