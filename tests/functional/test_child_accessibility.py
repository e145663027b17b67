"""WCAG 2.2 AA by axe: every page of every form, empty, with errors and filled in; light and dark, narrow and wide."""

from __future__ import annotations

import random
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page

from forms.load import load_survey
from forms.survey import Form, Kind, Survey
from tests.functional.axe import violations
from tests.functional.html_form import read_page
from tests.functional.walking import Pairs, answers_for, send

FORMS = list(load_survey().forms)
LOOKS = [("light", 1200), ("dark", 320)]  # turn by turn, so that every form is seen in both


@pytest.fixture(scope="module")
def looks(chromium: Browser, door: str) -> Iterator[list[Page]]:
    """A page in each look, on the door's own origin, so that HTML put into it finds its styles and pictures."""
    contexts = [
        chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True, java_script_enabled=True)
        for scheme, width in LOOKS
    ]
    pages = [context.new_page() for context in contexts]
    for page in pages:
        page.goto(f"{door}/robots.txt")
    yield pages
    for context in contexts:
        context.close()


def states(client: httpx.Client, form: Form) -> Iterator[tuple[str, str]]:
    """(name, HTML) of every page of a form: as it comes, with its error summary, and filled in."""
    html = send(client, form.id, [("action", "start")]).text
    chance = random.Random(1)
    while True:
        page = read_page(html)
        yield f"{page.value('page')} empty", html
        answers = answers_for(form, page, chance)
        wrong = send(client, form.id, page.post("next", *mistakes(form, page.value("page"))))
        if wrong.status_code == 422:
            yield f"{page.value('page')} with errors", wrong.text
        onward = send(client, form.id, page.post("next", *answers))
        if onward.status_code == 303:
            return
        following = read_page(onward.text)
        filled = send(client, form.id, following.post("back"))
        yield f"{page.value('page')} filled", filled.text
        html = onward.text


def mistakes(form: Form, page_id: str) -> Pairs:
    """An answer to this page that comes back with an error."""
    question = form.page(page_id).questions[0]
    if question.kind in (Kind.TEXT, Kind.POSTCODE, Kind.SCHOOL):
        return [(str(question.text_field), "x" * 1001)]
    if question.kind is Kind.CHOICES:
        return [(question.id, option.code) for option in question.options]
    return []


@pytest.mark.parametrize("form_id", FORMS)
def test_no_page_of_a_form_has_a_violation_in_any_state(door: str, looks: list[Page], survey: Survey, form_id: str) -> None:
    wrong = []
    with httpx.Client(base_url=door) as client:
        for number, (name, html) in enumerate(states(client, survey.forms[form_id])):
            page = looks[number % len(looks)]
            page.set_content(html, wait_until="domcontentloaded")
            wrong += [f"{name}: {violation}" for violation in violations(page)]
    assert not wrong
