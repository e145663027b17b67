"""The safeguarding leads' queue: one text at a time, alone, with the record that is made of it. Each view is in the ledger first.

No page here shows geography, school, age or any other answer. The data protection officer sees how many wait and how late, never a text.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from api.closed_texts import ClosedTexts
from api.office import page
from api.staff_guard import Guard, Visit
from governance.safeguarding import Outcome, Record, SafeguardingError, Waiting, decide, load_policy, queue, waiting
from governance.safeguarding_join import MEANS, joined, sign_join, signers
from pipeline.councils import Councils
from retention.ledger import Entry
from retention.secure_store import SecureStore, today
from retention.staff import Role

SHOWN = {"lad25cd": "Council", "rgn": "Region"}


def add_safeguarding(guard: Guard, store: SecureStore, texts: ClosedTexts) -> None:
    """`/safeguarding`."""

    @guard.get("/safeguarding", Role.SAFEGUARDING_LEAD, Role.DATA_PROTECTION_OFFICER)
    def waiting_list(visit: Visit) -> Response:
        lead, day = visit.member.role is Role.SAFEGUARDING_LEAD, today()
        every = [(one, one.overdue(day), one.escalated(day)) for one in queue(store)]
        shown = every if lead else [entry for entry in every if entry[2]]
        return page("staff/safeguarding", csrf=visit.session.csrf, member=visit.member, waiting=shown, lead=lead, total=len(every))

    @guard.get("/safeguarding/{flag}", Role.SAFEGUARDING_LEAD)
    def one_text(visit: Visit) -> Response:
        return _shown(visit, waiting(store, visit.path("flag")), "", 200)

    @guard.post("/safeguarding/{flag}", Role.SAFEGUARDING_LEAD)
    def record(visit: Visit) -> Response:
        found = waiting(store, visit.path("flag"))
        try:
            decide(store, found.flag.id, _record(visit), visit.member.name)
        except SafeguardingError as error:
            return _shown(visit, found, str(error), 409)
        return RedirectResponse("/safeguarding", 303)

    @guard.post("/safeguarding/{flag}/join", Role.SAFEGUARDING_LEAD)
    def join(visit: Visit) -> Response:
        sign_join(store, visit.path("flag"), visit.member.name, visit.field("reason"))
        return RedirectResponse(f"/safeguarding/{visit.path('flag')}", 303)

    @guard.post("/safeguarding/{flag}/joined", Role.SAFEGUARDING_LEAD)
    def areas(visit: Visit) -> Response:
        found = joined(store, visit.path("flag"), visit.member.name)
        known = Councils.of_2025()
        names = {**known.names, **known.region_names}
        shown = [(words, found.get(column, ""), names.get(found.get(column, ""), "not known")) for column, words in SHOWN.items()]
        return page("staff/safeguarding_areas", csrf=visit.session.csrf, member=visit.member, areas=shown, flag=visit.path("flag"))

    def _shown(visit: Visit, one: Waiting, problem: str, status: int) -> Response:
        with store.record(Entry(visit.member.name, "safeguarding-view", one.flag.wave, {"flag": one.flag.id})):
            pass  # before it is shown: a view that cannot be written down is none
        policy = load_policy()
        return page(
            "staff/safeguarding_text",
            status,
            csrf=visit.session.csrf,
            member=visit.member,
            one=one,
            words=texts.text(one.flag.wave, one.flag.text_row),
            questions=policy.questions,
            urgencies=policy.urgency,
            outcomes=list(Outcome),
            may_join=policy.join_located_in_emergency,
            means=MEANS,
            signers=signers(store, one.flag.id),
            problem=problem,
            given=visit.fields,
        )

    def _record(visit: Visit) -> Record:
        if visit.field("outcome") not in set(Outcome):
            raise HTTPException(400)
        answers = {one.code: visit.field(one.code) for one in load_policy().questions}
        parts = (visit.field(name) for name in ("whom", "shared", "told_on"))
        return Record(Outcome(visit.field("outcome")), visit.field("urgency"), visit.field("reason"), answers, *parts)
