"""Files in a form's layout: the mark, each kind of fault by its row and column, and ids that make a second reading harmless."""

from __future__ import annotations

import csv
import io
import re

import pytest

from forms.load import load_survey
from forms.setting import Setting
from forms.sheet import Fault, SheetError, code_list, columns, empty_sheet, read_sheet
from forms.survey import Form
from tests.paper_samples import sheet

FORM = load_survey().forms["9-12"]
SMALL = load_survey().forms["4-5"]


def faults(form: Form, rows: list[dict[str, str]], setting: Setting = Setting.ANY) -> list[Fault]:
    with pytest.raises(SheetError) as caught:
        read_sheet(form, setting, sheet(form, rows, setting))
    return list(caught.value.faults)


def test_an_empty_row_is_a_child_only_if_something_is_in_it() -> None:
    content = sheet(FORM, [{}, {"age": "9"}, {}])
    (_, response), *rest = read_sheet(FORM, Setting.ANY, content)
    assert not rest
    assert response.choices["age"] == ("9",)
    assert {codes for name, codes in response.choices.items() if name != "age"} == {("opt_out",)}


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [
        ({"age": "8"}, "age", "of these codes: under_9 9 10 11 12 over_12 opt_out"),
        ({"age": "9 10"}, "age", "one code only"),
        ({"important": "education friends job money home area"}, "important", "at most 5 codes"),
        ({"important": "education opt_out"}, "important", "must stand alone"),
        ({"barriers.text": "x" * 1001}, "barriers.text", "at most 1000 characters"),
        ({"barriers.text": "x", "barriers": "opt_out"}, "barriers.text", "no code in column barriers"),
        ({"support.text": "a neighbour"}, "support.text", "the code other in column support"),
        ({"happiness.online": "often"}, "happiness.online", "of these codes: very_happy"),
        ({"ethnic_white": "white_irish"}, "ethnic_white", "nothing: not asked after the answer in column ethnic_group"),
        ({"postcode.text": "AB1 2CD"}, "postcode.text", "nothing: not asked after the answer in column where_live"),
        (
            {"where_live": "young_offender_institution", "school.text": "Unit"},
            "school.text",
            "nothing: not asked after the answer in column where_live",
        ),
        ({"where_live": "parents", "council": "Leeds"}, "council", "nine characters such as E06000001, or dont_know or opt_out"),
    ],
)
def test_each_fault_is_told_by_row_and_column(row: dict[str, str], column: str, expected: str) -> None:
    found = faults(FORM, [{"age": "9"}, row])
    assert [(fault.row, fault.column) for fault in found] == [(3, column)]
    assert expected in found[0].expected


def test_every_fault_of_every_row_is_told_at_once() -> None:
    found = faults(FORM, [{"age": "8", "gender": "x"}, {"age": "9"}, {"gender": "y"}])
    assert [(fault.row, fault.column) for fault in found] == [(2, "age"), (2, "gender"), (4, "gender")]


def test_boundaries_of_a_limit() -> None:
    five = "education friends job money home"
    assert read_sheet(FORM, Setting.ANY, sheet(FORM, [{"important": five, "barriers.text": "x" * 1000}]))
    assert faults(FORM, [{"important": f"{five} area"}])


def test_a_secure_settings_file_has_no_column_that_leads_to_a_place() -> None:
    left_out = set(columns(FORM, Setting.ANY)) - set(columns(FORM, Setting.SECURE))
    assert left_out == {"school", "school.text", "postcode", "postcode.text", "council"}
    assert not re.search("postcode|council", code_list(FORM, Setting.SECURE))
    with pytest.raises(SheetError, match="setting secure"):
        read_sheet(FORM, Setting.SECURE, sheet(FORM, [{"age": "9"}], Setting.ANY))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("age,gender\r\n", "the mark that bigask forms layout writes"),
        ("Anna Example,9\r\n", "the mark that bigask forms layout writes"),
        (empty_sheet(SMALL, Setting.ANY), "form 9-12"),
        (empty_sheet(FORM, Setting.ANY).replace(FORM.version, "1+000000000000"), "write a new layout"),
        (empty_sheet(FORM, Setting.ANY).replace("age,", "Anna Example,", 1), "a column of this form's layout, once"),
        (empty_sheet(FORM, Setting.ANY).replace("age,", "gender,", 1), "this column, once"),
    ],
)
def test_a_header_of_another_layout_is_refused_without_being_quoted(header: str, expected: str) -> None:
    with pytest.raises(SheetError) as caught:
        read_sheet(FORM, Setting.ANY, sheet(FORM, [{"age": "9"}], header=header))
    told = " ".join(map(str, caught.value.faults))
    assert expected in told
    assert {fault.row for fault in caught.value.faults} == {1}
    assert "Anna" not in told


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b'"a', "café".encode("latin-1")])
def test_what_is_no_csv_in_utf8_is_refused(content: bytes) -> None:
    with pytest.raises(SheetError) as caught:
        read_sheet(FORM, Setting.ANY, content)
    assert caught.value.faults[0].row == 1


def test_a_layout_without_answers_and_a_row_that_is_too_long_are_refused() -> None:
    header = empty_sheet(FORM, Setting.ANY)
    with pytest.raises(SheetError, match="at least one row"):
        read_sheet(FORM, Setting.ANY, header.encode())
    for extra in ("x", ",x"):
        row = "," * len(columns(FORM, Setting.ANY)) + extra + "\r\n"
        with pytest.raises(SheetError, match="row 2, column the last"):
            read_sheet(FORM, Setting.ANY, (header + row).encode())


def test_columns_may_be_moved() -> None:
    header = next(csv.reader(io.StringIO(empty_sheet(SMALL, Setting.ANY))))
    moved = [*reversed(header[:-1]), header[-1]]
    written = io.StringIO()
    csv.writer(written).writerows([moved, ["pets" if name == "like_home" else "" for name in moved]])
    (_, response), *_ = read_sheet(SMALL, Setting.ANY, written.getvalue().encode())
    assert response.choices["like_home"] == ("pets",)


def test_the_same_file_has_the_same_ids_in_any_order_and_another_layout_others() -> None:
    header, rows = empty_sheet(FORM, Setting.ANY), [{"age": "9"}, {"age": "10"}, {"age": "9"}]
    first = [response_id for response_id, _ in read_sheet(FORM, Setting.ANY, sheet(FORM, rows, header=header))]
    again = [response_id for response_id, _ in read_sheet(FORM, Setting.ANY, sheet(FORM, rows[::-1], header=header))]
    other = [response_id for response_id, _ in read_sheet(FORM, Setting.ANY, sheet(FORM, rows))]
    assert len(set(first)) == 3  # two children who say the same are two
    assert set(first) == set(again)
    assert not set(first) & set(other)
    assert {len(response_id) for response_id in first} == {16}
