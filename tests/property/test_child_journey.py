"""A child who goes forward and back at random, and a forger who posts whatever he likes: what no order of clicks may bring about."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.journey import Action, Finished, Post, Show, advance, carried_answers, progress
from forms.answers import Answers, Locator, path, read
from forms.load import load_survey
from forms.survey import Form, Kind, Page, Question

Pairs = list[tuple[str, str]]

SURVEY = load_survey()
FORMS = list(SURVEY.forms)
NONCE = "0" * 32


def post(page: Page, chance: random.Random) -> Pairs:
    """What one page may post: any choice that is allowed, text or none. Drawn from a seed: Hypothesis itself is slow at this."""
    pairs: Pairs = []
    for question in page.questions:
        for name in page.fields if page.row is not None else question.choice_fields:
            codes = [option.code for option in question.options]
            free = [option.code for option in question.options if not option.exclusive]
            if question.kind is Kind.CHOICES and chance.random() < 0.7:
                pairs += [(name, code) for code in chance.sample(free, chance.randint(1, question.limit or 1))]
            elif question.text_field is None or question.other is not None or chance.random() < 0.3:
                pairs.append((name, chance.choice(codes)))
        if question.text_field is not None and chance.random() < 0.7:
            pairs.append((question.text_field, "words"))
    return pairs


def locator_fields(form: Form) -> set[str]:
    """Every field that leads to a place."""
    questions = [question for question in form.questions if question.is_locator]
    return {name for q in questions for name in (*q.choice_fields, q.text_field) if name}


def may_be_located(form: Form, answers: Answers) -> bool:
    """Whether this child's answer to "where do you live" names an open, ordinary home; read from the options themselves."""
    home: Question = form.question("where_live")
    chosen = [home.option(code) for code in answers.chosen("where_live")]
    return len(chosen) == 1 and chosen[0] is not None and not chosen[0].secure and not chosen[0].exclusive


@pytest.mark.parametrize("form_id", FORMS)
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_no_order_of_clicks_asks_or_carries_a_place_that_must_not_be_asked(form_id: str, seed: int) -> None:
    form = SURVEY.forms[form_id]
    located, chance = locator_fields(form), random.Random(seed)
    shown = advance(form, Post(Action.START, "", "", Answers()))
    for _ in range(3 * len(form.pages)):
        assert isinstance(shown, Show)
        carried = carried_answers(form, shown)
        asked = {name for page in path(form, shown.answers) for name in page.fields}
        assert {name for name, _ in carried} <= asked - set(shown.page.fields)
        if located and not may_be_located(form, shown.answers):
            assert not located & {name for name, _ in carried}
            assert not located & set(shown.page.fields)
        n, total = progress(form, shown)
        assert 1 <= n <= total
        action = Action.BACK if chance.random() < 0.2 else Action.NEXT
        here = post(shown.page, chance)
        moved = advance(form, Post(action, shown.page.id, NONCE, read(form, carried + here), last=n == total))
        if isinstance(moved, Finished):
            assert n == total, "the child did not know that this page was the last"
            if located and not may_be_located(form, shown.answers):
                assert moved.response.locator == Locator()
            return
        shown = moved


@pytest.mark.parametrize("form_id", FORMS)
@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_no_forged_post_gets_a_place_stored_or_anything_unasked(form_id: str, seed: int) -> None:
    form = SURVEY.forms[form_id]
    chance = random.Random(seed)
    careless = chance.choice([0.0, 0.1])
    pairs = [pair for page in form.pages if chance.random() >= careless for pair in post(page, chance)]
    chance.shuffle(pairs)
    answers = read(form, pairs)
    action = chance.choice([Action.NEXT, Action.NEXT, Action.NEXT, Action.BACK])
    outcome = advance(form, Post(action, chance.choice(form.pages).id, NONCE, answers))
    if isinstance(outcome, Show):
        assert outcome.page in path(form, answers)
        return
    asked = {name for page in path(form, answers) for name in page.fields}
    assert {*outcome.response.choices, *outcome.response.texts} <= asked - locator_fields(form)
    if locator_fields(form) and not may_be_located(form, answers):
        assert outcome.response.locator == Locator()


@pytest.mark.parametrize("form_id", FORMS)
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_going_on_without_changing_anything_never_moves_the_end_away(form_id: str, seed: int) -> None:
    form = SURVEY.forms[form_id]
    chance = random.Random(seed)
    shown = advance(form, Post(Action.START, "", "", Answers()))
    ends: list[int] = []
    seen: list[str] = []
    while isinstance(shown, Show):
        n, total = progress(form, shown)
        again = shown.page.id in seen  # shown once more, to say that it is the last
        seen.append(shown.page.id)
        ends.append(total)
        assert n == len(set(seen))
        assert not again or n == total
        here = shown.answers.pairs(shown.page.fields) if again else post(shown.page, chance)
        answers = read(form, carried_answers(form, shown) + here)
        shown = advance(form, Post(Action.NEXT, shown.page.id, NONCE, answers, last=n == total))
        assert not (isinstance(shown, Show) and shown.problems)
    assert ends == sorted(ends, reverse=True)
    assert ends[-1] == len(set(seen))
