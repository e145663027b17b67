"""Where a form is given out on paper or as a file: anywhere, or in a secure setting, whose paper asks for no place at all (A18)."""

from __future__ import annotations

from enum import StrEnum

from forms.survey import Form, Question


class Setting(StrEnum):
    """`SECURE`: a secure children's home, a young offender institution, a hospital ward. A postcode would name it."""

    ANY = "any"
    SECURE = "secure"


def questions_on_paper(form: Form, setting: Setting) -> tuple[Question, ...]:
    """The questions of a form in this setting, in order: all of them, or all but those that lead to a place."""
    return tuple(question for question in form.questions if setting is Setting.ANY or not question.is_locator)
