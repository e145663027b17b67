"""Help is offered beside the questions that can stir something up: from the data of the help pages, folded up, whatever was answered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.journey import Show
from api.render import page_of_form, question_page
from forms.answers import Answers
from forms.helplines import HELPLINES, helplines, offered
from forms.load import load_survey
from forms.survey import Form, Page, SurveyError
from forms.yaml_file import read_yaml

FORMS = list(load_survey())
OFFER = re.compile(r'<details class="govuk-details help-offer">(.*?)</details>', re.DOTALL)


def asked(page: Page) -> set[str]:
    """What a page asks, worked out apart from the code under test."""
    names = {question.id for question in page.questions}
    for question in page.questions:
        names |= {f"{question.id}.{row.code}" for row in question.rows if page.row is None or page.row == row.code}
    return names


def always_asked(form: Form) -> list[Page]:
    """The pages that no answer leads to: the others, about place and ethnic group, stir nothing up."""
    assert not [page.id for page in form.pages if any(question.ask_if for question in page.questions) and offered(asked(page))]
    return [page for page in form.pages if not any(question.ask_if for question in page.questions)]


def offer_of(form: Form, page: Page, answers: Answers | None = None) -> str:
    """The offer as it stands on a page; "" if there is none."""
    found = OFFER.findall(question_page(form, "0" * 32, Show(page, answers or Answers({}, {}))))
    assert len(found) <= 1
    return found[0] if found else ""


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
def test_each_page_offers_the_lines_whose_moment_it_is_and_no_other(form: Form) -> None:
    moments = {str(entry["code"]): set(entry["moments"]) for entry in read_yaml(HELPLINES)}
    for page in always_asked(form):
        offer = offer_of(form, page)
        for line in helplines():
            wanted = bool(moments[line.code] & asked(page))
            assert (f'href="{"tel" if line.by == "call" else "sms"}:{line.number.replace(" ", "")}"' in offer) is wanted, page.id
            assert (form.words[f"helpline_{line.code}"] in offer.replace("&#39;", "'")) is wanted
        if offer:
            assert form.words["help_offer"] in offer


@pytest.mark.parametrize("form", [form for form in FORMS if form.id != "4-5"], ids=lambda form: form.id)
def test_every_line_has_its_moment_in_every_form_that_children_fill_in_alone(form: Form) -> None:
    met = {line.code for page in form.pages for line in offered(asked(page))}
    assert met == {line.code for line in helplines()}


def test_every_moment_is_one_that_some_form_has() -> None:
    known = {name for form in FORMS for page in form.pages for name in asked(page)}
    assert {moment for line in helplines() for moment in line.moments} <= known


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
def test_an_offer_is_folded_up_and_the_same_whatever_was_answered(form: Form) -> None:
    for page in always_asked(form):
        html = question_page(form, "0" * 32, Show(page, Answers({}, {})))
        assert "<details open" not in html
        assert not re.search(r"<details[^>]*\sopen", html)
        chosen = {field: (question.options[0].code,) for question in page.questions for field in question.choice_fields}
        other = {field: (question.options[-1].code,) for question in page.questions for field in question.choice_fields}
        written = {question.text_field: "I am so sad that I want to run away" for question in page.questions if question.text_field}
        assert offer_of(form, page) == offer_of(form, page, Answers(chosen, {})) == offer_of(form, page, Answers(other, written))


def test_an_offer_asks_for_nothing_and_leads_nowhere_but_to_the_lines() -> None:
    for form in FORMS:
        for page in always_asked(form):
            offer = offer_of(form, page)
            assert not re.search(r"<(?:input|button|form|img|script)\b", offer)
            assert all(target.startswith(("tel:", "sms:")) for target in re.findall(r'href="([^"]*)"', offer))


def test_help_pages_show_every_line_from_the_same_data() -> None:
    for form in FORMS:
        html = page_of_form("help", form)
        assert all(line.number in html and line.name in html for line in helplines())


def test_a_moment_is_a_list_of_names(tmp_path: Path) -> None:
    path = tmp_path / "helplines.yaml"
    path.write_text("- {code: a, name: A, number: '1', by: call, checked_on: 2026-11-22, moments: feelings}\n", encoding="utf-8")
    with pytest.raises(SurveyError, match="moments"):
        helplines(path)
