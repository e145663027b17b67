"""Acknowledged means kept: the door is killed under load, again and again, and every child who was thanked is there, once."""

from __future__ import annotations

import random
import signal
import threading
from collections import Counter
from pathlib import Path

import httpx
import pytest

from forms.answers import Response
from retention.seal import open_sealed
from tests.attack.whole_chain import Installation, form_of, last_post, send, stop

CLIENTS = 6


class _Load:
    """Clients that answer one after the other until told to stop; each answer is sent again until it is thanked for."""

    def __init__(self, start: int) -> None:
        self.form = form_of("4-5")
        self.address = ""
        self.numbers = iter(range(start, 10**9))
        self.lock, self.done, self.enough = threading.Lock(), threading.Event(), threading.Event()
        self.thanked: list[int] = []

    def run(self, kill_after: int) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._answer, args=(kill_after,), daemon=True) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        return threads

    def _answer(self, kill_after: int) -> None:
        with httpx.Client(timeout=30) as client:
            while not self.done.is_set():
                with self.lock:
                    number = next(self.numbers)
                post = last_post(self.form, f"child {number}")
                try:
                    client.base_url = httpx.URL(self.address)
                    thanked = send(client, self.form, post)
                except httpx.HTTPError:
                    continue  # no thanks were said: this child may be there or not, but only once
                if thanked:
                    with self.lock:
                        self.thanked.append(number)
                        if len(self.thanked) >= kill_after:
                            self.enough.set()


def _rounds(home: Path, rounds: int) -> None:
    installation = Installation(home)
    draw = random.Random(4)
    thanked: list[int] = []
    for _ in range(rounds):
        process, address = installation.start_door()
        load = _Load(start=max(thanked, default=-1) + 1000)
        load.address = address
        threads = load.run(kill_after=draw.randint(1, 60))
        assert load.enough.wait(60)
        stop(process, signal.SIGKILL)
        load.done.set()
        for thread in threads:
            thread.join(60)
        thanked += load.thanked
    key = installation.store.ring.private(installation.wave.body_key)
    stored = [Response.from_parts(open_sealed(record.body, key)) for record in installation.collection.records()]
    found = Counter(int(response.texts["parent_future.text"].split()[1]) for response in stored)
    assert set(thanked) <= set(found), "a child who was thanked is lost"
    assert max(found.values()) == 1, "a child is there twice"
    assert len(found) <= len(thanked) + rounds * CLIENTS, "only answers that were on their way may be there without thanks"


def test_sigkill_under_load_loses_no_thanked_child_and_doubles_none(tmp_path: Path) -> None:
    _rounds(tmp_path / "home", rounds=3)


@pytest.mark.long
def test_sigkill_under_load_twenty_times(tmp_path: Path) -> None:
    _rounds(tmp_path / "home", rounds=20)


def test_an_answer_sent_again_after_a_kill_is_there_once(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    form = form_of("4-5")
    post = last_post(form, "child 1")
    process, address = installation.start_door()
    with httpx.Client(base_url=address, timeout=30) as client:
        assert send(client, form, post)
    stop(process, signal.SIGKILL)
    with installation.door() as address, httpx.Client(base_url=address, timeout=30) as client:
        reply = client.post(f"/{form.id}", data=post)
    assert (reply.status_code, reply.headers["location"]) == (303, f"/{form.id}/already-sent")
    assert installation.collection.count() == 1
