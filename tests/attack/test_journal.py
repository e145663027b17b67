"""Attack on A5: a thief of the collection folder reads SQLite's journal, which holds the pages that the last groups filled."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from retention import slot_file as module
from retention.slot_file import SlotFile, connect_slots
from retention.slot_store import SlotStore
from tests.sealed import DAY, collecting, sealed, stored

PAGE = 4096
# Dies in the middle of its turn: the group is stored, and its journal is not emptied yet.
KILLED_IN_ITS_TURN = """
import os, signal, sys
from retention.slot_file import SlotFile
from tests.sealed import open_store, sealed
SlotFile.empty_journal = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
open_store(sys.argv[1]).put(sealed(int(sys.argv[2])))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "db" / "responses.sqlite"


@pytest.fixture
def store(path: Path) -> SlotStore:
    found = collecting(f"sqlite:///{path}", capacity=512)
    assert isinstance(found, SlotStore)
    return found


def pages_in(path: Path) -> set[int]:
    """Which pages of the database the journal tells of: each stands there by its number, before its content and a checksum."""
    content = path.with_name(f"{path.name}-journal").read_bytes()
    pages = path.stat().st_size // PAGE
    numbers = (int.from_bytes(content[at : at + 4], "big") for at in range(512, len(content), PAGE + 8))
    return {number for number in numbers if 0 < number <= pages}


def killed_in_its_turn(path: Path, responses: int) -> None:
    command = [sys.executable, "-c", KILLED_IN_ITS_TURN, f"sqlite:///{path}", str(responses)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL


def test_the_journal_of_a_group_tells_whose_slots_it_filled_and_is_zeros_after_its_turn(store: SlotStore, path: Path) -> None:
    store.put(sealed(40))
    assert pages_in(path) == set()
    killed_in_its_turn(path, 9)
    assert 9 <= len(pages_in(path)) <= 9 * 4 + 3  # the attack can see
    assert store.count() == 49


@pytest.mark.parametrize("next_group", [1, 60])
def test_what_a_killed_process_left_in_the_journal_is_gone_after_the_next_turn(store: SlotStore, path: Path, next_group: int) -> None:
    """Of a process that has had turns before, and of a new one; whether its own group is smaller or larger."""
    for another in (store, SlotStore(connect_slots(f"sqlite:///{path}"))):
        killed_in_its_turn(path, 20)
        another.put(sealed(next_group))
        assert not any(path.with_name(f"{path.name}-journal").read_bytes())
    assert len(stored(store)) == 2 * (20 + next_group)


def test_a_new_process_looks_at_the_whole_journal(store: SlotStore, path: Path) -> None:
    """After a power cut zeros may lie before what was written."""
    killed_in_its_turn(path, 60)
    journal = path.with_name(f"{path.name}-journal")
    with journal.open("r+b") as file:
        file.write(bytes(2 * 65536))
    assert pages_in(path)
    SlotStore(connect_slots(f"sqlite:///{path}")).put(sealed(1))
    assert not any(journal.read_bytes())


def test_a_long_journal_is_zeros_before_it_is_shortened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONGEST", 70_000)
    journal = tmp_path / "responses.sqlite-journal"
    journal.write_bytes(secrets.token_bytes(200_000))
    steps: list[object] = []
    shorten = os.ftruncate

    def fsync(file: int) -> None:
        steps.append(any(os.pread(file, 200_000, 0)))

    def ftruncate(file: int, length: int) -> None:
        steps.append(length)
        shorten(file, length)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "ftruncate", ftruncate)
    SlotFile(tmp_path / "responses.sqlite").empty_journal(durably=False)
    assert steps == [False, 70_000]
    assert journal.read_bytes() == bytes(70_000)


def test_the_journals_of_closing_and_wiping_are_zeros_on_the_disk(store: SlotStore, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(sealed(30))
    synced: list[bool] = []

    def fsync(file: int) -> None:
        synced.append(any(os.pread(file, 10**7, 0)))

    monkeypatch.setattr(os, "fsync", fsync)
    store.close(DAY)
    store.wipe()
    assert synced == [False, False]
    assert pages_in(path) == set()


def test_a_file_put_in_place_of_another_is_the_one_that_is_written(store: SlotStore, path: Path) -> None:
    """A connection that is kept open must not go on writing to a file that nobody finds any more."""
    store.put(sealed(2))
    moved = path.with_name("moved")
    moved.write_bytes(path.read_bytes())
    moved.rename(path)
    store.put(sealed(3))
    assert SlotStore(connect_slots(f"sqlite:///{path}")).count() == 5
