"""From forms and answers to HTML. Every text comes from the survey's words; the templates hold structure only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from jinja2 import Environment

from api.jinja import new_environment
from api.journey import Action, Show, carried_answers, progress
from api.static_files import static_files
from forms.answers import Problem
from forms.helplines import helplines, offered
from forms.survey import Form, Kind, Option, Page, Question, Survey, SurveyError
from forms.window import Window

# Parts of the landing page and of the notices, in the order in which they are read. The picture is for forms with pictures.
PROMISES = (
    ("who", "speaking_up"),
    ("why", "idea"),
    ("what_happens", "locked_home"),
    ("no_way_back", "postbox"),
    ("refuse", "rather_not"),
    ("honest", "shield"),
    ("help", "hands_together"),
)
NOTICES = {
    "parents_notice": (
        "who", "basis", "asked", "place", "kept", "people", "published", "rights", "limits", "harm", "complaint",
    ),
    "teachers": ("link", "before", "during", "after", "upset", "shared", "paper"),
}  # fmt: skip
FACES = {"4-5": "toys", "6-8": "face_happy", "9-12": "rocket", "13-17": "graduation", "easy-6-8": "books", "easy-9-17": "idea"}

THANKS = "star"
demonstration: ContextVar[bool] = ContextVar("demonstration", default=False)  # set by the gate for each request


@dataclass(frozen=True)
class Complaint:
    """One problem in the child's words. `about` says which line or question, where a page has several."""

    field: str
    text: str
    about: str


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates, compiled once."""
    return new_environment()


def field_id(field: str) -> str:
    """The id attribute of a field's first control: what a link of the error summary leads to."""
    return f"q-{field.replace('.', '-')}"


def check_pictures(survey: Survey) -> None:
    """Raises SurveyError if a page would show a picture that is not among our static files."""
    for form in survey:
        named = {face for _, face in PROMISES} | set(FACES.values()) | {THANKS}
        for q in form.questions:
            named |= {name for name in (q.picture, *(o.picture for o in q.options), *(r.picture for r in q.rows)) if name}
        for name in sorted(named):
            try:
                static_files().url(f"pictures/{name}.svg")
            except KeyError:
                raise SurveyError(
                    f"form '{form.id}': picture '{name}' is not in api/static/pictures: run the build in api/assets"
                ) from None


def general_form(survey: Survey) -> Form:
    """The form whose words also serve pages that belong to no form: the first without pictures and without easy words."""
    return next((form for form in survey if not (form.pictures or form.easy_read)), next(iter(survey)))


def page_of_form(template: str, form: Form, **values: Any) -> str:
    """A page in one form's words."""
    return _render(template, form, form.words, form=form, exit_path=f"/{form.id}/exit", **values)


def page_of_survey(template: str, survey: Survey, **values: Any) -> str:
    """A page that belongs to no form."""
    general = general_form(survey)
    words = {**general.words, **survey.words}
    return _render(template, general, words, form=None, forms=list(survey), exit_path="/exit", **values)


def notice(name: str, survey: Survey, form: Form | None, **values: Any) -> str:
    """The notice for parents or the page for teachers, under a form's own header if there is one."""
    words = {**(form or general_form(survey)).words, **survey.words}
    exit_path = f"/{form.id}/exit" if form else "/exit"
    parts = NOTICES[name]
    return _render(
        "notice", form or general_form(survey), words, form=form, forms=list(survey), exit_path=exit_path,
        notice=name, parts=parts, **values,
    )  # fmt: skip


def landing(form: Form, window: Window) -> str:
    """Who asks, why, what happens, no way back, refusing, honesty, help; until when, if that is known; then the start button."""
    numbers = {"day": _moment(form.language, window.closes), "minutes": window.grace_minutes} if window.closes else {}
    closing = form.words["closing_note"].format(**numbers) if numbers else ""
    return page_of_form("landing", form, promises=PROMISES, closing=closing)


def not_open(form: Form, opens: datetime) -> str:
    """Too early: when to come back, and where help is meanwhile."""
    return page_of_form("message", form, message="not_open", again=None, numbers={"day": _moment(form.language, opens)})


