"""A15 over two worker processes: whatever is sent again, and wherever it arrives, there is one response, and the page says so."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import httpx
import pytest

from forms.survey import Survey
from tests.attack.test_child_kill import Door
from tests.functional.door import Wave, open_wave
from tests.functional.walking import FORM_HEADERS, walk
from tests.permits import permitted

FORM = "13-17"


@pytest.fixture(scope="module")
def wave(tmp_path_factory: pytest.TempPathFactory, survey: Survey) -> Wave:
    wave = open_wave(tmp_path_factory.mktemp("wave") / "home")
    permitted(wave.zone, survey)
    return wave


@pytest.fixture(scope="module")
def door(wave: Wave) -> Iterator[str]:
    """`python -m api child` with two workers."""
    running = Door(wave)
    assert len(running.workers()) >= 2
    yield f"http://127.0.0.1:{running.port}"
    running.close()


def last_page(door: str, survey: Survey, seed: int) -> tuple[list[tuple[str, str]], bytes]:
    with httpx.Client(base_url=door, timeout=60) as client:
        page, last, _ = walk(client, survey.forms[FORM], seed)
    pairs = page.post("next", *last)
    return pairs, urlencode(pairs).encode()


def post(door: str, body: bytes) -> str:
    """Send on a connection of its own, which may end at either worker; where it leads."""
    return httpx.post(f"{door}/{FORM}", content=body, headers=FORM_HEADERS, timeout=60).headers["location"].rpartition("/")[2]


def test_a15_one_nonce_sent_many_times_at_once_is_one_response(door: str, wave: Wave, survey: Survey) -> None:
    before, (_, body) = wave.store.count(), last_page(door, survey, 1)
    with ThreadPoolExecutor(12) as pool:
        ends = Counter(pool.map(lambda _: post(door, body), range(24)))
    assert ends == {"thank-you": 1, "already-sent": 23}
    assert wave.store.count() == before + 1
    assert post(door, body) == "already-sent"  # replayed later
    page = httpx.get(f"{door}/{FORM}/already-sent").text
    assert survey.forms[FORM].words["already_sent_title"].replace("'", "&#39;") in page


def test_a15_who_gets_no_reply_tries_again_without_being_counted_twice(door: str, wave: Wave, survey: Survey) -> None:
    before, (_, body) = wave.store.count(), last_page(door, survey, 2)
    address = httpx.URL(door)
    head = f"POST /{FORM} HTTP/1.1\r\nHost: door\r\nContent-Type: {FORM_HEADERS['content-type']}\r\nContent-Length: {len(body)}\r\n\r\n"
    for _ in range(3):
        with socket.create_connection((address.host, address.port or 80)) as gone:
            gone.sendall(head.encode() + body)
    assert post(door, body) in ("thank-you", "already-sent")
    assert post(door, body) == "already-sent"
    assert wave.store.count() == before + 1


def test_a15_back_and_another_answer_changes_nothing_that_was_sent(door: str, wave: Wave, survey: Survey) -> None:
    pairs, body = last_page(door, survey, 3)
    assert post(door, body) == "thank-you"
    sent = {record.id: record for record in wave.store.records()}
    again = [("age", "14") if name == "age" else (name, value) for name, value in pairs]
    assert post(door, urlencode(again).encode()) == "already-sent"
    assert {record.id: record for record in wave.store.records()} == sent
