"""What every door does for every request: headers, limits of the body, and silence about errors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import httpx
import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.security import HEADERS, NO_STORE, BodyLimit, QuietErrors, SecurityHeaders, harden


def get(app: ASGIApp, path: str = "/") -> httpx.Response:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door") as client:
            return await client.get(path)

    return asyncio.run(ask())


async def baker(scope: Scope, receive: Receive, send: Send) -> None:
    response = PlainTextResponse("x", headers={"Server": "oven/1.0", "Referrer-Policy": "unsafe-url"})
    response.set_cookie("biscuit", "1")
    response.set_cookie("another", "2")
    await response(scope, receive, send)


def test_every_header_is_there_whatever_the_page_says_and_cookies_are_not() -> None:
    reply = get(SecurityHeaders(baker))
    for name, value in HEADERS.items():
        assert reply.headers[name] == value
    assert reply.headers["cache-control"] == NO_STORE
    assert "server" not in reply.headers
    assert "set-cookie" not in reply.headers


def test_a_door_that_signs_staff_in_keeps_its_cookies() -> None:
    assert len(get(SecurityHeaders(baker, cookies=True)).headers.get_list("set-cookie")) == 2


def test_only_a_response_that_says_so_is_cached() -> None:
    cached = PlainTextResponse("x", headers={"Cache-Control": "immutable"})
    assert get(SecurityHeaders(cached)).headers["cache-control"] == "immutable"


def test_an_unexpected_error_is_logged_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ValueError("a child's words")

    with caplog.at_level(logging.DEBUG):
        reply = get(harden(broken, 10))
    assert reply.status_code == 500
    assert "ValueError" in caplog.text
    assert "words" not in caplog.text + reply.text
    assert reply.headers["cache-control"] == NO_STORE


def test_an_error_after_the_start_of_a_reply_is_not_answered_twice() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def broken(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError

    asyncio.run(QuietErrors(broken)({"type": "http"}, receive, send))
    assert [message["type"] for message in sent] == ["http.response.start"]


class Sender:
    """Sends a body in pieces, and counts how many were taken."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces: Iterator[bytes] = iter(pieces)
        self._left = len(pieces)
        self.taken = 0

    async def __call__(self) -> Message:
        self._left -= 1
        self.taken += 1
        return {"type": "http.request", "body": next(self._pieces), "more_body": self._left > 0}


def read_through(limit: int, sender: Receive, declared: str | None = None, drained: int = 1000, seconds: float = 30.0) -> bytes:
    """The body as the app behind the limit reads it."""
    read = bytearray()

    async def app(scope: Scope, receive: Receive, _send: Send) -> None:
        read.extend(await Request(scope, receive).body())

    async def send(_message: Message) -> None:
        raise AssertionError

    headers = [] if declared is None else [(b"content-length", declared.encode())]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    asyncio.run(BodyLimit(app, limit, seconds, drained)(scope, sender, send))
    return bytes(read)


@pytest.mark.parametrize("pieces", [[b"x" * 9], [b"x" * 10], [b"x" * 5, b"x" * 5], [b"", b"x" * 10]])
def test_a_body_up_to_the_limit_passes(pieces: list[bytes]) -> None:
    assert read_through(10, Sender(pieces)) == b"".join(pieces)


@pytest.mark.parametrize("pieces", [[b"x" * 11], [b"x" * 10, b"x"], [b"x"] * 11])
def test_a_byte_more_is_refused(pieces: list[bytes]) -> None:
    with pytest.raises(HTTPException) as refused:
        read_through(10, Sender(pieces))
    assert refused.value.status_code == 413


@pytest.mark.parametrize("declared", ["11", "9" * 30, "-1", "1e1", "0x1", " "])
def test_a_declared_length_beyond_the_limit_or_not_a_number_is_refused(declared: str) -> None:
    with pytest.raises(HTTPException) as refused:
        read_through(10, Sender([b"x"]), declared)
    assert refused.value.status_code == 413


def test_a_declared_length_at_the_limit_passes() -> None:
    assert read_through(10, Sender([b"x" * 10]), "10") == b"x" * 10


def test_what_is_thrown_away_is_limited_too() -> None:
    sender = Sender([b"x" * 100] * 50)
    with pytest.raises(HTTPException):
        read_through(10, sender, drained=1000)
    assert sender.taken == 11


def test_a_body_that_never_comes_is_given_up() -> None:
    async def silent() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(HTTPException) as refused:
        read_through(10, silent, seconds=0.01)
    assert refused.value.status_code == 408
