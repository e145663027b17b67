"""What every request to the staff door has to pass before anything happens: loopback, session, role, and the form's own token."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.form_post import form_pairs
from api.staff_session import Session, Sessions
from retention.staff import Member, Role

COOKIE = "bigask-staff"
WITHOUT_SECOND_FACTOR = ("/second-factor", "/second-factor.svg", "/logout")  # pages for somebody who has not enrolled one yet
HOSTS = ("127.0.0.1", "localhost", "[::1]")


class LoopbackOnly:
    """Answers only what came to a loopback address under a loopback name, so that no other machine and no foreign page reaches it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._local(scope):
            await PlainTextResponse("The staff door answers on this machine only.\n", 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    @staticmethod
    def _local(scope: Scope) -> bool:
        try:
            address = ipaddress.ip_address((scope.get("server") or ("",))[0])
        except ValueError:
            return False
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        return address.is_loopback and len(hosts) == 1 and _host_name(hosts[0]) in HOSTS


def _host_name(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


@dataclass(frozen=True)
class Visit:
    """A request that has passed: who, in which session, with which fields (empty for a GET)."""

    request: Request
    session: Session
    member: Member
    fields: dict[str, list[str]]

    def field(self, name: str) -> str:
        """The one value of a field; "" if it was not sent. Raises HTTPException 400 if it was sent twice."""
        values = self.fields.get(name, [])
        if len(values) > 1:
            raise HTTPException(400)
        return values[0] if values else ""

    def path(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])


Handler = Callable[[Visit], Response]


class Guard:
    """Registers pages of the staff door, each with the roles that may see it. There is no other way to add one."""

    def __init__(self, app: FastAPI, sessions: Sessions, now: Callable[[str], Member | None]) -> None:
        """`now`: a member as the register of staff has them at this moment, by name."""
        self._app = app
        self._sessions = sessions
        self._now = now

    def get(self, path: str, *roles: Role) -> Callable[[Handler], Handler]:
        """A page to look at."""
        return self._register("GET", path, roles)

    def post(self, path: str, *roles: Role) -> Callable[[Handler], Handler]:
        """A form: also needs the token that the door put into it."""
        return self._register("POST", path, roles)

    def _register(self, method: str, path: str, roles: tuple[Role, ...]) -> Callable[[Handler], Handler]:
        def add(handler: Handler) -> Handler:
            async def endpoint(request: Request) -> Response:
                session = self._sessions.find(request.cookies.get(COOKIE, ""))
                if session is None or session.member is None:
                    return RedirectResponse("/login", 303)
                if await run_in_threadpool(self._now, session.member.name) != session.member:  # gone, or in another role by now
                    self._sessions.close(request.cookies[COOKIE])
                    return RedirectResponse("/login", 303)
                if session.enrolment is not None and path not in WITHOUT_SECOND_FACTOR:
                    return RedirectResponse("/second-factor", 303)
                fields = await posted(request, session) if method == "POST" else {}
                if session.member.role not in roles:
                    raise HTTPException(403)
                return await run_in_threadpool(handler, Visit(request, session, session.member, fields))

            self._app.add_api_route(path, endpoint, methods=[method], response_model=None)
            return handler

        return add


async def posted(request: Request, session: Session) -> dict[str, list[str]]:
    """The fields of a form that this door made for this session. Raises HTTPException 403 for any other, 400 for a malformed one."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise HTTPException(403)
    fields: dict[str, list[str]] = {}
    for name, value in await form_pairs(request):
        fields.setdefault(name, []).append(value)
    if len(fields.get("csrf", [])) != 1 or not session.accepts(fields["csrf"][0]):
        raise HTTPException(403)
    return fields
