"""The staff door: signing in, and for each role its desk. It listens on loopback and keeps nothing but sessions in memory.

Analysts see where the waves stand, reviewers one text at a time, output checkers the drafts of releases. Every decision goes
through retention and so into the ledger; nothing a child wrote is ever logged.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp

from api.closed_texts import ClosedTexts
from api.framework import silent_app
from api.office import page, static_file
from api.security import harden
from api.staff_accounts import add_accounts
from api.staff_door import Door, add_door
from api.staff_governance import add_assessment
from api.staff_guard import Guard, LoopbackOnly, Visit
from api.staff_proxy import TrustedProxy
from api.staff_quality import add_quality
from api.staff_quotes import add_quotes
from api.staff_record import add_record
from api.staff_releases import add_release_desk
from api.staff_requests import add_requests
from api.staff_retention import add_retention
from api.staff_review import add_review_desk
from api.staff_safeguarding import add_safeguarding
from api.staff_session import Attempts, Clock, Session, Sessions
from api.staff_themes import add_coding
from governance.cases import CaseError
from governance.gates import GateShut
from governance.reading import RecordError
from governance.safeguarding import SafeguardingError
from pipeline.release_zone import ReleaseDamaged
from retention import releases, review, themes
from retention.database import DatabaseUnavailable
from retention.holdings import due
from retention.keys import KeyRingError
from retention.ledger import LedgerError
from retention.releases import ReleaseRefused
from retention.review_marks import ReviewError
from retention.secure_store import SecureStore, StepRefused
from retention.settings import ReleaseZone, SecureZone, load_settings
from retention.staff import Role, StaffError, member
from retention.steps import NEEDS
from retention.vault import VaultError

LARGEST_BODY = 64 * 1024
DESKS = {Role.ANALYST: "/status", Role.REVIEWER: "/review", Role.OUTPUT_CHECKER: "/releases"}
DESKS |= {Role.SAFEGUARDING_LEAD: "/safeguarding", Role.DATA_PROTECTION_OFFICER: "/retention", Role.ADMINISTRATOR: "/accounts"}
REFUSED = (CaseError, GateShut, ReleaseRefused, ReviewError, SafeguardingError, StaffError, StepRefused)
BROKEN = (DatabaseUnavailable, KeyRingError, LedgerError, RecordError, ReleaseDamaged, VaultError)


def application() -> ASGIApp:
    """The door as the environment's settings describe it, for `uvicorn --factory api.staff:application`."""
    settings = load_settings()
    return create_app(settings.secure, settings.release)


def create_app(zone: SecureZone, release_zone: ReleaseZone | None = None, clock: Clock | None = None) -> ASGIApp:
    """The staff door of one secure zone, opened with the zone's passphrase.

    With a release zone, what is approved is published at once; without, pipeline.approval.publish_released does it where the zone is.
    Raises SettingsError, WrongPassphrase, KeyMissing, DatabaseUnavailable.
    """
    store = SecureStore(zone)
    sessions, attempts = (Sessions(clock), Attempts(clock)) if clock else (Sessions(), Attempts())
    app = silent_app(openapi_url=None)
    guard = Guard(app, sessions, partial(member, store))
    proxy = TrustedProxy(zone.staff_proxy, zone.proxy_secret()) if zone.staff_proxy else None
    add_door(app, guard, Door(store, sessions, attempts, proxy))
    _add_home(app, guard)
    _add_status(guard, store)
    texts = ClosedTexts(store)
    add_review_desk(guard, store, sessions, texts)
    add_safeguarding(guard, store, texts)
    add_quality(guard, store)
    add_coding(guard, store)
    add_quotes(guard, store)
    add_release_desk(guard, store, release_zone)
    add_assessment(guard, store)
    add_record(guard, store)
    add_accounts(guard, store)
    add_retention(guard, store)
    add_requests(guard, store)
    _add_errors(app)
    return harden(LoopbackOnly(app), LARGEST_BODY, cookies=True)


def _add_home(app: FastAPI, guard: Guard) -> None:
    @app.get("/static/{content_hash}/{name:path}")
    def static(content_hash: str, name: str, request: Request) -> Response:
        return static_file(content_hash, name, request)

    @app.get("/health/live")
    def live() -> Response:
        return PlainTextResponse("live\n")

    @guard.get("/", *Role)
    def home(visit: Visit) -> Response:
        return RedirectResponse(DESKS[visit.member.role], 303)


def _add_status(guard: Guard, store: SecureStore) -> None:
    @guard.get("/status", Role.ANALYST)
    def status(visit: Visit) -> Response:
        waves: list[dict[str, Any]] = []
        for wave in store.waves():
            done = store.steps(wave.id)
            steps = [(verb.value, done.get(verb)) for verb in NEEDS if verb.value != "release"]
            entry = {"wave": wave, "steps": steps, "queue": review.counts(store, wave.id), "assets": store.assets(wave.id)}
            entry |= {"coding": themes.waiting(store, wave.id)}
            waves.append({**entry, "releases": releases.releases(store, wave.id)})
        return desk("staff/status", visit.session, waves=waves, late=len(due(store)))


def desk(template: str, session: Session, status: int = 200, **values: Any) -> Response:
    """A page for somebody who is signed in."""
    return page(template, status, csrf=session.csrf, member=session.member, **values)


def _add_errors(app: FastAPI) -> None:
    def said(_request: Request, error: Exception) -> Response:
        return page("staff/message", 409 if isinstance(error, REFUSED) else 503, text=str(error), member=None, csrf="")

    for kind in (*REFUSED, *BROKEN):
        app.add_exception_handler(kind, said)

    @app.exception_handler(HTTPException)
    def refused(_request: Request, error: HTTPException) -> Response:
        texts = {
            403: "That is not yours to do here: your role does not allow it, or the page was too old. Go back and load it again.",
            404: "There is no such page.",
        }
        text = texts.get(error.status_code, "That was not understood. Go back, load the page again, and try again.")
        return page("staff/message", error.status_code, text=text, member=None, csrf="")
