"""The staff door: signing in, and for each role its desk. It listens on loopback and keeps nothing but sessions in memory.

Analysts see where the waves stand, reviewers one text at a time, output checkers the drafts of releases. Every decision goes
through retention and so into the ledger; nothing a child wrote is ever logged.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp

from api.closed_texts import ClosedTexts
from api.office import page, static_file
from api.security import harden
from api.staff_governance import add_assessment
from api.staff_guard import COOKIE, Guard, LoopbackOnly, Visit, posted
from api.staff_quality import add_quality
from api.staff_quotes import add_quotes
from api.staff_releases import add_release_desk
from api.staff_review import add_review_desk
from api.staff_session import Attempts, Clock, Session, Sessions
from api.staff_themes import add_coding
from governance.gates import GateShut
from governance.reading import RecordError
from pipeline.release_zone import ReleaseDamaged
from retention import releases, review, themes
from retention.database import DatabaseUnavailable
from retention.keys import KeyRingError
from retention.ledger import Entry, LedgerError
from retention.releases import ReleaseRefused
from retention.review_marks import ReviewError
from retention.secure_store import SecureStore, StepRefused
from retention.settings import ReleaseZone, SecureZone, load_settings
from retention.staff import Member, Role, authenticate
from retention.steps import NEEDS
from retention.vault import VaultError

LARGEST_BODY = 64 * 1024
DESKS = {Role.ANALYST: "/status", Role.REVIEWER: "/review", Role.OUTPUT_CHECKER: "/releases"}
REFUSED = (GateShut, ReleaseRefused, ReviewError, StepRefused)
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
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    guard = Guard(app, sessions)
    _add_door(app, guard, store, sessions, attempts)
    _add_status(guard, store)
    add_review_desk(guard, store, sessions, ClosedTexts(store))
    add_quality(guard, store)
    add_coding(guard, store)
    add_quotes(guard, store)
    add_release_desk(guard, store, release_zone)
    add_assessment(guard, store)
    _add_errors(app)
    return harden(LoopbackOnly(app), LARGEST_BODY, cookies=True)


def _add_door(app: FastAPI, guard: Guard, store: SecureStore, sessions: Sessions, attempts: Attempts) -> None:
    @app.get("/login")
    async def login(request: Request) -> Response:
        known = sessions.find(request.cookies.get(COOKIE, ""))
        if known is not None and known.member is not None:
            return RedirectResponse("/", 303)
        token, session = sessions.open(None)
        return _with_cookie(page("staff/login", csrf=session.csrf, member=None, wrong=False), token, request)

    @app.post("/login")
    async def sign_in(request: Request) -> Response:
        session = sessions.find(request.cookies.get(COOKIE, ""))
        if session is None:
            return RedirectResponse("/login", 303)
        fields = await posted(request, session)
        name, password = (fields.get(part, [""])[0] for part in ("name", "password"))
        member = await run_in_threadpool(_authenticated, store, attempts, name, password)
        if member is None:
            return page("staff/login", 401, csrf=session.csrf, member=None, wrong=True)
        sessions.close(request.cookies[COOKIE])
        token, _ = sessions.open(member)
        return _with_cookie(RedirectResponse("/", 303), token, request)

    @app.get("/static/{content_hash}/{name:path}")
    def static(content_hash: str, name: str, request: Request) -> Response:
        return static_file(content_hash, name, request)

    @app.get("/health/live")
    def live() -> Response:
        return PlainTextResponse("live\n")

    @guard.get("/", *Role)
    def home(visit: Visit) -> Response:
        return RedirectResponse(DESKS[visit.member.role], 303)

    @guard.post("/logout", *Role)
    def sign_out(visit: Visit) -> Response:
        sessions.close(visit.request.cookies[COOKIE])
        gone = RedirectResponse("/login", 303, headers={"Clear-Site-Data": '"cache", "storage"'})
        gone.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return gone


def _authenticated(store: SecureStore, attempts: Attempts, name: str, password: str) -> Member | None:
    """Who this is, or None: wrong name, wrong password and too many of either look the same."""
    if attempts.paused(name):
        return None
    member = authenticate(store, name, password)
    if member is None:
        attempts.failed(name)
        return None
    attempts.succeeded(name)
    with store.record(Entry(member.name, "staff-sign-in", "office")):
        return member


def _with_cookie(response: Response, token: str, request: Request) -> Response:
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return response


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
        return desk("staff/status", visit.session, waves=waves)


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
