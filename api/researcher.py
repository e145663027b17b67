"""The researcher door: reads the release zone and nothing else, shows what was approved, and serves its very bytes.

No cookie, no account, no script, no writing. Every page and download verifies what it is about to show; what does not verify
is not shown: 503, and a line in the server's log that names the release and says what is wrong, never any content.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from api.framework import silent_app
from api.office import page, static_file
from api.researcher_api import ROOT, create_api
from api.security import harden
from api.shelf import Shelf
from pipeline.release_names import MEDIA_TYPES
from pipeline.release_zone import ReleaseDamaged, VerifiedRelease
from pipeline.released_table import Released
from retention.settings import ReleaseZone, load_settings

LARGEST_BODY = 1024  # nobody has anything to send here


def application() -> ASGIApp:
    """The door as the environment's settings describe it, for `uvicorn --factory api.researcher:application`."""
    return create_app(load_settings().release)


def create_app(zone: ReleaseZone) -> ASGIApp:
    """The researcher door for one release zone."""
    shelf = Shelf(zone)
    app = silent_app(openapi_url=None)
    _add_pages(app, shelf)
    _add_errors(app)
    app.mount(ROOT, create_api(shelf))
    return harden(app, LARGEST_BODY, listed=True)


def _add_pages(app: FastAPI, shelf: Shelf) -> None:
    def get(path: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return app.api_route(path, methods=["GET", "HEAD"])

    @get("/")
    def releases() -> Response:
        return page("researcher/releases", releases=shelf.all())

    @get("/releases/{release_id}")
    def release(release_id: str) -> Response:
        found = shelf.release(release_id)
        newer = [other for _, other in shelf.all() if other is not None and other.metadata.get("replaces") == found.id]
        if found.withdrawn is not None:
            return page("researcher/withdrawn", 410, release=found, newer=newer)
        sizes = {name: len(found.file(name)) for name in found.files}
        return page("researcher/release", release=found, about=found.metadata, sizes=sizes, newer=newer, api=ROOT)

    @get("/releases/{release_id}/tables/{table_id}")
    def table(request: Request, release_id: str, table_id: str) -> Response:
        found, about, released = _table(shelf, release_id, table_id)
        asked = [(name, value) for name, value in request.query_params.multi_items() if value]
        show = dict(asked).get("show", "counts")
        chosen = {name: value for name, value in asked if name != "show"}
        if show not in ("counts", "percentages") or (show == "percentages" and not released.percent_of) or len(dict(asked)) != len(asked):
            raise HTTPException(404)
        try:
            layout = released.only(chosen).layout()
        except KeyError:
            raise HTTPException(404) from None
        sizes = {name: len(found.file(name)) for name in about["files"].values()}
        data = f"{str(request.base_url).rstrip('/')}{ROOT}/releases/{found.id}/tables/{table_id}/data.csv"
        return page(
            "researcher/table",
            release=found,
            about=about,
            layout=layout,
            show=show,
            chosen=chosen,
            choices=_choices(released),
            sizes=sizes,
            data=data,
        )

    @get("/releases/{release_id}/files/{name:path}")
    def download(request: Request, release_id: str, name: str) -> Response:
        found = shelf.release(release_id)
        if found.withdrawn is not None or name not in found.files:
            raise HTTPException(404)
        content = found.file(name)
        path = PurePosixPath(name)
        saved_as = f"{found.id}-{path.name}"
        headers = {"ETag": f'"{found.files[name]}"', "Cache-Control": "no-cache"}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        headers["Content-Disposition"] = f'attachment; filename="{saved_as}"'
        return Response(content, media_type=MEDIA_TYPES[path.suffix], headers=headers)

    @get("/static/{content_hash}/{name:path}")
    def static(content_hash: str, name: str, request: Request) -> Response:
        return static_file(content_hash, name, request)

    @get("/health/live")
    def live() -> Response:
        return PlainTextResponse("live\n")


def _table(shelf: Shelf, release_id: str, table_id: str) -> tuple[VerifiedRelease, dict[str, Any], Released]:
    found = shelf.release(release_id)
    about = next((one for one in found.metadata["tables"] if one["id"] == table_id), None)
    if found.withdrawn is not None or about is None:
        raise HTTPException(404)
    return found, about, Released(about, found.file(about["files"]["csv"]))


def _choices(released: Released) -> list[dict[str, Any]]:
    """What can be chosen of each dimension: its codes as they are read, with their depth."""
    return [
        {
            "name": dimension["name"],
            "title": dimension["title"],
            "codes": [(entry["code"], entry["label"], released.depth(axis, entry["code"])) for entry in released.ordered(axis)],
        }
        for axis, dimension in enumerate(released.dimensions)
    ]


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(ReleaseDamaged)
    def damaged(_request: Request, _error: ReleaseDamaged) -> Response:
        return page("researcher/message", 503, message="damaged")

    @app.exception_handler(HTTPException)
    def refused(_request: Request, error: HTTPException) -> Response:
        message = "not_found" if error.status_code == 404 else "refused"
        return page("researcher/message", error.status_code, message=message)
