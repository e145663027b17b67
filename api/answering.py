"""What a posted page of answers leads to: the next page, the same page with what has to change, or thanks once it is on the disk.

Almost every request of the child door is such a post, and a school's come together. They are answered before the framework looks for
a route; whatever else is asked goes on to it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api import render
from api.form_post import form_pairs
from api.journey import Action, Finished, MalformedPost, OtherVersion, Post, advance, again, read_post
from api.pace import WINDOW, Pace, What
from api.receiving import Receiver
from forms.survey import Form, Survey
from forms.window import Opening, Window
from retention.collection_store import NoWave, Receipt, WaveClosed
from retention.database import DatabaseUnavailable
from retention.keys import KeyRingError
from retention.seal import SealError

CANNOT_STORE = (DatabaseUnavailable, KeyRingError, SealError, TimeoutError)
NOT_OPEN = (WaveClosed, NoWave)
Clock = Callable[[], datetime]


class Answering:
    """Answers every post to a form's own address."""

    def __init__(self, app: ASGIApp, survey: Survey, receiver: Receiver, pace: Pace, clock: Clock) -> None:
        self._app = app
        self._survey = survey
        self._receiver = receiver
        self._pace = pace
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"].count("/") != 1:
            await self._app(scope, receive, send)
            return
        form = self._survey.forms.get(scope["path"][1:])
        try:
            response = nowhere(self._survey) if form is None else await self._answer(form, Request(scope, receive))
        except ClientDisconnect:
            raise
        except Exception:
            await broken(self._survey)(scope, receive, send)
            raise  # to whoever logs its kind and place
        await response(scope, receive, send)

    async def _answer(self, form: Form, request: Request) -> Response:
        try:
            post = read_post(form, await form_pairs(request))
        except MalformedPost:
            return _not_understood(form, 400)
        except OtherVersion:
            return _not_understood(form, 409)
        except HTTPException as refused:
            return _not_understood(form, refused.status_code)
        too_early_or_late = outside(form, self._survey.window, self._clock(), begun=post.action is not Action.START)
        if too_early_or_late is not None:
            return too_early_or_late
        if not self._pace.admits(request, What.POST):
            return _later(form, post)
        return await _answered(form, post, self._receiver, lambda: self._pace.admits(request, What.RESPONSE))


def nowhere(survey: Survey, status: int = 404, headers: Mapping[str, str] | None = None) -> Response:
    """There is no such page."""
    return HTMLResponse(render.page_of_survey("message", survey, message="not_found", again="/"), status, headers=headers)


def broken(survey: Survey) -> Response:
    """Something went wrong that nobody thought of."""
    return HTMLResponse(render.page_of_survey("message", survey, message="malformed", again="/"), 500)


async def _answered(form: Form, post: Post, receiver: Receiver, admitted: Callable[[], bool]) -> Response:
    """What one understood post leads to: the next page, the same page with what has to change, or the end."""
    nonce = post.nonce or secrets.token_hex(16)
    if receiver.finished(bytes.fromhex(nonce)):
        return _end(form.id, "already-sent")
    outcome = advance(form, post)
    if isinstance(outcome, Finished):
        return await _sent(form, nonce, outcome, receiver) if admitted() else _later(form, post)
    try:
        await receiver.open_wave()
    except NOT_OPEN:
        return closed(form)
    except CANNOT_STORE:
        pass  # the child can go on meanwhile; nothing is to be stored yet
    return HTMLResponse(render.question_page(form, nonce, outcome), 422 if outcome.problems else 200)


async def _sent(form: Form, nonce: str, finished: Finished, receiver: Receiver) -> Response:
    """What a finished form leads to: thanks once it is on the disk, or a page that keeps every answer to be sent again."""
    try:
        receipt = await receiver.take(bytes.fromhex(nonce), finished.response)
    except NOT_OPEN:
        return closed(form)
    except CANNOT_STORE:
        return HTMLResponse(render.unavailable(form, nonce, finished.last), 503, headers={"Retry-After": "5"})
    return _end(form.id, "thank-you" if receipt is Receipt.STORED else "already-sent")


@lru_cache
def _end(form_id: str, end: str) -> Response:
    """Redirect after post, so that Back does not send it again (A10)."""
    return RedirectResponse(f"/{form_id}/{end}", 303)


def outside(form: Form, window: Window, now: datetime, begun: bool) -> Response | None:
    """The page for whoever comes too early or too late; None while answers are taken. Times are looked at, and never kept."""
    opening = window.at(now)
    if opening is Opening.NOT_YET and window.opens is not None:
        headers = {"Retry-After": str(int((window.opens - now).total_seconds()) + 1)}
        return HTMLResponse(render.not_open(form, window.opens), 503, headers=headers)
    return closed(form) if opening is Opening.OVER or (opening is Opening.FINISHING and not begun) else None


def _later(form: Form, post: Post) -> Response:
    """For one of a flood: the same post again in a while, with every answer in it (A14)."""
    html = render.unavailable(form, post.nonce or secrets.token_hex(16), again(form, post), post.action, post.last)
    return HTMLResponse(html, 429, headers={"Retry-After": str(int(WINDOW))})


def closed(form: Form) -> Response:
    return HTMLResponse(render.page_of_form("message", form, message="closed", again=None), 410)


def _not_understood(form: Form, status: int) -> Response:
    html = render.page_of_form("message", form, message="malformed", again=f"/{form.id}")
    return HTMLResponse(html, status)
