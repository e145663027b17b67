"""The quotes' desk: an output checker who did not propose a quote reads it, and lets it leave or not."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from api.office import page
from api.staff_guard import Guard, Visit
from retention import quotes
from retention.ledger import Entry
from retention.quotes import QuoteState
from retention.secure_store import SecureStore
from retention.staff import Role

WAITING = (QuoteState.PROPOSED, QuoteState.APPROVED_ONCE)


def add_quotes(guard: Guard, store: SecureStore) -> None:
    """Register the pages of quotes."""

    @guard.get("/quotes", Role.OUTPUT_CHECKER)
    def register(visit: Visit) -> Response:
        every = quotes.quotes(store)
        name = visit.member.name
        mine = [one for one in every if one.state in WAITING and name not in (one.proposer, *one.approvers)]
        if mine:
            with store.record(Entry(name, "quote-view", "office", {"quotes": len(mine)})):
                pass  # before they are shown: a view that cannot be written down is none
        waiting = [(one, quotes.words_of(store, one.id)) for one in mine]
        return page("staff/quotes", csrf=visit.session.csrf, member=visit.member, waiting=waiting, register=every)

    @guard.post("/quotes/{id}/{decision}", Role.OUTPUT_CHECKER)
    def decide(visit: Visit) -> Response:
        moves = {"approve": quotes.approve, "refuse": quotes.refuse}
        if visit.path("decision") not in moves:
            raise HTTPException(404)
        moves[visit.path("decision")](store, visit.path("id"), visit.member.name)
        return RedirectResponse("/quotes", 303)
