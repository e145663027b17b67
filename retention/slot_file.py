"""The file that holds the slots, between two groups of responses: kept open, one writer at a time, and its journal made of zeros.

SQLite writes a group twice: the pages as they were go to a journal, so that a crash in the middle can be undone, and then the new
ones take their place. A journal of this kind (PERSIST) stays where it is on the disk and is written over each time, so that the disk
has no file to lengthen and shorten for every group. But what stays in it says which slots the last group filled (A5). It is
overwritten with zeros before the next group has its turn. A log written ahead (WAL) would say more: it holds the new pages, and its
index beside it outlives them.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import QueuePool

from retention.database import DatabaseUnavailable, connect

_CHUNK = bytes(65536)  # the least that is looked at: wherever a journal was written, so much of it is never zeros alone
_LONGEST = 16 * 2**20  # bytes of a journal that is kept; a group needs a quarter of it, growing and wiping need as much as the file


def connect_slots(url: str) -> Engine:
    """An engine for a `sqlite:///` URL that keeps one connection open, as long as the file at that path is the one it opened."""
    engine = connect(url, journal="PERSIST", pool=QueuePool)
    path = Path(engine.url.database or "")

    @event.listens_for(engine, "connect")
    def _remember(_connection: Any, record: Any) -> None:
        record.info["file"] = _file(path)

    @event.listens_for(engine, "checkout")
    def _look(_connection: Any, record: Any, _proxy: Any) -> None:
        if record.info["file"] != _file(path):  # moved away, and perhaps another one put there
            raise DisconnectionError

    return engine


def _file(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class SlotFile:
    """Whose turn it is to write, and the journal afterwards."""

    def __init__(self, path: Path) -> None:
        self._folder, self._journal = path.parent, path.with_name(f"{path.name}-journal")
        self._first = True
        self._mine = threading.local()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait in line for the other processes of the door. SQLite's own lock would have each look again after a while.

        The lock is the folder's own, so that no file is needed for it; it ends with the process, however that ends. Whoever has
        the turn already goes on with it.
        """
        if getattr(self._mine, "turn", False):
            yield
            return
        try:
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            raise DatabaseUnavailable("The folder of the collection database cannot be opened.") from None
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            self._mine.turn = True
            yield
        finally:
            self._mine.turn = False
            os.close(folder)

    def empty_journal(self, durably: bool) -> None:
        """Overwrite what the last transaction left in the journal. To be called in one's turn, while no other transaction can begin.

        `durably`: the zeros are on the disk when this returns; otherwise some time later, or when the next group writes over them.

        What was written is always one piece from the start on, because it is overwritten from its end. Only the first time in a
        process is the whole journal looked at: a power cut does not keep that order.
        """
        try:
            journal = os.open(self._journal, os.O_RDWR)
        except FileNotFoundError:
            return
        try:
            length, end = os.fstat(journal).st_size, 0
            while end < length and (_holds_something(os.pread(journal, len(_CHUNK), end)) or self._first):
                end += len(_CHUNK)
            for at in range(end - len(_CHUNK), -1, -len(_CHUNK)):
                os.pwrite(journal, _CHUNK[: length - at], at)
            if durably or length > _LONGEST:
                os.fsync(journal)
            if length > _LONGEST:
                os.ftruncate(journal, _LONGEST)  # only now: blocks that are given back hold nothing
            self._first = False
        finally:
            os.close(journal)


def _holds_something(chunk: bytes) -> bool:
    return chunk != _CHUNK[: len(chunk)]
