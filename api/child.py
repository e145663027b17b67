"""The child door: pages without memory, and one sealed response at the end of them.

Every post carries all answers so far, so the server keeps nothing between two pages: no cookie, no session, no draft. What
the last post leads to is on the disk before the child reads "thank you".
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, ExceptionHandler
from starlette.websockets import WebSocket

from api import render
from api.child_gate import ChildGate
from api.form_post import LARGEST_BODY, form_pairs
from api.journey import Action, Finished, MalformedPost, OtherVersion, Post, advance, again, check_names, read_post
from api.pace import WINDOW, Pace, What
from api.receiving import Receiver
from api.risk_page import risk_pages
from api.security import CLEAR_SITE_DATA, harden
from api.square_code import square_code
from api.static_files import static_files
from forms.load import load_survey
from forms.survey import Form, Survey
from forms.window import Opening, Window
from governance.gates import Standing
from governance.permit import register_at_the_door, standing_at_the_door
from retention.collection_store import CollectionStore, NoWave, Receipt, WaveClosed, connect_door
from retention.database import DatabaseUnavailable
from retention.keys import KeyRingError
from retention.seal import SealError
from retention.settings import CollectionZone, load_settings

NEUTRAL_PAGE = "https://www.bbc.co.uk/weather"  # where "leave this page" leads: somewhere anybody might be
CANNOT_STORE = (DatabaseUnavailable, KeyRingError, SealError, TimeoutError)
NOT_OPEN = (WaveClosed, NoWave)
Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


def application() -> ASGIApp:
    """The door as the environment's settings describe it, for `uvicorn --factory api.child:application`."""
    return create_app(load_settings().collection, load_survey())


def create_app(
    zone: CollectionZone,
    survey: Survey,
    connect: Callable[[CollectionZone], CollectionStore] = connect_door,
    clock: Clock = _now,
    standing: Callable[[], Standing] | None = None,
) -> ASGIApp:
    """The child door for one survey. Connects to the zone's store when the server starts it. `clock` tells whether it is open.
    Whether it may be is for the opening gate to say: `standing`, by default the permit that lies in the zone (governance.permit).

    Raises SurveyError if a question's id would be confused with a field that every post carries, or a picture is missing.
    """
    check_names(survey)
    render.check_pictures(survey)
    receiver = Receiver(zone, survey.id, connect)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        receiver.start()
        yield
        receiver.stop()

    routes = [
        _answers(survey, receiver, Pace(zone.proxy), clock),  # almost every request, and a school's come together: before all others
        *_general_pages(survey, receiver),
        *_teachers_pages(survey, zone.address),
        *risk_pages(survey, lambda: register_at_the_door(zone, survey)),
        *_form_pages(survey, receiver, clock),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=_error_pages(survey))
    app.router.redirect_slashes = False
    gate = ChildGate(app, survey, standing or (lambda: standing_at_the_door(zone, survey)))
    return harden(gate, LARGEST_BODY)


def _page(path: str, reply: Callable[[], Response]) -> Route:
    """A page that is the same for everybody who asks."""

    async def page(_request: Request) -> Response:
        return reply()

    return Route(path, page)


def _general_pages(survey: Survey, receiver: Receiver) -> list[Route]:
    async def static(request: Request) -> Response:
        files, at = static_files(), request.path_params
        found = files.response(at["name"], request) if files.prefix == f"/static/{at['content_hash']}" else None
        if found is None:
            raise HTTPException(404)
        return found

    async def ready(_request: Request) -> Response:
        try:
            await receiver.ready()
        except (*CANNOT_STORE, *NOT_OPEN):
            return PlainTextResponse("not ready\n", 503)
        return PlainTextResponse("ready\n")

    return [
        _page("/", lambda: HTMLResponse(render.page_of_survey("chooser", survey))),
        _page("/parents", lambda: HTMLResponse(render.notice("parents_notice", survey, None))),
        _page("/help", lambda: HTMLResponse(render.page_of_survey("help", survey))),
        _page("/exit", lambda: _left(render.page_of_survey("message", survey, message="exited", again=None))),
        _page("/robots.txt", lambda: PlainTextResponse("User-agent: *\nDisallow: /\n")),
        _page("/health/live", lambda: PlainTextResponse("live\n")),
        Route("/health/ready", ready),
        Route("/static/{content_hash}/{name:path}", static),
    ]


def _teachers_pages(survey: Survey, address: str) -> list[Route]:
    """`address` is a setting: what a request's Host header says is for anyone to choose."""

    async def code(request: Request) -> Response:
        form_id = request.path_params["form_id"]
        if not address or form_id not in survey.forms:
            raise HTTPException(404)
        return Response(square_code(f"{address}/{form_id}"), media_type="image/svg+xml")

    return [
        _page("/teachers", lambda: HTMLResponse(render.notice("teachers", survey, None, address=address))),
        Route("/teachers/{form_id}.svg", code),
    ]


def _form(survey: Survey, request: Request) -> Form:
    form = survey.forms.get(request.path_params["form_id"])
    if form is None:
        raise HTTPException(404)
    return form


