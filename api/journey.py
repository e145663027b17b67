"""Which page comes next: the whole logic of a form's journey, without the web.

Every post carries every answer so far, so a journey is a function of one post and nothing is remembered between two.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from forms.answers import AnswerError, Answers, Problem, keep, path, problems, read
from forms.answers import Response as Answered
from forms.survey import Form, Page, Survey, SurveyError

NONCE = re.compile(r"[0-9a-f]{32}")
CARRIED = ("page", "action", "nonce", "version", "last", "private")  # what a post carries beside answers


class MalformedPost(ValueError):
    """A post that no page of ours can have sent."""


class OtherVersion(ValueError):
    """A post from a page of another version of the form, left open since before a change."""


class Action(StrEnum):
    """What the child asked for."""

    START = "start"
    NEXT = "next"
    BACK = "back"


@dataclass(frozen=True)
class Post:
    """One post, understood. `nonce` is 32 hex digits, or empty at the start; so is `page`.

    `last` is true if the page said of itself that it was the last, so that the child knew what the button does.
    """

    action: Action
    page: str
    nonce: str
    answers: Answers
    last: bool = False


@dataclass(frozen=True)
class Show:
    """A page to show, with what was answered so far and what has to change on it."""

    page: Page
    answers: Answers
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Finished:
    """The last page was answered and nothing is wrong. `last` is shown again if the response cannot be stored now."""

    response: Answered
    last: Show


def check_names(survey: Survey) -> None:
    """Raises SurveyError if a question's id is a name that every post uses for itself."""
    for form in survey:
        for question in form.questions:
            if question.id in CARRIED:
                raise SurveyError(f"form '{form.id}': a question cannot be called '{question.id}': choose another id")


def read_post(form: Form, pairs: Iterable[tuple[str, str]]) -> Post:
    """One post of this form.

    Raises MalformedPost for a field, code, page, action or nonce that the form does not have, OtherVersion for a post
    to another version of it.
    """
    carried: dict[str, str] = {}
    given: list[tuple[str, str]] = []
    for name, value in pairs:
        if name not in CARRIED:
            if value:  # an empty text box, or the empty entry of a list
                given.append((name, value))
        elif name in carried:
            raise MalformedPost("a field that is sent once was sent twice")
        else:
            carried[name] = value
    try:
        action = Action(carried.get("action", ""))
    except ValueError:
        raise MalformedPost("an unknown action was sent") from None
    if action is Action.START:
        return Post(action, "", "", Answers())
    if carried.get("version") != form.version:
        raise OtherVersion("the page is of another version of the form")
    if not NONCE.fullmatch(carried.get("nonce", "")):
        raise MalformedPost("the nonce is not one")
    if carried.get("page") not in form.page_ids:
        raise MalformedPost("an unknown page was sent")
    try:
        return Post(action, carried["page"], carried["nonce"], read(form, given), "last" in carried)
    except AnswerError as error:
        raise MalformedPost(str(error)) from None


def advance(form: Form, post: Post) -> Show | Finished:
    """The page to show after this post, or the finished response. Going back never complains and never forgets."""
    pages = path(form, post.answers)
    ids = [page.id for page in pages]
    if post.action is Action.START:
        return Show(pages[0], post.answers)
    # A page that is not asked (any more): only a forged post names one. Carry on where something is left to do.
    at = ids.index(post.page) if post.page in ids else len(ids) - 1
    if post.action is Action.BACK:
        return Show(pages[max(at - 1, 0)], post.answers)
    wrong = problems(pages[at], post.answers)
    if wrong:
        return Show(pages[at], post.answers, wrong)
    if at + 1 < len(pages):
        return Show(pages[at + 1], post.answers)
    for page in pages[:-1]:
        if found := problems(page, post.answers):
            return Show(page, post.answers, found)
    if not (post.last or _announced(form, pages[at], post.answers)):
        return Show(pages[at], post.answers)  # the same page again, which now says that it is the last
    return Finished(keep(form, pages, post.answers), Show(pages[at], post.answers))


def again(form: Form, post: Post) -> Show:
    """The page that was posted, as this child is asked it, with what was answered: to be posted once more."""
    pages = path(form, post.answers)
    return Show(next((page for page in pages if page.id == post.page), pages[-1] if post.page else pages[0]), post.answers)


def _announced(form: Form, page: Page, answers: Answers) -> bool:
    """True if this page, before it was answered, could only be the last: then it has said so."""
    here = set(page.fields)
    before = Answers({name: codes for name, codes in answers.choices.items() if name not in here}, answers.texts)
    n, total = progress(form, Show(page, before))
    return n == total


def carried_answers(form: Form, shown: Show) -> list[tuple[str, str]]:
    """(field, value) of every answer that the shown page must carry hidden: those of all other pages that are asked.

    What is not asked any more is not carried: a postcode typed before "where do you live" changed is forgotten here.
    """
    here = set(shown.page.fields)
    return shown.answers.pairs(name for page in path(form, shown.answers) for name in page.fields if name not in here)


def progress(form: Form, shown: Show) -> tuple[int, int]:
    """(number of this page, pages on the longest way that is still open), so that the end never moves further away."""
    asked = [page.id for page in path(form, shown.answers)]
    may_follow: dict[str, Counter[str]] = {}  # question not answered yet -> for each answer, the pages it would add
    for page in form.pages:
        condition = page.questions[0].ask_if
        if condition is not None and page.id not in asked and not shown.answers.chosen(condition.question):
            may_follow.setdefault(condition.question, Counter()).update(condition.any_of)
    longest = sum(max(pages.values()) for pages in may_follow.values())
    return asked.index(shown.page.id) + 1, len(asked) + longest
