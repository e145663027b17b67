"""What the child door is measured against, behind the same server and as many workers: a bare ASGI reply, and the plain way.

The plain way is what a tutorial does: FastAPI reads the form, SQLAlchemy commits one row for each response, in clear. It checks,
seals and hides nothing. Its databases wait for the disk as ours do, and a nonce is stored once.
"""

from __future__ import annotations

import json

from fastapi import FastAPI, Request
from sqlalchemy import Column, MetaData, String, Table, Text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from retention.database import connect

_metadata = MetaData()
plain_response = Table("plain_response", _metadata, Column("id", String(32), primary_key=True), Column("answers", Text, nullable=False))


def bare() -> ASGIApp:
    """Reads the body and answers with a redirect; does nothing else."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        while (await receive()).get("more_body", False):
            pass
        await send({"type": "http.response.start", "status": 303, "headers": [(b"location", b"/"), (b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    return app


def make_tables(url: str) -> Engine:
    """The database of the plain way."""
    engine = connect(url)
    _metadata.create_all(engine)
    return engine


def plain(url: str) -> ASGIApp:
    """One form, one transaction."""
    app, engine = FastAPI(), connect(url)
    insert = (sqlite if engine.dialect.name == "sqlite" else postgresql).insert(plain_response).on_conflict_do_nothing()

    def store(nonce: str, answers: str) -> None:
        with engine.begin() as connection:
            connection.execute(insert, {"id": nonce, "answers": answers})

    @app.post("/{form_id}")
    async def submit(form_id: str, request: Request) -> RedirectResponse:
        form = await request.form()
        await run_in_threadpool(store, str(form["nonce"]), json.dumps(form.multi_items()))
        return RedirectResponse(f"/{form_id}/thank-you", 303)

    return app
