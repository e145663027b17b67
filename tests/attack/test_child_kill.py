"""Attack on "thank you" with SIGKILL, over HTTP: server, worker, who stores for it, and database die under load, and children try again.

The door is the real one, `python -m api child`, started again whenever it ends, as its systemd unit does.
"""

from __future__ import annotations

import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from forms.load import load_survey
from retention.collection_store import CollectionStore
from tests.attack.real_door import children_of
from tests.functional.door import Wave, child_door, open_wave
from tests.functional.walking import FORM_HEADERS, walk
from tests.postgres import Postgres, running_postgres
from tests.sealed import stored

ROOT = Path(__file__).parents[2]
CHILDREN = 6  # at once
FORM = "9-12"


class Door:
    """The child door as a service: restarted until `close`."""

    def __init__(self, wave: Wave) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._environment = {
            "PATH": os.environ["PATH"],
            "BIGASK_HOME": str(wave.settings.home),
            "BIGASK_COLLECTION_URL": wave.zone.database_url,
        }
        self.killed: set[int] = set()
        self._closing = False
        self._starting = threading.Lock()  # a door that is started while it is closed would never be told to end
        self._opened = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._opened.wait(120)

    def _run(self) -> None:
        command = [sys.executable, "-m", "api", "child", "--port", str(self.port), "--workers", "2"]
        while True:
            with self._starting:
                if self._closing:
                    return
                self.process = subprocess.Popen(
                    command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
                )
            assert self.process.stdout is not None
            if self.process.stdout.readline():
                self._opened.set()
            self.process.wait()
            self._opened.clear()
            self.process.stdout.close()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Let those who wait do so while something that the door needs is not there."""
        self._opened.clear()
        yield
        self._opened.set()

    def wait(self) -> None:
        """Until it is open: who knocks all the while takes the processors that it needs to start."""
        self._opened.wait(120)

    def servers(self) -> list[int]:
        """The process that starts the others, if it is there."""
        return [self.process.pid] if self.process.poll() is None else []

    def workers(self) -> list[int]:
        """Their process ids."""
        return children_of(self.process.pid)

    def keepers(self) -> list[int]:
        """Process ids of those who store for the workers."""
        return [one for worker in self.workers() for one in children_of(worker)]

    def kill_one_of(self, processes: Callable[[], list[int]]) -> bool:
        """End one that has not been killed before. False if there is none now: whom it hit last is still being replaced."""
        with suppress(OSError):
            left = [one for one in processes() if one not in self.killed]
            if left:
                one = random.SystemRandom().choice(left)
                os.kill(one, signal.SIGKILL)
                self.killed.add(one)
                return True
        return False

    def close(self) -> None:
        """End it for good."""
        with self._starting:
            self._closing = True
            self.process.terminate()
        self._thread.join(60)
        assert not self._thread.is_alive(), "the door does not end when it is told to"


class Children:
    """Children who send their last page until they are thanked, each response under its own nonce."""

    def __init__(self, door: Door, body: bytes) -> None:
        self._door, self._body = door, body
        self._going, self.given_up = True, False
        self.thanked: set[bytes] = set()
        self.wrong: list[str] = []
        self._more = threading.Condition()
        self._threads = [threading.Thread(target=self._run) for _ in range(CHILDREN)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        while self._going:
            nonce = secrets.token_hex(16)
            while not self.given_up and not self._thanked(nonce):
                self._door.wait()
            if not self.given_up:
                with self._more:
                    self.thanked.add(bytes.fromhex(nonce))
                    self._more.notify_all()

    def _thanked(self, nonce: str) -> bool:
        address = f"127.{secrets.randbelow(255)}.{secrets.randbelow(255)}.{1 + secrets.randbelow(254)}"  # nobody floods the door (A14)
        with closing(HTTPConnection("127.0.0.1", self._door.port, timeout=60, source_address=(address, 0))) as connection:
            try:
                connection.request("POST", f"/{FORM}", self._body.replace(b"NONCE", nonce.encode()), FORM_HEADERS)
                status = connection.getresponse().status
            except (OSError, HTTPException):
                return False
        if status not in (303, 503):
            self.wrong.append(f"{status}")
        return status == 303

    def wait_for(self, more: int) -> None:
        """Until so many more have been thanked."""
        target = len(self.thanked) + more
        with self._more:
            assert self._more.wait_for(lambda: len(self.thanked) >= target, 120), "nobody is thanked any more"

    def stop(self) -> None:
        """Let everybody finish."""
        self._going = False
        for thread in self._threads:
            thread.join(120)


@contextmanager
def under_load(wave: Wave, kill: Callable[[Door], bool], kills: int, store: CollectionStore) -> Iterator[None]:
    """Kill under load, so many times; then everybody who was thanked must be there, once, and nobody else."""
    survey = load_survey()
    with child_door(wave, survey) as address, httpx.Client(base_url=address) as client:
        page, last, _ = walk(client, survey.forms[FORM], seed=7)
        body = urlencode(page.post("next", *last)).encode().replace(page.value("nonce").encode(), b"NONCE")
    door = Door(wave)
    children = Children(door, body)
    try:
        for _ in range(kills):
            children.wait_for(random.SystemRandom().randint(1, 20))
            while not kill(door):
                children.wait_for(1)
        children.wait_for(5)
        yield
        children.stop()
    finally:
        children.given_up = True
        children.stop()
        door.close()
    assert children.wrong == []
    assert set(stored(store)) == children.thanked  # fails as well if one is there twice


def kill_server(door: Door) -> bool:
    """Its workers must notice."""
    return door.kill_one_of(door.servers)


def kill_worker(door: Door) -> bool:
    """The server must replace it."""
    return door.kill_one_of(door.workers)


def kill_keeper(door: Door) -> bool:
    """Its worker must replace it."""
    return door.kill_one_of(door.keepers)


@pytest.mark.parametrize("kill", [kill_server, kill_worker, kill_keeper])
def test_a_killed_process_of_the_door_loses_and_doubles_nobody(tmp_path: Path, kill: Callable[[Door], bool]) -> None:
    wave = open_wave(tmp_path / "home")
    with under_load(wave, kill, 1, wave.store):
        pass


@pytest.mark.long
@pytest.mark.parametrize("kill", [kill_server, kill_worker, kill_keeper])
def test_twenty_kills_of_a_process_of_the_door(tmp_path: Path, kill: Callable[[Door], bool]) -> None:
    wave = open_wave(tmp_path / "home")
    with under_load(wave, kill, 20, wave.store):
        pass


def killing(server: Postgres) -> Callable[[Door], bool]:
    """Kill the database and start it again."""

    def kill(door: Door) -> bool:
        with door.away():
            server.kill_and_start()
        return True

    return kill


@pytest.mark.parametrize("kills", [1, pytest.param(20, marks=pytest.mark.long)])
def test_a_killed_database_loses_and_doubles_nobody(tmp_path: Path, kills: int) -> None:
    with running_postgres() as server:
        wave = open_wave(tmp_path / "home", url=server.new_database())
        with under_load(wave, killing(server), kills, wave.store):
            pass
