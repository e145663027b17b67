"""Definitions that were answered a moment ago: one write to the disk each time, so that an answer waits for that and no more.

Every few seconds what has gathered goes into the table and the ledger together, in an order of its own, and the journal is emptied. A
keeper that died leaves its journal behind: the next one takes it over, and whoever reads definitions reads journals too.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from retention.answered import by_wave, journals, keep, to_line
from retention.secure_store import SecureStore

EVERY = 2.0  # seconds
log = logging.getLogger("bigask.door")


class AnsweredJournal:
    """Two files, one of which is written while the other is emptied. Locked, so that nobody takes them for left behind."""

    def __init__(self, store: SecureStore) -> None:
        folder = journals(store)
        folder.mkdir(mode=0o700, exist_ok=True)
        self._store = store
        self._lock, self._settling = threading.Lock(), threading.Lock()
        name = secrets.token_hex(8)
        self._paths = [folder / f"{name}-{number}" for number in (0, 1)]
        self._files = [_locked(path) for path in self._paths]
        self._take_over(folder)

    def append(self, wave_id: str, asked: Sequence[str]) -> None:
        """Return once these are on the disk. Raises OSError."""
        lines = b"".join(to_line(wave_id, definition) for definition in asked)
        with self._lock:
            file = self._files[0]
            if file.write(lines) != len(lines):
                raise OSError("the disk is full")
            os.fdatasync(file.fileno())

    def settle(self) -> None:
        """Put what has gathered into the table. What cannot be put there stays. Raises DatabaseUnavailable, LedgerError."""
        with self._settling:
            with self._lock:
                self._files.reverse()
            self._empty(self._files[1])

    def _empty(self, file: FileIO) -> None:
        file.seek(0)
        for wave_id, asked in by_wave(file.read()).items():
            keep(self._store, wave_id, asked)
        file.truncate(0)
        os.fdatasync(file.fileno())

    def _take_over(self, folder: Path) -> None:
        for path in sorted(set(folder.iterdir()) - set(self._paths)):
            with path.open("rb+", buffering=0) as left:
                try:
                    fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:  # its keeper is there
                    continue
                self._empty(left)
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Put all into the table, and leave no file."""
        for _ in self._files:
            self.settle()
        for file, path in zip(self._files, self._paths, strict=True):
            path.unlink()
            file.close()


def _locked(path: Path) -> FileIO:
    file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600), "rb+")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


@contextmanager
def journal(store: SecureStore) -> Iterator[AnsweredJournal]:
    """A journal that is settled every few seconds by a thread of its own, and at the end."""
    kept, ended = AnsweredJournal(store), threading.Event()

    def settle() -> None:
        while not ended.wait(EVERY):
            try:
                kept.settle()
            except Exception as error:  # it stays in the journal, and is tried again
                log.error("answers cannot be put into the table yet: %s", type(error).__name__)

    thread = threading.Thread(target=settle, name="answered-journal", daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        ended.set()
        thread.join()
        kept.close()
