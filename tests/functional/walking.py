"""Walks through forms over HTTP, choosing answers at random as a child might."""

from __future__ import annotations

import random
from collections.abc import Mapping
from urllib.parse import urlencode

import httpx

from forms.survey import Form, Kind, Role
from tests.functional.html_form import HtmlPage, read_page

Pairs = list[tuple[str, str]]
FORM_HEADERS = {"content-type": "application/x-www-form-urlencoded"}
TEXT = 'Läuse & "quotes" <b>kept</b>\nsecond line'
TYPED = {Kind.TEXT: TEXT, Kind.POSTCODE: "SW1A 1AA", Kind.SCHOOL: "Nowhere School"}
ORDINARY_HOME = {"where_live": "parents"}  # so that every question is asked


def send(client: httpx.Client, form_id: str, pairs: Pairs) -> httpx.Response:
    """Post pairs as a browser does, repeated names and order kept."""
    return client.post(f"/{form_id}", content=urlencode(pairs), headers=FORM_HEADERS)


def start(client: httpx.Client, form_id: str) -> HtmlPage:
    """The first page of questions."""
    return read_page(send(client, form_id, [("action", "start")]).text)


def answers_for(form: Form, page: HtmlPage, chance: random.Random, fixed: Mapping[str, str] = ORDINARY_HOME) -> Pairs:
    """Answers that a page accepts, chosen at random except for the questions in `fixed`."""
    shown = form.page(page.value("page"))
    answers: Pairs = []
    for question in shown.questions:
        free = [option.code for option in question.options if option.role is Role.ANSWER]
        if question.kind in TYPED:
            answers.append((str(question.text_field), TYPED[question.kind]))
        elif question.id in fixed:
            answers.append((question.id, fixed[question.id]))
        elif question.kind is Kind.CHOICES:
            many = chance.randint(1, min(question.limit or 1, len(free)))
            answers += [(question.id, code) for code in chance.sample(free, many)]
        else:
            answers += [(name, chance.choice(free)) for name in shown.fields if name in question.choice_fields]
    return answers


def walk(client: httpx.Client, form: Form, seed: int, fixed: Mapping[str, str] = ORDINARY_HOME) -> tuple[HtmlPage, Pairs, Pairs]:
    """Answer a form up to its last page. Returns that page, its answers (not sent yet), and everything answered before."""
    chance = random.Random(seed)
    page, given = start(client, form.id), Pairs()
    while True:
        answers = answers_for(form, page, chance, fixed)
        reply = send(client, form.id, page.post("next", *answers)) if not is_last(page) else None
        if reply is None:
            return page, answers, given
        if reply.status_code != 200:
            raise RuntimeError(f"page '{page.value('page')}' was answered with status {reply.status_code}")
        given += answers
        page = read_page(reply.text)


def is_last(page: HtmlPage) -> bool:
    """True for the page whose post is the final one, as its progress text says ("Question 9 of 9")."""
    n, total = (int(word.strip(":")) for word in page.title.split() if word.strip(":").isdigit())
    return n == total
