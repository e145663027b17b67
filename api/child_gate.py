"""The opening gate in front of the child door: while it is shut, whoever comes gets a kind page with help lines, and nothing is taken.

A child who is in the middle of a form keeps every answer in that page, to be sent again when the gate is open. Help, notices, what could
go wrong and the ways out stay reachable. The door holds itself against its permit when it starts and again every minute, so that it
notices by itself what has changed or run out.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from api import render
from api.form_post import form_pairs
from api.journey import Action, MalformedPost, OtherVersion, again, read_post
from forms.survey import Form, Survey
from governance.gates import Standing

log = logging.getLogger("bigask.gate")
LOOK_AGAIN_AFTER = 60.0  # seconds
RETRY_AFTER = "3600"  # seconds: people have to look into it
ALWAYS = frozenset({"help", "exit", "parents", "teachers", "risks", "thank-you", "already-sent", "robots.txt"})


class ChildGate:
    """Lets requests through while `standing` says that the survey may run."""

    def __init__(self, app: ASGIApp, survey: Survey, standing: Callable[[], Standing], clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._survey = survey
        self._ask = standing
        self._clock = clock
        self._known: Standing | None = None
        self._known_until = float("-inf")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            self._standing()  # said in the log at once, not when the first child comes
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        standing = self._standing()
        token = render.demonstration.set(standing.demonstration)
        try:
            await self._through(standing, scope, receive, send)
        finally:
            render.demonstration.reset(token)

    async def _through(self, standing: Standing, scope: Scope, receive: Receive, send: Send) -> None:
        parts = [part for part in str(scope["path"]).split("/") if part]
        if standing.open or (parts and (parts[0] in ("static", "teachers") or parts[-1] in ALWAYS or parts == ["health", "live"])):
            await self._app(scope, receive, send)
        elif parts[:1] == ["health"]:
            await PlainTextResponse("the opening gate is shut\n", 503)(scope, receive, send)
        else:
            html = await self._paused(parts, Request(scope, receive))
            await HTMLResponse(html, 503, headers={"Retry-After": RETRY_AFTER})(scope, receive, send)

    async def _paused(self, parts: list[str], request: Request) -> str:
        form = self._survey.forms.get(parts[0]) if parts else None
        if form is None:
            return render.page_of_survey("message", self._survey, message="paused", again=None)
        kept = await _kept(form, request) if request.method == "POST" and len(parts) == 1 else None
        return kept or render.page_of_form("message", form, message="paused", again=None)

    def _standing(self) -> Standing:
        if self._known is None or self._clock() >= self._known_until:
            before, self._known = self._known, self._ask()
            self._known_until = self._clock() + LOOK_AGAIN_AFTER
            if not self._known.open and (before is None or before.open):
                log.error("the opening gate is shut: %s", " ".join(map(str, self._known.missing)))
        return self._known


async def _kept(form: Form, request: Request) -> str | None:
    """The page that keeps what was answered so far; None for whoever only begins, and for what no page of ours can have sent."""
    try:
        post = read_post(form, await form_pairs(request))
    except (MalformedPost, OtherVersion, HTTPException):
        return None
    if post.action is Action.START:
        return None
    return render.unavailable(form, post.nonce, again(form, post), post.action, post.last, paused=True)
