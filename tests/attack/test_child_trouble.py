"""Failure at the door: a full disk, a slow database, a lost one. A child keeps every answer, tries again, and is thanked in the end."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path

import httpx
import psycopg
import pytest
from markupsafe import escape

from api.receiving import Receiver
from forms.load import load_survey
from retention.database import connect
from tests.attack.real_door import ROOT, RealDoor, real_door
from tests.functional.door import Wave, child_door, open_wave
from tests.functional.html_form import read_page
from tests.functional.walking import send, walk
from tests.postgres import Postgres, running_postgres

FORM = "9-12"
IMPATIENT = 0.2  # seconds that this door waits for its database, which will not answer however long it waits
DISK = 192  # megabytes of a disk of our own; an empty wave takes about half of it
Trouble = Callable[[], AbstractContextManager[None]]


def through(address: str, wave: Wave, trouble: Trouble) -> None:
    """One child who sends a whole form while there is trouble, and again until it is over."""
    form, before = load_survey().forms[FORM], wave.store.count()
    with httpx.Client(base_url=address, timeout=120) as client:
        page, last, given = walk(client, form, seed=4)
        with trouble():
            hidden = sorted([*page.hidden, *last])
            pairs = page.post("next", *last)
            for _ in range(2):
                failed = send(client, FORM, pairs)
                assert failed.status_code == 503
                assert int(failed.headers["retry-after"]) > 0
                assert str(escape(form.words["unavailable_title"])) in failed.text
                assert str(escape(form.words["unavailable_text"])) in failed.text
                waiting = read_page(failed.text)
                assert sorted(waiting.hidden) == hidden  # every answer, and the nonce under which it will count once
                pairs = waiting.post("next")
            assert client.get("/health/live").status_code == 200
            assert client.get(f"/{FORM}").status_code == 200  # who comes now can read, and begin
            assert send(client, FORM, [("action", "start")]).status_code == 200
        while (done := send(client, FORM, pairs)).status_code == 503:
            pass  # as the page does by itself: a waiting connection may have to be given up first
        # What was in hand when the child was told to wait may have been stored since: then this was the second time.
        assert done.headers["location"] in (f"/{FORM}/thank-you", f"/{FORM}/already-sent")
    assert wave.store.count() == before + 1
    (response,) = [one for one in wave.responses() if one.texts]
    located = {question.id for question in form.questions if question.is_locator}
    kept = {(name, code) for name, codes in response.choices.items() for code in codes} | set(response.texts.items())
    assert kept == {(name, value) for name, value in [*given, *last] if name.split(".")[0] not in located}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.child.Receiver", partial(Receiver, patience=IMPATIENT))


def test_a_sqlite_database_that_another_program_holds(impatient: None, tmp_path: Path) -> None:
    wave = open_wave(tmp_path / "home")

    @contextmanager
    def held() -> Iterator[None]:
        with closing(sqlite3.connect(wave.zone.folder / "responses.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.execute("ROLLBACK")

    with child_door(wave, load_survey()) as address:
        through(address, wave, held)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with running_postgres() as running:
        yield running


def test_a_postgresql_table_that_somebody_else_has_locked(impatient: None, tmp_path: Path, server: Postgres) -> None:
    wave = open_wave(tmp_path / "home", url=server.new_database())

    @contextmanager
    def locked() -> Iterator[None]:
        with psycopg.connect(wave.zone.database_url.replace("+psycopg", "")) as other:
            other.execute("LOCK TABLE response IN ACCESS EXCLUSIVE MODE")
            yield
            other.rollback()

    with child_door(wave, load_survey()) as address:
        through(address, wave, locked)


def test_a_postgresql_server_that_is_gone_for_a_while(tmp_path: Path, server: Postgres) -> None:
    wave = open_wave(tmp_path / "home", url=server.new_database())

    @contextmanager
    def gone() -> Iterator[None]:
        server.stop("immediate")
        yield
        server.start()

    with child_door(wave, load_survey()) as address:
        through(address, wave, gone)


def test_a_network_that_swallows_everything_is_given_up(server: Postgres) -> None:
    """What a partition does cannot be had on one machine; what libpq was told to do about it can be asked."""
    with connect(server.new_database()).connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        told = driver.info.get_parameters()
    assert int(told["tcp_user_timeout"]) <= 30_000  # milliseconds
    assert int(told["connect_timeout"]) <= 30


def test_a_door_that_may_not_write_another_byte(tmp_path: Path) -> None:
    """As a disk or a quota that is full: every write of the workers, and of those who store for them, fails."""

    @contextmanager
    def full(door: RealDoor) -> Iterator[None]:
        processes = door.processes()
        before = [resource.prlimit(process, resource.RLIMIT_FSIZE) for process in processes]
        for process, (_, hard) in zip(processes, before, strict=True):
            resource.prlimit(process, resource.RLIMIT_FSIZE, (0, hard))
        yield
        for process, limits in zip(processes, before, strict=True):
            resource.prlimit(process, resource.RLIMIT_FSIZE, limits)
        assert door.processes() == processes  # nobody died of it

    with real_door(tmp_path) as (door, wave):
        through(str(door.address), wave, partial(full, door))


ON_A_SMALL_DISK = f"""
import subprocess, sys
from contextlib import contextmanager
from pathlib import Path
from tests.attack.real_door import real_door
from tests.attack.test_child_trouble import through
disk = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size={DISK}m", "tmpfs", str(disk)], check=True)
@contextmanager
def full():
    with (disk / "filler").open("wb", buffering=0) as filler:
        for block in (2**20, 1):  # to the last byte
            try:
                while True:
                    filler.write(bytes(block))
            except OSError as error:
                assert error.errno == 28, error
    yield
    (disk / "filler").unlink()
with real_door(disk) as (door, wave):
    through(str(door.address), wave, full)
print("thanked")
"""


@pytest.mark.long
def test_a_disk_that_is_full_to_the_last_byte(tmp_path: Path) -> None:
    """A real file system of its own, small and in a namespace of its own, for which Linux may have to be asked as root."""
    disk = tmp_path / "disk"
    disk.mkdir()
    apart = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    done = subprocess.run(
        [*apart, sys.executable, "-c", ON_A_SMALL_DISK, str(disk)], cwd=ROOT, text=True, capture_output=True, check=False, timeout=600
    )
    assert done.stdout == "thanked\n", done.stderr
