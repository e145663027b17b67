"""Coming in at the staff door and going out: name, password and second factor together, or a proxy that has checked who it is.

Whatever is wrong, the page is the same: it tells neither which of the three it was nor whether there is such an account.
"""

from __future__ import annotations

import time

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.office import page
from api.square_code import square_code
from api.staff_guard import COOKIE, Guard, Visit, posted
from api.staff_proxy import TrustedProxy
from api.staff_session import Attempts, Session, Sessions, UsedCodes
from retention import second_factor
from retention.ledger import Entry
from retention.secure_store import SecureStore
from retention.staff import Member, Role, authenticate

now = time.time  # seconds since 1970, as authenticator apps count; never written anywhere


class Door:
    """Decides who comes in."""

    def __init__(self, store: SecureStore, sessions: Sessions, attempts: Attempts, proxy: TrustedProxy | None) -> None:
        self.store = store
        self.sessions = sessions
        self.proxy = proxy
        self._attempts = attempts
        self._used = UsedCodes()

    def authenticated(self, name: str, password: str, code: str) -> Member | None:
        """Who this is, or None: wrong name, wrong password, wrong code and too many of them look the same."""
        if self._attempts.paused(name):
            return None
        member = authenticate(self.store, name, password)
        if member is None or not self._proved(name, code):
            self._attempts.failed(name)
            return None
        self._attempts.succeeded(name)
        self.signed_in(member)
        return member

    def _proved(self, name: str, code: str) -> bool:
        if not second_factor.enrolled(self.store, name):
            return True  # they enrol one before they see anything else
        proof = second_factor.accepted(self.store, name, code, now())
        return proof is not None and (isinstance(proof, str) or self._used.first_use(name, proof))

    def signed_in(self, member: Member) -> None:
        """Write down that somebody came in."""
        with self.store.record(Entry(member.name, "staff-sign-in", "office")):
            pass

    def open_session(self, member: Member, by_proxy: bool) -> str:
        """A new session's token."""
        token, session = self.sessions.open(member)
        if not by_proxy and not second_factor.enrolled(self.store, member.name):
            session.enrolment = second_factor.begin(member.name)
        return token


def add_door(app: FastAPI, guard: Guard, door: Door) -> None:
    """`/login`, `/logout` and `/second-factor`."""
    _add_login(app, door)

    @guard.post("/logout", *Role)
    def sign_out(visit: Visit) -> Response:
        door.sessions.close(visit.request.cookies[COOKIE])
        gone = RedirectResponse("/login", 303, headers={"Clear-Site-Data": '"cache", "storage"'})
        gone.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return gone

    @guard.get("/second-factor", *Role)
    def enrol(visit: Visit) -> Response:
        return _enrolment(visit.session, wrong=False)

    @guard.get("/second-factor.svg", *Role)
    def square(visit: Visit) -> Response:
        if visit.session.enrolment is None:
            raise HTTPException(404)
        return Response(square_code.__wrapped__(visit.session.enrolment.address), media_type="image/svg+xml")  # a secret: never cached

    @guard.post("/second-factor", *Role)
    def confirm(visit: Visit) -> Response:
        if visit.session.enrolment is None:
            raise HTTPException(404)
        codes = second_factor.confirm(door.store, visit.session.enrolment, visit.field("code").replace(" ", ""), now())
        if codes is None:
            return _enrolment(visit.session, wrong=True)
        visit.session.enrolment = None
        return page("staff/second_factor", csrf=visit.session.csrf, member=visit.member, codes=codes, enrolment=None, wrong=False)


def _add_login(app: FastAPI, door: Door) -> None:
    @app.get("/login")
    async def login(request: Request) -> Response:
        known = door.sessions.find(request.cookies.get(COOKIE, ""))
        if known is not None and known.member is not None:
            return RedirectResponse("/", 303)
        if door.proxy is not None:
            member = await run_in_threadpool(door.proxy.member, request, door.store)
            if member is None:
                raise HTTPException(403)
            await run_in_threadpool(door.signed_in, member)
            return _with_cookie(RedirectResponse("/", 303), door.open_session(member, by_proxy=True), request)
        token, session = door.sessions.open(None)
        return _with_cookie(page("staff/login", csrf=session.csrf, member=None, wrong=False), token, request)

    @app.post("/login")
    async def sign_in(request: Request) -> Response:
        session = door.sessions.find(request.cookies.get(COOKIE, ""))
        if session is None:
            return RedirectResponse("/login", 303)
        if door.proxy is not None:
            raise HTTPException(403)  # whoever the proxy does not know does not come in by a password either
        fields = await posted(request, session)
        name, password, code = (fields.get(part, [""])[0] for part in ("name", "password", "code"))
        member = await run_in_threadpool(door.authenticated, name, password, code)
        if member is None:
            return page("staff/login", 401, csrf=session.csrf, member=None, wrong=True)
        door.sessions.close(request.cookies[COOKIE])
        return _with_cookie(RedirectResponse("/", 303), await run_in_threadpool(door.open_session, member, False), request)


def _enrolment(session: Session, wrong: bool) -> Response:
    if session.enrolment is None:
        return RedirectResponse("/", 303)
    status = 409 if wrong else 200
    return page("staff/second_factor", status, csrf=session.csrf, member=session.member, codes=[], enrolment=session.enrolment, wrong=wrong)


def _with_cookie(response: Response, token: str, request: Request) -> Response:
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return response