def _answers(survey: Survey, receiver: Receiver, pace: Pace, clock: Clock) -> Route:
    """Where every page of questions posts to."""

    async def answer(request: Request) -> Response:
        form = _form(survey, request)
        try:
            post = read_post(form, await form_pairs(request))
        except MalformedPost:
            return _not_understood(form, 400)
        except OtherVersion:
            return _not_understood(form, 409)
        except HTTPException as refused:
            return _not_understood(form, refused.status_code)
        outside = _outside(form, survey.window, clock(), begun=post.action is not Action.START)
        if outside is not None:
            return outside
        if not pace.admits(request, What.POST):
            return _later(form, post)
        return await _answered(form, post, receiver, lambda: pace.admits(request, What.RESPONSE))

    return Route("/{form_id}", answer, methods=["POST"])


def _form_pages(survey: Survey, receiver: Receiver, clock: Clock) -> list[Route]:
    def page(name: str, reply: Callable[[Form], Response]) -> Route:
        async def shown(request: Request) -> Response:
            return reply(_form(survey, request))

        return Route(f"/{{form_id}}/{name}", shown)

    async def landing(request: Request) -> Response:
        form = _form(survey, request)
        refused = _outside(form, survey.window, clock(), begun=False)
        if refused is not None:
            return refused
        try:
            await receiver.open_wave()
        except NOT_OPEN:
            return _closed(form)
        except CANNOT_STORE:
            pass  # the page can be read meanwhile; whether answers can be stored is asked again when there are any
        return HTMLResponse(render.landing(form, survey.window))

    return [
        Route("/{form_id}", landing),
        page("parents", lambda form: HTMLResponse(render.notice("parents_notice", survey, form))),
        page("help", lambda form: HTMLResponse(render.page_of_form("help", form))),
        page("thank-you", lambda form: _cleared(render.page_of_form("thank_you", form))),
        page("already-sent", lambda form: _cleared(render.page_of_form("message", form, message="already_sent", again=None))),
        page("exit", lambda form: _left(render.page_of_form("message", form, message="exited", again=None))),
    ]


def _error_pages(survey: Survey) -> dict[Any, ExceptionHandler]:
    async def refused(_request: Request | WebSocket, error: Exception) -> Response:
        status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
        return HTMLResponse(render.page_of_survey("message", survey, message="not_found", again="/"), status, headers=headers)

    async def failed(_request: Request | WebSocket, _error: Exception) -> Response:
        return HTMLResponse(render.page_of_survey("message", survey, message="malformed", again="/"), 500)

    return {HTTPException: refused, Exception: failed}


async def _answered(form: Form, post: Post, receiver: Receiver, admitted: Callable[[], bool]) -> Response:
    """What one understood post leads to: the next page, the same page with what has to change, or the end."""
    nonce = post.nonce or secrets.token_hex(16)
    if receiver.finished(bytes.fromhex(nonce)):
        return RedirectResponse(f"/{form.id}/already-sent", 303)
    outcome = advance(form, post)
    if isinstance(outcome, Finished):
        return await _sent(form, nonce, outcome, receiver) if admitted() else _later(form, post)
    try:
        await receiver.open_wave()
    except NOT_OPEN:
        return _closed(form)
    except CANNOT_STORE:
        pass  # the child can go on meanwhile; nothing is to be stored yet
    return HTMLResponse(render.question_page(form, nonce, outcome), 422 if outcome.problems else 200)


async def _sent(form: Form, nonce: str, finished: Finished, receiver: Receiver) -> Response:
    """What a finished form leads to: thanks once it is on the disk, or a page that keeps every answer to be sent again."""
    try:
        receipt = await receiver.take(bytes.fromhex(nonce), finished.response)
    except NOT_OPEN:
        return _closed(form)
    except CANNOT_STORE:
        return HTMLResponse(render.unavailable(form, nonce, finished.last), 503, headers={"Retry-After": "5"})
    end = "thank-you" if receipt is Receipt.STORED else "already-sent"
    return RedirectResponse(f"/{form.id}/{end}", 303)


def _outside(form: Form, window: Window, now: datetime, begun: bool) -> Response | None:
    """The page for whoever comes too early or too late; None while answers are taken. Times are looked at, and never kept."""
    opening = window.at(now)
    if opening is Opening.NOT_YET and window.opens is not None:
        headers = {"Retry-After": str(int((window.opens - now).total_seconds()) + 1)}
        return HTMLResponse(render.not_open(form, window.opens), 503, headers=headers)
    return _closed(form) if opening is Opening.OVER or (opening is Opening.FINISHING and not begun) else None


def _later(form: Form, post: Post) -> Response:
    """For one of a flood: the same post again in a while, with every answer in it (A14)."""
    html = render.unavailable(form, post.nonce or secrets.token_hex(16), again(form, post), post.action, post.last)
    return HTMLResponse(html, 429, headers={"Retry-After": str(int(WINDOW))})


def _closed(form: Form) -> Response:
    return HTMLResponse(render.page_of_form("message", form, message="closed", again=None), 410)


def _not_understood(form: Form, status: int) -> Response:
    html = render.page_of_form("message", form, message="malformed", again=f"/{form.id}")
    return HTMLResponse(html, status)


def _cleared(html: str) -> Response:
    return HTMLResponse(html, headers={"Clear-Site-Data": CLEAR_SITE_DATA})


def _left(html: str) -> Response:
    """Away at once; the page itself is only seen where the neutral page cannot be reached."""
    return HTMLResponse(html, headers={"Clear-Site-Data": CLEAR_SITE_DATA, "Refresh": f"0; url={NEUTRAL_PAGE}"})
