"""The child door: pages without memory, and one sealed response at the end of them.

Every post carries all answers so far, so the server keeps nothing between two pages: no cookie, no session, no draft. What
the last post leads to is on the disk before the child reads "thank you".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, ExceptionHandler
from starlette.websockets import WebSocket

from api import render
from api.answering import CANNOT_STORE, NOT_OPEN, Answering, Clock, broken, closed, nowhere, outside
from api.child_gate import ChildGate
from api.committing import Commits
from api.committing_process import CommittingProcess
from api.form_post import LARGEST_BODY
from api.journey import check_names
from api.pace import Pace
from api.receiving import Receiver
from api.risk_page import risk_pages
from api.security import CLEAR_SITE_DATA, harden
from api.square_code import square_code
from api.static_files import static_files
from forms.load import load_survey
from forms.survey import Form, Survey
from governance.gates import Standing
from governance.permit import register_at_the_door, standing_at_the_door
from retention.collection_store import CollectionStore, connect_door
from retention.settings import CollectionZone, load_settings

NEUTRAL_PAGE = "https://www.bbc.co.uk/weather"  # where "leave this page" leads: somewhere anybody might be


def _now() -> datetime:
    return datetime.now(UTC)


def application() -> ASGIApp:
    """The door as the environment's settings describe it, for `uvicorn --factory api.child:application`."""
    return create_app(load_settings().collection, load_survey(), commits=CommittingProcess)


def create_app(
    zone: CollectionZone,
    survey: Survey,
    connect: Callable[[CollectionZone], CollectionStore] = connect_door,
    clock: Clock = _now,
    standing: Callable[[], Standing] | None = None,
    commits: Commits | None = None,
) -> ASGIApp:
    """The child door for one survey. Connects to the zone's store when the server starts it. `clock` tells whether it is open.
    Whether it may be is for the opening gate to say: `standing`, by default the permit that lies in the zone (governance.permit).
    Responses are stored by `commits`, by default by a thread of this process.

    Raises SurveyError if a question's id would be confused with a field that every post carries, or a picture is missing.
    """
    check_names(survey)
    render.check_pictures(survey)
    receiver = Receiver(zone, survey.id, connect, commits)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await receiver.start()
        yield
        await receiver.stop()

    routes = [
        *_general_pages(survey, receiver),
        *_teachers_pages(survey, zone.address),
        *risk_pages(survey, lambda: register_at_the_door(zone, survey)),
        *_form_pages(survey, receiver, clock),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=_error_pages(survey))
    app.router.redirect_slashes = False
    answering = Answering(app, survey, receiver, Pace(zone.proxy), clock)
    gate = ChildGate(answering, survey, standing or (lambda: standing_at_the_door(zone, survey)))
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


def _form_pages(survey: Survey, receiver: Receiver, clock: Clock) -> list[Route]:
    def page(name: str, reply: Callable[[Form], Response]) -> Route:
        async def shown(request: Request) -> Response:
            return reply(_form(survey, request))

        return Route(f"/{{form_id}}/{name}", shown)

    async def landing(request: Request) -> Response:
        form = _form(survey, request)
        refused = outside(form, survey.window, clock(), begun=False)
        if refused is not None:
            return refused
        try:
            await receiver.open_wave()
        except NOT_OPEN:
            return closed(form)
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
        return nowhere(survey, status, headers)

    async def failed(_request: Request | WebSocket, _error: Exception) -> Response:
        return broken(survey)

    return {HTTPException: refused, Exception: failed}


def _cleared(html: str) -> Response:
    return HTMLResponse(html, headers={"Clear-Site-Data": CLEAR_SITE_DATA})


def _left(html: str) -> Response:
    """Away at once; the page itself is only seen where the neutral page cannot be reached."""
    return HTMLResponse(html, headers={"Clear-Site-Data": CLEAR_SITE_DATA, "Refresh": f"0; url={NEUTRAL_PAGE}"})
