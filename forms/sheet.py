"""Answers as a file (CSV) in a form's layout: one row a child, one column a field, codes in it, and a mark in the last header.

The mark names the form, its version and its setting, so that codes cannot be taken for others. It also holds a random key.
Ids of the responses are made from it and from each row, so a file that comes twice is stored once, without anything being
kept about the file; and nobody without the file can try what a row might have said. Faults name rows, columns and what is
expected there, never what a cell holds.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from forms.answers import AnswerError, Problem, Response, complete, is_asked, path, problems, read
from forms.setting import Setting, questions_on_paper
from forms.survey import Form, Kind, Question

MARK = re.compile(r"leave empty: form (\S+) version (\S+) setting (\S+) key ([0-9a-f]{32})")
EXPECTED = {
    "error_exclusive": "a code such as dont_know or opt_out must stand alone",
    "error_only_one": "one code only",
    "error_too_many": "at most {limit} codes",
    "error_too_long": "at most {limit} characters",
}


@dataclass(frozen=True)
class Fault:
    """What keeps a file from being taken. `row` counts as a spreadsheet does: the header is row 1."""

    row: int
    column: str
    expected: str

    def __str__(self) -> str:
        return f"row {self.row}, column {self.column}: {self.expected}"


class SheetError(ValueError):
    """A file that is not taken, with everything that is wrong in it. Never holds what a cell says."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"Nothing was taken from the file, because of {len(faults)} faults, the first in {faults[0]}")


def columns(form: Form, setting: Setting) -> tuple[str, ...]:
    """The columns of a form's file, in order: every field of every question, and none that leads to a place in a secure setting."""
    found: list[str] = []
    for question in questions_on_paper(form, setting):
        found += [*question.choice_fields, *([question.text_field] if question.text_field else [])]
    return tuple(found)


def empty_sheet(form: Form, setting: Setting) -> str:
    """The header line of a new file, with a key of its own."""
    mark = f"leave empty: form {form.id} version {form.version} setting {setting} key {secrets.token_hex(16)}"
    return _lines([[*columns(form, setting), mark]])


def code_list(form: Form, setting: Setting) -> str:
    """A second file that says what each column takes: column, question, line, code, label."""
    rows = [["column", "question", "line", "code", "label"]]
    for question in questions_on_paper(form, setting):
        lines = [row.label for row in question.rows] or [""]
        for name, line in zip(question.choice_fields, lines, strict=True):
            rows += [[name, question.text, line, option.code, option.label] for option in question.options]
        if question.text_field:
            rows.append([question.text_field, question.text, "", "", f"text, at most {question.max_chars} characters"])
    return _lines(rows)


def read_sheet(form: Form, setting: Setting, content: bytes) -> list[tuple[bytes, Response]]:
    """(id, response) of every row. Empty rows are passed over; an empty cell of a question that is asked counts as 'I don't want to say'.

    Raises SheetError with every fault that was found.
    """
    try:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise SheetError([Fault(1, "any", "a file saved as CSV in UTF-8, with commas between the columns")]) from None
    if not lines:
        raise SheetError([Fault(1, "any", "the header line of this form's layout (bigask forms layout)")])
    names, key = _header(form, setting, lines[0])
    faults: list[Fault] = []
    responses: list[Response] = []
    for number, cells in enumerate(lines[1:], start=2):
        if any(cell.strip() for cell in cells):
            found = _response(form, setting, number, names, cells)
            if isinstance(found, Response):
                responses.append(found)
            else:
                faults += found
    if faults:
        raise SheetError(faults)
    if not responses:
        raise SheetError([Fault(2, "any", "at least one row of answers")])
    return _with_ids(key, responses)


