"""Children and parents are told what could go wrong, from the register that people sign, in words that they can read."""

from __future__ import annotations

import re

import pytest

from api.risk_page import PICTURES, child_page, parents_page
from forms.load import load_survey
from forms.readability import WORD, measure
from forms.reading_list import ADULTS, reading_list
from forms.survey import Form
from forms.words import RISK_TOPICS
from governance.record import load_record
from governance.risks import Level
from tests.governance.records import SHIPPED

SURVEY = load_survey()
CHILDLINE = "0800\N{NO-BREAK SPACE}1111"
REGISTER = load_record(SHIPPED).register
FORMS = pytest.mark.parametrize("form", list(SURVEY), ids=lambda form: form.id)


def test_every_part_of_the_children_s_page_tells_a_risk_and_every_risk_has_its_part() -> None:
    assert {risk.told for risk in REGISTER.risks} == set(RISK_TOPICS)


@FORMS
def test_every_risk_is_told_to_children_and_to_parents(form: Form) -> None:
    page = child_page(form, REGISTER).replace("&#39;", "'")
    for risk in REGISTER.risks:
        assert form.words[f"risk_{risk.told}_heading"] in page
        assert form.words[f"risk_{risk.told}"] in page
    parents = parents_page(SURVEY, REGISTER).replace("&#39;", "'").replace("&#34;", '"')
    for risk in REGISTER.risks:
        for words in (risk.title, risk.harm, risk.left, *(REGISTER.measure(code).does for code in risk.measures)):
            assert words in parents, risk.code


def test_the_worst_come_first() -> None:
    page = parents_page(SURVEY, REGISTER)
    levels = {risk.code: risk.before.level for risk in REGISTER.risks}
    order = [levels[code] for code in re.findall(r'id="risk-([a-z_]+)"', page)]
    assert order == sorted(order, key=[Level.HIGH, Level.MEDIUM, Level.LOW].index)
    assert len(order) == len(REGISTER.risks)


@pytest.mark.parametrize("risk", REGISTER.risks, ids=lambda risk: risk.code)
def test_parents_can_read_the_register(risk: object) -> None:
    texts = {name: getattr(risk, name) for name in ("title", "harm", "left")}
    texts |= {code: REGISTER.measure(code).does for code in risk.measures}  # type: ignore[attr-defined]
    for name, words in texts.items():
        known = frozenset(word.lower() for word in WORD.findall(words))  # adults are taken to know every word
        assert measure(name, words, known).shortcomings(reading_list().targets[ADULTS]) == []


@FORMS
def test_children_are_told_what_we_cannot_promise(form: Form) -> None:
    """A takeover of the server, what stays in the browser, who is in the room, and that nobody can be traced."""
    words = form.words
    assert re.search(r"took over our website|very clever thief", words["risk_broken_in"])
    assert re.search(r"may still (know|remember)", words["risk_screen"])
    assert re.search(r"can't see who|where no one can see|sit where no one", words["risk_pushed"])
    assert CHILDLINE in words["risk_harm"]
    assert re.search(r"do not know who you are", words["risk_harm"])
    assert re.search(r"miss one", words["risk_names"])


@FORMS
def test_a_demonstration_says_that_it_is_one(form: Form) -> None:
    assert re.search(r"only a try", form.words["demonstration_note"])
    assert "do not tell us real things" in form.words["demonstration_note"]


def test_each_part_has_a_picture_of_its_own_where_forms_have_pictures() -> None:
    assert set(PICTURES) == set(RISK_TOPICS)
    assert len(set(PICTURES.values())) == len(PICTURES)
    for form in SURVEY:
        shown = re.findall(r"/pictures/([a-z_]+)\.svg", child_page(form, REGISTER).partition("<main")[2])
        assert set(PICTURES.values()) <= set(shown) if form.pictures else not set(shown)
