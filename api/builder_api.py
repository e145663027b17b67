"""The table builder for programs: `/api/v1`, read only, described by OpenAPI; errors and refusals are problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.builder_answers import as_csv, as_json, variables_as_json
from api.framework import silent_app
from api.tagged import tagged
from pipeline.builder_answer import Answer, Builder, Refusal
from pipeline.builder_query import GEOGRAPHIES, NotUnderstood

PROBLEM = "application/problem+json"
ROOT = "/api/v1"
Ask = Callable[[Request], Awaitable[tuple[Builder, Answer | Refusal]]]


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class Refused(Problem):
    """Why there is no table, and what would be answered."""

    rule: str = Field(description="The rule that forbids it, as the policy names it.")
    areas: list[str] = Field(description="Codes of the areas it is about; none: the whole table.")
    would_be_answered: str | None = Field(description="Address of a coarser question that is answered.")


class DimensionEntry(BaseModel):
    """One dimension of an answer; the first code is its total."""

    name: str
    title: str
    codes: list[str]
    labels: list[str]


class WithheldEntry(BaseModel):
    """What one rule withholds."""

    cells: int
    areas: list[str]
    says: str


class AnswerEntry(BaseModel):
    """A protected table."""

    id: str = Field(description="The same for the same question, however asked.")
    wave: str
    where: dict[str, str]
    dimensions: list[DimensionEntry]
    withheld: dict[str, WithheldEntry] = Field(description="By rule.")
    would_be_answered_whole: str | None = Field(description="Address of a coarser question of which nothing is withheld.")
    note: str
    values: list[int | None] = Field(description="Counts in the order of the dimensions, the last running fastest; null is withheld.")


class VariableEntry(BaseModel):
    """What can be asked for."""

    name: str
    title: str
    levels: list[str] = Field(description="As `by` takes them: all codes, or rarer ones together.")
    population: bool = Field(description="Whether `where` takes its codes.")
    codes: dict[str, str]


class Variables(BaseModel):
    """All variables of all waves."""

    waves: dict[str, list[VariableEntry]]


def _parameter(name: str, says: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": says, "schema": {"type": "string", **schema}}


QUESTION: dict[str, Any] = {
    "parameters": [
        {
            "name": "by",
            "in": "query",
            "description": "A variable, or `variable.level`; give it again for more, up to five.",
            "schema": {"type": "array", "items": {"type": "string"}, "maxItems": 5},
        },
        _parameter("geography", "The areas besides.", enum=list(GEOGRAPHIES), default=GEOGRAPHIES[0]),
        _parameter("where", "The population, as `variable:code`; everyone if it is not given."),
        _parameter("wave", "The wave; the newest if it is not given."),
    ]
}
ERRORS: dict[int | str, dict[str, Any]] = {
    304: {"description": "The answer is the one that the caller has."},
    400: {"model": Problem, "content": {PROBLEM: {}}, "description": "The address names something that is not there."},
    422: {"model": Refused, "content": {PROBLEM: {}}, "description": "A rule forbids this table: the detail says which."},
}


def create_api(builders: Mapping[str, Builder], ask: Ask) -> FastAPI:
    """The application to mount at ROOT. `ask` answers the question of a request, and has put it on record. Raises NotUnderstood."""
    api = silent_app(
        title="Table builder",
        version="1",
        summary="Tables of an anonymous survey of children, protected by the cell-key method: the same children always read the same.",
        servers=[{"url": ROOT}],
        root_path_in_servers=False,
    )

    @api.get("/query", response_model=AnswerEntry, responses=ERRORS, openapi_extra=QUESTION, summary="A table as JSON")
    async def query(request: Request) -> Response:
        return tagged(request, as_answer(*await ask(request)))

    @api.get("/query.csv", response_class=Response, responses=ERRORS, openapi_extra=QUESTION, summary="The same table as tidy CSV")
    async def query_csv(request: Request) -> Response:
        builder, found = await ask(request)
        if isinstance(found, Refusal):
            return as_answer(builder, found)
        headers = {"Content-Disposition": f'attachment; filename="{found.query.id}.csv"'}
        return tagged(request, Response(as_csv(builder, found), media_type="text/csv; charset=utf-8", headers=headers))

    @api.get("/variables", response_model=Variables, responses={304: ERRORS[304]}, summary="What can be asked for")
    def variables(request: Request) -> Response:
        return tagged(request, JSONResponse({"waves": {wave: variables_as_json(builder) for wave, builder in builders.items()}}))

    add_errors(api)
    return api


def as_answer(builder: Builder, found: Answer | Refusal) -> Response:
    """An answer as JSON, or a refusal as problem details."""
    refused = isinstance(found, Refusal)
    return Response(as_json(builder, found), 422 if refused else 200, media_type=PROBLEM if refused else "application/json")


def add_errors(app: FastAPI) -> None:
    """Problem details for whatever is not there or not understood."""

    @app.exception_handler(NotUnderstood)
    def not_understood(_request: Request, error: NotUnderstood) -> Response:
        return _problem(400, "Not understood", str(error))

    @app.exception_handler(HTTPException)
    def refused(_request: Request, error: HTTPException) -> Response:
        return _problem(error.status_code, {404: "Not found", 405: "Read only"}.get(error.status_code, "Refused"), "There is nothing here.")


def _problem(status: int, title: str, detail: str) -> Response:
    return JSONResponse(Problem(title=title, status=status, detail=detail).model_dump(), status, media_type=PROBLEM)
