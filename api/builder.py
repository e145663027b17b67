"""The table builder's door, in the secure zone: questions come in, protected tables and refusals go out, and nothing else can.

It opens one data set, the prepared codes. No account, no cookie, no script; that a table was asked for is on record before its
answer leaves, as a definition and a day, and nothing anywhere says by whom.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from api.builder_answers import address_of, as_csv, as_json, as_rows, question_of, variables_as_json
from api.office import page, static_file
from api.security import harden
from pipeline.builder_answer import SAID, Answer, Builder, Refusal
from pipeline.builder_matrix import AREA
from pipeline.builder_policy import load_builder_policy
from pipeline.builder_prepare import matrix_of, prepared
from pipeline.builder_query import GEOGRAPHIES, NotUnderstood, Query
from retention.answered import AnsweredLog
from retention.secure_store import SecureStore, StepRefused
from retention.settings import load_settings

LARGEST_BODY = 1024  # nobody has anything to send here
PROBLEM = "application/problem+json"
ROOT = "/api/v1"


def application() -> ASGIApp:
    """The door as the environment's settings describe it: for the waves that are prepared. Raises StepRefused if none is."""
    store = SecureStore(load_settings().secure)
    waves = prepared(store)
    if not waves:
        raise StepRefused("No wave is prepared for the table builder: run `bigask builder prepare --wave WAVE --as YOU`.")
    policy = load_builder_policy()
    builders = {wave: Builder(matrix_of(store, wave), policy) for wave in waves}
    return create_app(builders, {wave: AnsweredLog(store, wave) for wave in waves})


def create_app(builders: Mapping[str, Builder], logs: Mapping[str, AnsweredLog]) -> ASGIApp:
    """The door for these waves; the last one is asked about where none is named."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    threads = ThreadPoolExecutor(1, thread_name_prefix="builder")  # more would only take turns on the same processor
    latest = list(builders)[-1]

    async def answer(request: Request, write: Callable[[Builder, Answer | Refusal], Response]) -> Response:
        query = question_of(request.query_params.multi_items(), latest)
        builder = _builder(builders, query)
        found = await asyncio.get_running_loop().run_in_executor(threads, builder.ask, query)
        if isinstance(found, Answer):
            await asyncio.wrap_future(logs[query.wave].add(query.definition()))
        return write(builder, found)

    def get(path: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return app.api_route(path, methods=["GET", "HEAD"])

    @get("/")
    async def ask(request: Request) -> Response:
        asked = any(value for name, value in request.query_params.multi_items() if name in ("by", "geography"))
        if not asked:
            return _page(builders, Query(latest), None)
        try:
            return await answer(request, lambda builder, found: _page(builders, found.query, found, builder))
        except NotUnderstood as error:
            return _page(builders, Query(latest), None, problem=str(error))

    @get(f"{ROOT}/query")
    async def query_json(request: Request) -> Response:
        return await answer(request, _json)

    @get(f"{ROOT}/query.csv")
    async def query_csv(request: Request) -> Response:
        return await answer(request, _csv)

    @get(f"{ROOT}/variables")
    def variables() -> Response:
        return JSONResponse({"waves": {wave: variables_as_json(builder) for wave, builder in builders.items()}})

    @get("/static/{content_hash}/{name:path}")
    def static(content_hash: str, name: str, request: Request) -> Response:
        return static_file(content_hash, name, request)

    @get("/health/live")
    def live() -> Response:
        return Response("live\n", media_type="text/plain")

    _add_errors(app)
    return harden(app, LARGEST_BODY)


def _builder(builders: Mapping[str, Builder], query: Query) -> Builder:
    if query.wave not in builders:
        raise NotUnderstood("There is no wave of that name here.")
    return builders[query.wave]


def _json(builder: Builder, found: Answer | Refusal) -> Response:
    refused = isinstance(found, Refusal)
    return Response(as_json(builder, found), 422 if refused else 200, media_type=PROBLEM if refused else "application/json")


def _csv(builder: Builder, found: Answer | Refusal) -> Response:
    if isinstance(found, Refusal):
        return _json(builder, found)
    headers = {"Content-Disposition": f'attachment; filename="{found.query.id}.csv"'}
    return Response(as_csv(builder, found), media_type="text/csv; charset=utf-8", headers=headers)


def _page(
    builders: Mapping[str, Builder], query: Query, found: Answer | Refusal | None, builder: Builder | None = None, problem: str = ""
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
    )


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(NotUnderstood)
    def not_understood(_request: Request, error: NotUnderstood) -> Response:
        return _problem(400, "Not understood", str(error))

    @app.exception_handler(HTTPException)
    def refused(_request: Request, error: HTTPException) -> Response:
        return _problem(error.status_code, "Not found" if error.status_code == 404 else "Refused", "There is nothing here.")


def _problem(status: int, title: str, detail: str) -> Response:
    return JSONResponse({"type": "about:blank", "title": title, "status": status, "detail": detail}, status, media_type=PROBLEM)
