"""The retention page: everything that is held on one timeline, its calendar, and the decisions to look at it or keep it longer."""

from __future__ import annotations

from datetime import date

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from api.office import page
from api.retention_chart import timeline
from api.staff_guard import Guard, Visit
from pipeline.retention_calendar import as_calendar
from retention.holdings import By, Loudness, holdings, keep, reviewed
from retention.secure_store import SecureStore, today
from retention.staff import Role

SEE = (Role.ANALYST, Role.DATA_PROTECTION_OFFICER, Role.ADMINISTRATOR)


def add_retention(guard: Guard, store: SecureStore) -> None:
    """`/retention`. To keep something longer is the data protection officer's to sign; nobody destroys from a web page."""

    @guard.get("/retention", *SEE)
    def shown(visit: Visit) -> Response:
        every, day = holdings(store), today()
        loud = [(one, one.loudness(day)) for one in every]
        data = [one for one in every if not one.kind.startswith("account-")]  # people would crowd out what is held of children
        drawn = Markup(timeline(data, day))  # noqa: S704 - drawn by our own code, its words escaped
        may = visit.member.role is Role.DATA_PROTECTION_OFFICER
        late = [one for one, loudness in loud if loudness >= Loudness.DUE]
        return page(
            "staff/retention", csrf=visit.session.csrf, member=visit.member, holdings=loud, timeline=drawn, late=late, may=may, hand=By.HAND
        )

    @guard.get("/retention.ics", *SEE)
    def calendar(_: Visit) -> Response:
        return Response(as_calendar(holdings(store)), media_type="text/calendar; charset=utf-8")

    @guard.post("/retention/{wave}/{kind}", Role.DATA_PROTECTION_OFFICER)
    def decide(visit: Visit) -> Response:
        wave_id, kind, name, reason = visit.path("wave"), visit.path("kind"), visit.member.name, visit.field("reason")
        if not visit.field("until"):
            reviewed(store, wave_id, kind, reason, name)
            return RedirectResponse("/retention", 303)
        try:
            until = date.fromisoformat(visit.field("until"))
        except ValueError:
            raise HTTPException(400) from None
        keep(store, wave_id, kind, until, reason, name)
        return RedirectResponse("/retention", 303)
