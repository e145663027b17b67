"""What counts as asking who a child is, and the small lists that the forms rest on."""

from datetime import date
from pathlib import Path

import pytest

from forms.councils import councils
from forms.helplines import Helpline, helplines
from forms.load import load_survey
from forms.survey import DIRECT_IDENTIFIER, Kind, Option, Page, Question, Role, SurveyError

OPT_OUT = Option("opt_out", "No", Role.OPT_OUT)


@pytest.mark.parametrize(
    "words",
    [
        "What is your name?",
        "What's your full name?",
        "Your first and last name",
        "Tell us your best friend's name",
        "What is your child's name?",
        "What is your home address?",
        "Your e-mail",
        "your mobile phone number",
        "What is your Instagram?",
        "What is your user name?",
        "When is your birthday?",
        "What is your date of birth?",
        "When were you born?",
        "What are you called?",
        "Who are you?",
        "What is your postcode?",
        "The post code of your flat",
        "Which school do you go to?",
        "What is the name of your school?",
        "Which street is it in?",
        "House number",
        "How can we reach you?",
        "What is your child called?",
    ],
)
def test_these_ask_who_a_child_is(words: str) -> None:
    assert DIRECT_IDENTIFIER.search(words)
    with pytest.raises(SurveyError, match="asks for a direct identifier"):
        Question("q", Kind.TEXT, words, (OPT_OUT,), max_chars=10)
    for kind in (Kind.POSTCODE, Kind.SCHOOL):
        assert Question("q", kind, words, (OPT_OUT,), max_chars=10).text == words


@pytest.mark.parametrize(
    "words",
    [
        "How old are you?",
        "Where do you live?",
        "How happy are you with your life at school?",
        "Which of these are you?",
        "What would make your life better?",
        "Do you get help from a teacher?",
        "How do you feel about your friends?",
    ],
)
def test_these_do_not(words: str) -> None:
    assert not DIRECT_IDENTIFIER.search(words)


@pytest.mark.parametrize(("limit", "allowed"), [(0, False), (1, True), (2, True), (3, True), (4, False)])
def test_a_limit_can_be_met(limit: int, allowed: bool) -> None:
    options = (Option("a", "A"), Option("b", "B"), Option("other", "Else", Role.OTHER), OPT_OUT)
    if allowed:
        assert Question("q", Kind.CHOICES, "Which?", options, limit=limit, max_chars=10).limit == limit
    else:
        with pytest.raises(SurveyError, match="cannot be met"):
            Question("q", Kind.CHOICES, "Which?", options, limit=limit, max_chars=10)


@pytest.mark.parametrize(("count", "allowed"), [(0, False), (1, True), (2, False)])
def test_there_is_exactly_one_opt_out(count: int, allowed: bool) -> None:
    options = tuple(Option(f"no{place}", "No", Role.OPT_OUT) for place in range(count))
    if allowed:
        assert Question("q", Kind.TEXT, "Why?", options, max_chars=10).opt_out.code == "no0"
    else:
        with pytest.raises(SurveyError, match="exactly one"):
            Question("q", Kind.TEXT, "Why?", options, max_chars=10)


def test_a_question_is_asked_once_in_a_form() -> None:
    form = load_survey().forms["9-12"]
    twice = (*form.pages, Page("again", (form.question("age"),)))
    with pytest.raises(SurveyError, match="question 'age' twice"):
        type(form)(form.id, form.version, form.bands, twice, form.words)


def test_what_a_form_has_can_be_found_by_its_name() -> None:
    form = load_survey().forms["9-12"]
    assert form.question("age").id == form.page("age").questions[0].id == "age"
    for find in (form.question, form.page):
        with pytest.raises(KeyError):
            find("shoe_size")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("- {code: W06000001, name: Isle of Anglesey}", "entry 1: 'W06000001' is not a code of an English local authority"),
        ("- {code: E06000001}", "entry 1: name must be a text"),
        ("- {code: E06000001, name: A, mayor: B}", "unknown key 'mayor'"),
        ("- {code: E06000001, name: A}\n- {code: E06000001, name: B}", "entry 2: 'E06000001' is there twice"),
        ("E06000001: Hartlepool", "must be a list"),
    ],
)
def test_a_list_of_councils_with_a_fault_is_refused(tmp_path: Path, entry: str, message: str) -> None:
    path = tmp_path / "councils.yaml"
    path.write_text(entry, encoding="utf-8")
    with pytest.raises(SurveyError, match=message):
        councils(path)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("- {code: x, name: X, number: '1', by: call}", "entry 1: checked_on must be a text"),
        ("- {code: x, name: X, number: '1', by: call, checked_on: lately}", "checked_on must be a date"),
        ("- {code: x, name: X, number: '1', by: letter, checked_on: 2026-01-31}", "by must be call or text"),
        ("- {code: x, name: X, number: ask, by: call, checked_on: 2026-01-31}", "number must be digits and spaces"),
        ("- {code: x, name: X, number: '1', by: call, checked_on: 2026-01-31, url: y}", "unknown key 'url'"),
    ],
)
def test_a_help_line_with_a_fault_is_refused(tmp_path: Path, entry: str, message: str) -> None:
    path = tmp_path / "helplines.yaml"
    path.write_text(entry, encoding="utf-8")
    with pytest.raises(SurveyError, match=message):
        helplines(path)


def test_a_help_line_knows_when_it_was_checked() -> None:
    assert all(isinstance(line, Helpline) and line.checked_on >= date(2026, 1, 1) for line in helplines())
