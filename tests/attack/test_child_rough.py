"""Rough clients against the real door: slow ones, huge ones, broken ones. No 500, no word of theirs in the log, and it goes on."""

from __future__ import annotations

import http.client
import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.workers import HEADERS_WITHIN
from forms.load import load_survey
from tests.functional.door import Wave, open_wave
from tests.functional.walking import FORM_HEADERS, walk
from tests.permits import permitted

ROOT = Path(__file__).parents[2]
CANARY = "Zquorvexil"
PAGE = os.sysconf("SC_PAGESIZE")


class RealDoor:
    """`python -m api child`, its output kept."""

    def __init__(self, wave: Wave, folder: Path) -> None:
        self.errors = folder / "stderr"
        environment = {"PATH": os.environ["PATH"], "BIGASK_HOME": str(wave.settings.home)}
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "api", "child"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        assert self.process.stdout is not None
        self.address = httpx.URL(self.process.stdout.readline().strip())

    def workers(self) -> list[int]:
        """Their process ids."""
        return [int(number) for number in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]

    def memory(self) -> int:
        """Resident bytes of the workers."""
        return sum(int(Path(f"/proc/{worker}/statm").read_text().split()[1]) * PAGE for worker in self.workers())

    def end(self) -> None:
        """Stop, and wait for it."""
        self.process.terminate()
        self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def connect(self) -> socket.socket:
        return socket.create_connection((self.address.host, self.address.port or 80), timeout=60)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDoor]:
    folder = tmp_path_factory.mktemp("rough")
    wave = open_wave(folder / "home")
    permitted(wave.zone, load_survey())
    running = RealDoor(wave, folder)
    yield running
    running.end()
    assert running.errors.read_text() == ""  # whatever the tests of this module did


def alive(door: RealDoor) -> bool:
    return httpx.get(door.address.join("/health/ready"), timeout=60).status_code == 200


def test_slow_heads_are_given_up_while_others_are_served(door: RealDoor) -> None:
    slow = [door.connect() for _ in range(50)]
    for connection in slow:
        connection.sendall(f"POST /9-12 HTTP/1.1\r\nHost: {CANARY}\r\nX-Slow: ".encode())
    assert alive(door)
    for connection in slow:
        connection.settimeout(6 * HEADERS_WITHIN)
        with connection:
            assert connection.recv(4096)[9:12] in (b"", b"408", b"400")  # closed, with or without a word


def test_ten_megabytes_are_refused_and_not_kept(door: RealDoor) -> None:
    before = door.memory()
    for _ in range(5):
        reply = httpx.post(door.address.join("/9-12"), content=CANARY.encode() * 1_000_000, headers=FORM_HEADERS, timeout=60)
        assert reply.status_code == 413
    assert door.memory() - before < 60 * 2**20
    assert alive(door)


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
    assert alive(door)


FIELDS = ["action", "page", "nonce", "version", "last", "age", "where_live", "postcode.text", "?"]
PAIRS = st.lists(st.tuples(st.sampled_from(FIELDS), st.text(max_size=40)))
BROKEN = st.one_of(st.binary(max_size=400), PAIRS.map(lambda pairs: urlencode(pairs, errors="replace").encode()))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=BROKEN, encoding=st.sampled_from(["", "; charset=utf-8", "; charset=utf-16", "; charset=latin-1", "; boundary=x"]))
def test_no_post_is_answered_with_a_failure_of_ours(door: RealDoor, body: bytes, encoding: str) -> None:
    headers = {"content-type": FORM_HEADERS["content-type"] + encoding}
    assert httpx.post(door.address.join("/9-12"), content=body, headers=headers, timeout=60).status_code < 500


@pytest.mark.long
def test_a_hundred_thousand_fuzzed_posts_fail_nowhere_and_leave_nothing(door: RealDoor) -> None:
    """Posts of real children with bytes changed, cut, doubled and swapped; the memory of the workers at the end is that of the start."""
    chance, bodies = random.Random(8), []
    with httpx.Client(base_url=door.address, timeout=60) as client:
        for form in load_survey():
            page, last, _ = walk(client, form, seed=8)
            bodies.append((form.id, urlencode(page.post("next", *last)).encode()))
    connection = http.client.HTTPConnection(door.address.host, door.address.port or 80, timeout=60)
    statuses: dict[int, int] = {}
    grown = 0
    for number in range(100_000):
        form_id, body = chance.choice(bodies)
        mutated = bytearray(body)
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(mutated) or 1)
            what = chance.randrange(5)
            if what == 0:
                mutated[at : at + 1] = bytes([chance.randrange(256)])
            elif what == 1:
                del mutated[at : at + chance.randrange(200)]
            elif what == 2:
                mutated[at:at] = mutated[at : at + chance.randrange(200)]
            elif what == 3:
                mutated[at:at] = CANARY.encode()
            else:
                mutated[at:at] = chance.choice([b"&", b"=", b"%", b"%00", b"%ff", b"%u0041", b"&action=next", b"&page=x", b"+" * 50])
        connection.request("POST", f"/{form_id}", bytes(mutated), FORM_HEADERS)
        reply = connection.getresponse()
        reply.read()
        statuses[reply.status] = statuses.get(reply.status, 0) + 1
        if number == 20_000:
            grown = door.memory()
    connection.close()
    assert not [status for status in statuses if status >= 500], statuses
    assert statuses.get(400, 0) > 1000, statuses
    assert door.memory() - grown < 30 * 2**20
    assert alive(door)
