"""A form on paper: a tagged PDF from the same questions and words that the website shows, for places without the internet.

Boxes are numbered within each question, for whoever types the answers in (`pipeline.keying`) and for the way through the
form: "Only answer this if you ticked box 1 in question 8". On the paper of secure settings nothing leads to a place (A18).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from forms.helplines import helplines
from forms.setting import Setting, questions_on_paper
from forms.survey import Form, Kind, Option, Question

TEMPLATES = Path(__file__).parent / "data" / "paper"
STATIC = Path(__file__).parents[1] / "api" / "static"  # files only: the pictures and fonts that the website shows
PROMISES = ("who", "why", "what_happens", "no_way_back", "refuse", "honest", "help")  # in the order of the landing page
ON_PAPER = {"what_happens": "paper_what_happens", "honest": "paper_honest"}  # said differently where nothing is pressed


class PaperError(RuntimeError):
    """A form that cannot be printed like this, or here. The message says what to do."""


class Layout(StrEnum):
    """How a form is printed."""

    NORMAL = "normal"  # 13 point
    LARGE = "large"  # 18 point, nothing side by side
    EASY = "easy"  # 17 point, a picture to the left of each answer; for the forms in easy words


@dataclass(frozen=True)
class PrintedQuestion:
    """A question with its number, its numbered boxes, and who answers it. `route` is empty where everybody does."""

    number: int
    question: Question
    boxes: tuple[tuple[int, Option], ...]
    route: str


def layouts_of(form: Form) -> tuple[Layout, ...]:
    """The layouts that suit a form: easy words come in the easy layout."""
    return (Layout.EASY if form.easy_read else Layout.NORMAL, Layout.LARGE)


def printed_questions(form: Form, setting: Setting) -> tuple[PrintedQuestion, ...]:
    """Every question of the form's paper in order."""
    questions = questions_on_paper(form, setting)
    return tuple(
        PrintedQuestion(number, question, boxes(question), _route(form, questions, number - 1))
        for number, question in enumerate(questions, start=1)
    )


def boxes(question: Question) -> tuple[tuple[int, Option], ...]:
    """The numbered boxes of a question, from 1. A council's name is written, so only the ways not to answer have one."""
    shown = [option for option in question.options if question.kind is not Kind.COUNCIL or option.exclusive]
    return tuple(enumerate(shown, start=1))


def _route(form: Form, questions: Sequence[Question], at: int) -> str:
    """Who answers this question, by boxes of an earlier one, and where everybody else goes on."""
    condition = questions[at].ask_if
    if condition is None:
        return ""
    source = next(number for number, question in enumerate(questions, start=1) if question.id == condition.question)
    ticked = ", ".join(str(number) for number, option in boxes(questions[source - 1]) if option.code in condition.any_of)
    onward = next((number for number in range(at + 1, len(questions)) if questions[number].ask_if != condition), None)
    if onward is None:
        return form.words["paper_only_if_last"].format(boxes=ticked, question=source)
    return form.words["paper_only_if"].format(boxes=ticked, question=source, onward=onward + 1)


def print_form(form: Form, layout: Layout, setting: Setting = Setting.ANY) -> bytes:
    """The form as a PDF/UA-1 file: tagged, with its language, title, bookmarks and embedded fonts.

    Raises PaperError for a layout that the form does not have, or where Pango, which sets the text, is not installed.
    """
    if layout not in layouts_of(form):
        suited = " or ".join(layouts_of(form))
        raise PaperError(f"Form {form.id} is printed as {suited}: choose another form for the layout {layout}.")
    try:
        from weasyprint import HTML
    except OSError:  # the library is there, and what it loads from the system is not
        raise PaperError(
            "PDFs are set by Pango, which this machine lacks: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
        ) from None
    document = HTML(string=as_html(form, layout, setting), base_url=STATIC.as_uri() + "/")
    pdf: bytes = document.write_pdf(pdf_variant="pdf/ua-1")
    return pdf


def as_html(form: Form, layout: Layout, setting: Setting) -> str:
    """What is set: one page of HTML with its styles in it."""
    printed = printed_questions(form, setting)
    place = any(one.question.is_locator for one in printed)
    promises = [(form.words[f"landing_{name}_heading"], form.words[ON_PAPER.get(name, f"landing_{name}")]) for name in PROMISES]
    values: dict[str, Any] = {
        "form": form,
        "words": form.words,
        "layout": layout.value,
        "printed": printed,
        "promises": promises,
        "place": form.words["paper_place"] if place else "",
        "helplines": helplines(),
        "has_helper_page": any(page.by_parent for page in form.pages),
        "wide": layout is Layout.NORMAL and not form.pictures,
        "styles": (TEMPLATES / "paper.css").read_text(encoding="utf-8"),
    }
    return _environment().get_template("form.html").render(values)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
