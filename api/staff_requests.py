"""The data protection officer's page: requests, complaints and breaches with their clocks, and what can honestly be answered."""

from __future__ import annotations

from datetime import UTC, date, datetime

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from api.office import page
from api.staff_guard import Guard, Visit
from governance.cases import CaseError, acknowledge, article_11, cases, close, extend, kinds, open_case
from retention.secure_store import SecureStore, today
from retention.staff import Role

OFFICER = Role.DATA_PROTECTION_OFFICER


def add_requests(guard: Guard, store: SecureStore) -> None:
    """`/requests`. Anybody in the team can open a case (who notices a breach must be able to say so); the officer decides it."""

    @guard.get("/requests", *Role)
    def shown(visit: Visit) -> Response:
        return _shown(visit, "", 200)

    @guard.post("/requests", *Role)
    def opened(visit: Visit) -> Response:
        try:
            open_case(store, visit.field("kind"), _day(visit.field("received_on")), visit.field("about"), visit.member.name)
        except CaseError as error:
            return _shown(visit, str(error), 409)
        return RedirectResponse("/requests", 303)

    @guard.post("/requests/{number}/{decision}", OFFICER)
    def decide(visit: Visit) -> Response:
        if not visit.path("number").isascii() or not visit.path("number").isdigit():
            raise HTTPException(404)
        number, name, words = int(visit.path("number")), visit.member.name, visit.field("words")
        try:
            match visit.path("decision"):
                case "acknowledge":
                    acknowledge(store, number, name)
                case "extend":
                    extend(store, number, words, name)
                case "close":
                    close(store, number, words, name, visit.field("why_late"))
                case _:
                    raise HTTPException(404)
        except CaseError as error:
            return _shown(visit, str(error), 409)
        return RedirectResponse("/requests", 303)

    def _shown(visit: Visit, problem: str, status: int) -> Response:
        officer, day, now = visit.member.role is OFFICER, today(), datetime.now(UTC)
        every = [(one, one.overdue(day), one.hours_left(now)) for one in cases(store)] if officer else []
        return page(
            "staff/requests", status, csrf=visit.session.csrf, member=visit.member, cases=every, kinds=kinds(), article_11=article_11(),
            officer=officer, today=day, problem=problem,
        )  # fmt: skip


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CaseError("A day is written like 2026-11-22.") from None
