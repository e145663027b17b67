"""The table builder's door, in the secure zone: questions come in, protected tables and refusals go out, and nothing else can.

It opens one data set, the prepared codes, with the one key it was handed. No account, no cookie, no script; that a table was asked for
is on record before its answer leaves, as a definition and a day, and nothing anywhere says by whom.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from api.builder_answers import address_of, as_rows, question_of
from api.builder_api import ROOT, add_errors, create_api
from api.framework import silent_app
from api.office import page, static_file
from api.security import harden
from pipeline.builder_answer import SAID, Answer, Builder, Refusal
from pipeline.builder_matrix import AREA
from pipeline.builder_query import GEOGRAPHIES, NotUnderstood, Query
from retention.answered import AnsweredLog
from retention.answered_wire import AnsweredWire

LARGEST_BODY = 1024  # nobody has anything to send here


def application(builders: Mapping[str, Builder], log: Path) -> ASGIApp:
    """The door of one worker, which has its answers put on record over this socket. Raises DatabaseUnavailable."""
    return create_app(builders, {wave: AnsweredLog(AnsweredWire(log, wave).write) for wave in builders})


def create_app(builders: Mapping[str, Builder], logs: Mapping[str, AnsweredLog]) -> ASGIApp:
    """The door for these waves; the last one is asked about where none is named."""
    app = silent_app(openapi_url=None)
    latest = list(builders)[-1]

    async def answer(request: Request) -> tuple[Builder, Answer | Refusal]:
        query = question_of(request.query_params.multi_items(), latest)
        if query.wave not in builders:
            raise NotUnderstood("There is no wave of that name here.")
        found = builders[query.wave].ask(query)  # in this very thread: another would only take turns with it on the same processor
        if isinstance(found, Answer):
            kept = logs[query.wave].add(query.definition())
            kept.result() if kept.done() else await asyncio.wrap_future(kept)
        return builders[query.wave], found

    def get(path: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return app.api_route(path, methods=["GET", "HEAD"])

    @get("/")
    async def ask(request: Request) -> Response:
        asked = any(value for name, value in request.query_params.multi_items() if name in ("by", "geography"))
        if not asked:
            return _page(request, builders, Query(latest), None)
        try:
            builder, found = await answer(request)
        except NotUnderstood as error:
            return _page(request, builders, Query(latest), None, problem=str(error))
        return _page(request, builders, found.query, found, builder)

    @get("/static/{content_hash}/{name:path}")
    def static(content_hash: str, name: str, request: Request) -> Response:
        return static_file(content_hash, name, request)

    @get("/health/live")
    def live() -> Response:
        return Response("live\n", media_type="text/plain")

    add_errors(app)
    app.mount(ROOT, create_api(builders, answer))
    return harden(app, LARGEST_BODY)


def _page(
    request: Request,
    builders: Mapping[str, Builder],
    query: Query,
    found: Answer | Refusal | None,
    builder: Builder | None = None,
    problem: str = "",
) -> Response:
    builder = builder or builders[query.wave]
    variables = builder.matrix.variables
    populations = [v for v in variables.values() if v.name in builder.policy.populations and v.name != AREA]
    status = 422 if isinstance(found, Refusal) or problem else 200
    return page(
        "builder/ask",
        status,
        waves=list(builders),
        query=query,
        variables=[v for v in variables.values() if v.name != AREA],
        populations=populations,
        geographies=GEOGRAPHIES,
        answer=found if isinstance(found, Answer) else None,
        refusal=found if isinstance(found, Refusal) else None,
        rows=as_rows(builder, found) if isinstance(found, Answer) else None,
        policy=builder.policy,
        words=variables,
        problem=problem,
        said=SAID,
        address=address_of,
        root=ROOT,
        base=str(request.base_url).rstrip("/"),
    )
