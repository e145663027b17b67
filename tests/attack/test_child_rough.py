"""Rough clients against the real door: slow ones, huge ones, broken ones. No 500, no word of theirs in the log, and it goes on."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest

from api.workers import HEADERS_WITHIN
from tests.attack.real_door import RealDoor, real_door
from tests.functional.walking import FORM_HEADERS

CANARY = "Zquorvexil"
BODY_WITHIN = 30.0  # seconds, as api.security has it


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDoor]:
    with real_door(tmp_path_factory.mktemp("rough")) as (running, _):
        yield running


def test_slow_heads_are_given_up_while_others_are_served(door: RealDoor) -> None:
    slow = [door.connect() for _ in range(50)]
    for connection in slow:
        connection.sendall(f"POST /9-12 HTTP/1.1\r\nHost: {CANARY}\r\nX-Slow: ".encode())
    assert door.alive()
    for connection in slow:
        connection.settimeout(6 * HEADERS_WITHIN)
        with connection:
            assert connection.recv(4096)[9:12] in (b"", b"408", b"400")  # closed, with or without a word


def half_sent(door: RealDoor, many: int) -> list[socket.socket]:
    """Posts whose head is complete and whose body never comes to its end."""
    head = f"POST /9-12 HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM_HEADERS['content-type']}\r\nContent-Length: 12\r\n\r\n"
    slow = [door.connect() for _ in range(many)]
    for connection in slow:
        connection.sendall(head.encode() + b"action=")
    return slow


def test_slow_bodies_hold_nobody_up_and_are_answered_when_they_come_to_an_end(door: RealDoor) -> None:
    slow = half_sent(door, 600)
    assert door.alive()
    assert httpx.post(door.address.join("/9-12"), content=b"action=start", headers=FORM_HEADERS, timeout=60).status_code == 200
    for connection in slow:
        with connection:
            connection.sendall(b"start")
            assert connection.recv(4096)[9:12] == b"200"


@pytest.mark.long
def test_bodies_that_never_end_are_given_up(door: RealDoor) -> None:
    for connection in half_sent(door, 600):
        connection.settimeout(6 * BODY_WITHIN)
        with connection:
            assert connection.recv(4096)[9:12] in (b"408", b"")
    assert door.alive()


def test_ten_megabytes_are_refused_and_not_kept(door: RealDoor) -> None:
    before = door.memory()
    for _ in range(5):
        reply = httpx.post(door.address.join("/9-12"), content=CANARY.encode() * 1_000_000, headers=FORM_HEADERS, timeout=60)
        assert reply.status_code == 413
    assert door.memory() - before < 60 * 2**20
    assert door.alive()


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"BREW /9-12 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /9-12 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nZquorvexil",
        b"POST /9-12 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\nZZZZ\r\n0\r\n\r\n",
        b"POST /9-12 HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"GET /%00%ff%c0%af?Zquorvexil HTTP/1.1\r\nHost: \xff\r\n\r\n",
        b"GET /" + b"Z" * 300_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-Zquorvexil: y\r\n" * 5000 + b"\r\n",
    ],
)
def test_broken_requests_get_an_error_of_theirs_or_nothing(door: RealDoor, raw: bytes) -> None:
    with door.connect() as connection:
        try:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            status = connection.recv(4096)[9:12]
        except OSError:  # the door may have closed the connection already
            status = b""
    assert status[:1] in (b"", b"2", b"3", b"4") or status == b"505"
    assert door.alive()