def _header(form: Form, setting: Setting, header: list[str]) -> tuple[list[str], bytes]:
    """The columns in the file's order, and the key of its mark. An unknown header is counted, not quoted: it may be an answer."""
    wanted = columns(form, setting)
    mark = MARK.fullmatch(header[-1].strip())
    if mark is None:
        raise SheetError([Fault(1, "the last", "the mark that bigask forms layout writes there")])
    if mark.groups()[:3] != (form.id, form.version, setting):
        expected = f"the mark of form {form.id}, version {form.version}, setting {setting}: write a new layout and copy the answers into it"
        raise SheetError([Fault(1, "the last", expected)])
    names = [name.strip() for name in header[:-1]]
    faults = [Fault(1, f"number {at}", "a column of this form's layout, once") for at, name in enumerate(names, 1) if name not in wanted]
    faults += [Fault(1, name, "this column, once") for name in wanted if names.count(name) != 1]
    if faults:
        raise SheetError(faults)
    return names, bytes.fromhex(mark[4])


def _response(form: Form, setting: Setting, number: int, names: list[str], cells: list[str]) -> Response | list[Fault]:
    if len(cells) > len(names) + 1 or (len(cells) > len(names) and cells[-1].strip()):
        return [Fault(number, "the last", "nothing: this column and all after it stay empty")]
    given = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if cell.strip()}
    faults: list[Fault] = []
    pairs: list[tuple[str, str]] = []
    for question in form.questions:
        # What is asked depends on answers before it, which are all in `pairs` by now.
        if is_asked(question, read(form, pairs)):
            found, wrong = _answered(question, given, shown=setting is Setting.ANY or not question.is_locator)
            pairs += found
            faults += [Fault(number, column, expected) for column, expected in wrong]
        elif question.ask_if is not None:
            fields = [*question.choice_fields, question.text_field or ""]
            reason = f"nothing: not asked after the answer in column {question.ask_if.question}"
            faults += [Fault(number, name, reason) for name in fields if name in given]
    answers = read(form, pairs)
    seen = {fault.column for fault in faults}
    faults += [
        Fault(number, problem.name, _expected(problem))
        for page in path(form, answers)
        for problem in problems(page, answers)
        if problem.name not in seen
    ]
    if faults:
        return faults
    try:
        return complete(form, answers)
    except AnswerError:
        return [Fault(number, "any", "answers that the form can be finished with")]


def _answered(question: Question, given: Mapping[str, str], shown: bool) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(field, value) pairs of one question that is asked, and (column, expected) of what is wrong with it."""
    pairs: list[tuple[str, str]] = []
    wrong: list[tuple[str, str]] = []
    typed = question.kind in (Kind.TEXT, Kind.POSTCODE, Kind.SCHOOL)
    for name in question.choice_fields:
        codes = given.get(name, "").split() if shown else []
        if any(question.option(code) is None for code in codes):
            wrong.append((name, f"{_codes(question)}, with spaces between several"))
        elif codes:
            pairs += [(name, code) for code in codes]
        elif not typed:
            pairs.append((name, question.opt_out.code))
    text = given.get(question.text_field or "", "") if shown else ""
    if text and question.text_field:
        chosen = {code for _, code in pairs}
        if question.other is not None and question.other.code not in chosen:
            wrong.append((question.text_field, f"nothing, or the code {question.other.code} in column {question.id}"))
        elif typed and chosen:
            wrong.append((question.text_field, f"nothing, or no code in column {question.id}"))
        pairs.append((question.text_field, text))
    return pairs, wrong


def _codes(question: Question) -> str:
    if question.kind is Kind.COUNCIL:
        return "the council's code of nine characters such as E06000001, or " + " or ".join(o.code for o in question.options if o.exclusive)
    return "of these codes: " + " ".join(option.code for option in question.options)


def _expected(problem: Problem) -> str:
    return EXPECTED.get(problem.message, "an answer").format(**problem.numbers)


def _with_ids(key: bytes, responses: list[Response]) -> list[tuple[bytes, Response]]:
    """Equal rows of one file are different children, so each is counted."""
    seen: Counter[bytes] = Counter()
    found = []
    for response in responses:
        content = response.body() + b"\0" + response.locator.to_bytes()
        seen[content] += 1
        digest = hashlib.blake2b(content + seen[content].to_bytes(4, "big"), key=key, digest_size=16).digest()
        found.append((digest, response))
    return found


def _lines(rows: list[list[str]]) -> str:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue()
