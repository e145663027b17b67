"""The researcher door: reads the release zone and nothing else, shows what was approved, and serves its very bytes.

No cookie, no account, no script, no writing. Every page and download verifies what it is about to show; what does not verify
is not shown: 503, and a line in the server's log that names the release and says what is wrong, never any content.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from api.chart import chart_of, draw
from api.office import page, static_file
from api.released_table import Released
from api.security import harden
from pipeline.release_zone import ReleaseDamaged, ReleaseUnknown, VerifiedRelease, office_key, read_release, release_ids
from retention.settings import ReleaseZone, load_settings

log = logging.getLogger("bigask.door")
LARGEST_BODY = 1024  # nobody has anything to send here
TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".json": "application/json",
}


class Shelf:
    """The releases of one zone. The office's key is read once, so that whoever swaps it later is found out."""

    def __init__(self, zone: ReleaseZone) -> None:
        self._zone = zone
        self._key: bytes | None = None

    def _office(self) -> bytes:
        if self._key is None:
            self._key = office_key(self._zone.folder)
        return self._key

    def release(self, release_id: str) -> VerifiedRelease:
        """A release, verified now. Raises HTTPException 404, ReleaseDamaged."""
        if release_id not in release_ids(self._zone.folder):
            raise HTTPException(404)
        try:
            return read_release(self._zone.folder / release_id, self._office())
        except ReleaseUnknown:
            raise HTTPException(404) from None
        except ReleaseDamaged as error:
            log.error("release %s is not served: %s", release_id, error)
            raise

    def all(self) -> list[tuple[str, VerifiedRelease | None]]:
        """Every release, the newest first; None for one that does not verify."""
        found: list[tuple[str, VerifiedRelease | None]] = []
        for release_id in release_ids(self._zone.folder):
            try:
                found.append((release_id, self.release(release_id)))
            except ReleaseDamaged:
                found.append((release_id, None))
        return sorted(found, key=lambda pair: str(pair[1].approval["released_on"]) if pair[1] else "", reverse=True)


def application() -> ASGIApp:
    """The door as the environment's settings describe it, for `uvicorn --factory api.researcher:application`."""
    return create_app(load_settings().release)


def create_app(zone: ReleaseZone) -> ASGIApp:
    """The researcher door for one release zone."""
    shelf = Shelf(zone)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    _add_pages(app, shelf)
    _add_errors(app)
    return harden(app, LARGEST_BODY)


def _add_pages(app: FastAPI, shelf: Shelf) -> None:
    def get(path: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return app.api_route(path, methods=["GET", "HEAD"])

    @get("/")
    def releases() -> Response:
        return page("researcher/releases", releases=shelf.all())

    @get("/releases/{release_id}")
    def release(release_id: str) -> Response:
        found = shelf.release(release_id)
        if found.withdrawn is not None:
            return page("researcher/withdrawn", 410, release=found)
        sizes = {name: len(found.file(name)) for name in found.files}
        return page("researcher/release", release=found, about=found.metadata, sizes=sizes)

    @get("/releases/{release_id}/tables/{table_id}")
    def table(release_id: str, table_id: str, show: str = "counts") -> Response:
        found, about, released = _table(shelf, release_id, table_id)
        layout = released.layout()
        if show not in ("counts", "percentages") or (show == "percentages" and not layout.has_percent):
            raise HTTPException(404)
        sizes = {name: len(found.file(name)) for name in about["files"].values()}
        chart = chart_of(released)
        return page("researcher/table", release=found, about=about, layout=layout, show=show, sizes=sizes, chart=chart)

    @get("/releases/{release_id}/tables/{table_id}/chart.svg")
    def drawing(release_id: str, table_id: str) -> Response:
        _, about, released = _table(shelf, release_id, table_id)
        chart = chart_of(released)
        if chart is None:
            raise HTTPException(404)
        return Response(draw(chart, about["title"]), media_type="image/svg+xml")

    @get("/releases/{release_id}/files/{name:path}")
    def download(release_id: str, name: str) -> Response:
        found = shelf.release(release_id)
        if found.withdrawn is not None or name not in found.files:
            raise HTTPException(404)
        content = found.file(name)
        path = PurePosixPath(name)
        saved_as = f"{found.id}-{path.name}"
        headers = {"Content-Disposition": f'attachment; filename="{saved_as}"', "ETag": f'"{found.files[name]}"'}
        return Response(content, media_type=TYPES[path.suffix], headers=headers)

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


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(ReleaseDamaged)
    def damaged(_request: Request, _error: ReleaseDamaged) -> Response:
        return page("researcher/message", 503, message="damaged")

    @app.exception_handler(HTTPException)
    def refused(_request: Request, error: HTTPException) -> Response:
        message = "not_found" if error.status_code == 404 else "refused"
        return page("researcher/message", error.status_code, message=message)
