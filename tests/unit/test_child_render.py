"""Pages: everything escaped, every word of the survey used, nothing inline, and no picture missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import api
from api.journey import CARRIED, Show, check_names
from api.render import NOTICES, PROMISES, check_pictures, question_page
from forms.answers import Answers
from forms.helplines import helplines
from forms.load import load_pictures, load_survey
from forms.survey import AgeBand, Form, Kind, Option, Page, Question, Role, Survey, SurveyError
from forms.words import FORM_WORDS, RISK_TOPICS, SURVEY_WORDS
from governance.risks import Level

API = Path(api.__file__).parent
ATTACK = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>&amp;"


def test_what_a_child_types_is_escaped_wherever_it_stands() -> None:
    form = load_survey().forms["9-12"]
    answers = Answers({"where_live": ("parents",)}, {"barriers.text": ATTACK, "school.text": ATTACK})
    for page in form.pages:
        if page.questions[0].id in ("barriers", "school", "age"):
            html = question_page(form, "0" * 32, Show(page, answers))
            assert "onerror" in html
            assert "<img src=x" not in html
            assert "<script>alert" not in html
            assert ATTACK not in html


def test_every_word_of_the_survey_is_used_by_a_page() -> None:
    paper = [API.parent / "pipeline" / "data" / "paper" / "form.html", API.parent / "pipeline" / "paper.py"]
    sources = [*(API / "templates" / "child").rglob("*.html"), API / "render.py", API.parent / "forms" / "answers.py", *paper]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    messages = ("exited", "not_open", "closed", "paused", "malformed", "already_sent", "not_found")
    built = {f"{message}_{part}" for message in messages for part in ("title", "text")}
    built |= {f"landing_{part}{ending}" for part, _ in PROMISES for ending in ("", "_heading")}
    built |= {f"{notice}_{part}" for notice in NOTICES for part in ("title", "intro")}
    built |= {f"{notice}_{part}{ending}" for notice, parts in NOTICES.items() for part in parts for ending in ("", "_heading")}
    built |= {f"helpline_{line.code}" for line in helplines()}
    built |= {f"risk_{topic}{ending}" for topic in RISK_TOPICS for ending in ("", "_heading")}
    built |= {f"parents_risks_{level}" for level in Level}
    unused = {key for key in {*FORM_WORDS, *SURVEY_WORDS} - built if not re.search(rf"\b{key}\b", code)}
    assert not unused


def test_no_page_holds_anything_inline() -> None:
    """The policy forbids it, so it would silently not work."""
    for path in (API / "templates" / "child").rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\bsrc=)|javascript:", html), path.name


def test_the_pictures_that_the_forms_name_are_the_pictures_that_are_served() -> None:
    served = {path.stem for path in (API / "static" / "pictures").glob("*.svg")}
    assert served == set(load_pictures())


def test_a_picture_nobody_copied_stops_the_door() -> None:
    with pytest.raises(SurveyError, match="'unicorn' is not in api/static/pictures"):
        check_pictures(survey_with("one", picture="unicorn"))


@pytest.mark.parametrize("name", CARRIED)
def test_a_question_cannot_take_the_name_of_a_carried_field(name: str) -> None:
    with pytest.raises(SurveyError, match="choose another id"):
        check_names(survey_with(name))


def survey_with(question_id: str, picture: str | None = None) -> Survey:
    """The smallest survey there is."""
    options = (Option("a", "A"), Option("b", "B", picture=picture), Option("no", "I don't want to say", Role.OPT_OUT))
    question = Question(question_id, Kind.CHOICE, "Which?", options)
    return Survey("tiny", "Tiny", {"f": Form("f", "1", (AgeBand.B9_12,), (Page("p", (question,)),), {})})
