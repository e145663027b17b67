"""The researcher door for programs: `/api/v1`, read only, the same released figures as the pages, described by OpenAPI.

Every answer is made of released files whose bytes were checked for this very request. Lists come in pages with a link to the
next; every answer has an ETag; errors are problem details (RFC 9457). Nobody has to say who asks, and nothing notes it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.framework import silent_app
from api.shelf import Shelf
from api.tagged import tagged
from pipeline.release_zone import ReleaseDamaged, VerifiedRelease
from pipeline.released_table import Released

PROBLEM = "application/problem+json"
ROOT = "/api/v1"
MOST = 1000  # cells or entries in one page of a list
Identifier = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$", description="A stable identifier: it never means anything else.")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many entries at most.")]
Offset = Annotated[int, Query(ge=0, description="How many entries to pass over.")]


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class ReleaseEntry(BaseModel):
    """One release in the list."""

    id: str
    title: str
    summary: str
    released_on: str = Field(description="The day of release.")
    withdrawn: str | None = Field(description="Why it was taken back, if it was: then it has no tables.")
    replaces: str | None = Field(description="The release that this one is a new version of.")
    url: str


class ReleaseList(BaseModel):
    """A page of releases, the newest first."""

    total: int
    next: str | None
    items: list[ReleaseEntry]


class TableEntry(BaseModel):
    """One table of a release."""

    id: str
    title: str
    dimensions: list[str]
    cells: int
    withheld: int
    url: str
    data: str
    files: dict[str, str]


class TableList(BaseModel):
    """A page of tables."""

    total: int
    next: str | None
    items: list[TableEntry]


class Cell(BaseModel):
    """One cell: its codes by dimension, its count and percentage, and the shorthand that stands for a count that is withheld."""

    codes: dict[str, str]
    count: int | None
    percent: float | None
    shorthand: str | None


class CellList(BaseModel):
    """A page of cells."""

    total: int
    next: str | None
    items: list[Cell]


ERRORS: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "content": {PROBLEM: {}}, "description": "There is no such release or table."},
    410: {"model": Problem, "content": {PROBLEM: {}}, "description": "The release was withdrawn: the detail says why."},
    422: {"model": Problem, "content": {PROBLEM: {}}, "description": "A parameter is not one that this address takes."},
    503: {"model": Problem, "content": {PROBLEM: {}}, "description": "The files are not those that were approved, and are not served."},
}


def create_api(shelf: Shelf) -> FastAPI:
    """The application to mount at `/api/v1`."""
    api = silent_app(
        title="Released tables",
        version="1",
        summary="Counts and percentages of an anonymous survey of children, as they were released.",
        responses=ERRORS,
        servers=[{"url": ROOT}],
        root_path_in_servers=False,
    )

    @api.get("/releases", response_model=ReleaseList, summary="All releases, the newest first")
    def releases(request: Request, limit: Limit = 100, offset: Offset = 0) -> Response:
        found = [_release_entry(release) for _, release in shelf.all() if release is not None]
        return _page(request, found, limit, offset)

    @api.get("/releases/{release}", response_model=dict[str, Any], summary="What a release says about itself")
    def one(request: Request, release: Identifier) -> Response:
        found = _standing(shelf, release)
        about = {key: value for key, value in found.metadata.items() if key != "tables"}
        more = {"released_on": found.approval["released_on"], "sha256": found.sha256, "tables": f"{ROOT}/releases/{found.id}/tables"}
        return _answer(request, about | more)

    @api.get("/releases/{release}/tables", response_model=TableList, summary="The tables of a release")
    def tables(request: Request, release: Identifier, limit: Limit = 100, offset: Offset = 0) -> Response:
        found = _standing(shelf, release)
        return _page(request, [_table_entry(found, about) for about in found.metadata["tables"]], limit, offset)

    @api.get("/releases/{release}/tables/{table}", response_model=dict[str, Any], summary="A table's dimensions, codes and notes")
    def one_table(request: Request, release: Identifier, table: Identifier) -> Response:
        found, about = _table(shelf, release, table)
        return _answer(request, {**about, **_table_entry(found, about), "dimensions": about["dimensions"]})

    @api.get(
        "/releases/{release}/tables/{table}/data",
        response_model=CellList,
        summary="A table's cells; a parameter named like a dimension keeps only that code and what is below it",
    )
    def data(request: Request, release: Identifier, table: Identifier, limit: Limit = MOST, offset: Offset = 0) -> Response:
        found, about = _table(shelf, release, table)
        return _page(request, _cells(_chosen(request, found, about)), limit, offset)

    @api.get("/releases/{release}/tables/{table}/data.csv", response_class=Response, summary="The same cells as CSV, all at once")
    def data_csv(request: Request, release: Identifier, table: Identifier) -> Response:
        found, about = _table(shelf, release, table)
        chosen = _chosen(request, found, about)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*(dimension["name"] for dimension in chosen.dimensions), "count", "percent", "shorthand"])
        for cell in _cells(chosen):
            row = (*cell["codes"].values(), cell["count"], cell["percent"], cell["shorthand"])
            writer.writerow(["" if value is None else value for value in row])
        return _tagged(request, Response(text.getvalue().encode(), media_type="text/csv; charset=utf-8"))

    _add_errors(api)
    return api


def _standing(shelf: Shelf, release_id: str) -> VerifiedRelease:
    found = shelf.release(release_id)
    if found.withdrawn is not None:
        raise HTTPException(410, f"This release was withdrawn: {found.withdrawn}")
    return found


def _table(shelf: Shelf, release_id: str, table_id: str) -> tuple[VerifiedRelease, Mapping[str, Any]]:
    found = _standing(shelf, release_id)
    about = next((one for one in found.metadata["tables"] if one["id"] == table_id), None)
    if about is None:
        raise HTTPException(404, "This release has no such table.")
    return found, about


def _chosen(request: Request, found: VerifiedRelease, about: Mapping[str, Any]) -> Released:
    table = Released(about, found.file(about["files"]["csv"]))
    asked = [(name, value) for name, value in request.query_params.multi_items() if name not in ("limit", "offset")]
    if len(dict(asked)) != len(asked):
        raise HTTPException(422, "A dimension is named twice: ask for one code of each.")
    try:
        return table.only(dict(asked))
    except KeyError:
        names = ", ".join(dimension["name"] for dimension in table.dimensions)
        raise HTTPException(422, f"A parameter is no dimension of this table, or its value no code of it. Dimensions: {names}.") from None


def _cells(table: Released) -> list[dict[str, Any]]:
    names = [dimension["name"] for dimension in table.dimensions]
    return [
        {
            "codes": dict(zip(names, codes, strict=True)),
            "count": None if value.withheld else int(value.count.replace(",", "")),
            "percent": _number(value.percent) if value.percent[:1].isdigit() else None,
            "shorthand": value.count if value.withheld else value.percent if value.percent.startswith("[") else None,
        }
        for codes, value in table.cells()
    ]


def _number(text: str) -> float:
    """A released percentage with the digits it was released with: more would pretend a precision that its base does not support."""
    return float(text) if "." in text else int(text)


def _release_entry(release: VerifiedRelease) -> dict[str, Any]:
    about = release.metadata
    kept = {name: about.get(name) for name in ("id", "title", "summary", "replaces")}
    day = release.approval["released_on"]
    return kept | {"released_on": day, "withdrawn": release.withdrawn, "url": f"{ROOT}/releases/{release.id}"}


def _table_entry(release: VerifiedRelease, about: Mapping[str, Any]) -> dict[str, Any]:
    here = f"{ROOT}/releases/{release.id}/tables/{about['id']}"
    return {
        "id": about["id"],
        "title": about["title"],
        "dimensions": [dimension["name"] for dimension in about["dimensions"]],
        "cells": about["cells"],
        "withheld": about["withheld"],
        "url": here,
        "data": f"{here}/data",
        "files": {kind: f"/releases/{release.id}/files/{name}" for kind, name in about["files"].items()},
    }


def _page(request: Request, items: Sequence[Any], limit: int, offset: int) -> Response:
    more = offset + limit < len(items)
    following = f"{request.url.path}?{request.url.include_query_params(limit=limit, offset=offset + limit).query}" if more else None
    answer = _answer(request, {"total": len(items), "next": following, "items": items[offset : offset + limit]})
    if following:
        answer.headers["Link"] = f'<{following}>; rel="next"'
    return answer


def _answer(request: Request, content: Any) -> Response:
    return _tagged(request, JSONResponse(content))


def _tagged(request: Request, answer: Response) -> Response:
    """For everybody, from any page, and not to be used without asking again."""
    return tagged(request, answer, **{"Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*"})


def _add_errors(api: FastAPI) -> None:
    @api.exception_handler(ReleaseDamaged)
    def damaged(_request: Request, _error: ReleaseDamaged) -> Response:
        return _problem(503, "Not served", "The files of this release are not those that were approved. The office has been told.")

    @api.exception_handler(HTTPException)
    def refused(_request: Request, error: HTTPException) -> Response:
        titles = {404: "Not found", 405: "Read only", 410: "Withdrawn", 422: "Not understood"}
        return _problem(error.status_code, titles.get(error.status_code, "Refused"), str(error.detail))

    @api.exception_handler(RequestValidationError)
    def invalid(_request: Request, error: RequestValidationError) -> Response:
        names = ", ".join(sorted({str(one["loc"][-1]) for one in error.errors()}))
        return _problem(422, "Not understood", f"Check the value of: {names}.")


def _problem(status: int, title: str, detail: str) -> Response:
    return JSONResponse(Problem(title=title, status=status, detail=detail).model_dump(), status, media_type=PROBLEM)
