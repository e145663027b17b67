"""What could go wrong and what we do about it: for children in the words of their form, for parents from the register itself."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from api import render
from forms.survey import Form, Survey
from governance.risks import Level, Register

# A picture to each part, for forms with pictures.
PICTURES = {
    "found": "people", "names": "person", "place": "houses", "screen": "phone", "pushed": "teacher", "broken_in": "key",
    "harm": "hands_together", "upset": "face_sad", "heard": "speaking_up", "kept": "locked_home",
}  # fmt: skip
_WORST_FIRST = {Level.HIGH: 0, Level.MEDIUM: 1, Level.LOW: 2}


def add_risk_pages(app: FastAPI, survey: Survey, register: Callable[[], Register]) -> None:
    """`/risks` for parents and `/<form>/risks` for children. `register`: the one that the door has a permit for."""

    @app.get("/risks")
    def for_parents() -> Response:
        return HTMLResponse(parents_page(survey, register()))

    @app.get("/{form_id}/risks")
    def for_children(form_id: str) -> Response:
        if form_id not in survey.forms:
            raise HTTPException(404)
        return HTMLResponse(child_page(survey.forms[form_id], register()))


def child_page(form: Form, register: Register) -> str:
    """The parts of the register that children are told, the worst first, in this form's words."""
    return render.page_of_form("risks", form, topics=[(topic, PICTURES[topic]) for topic in register.topics()])


def parents_page(survey: Survey, register: Register) -> str:
    """Every risk with what is done about it and what is left, the worst first as it stood before anything was done."""
    risks = sorted(register.risks, key=lambda risk: (_WORST_FIRST[risk.before.level], _WORST_FIRST[risk.after.level]))
    entries = [(risk, [register.measure(code).does for code in risk.measures]) for risk in risks]
    return render.page_of_survey("parents_risks", survey, entries=entries)
