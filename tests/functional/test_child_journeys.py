"""Every form, answered over real HTTP as a browser without JavaScript does it, and found sealed in the store."""

from __future__ import annotations

import random
from collections.abc import Iterator
from urllib.parse import urlencode

import httpx
import pytest

from forms.answers import Locator
from forms.load import load_survey
from forms.survey import Form, Kind, Role
from tests.functional.door import Wave
from tests.functional.html_form import HtmlPage, read_page

FORMS = list(load_survey().forms)
WORDS = 'Läuse & "quotes" <b>kept</b>\nsecond line'


@pytest.fixture
def client(door: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=door) as client:
        yield client


def answers_for(form: Form, page: HtmlPage, chance: random.Random) -> list[tuple[str, str]]:
    """Answers that a page accepts, chosen at random; an ordinary home, so that every question is asked."""
    shown = form.page(page.value("page"))
    answers: list[tuple[str, str]] = []
    for question in shown.questions:
        free = [option.code for option in question.options if option.role is Role.ANSWER]
        if question.kind in (Kind.TEXT, Kind.POSTCODE, Kind.SCHOOL):
            answers.append((str(question.text_field), {"postcode": "SW1A 1AA", "school": "A School"}.get(question.kind, WORDS)))
        elif question.id == "where_live":
            answers.append((question.id, "parents"))
        elif question.kind is Kind.CHOICES:
            many = chance.randint(1, min(question.limit or 1, len(free)))
            answers += [(question.id, code) for code in chance.sample(free, many)]
        else:
            fields = [name for name in shown.fields if name in question.choice_fields]
            answers += [(name, chance.choice(free)) for name in fields]
    return answers


def send(client: httpx.Client, form_id: str, pairs: list[tuple[str, str]]) -> httpx.Response:
    """Post pairs as a browser does, repeated names and order kept."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return client.post(f"/{form_id}", content=urlencode(pairs), headers=headers)


def walk(client: httpx.Client, form: Form, seed: int) -> tuple[httpx.Response, list[tuple[str, str]]]:
    """Answer a whole form. Returns the last reply and everything that was answered."""
    chance = random.Random(seed)
    reply = client.post(f"/{form.id}", data={"action": "start"})
    given: list[tuple[str, str]] = []
    while reply.status_code == 200:
        page = read_page(reply.text)
        answers = answers_for(form, page, chance)
        given += answers
        body = page.post("next", *answers)
        reply = client.post(
            f"/{form.id}", content=str(httpx.QueryParams(body)), headers={"content-type": "application/x-www-form-urlencoded"}
        )
    return reply, given


@pytest.mark.parametrize("form_id", FORMS)
def test_a_whole_form_is_answered_and_opened_again_with_the_private_keys(client: httpx.Client, wave: Wave, form_id: str) -> None:
    form = load_survey().forms[form_id]
    before = wave.responses()
    reply, given = walk(client, form, seed=7)
    assert (reply.status_code, reply.headers["location"]) == (303, f"/{form_id}/thank-you")
    (response,) = [response for response in wave.responses() if response not in before]
    assert response.version == form.version
    kept = {(name, code) for name, codes in response.choices.items() for code in codes} | set(response.texts.items())
    located = {question.id for question in form.questions if question.is_locator}
    assert kept == {(name, value) for name, value in given if name.split(".")[0] not in located}
    if located:
        council = dict(given)["council"]
        assert response.locator == Locator("SW1A 1AA", "A School", council, True)
    else:
        assert response.locator == Locator()
