"""What could go wrong and what we do about it: for children in the words of their form, for parents from the register itself."""

from __future__ import annotations

from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from api import render
from forms.survey import Form, Survey
from governance.risks import Level, Register

# A picture to each part, for forms with pictures.
PICTURES = {
    "found": "people", "names": "person", "place": "houses", "screen": "phone", "pushed": "teacher", "broken_in": "key",
    "harm": "hands_together", "upset": "face_sad", "heard": "speaking_up", "kept": "locked_home",
}  # fmt: skip
_WORST_FIRST = {Level.HIGH: 0, Level.MEDIUM: 1, Level.LOW: 2}


def risk_pages(survey: Survey, register: Callable[[], Register]) -> list[Route]:
    """`/risks` for parents and `/<form>/risks` for children. `register`: the one that the door has a permit for."""

    def for_parents(_request: Request) -> Response:
        return HTMLResponse(parents_page(survey, register()))

    def for_children(request: Request) -> Response:
        form = survey.forms.get(request.path_params["form_id"])
        if form is None:
            raise HTTPException(404)
        return HTMLResponse(child_page(form, register()))

    return [Route("/risks", for_parents), Route("/{form_id}/risks", for_children)]


def child_page(form: Form, register: Register) -> str:
    """The parts of the register that children are told, the worst first, in this form's words."""
    return render.page_of_form("risks", form, topics=[(topic, PICTURES[topic]) for topic in register.topics()])


def parents_page(survey: Survey, register: Register) -> str:
    """Every risk with what is done about it and what is left, the worst first as it stood before anything was done."""
    risks = sorted(register.risks, key=lambda risk: (_WORST_FIRST[risk.before.level], _WORST_FIRST[risk.after.level]))
    entries = [(risk, [register.measure(code).does for code in risk.measures]) for risk in risks]
    return render.page_of_survey("parents_risks", survey, entries=entries)