def question_page(form: Form, nonce: str, shown: Show) -> str:
    """A page of questions with everything that was answered on it, and every other answer hidden in it."""
    page, answers = shown.page, shown.answers
    n, total = progress(form, shown)
    complaints = [_complaint(form, page, problem) for problem in shown.problems]
    return page_of_form(
        "question",
        form,
        page=page,
        answers=answers,
        problems=complaints,
        errors={complaint.field: complaint.text for complaint in complaints},
        heading=_heading(form, page),
        offered=offered(_asked(page)),
        has_helper_page=any(one.by_parent for one in form.pages),
        hidden=_hidden(form, nonce, page, carried_answers(form, shown), last=n == total),
        n=n,
        total=total,
        field_id=field_id,
        limited=_limited,
        limit_text=lambda question: _limit_text(form, question),
        count_text=lambda left: _count_text(form, left),
        by_letter=_by_letter,
    )


def _asked(page: Page) -> set[str]:
    """The questions of a page, and its rows."""
    rows = {f"{question.id}.{row.code}" for question in page.questions for row in question.rows if page.row in (None, row.code)}
    return rows | {question.id for question in page.questions}


def unavailable(form: Form, nonce: str, shown: Show, action: Action = Action.NEXT, last: bool = True, paused: bool = False) -> str:
    """The page that keeps every answer, to be sent again with the same nonce: the same post, unchanged. `paused` while the gate is shut."""
    answers = carried_answers(form, shown) + shown.answers.pairs(shown.page.fields)
    title, text = ("paused_title", "paused_kept_text") if paused else ("unavailable_title", "unavailable_text")
    return page_of_form(
        "unavailable",
        form,
        title=form.words[title],
        text=form.words[text],
        hidden=_hidden(form, nonce, shown.page, answers, last),
        action=action.value,
    )


def _render(template: str, speaking: Form, words: Mapping[str, str], **values: Any) -> str:
    lines = helplines()
    return environment().get_template(f"child/{template}.html").render(
        language=speaking.language,
        direction=speaking.direction,
        words=words,
        faces=FACES,
        thanks=THANKS,
        demonstration=demonstration.get(),
        helplines=lines,
        checked_on=_day(speaking.language, min(line.checked_on for line in lines).isoformat()),
        **values,
    )  # fmt: skip


def _day(language: str, iso: str) -> str:
    """A date as people write it in English; elsewhere as the standard writes it, which nobody reads wrongly."""
    months = "January February March April May June July August September October November December".split()  # noqa: SIM905
    year, month, day = (int(part) for part in iso.split("-"))
    return f"{day} {months[month - 1]} {year}" if language.split("-")[0] == "en" else iso


def _moment(language: str, moment: datetime) -> str:
    """A day and full hour, in the offset that it was given in. It is never midnight (forms.window)."""
    day = _day(language, moment.date().isoformat())
    if language.split("-")[0] != "en":
        return f"{day} {moment:%H:%M}"
    half = "am" if moment.hour < 12 else "noon" if moment.hour == 12 else "pm"
    return f"{day} at {(moment.hour - 1) % 12 + 1} {half}"


def _hidden(form: Form, nonce: str, page: Page, answers: Sequence[tuple[str, str]], last: bool) -> list[tuple[str, str]]:
    always = [("version", form.version), ("nonce", nonce), ("page", page.id)]
    return [*always, *([("last", "1")] if last else []), *answers]


def _heading(form: Form, page: Page) -> str:
    question = page.questions[0]
    if len(page.questions) > 1:
        return form.words["helper_page_heading"] if page.by_parent else form.words["child_page_heading"]
    return next((row.label for row in question.rows if row.code == page.row), question.text)


def _complaint(form: Form, page: Page, problem: Problem) -> Complaint:
    about = ""
    for question in page.questions:
        for row in question.rows if page.row is None else ():
            if problem.name == f"{question.id}.{row.code}":
                about = row.label.rstrip(".")
        if len(page.questions) > 1 and problem.name in (*question.choice_fields, question.text_field):
            about = question.text
    return Complaint(problem.name, form.words[problem.message].format(**problem.numbers), about)


def _by_letter(question: Question) -> Mapping[str, list[Option]]:
    """Answers by the first letter of their label, both in the order of the alphabet."""
    found: dict[str, list[Option]] = {}
    for option in sorted((option for option in question.options if not option.exclusive), key=lambda option: option.label):
        found.setdefault(option.label[0].upper(), []).append(option)
    return found


def _limited(question: Question) -> bool:
    """True if a child can pick more than allowed."""
    answers = sum(not option.exclusive for option in question.options)
    return question.kind is Kind.CHOICES and question.limit is not None and question.limit < answers


def _limit_text(form: Form, question: Question) -> str:
    return form.words["pick_up_to"].format(limit=question.limit) if _limited(question) else form.words["pick_any"]


def _count_text(form: Form, left: int) -> str:
    return form.words["characters_left" if left >= 0 else "characters_over"].format(count=abs(left))
