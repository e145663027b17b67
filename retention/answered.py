"""What the table builder answered, on record before the answer leaves: definitions of tables and the day, never who asked.

Every definition is kept once. Those that arrive together are written in one transaction, under one ledger entry, in an order of
their own, so that neither the table nor the ledger tells how one question followed another.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue

from sqlalchemy import insert, select

from retention.builder_tables import answered as table
from retention.database import DatabaseUnavailable
from retention.ledger import Entry
from retention.secure_store import SecureStore, today

BUILDER = "table-builder"
MOST = 256  # definitions in one transaction
WAITING = 4096  # definitions in memory, a bound when the database is silent


def definitions(store: SecureStore, wave_id: str) -> list[str]:
    """Every definition of a wave that was answered, in the order of their hashes; those in a journal too (answered_journal)."""
    found = {_id(definition): definition for definition in _in_journals(store).get(wave_id, ())}  # first: they move to the table
    with store.reading() as connection:
        rows = connection.execute(select(table.c.id, table.c.definition).where(table.c.wave == wave_id)).all()
    found |= {row.id: row.definition for row in rows}
    return [found[one] for one in sorted(found)]


def _id(definition: str) -> str:
    return hashlib.sha256(definition.encode()).hexdigest()


def journals(store: SecureStore) -> Path:
    """Folder of what was answered a moment ago."""
    return store.zone.folder / "answered"


def to_line(wave_id: str, definition: str) -> bytes:
    """A line of a journal."""
    return json.dumps([wave_id, definition]).encode() + b"\n"


def by_wave(lines: bytes) -> dict[str, list[str]]:
    """Definitions by wave. A last line that is not whole was never answered."""
    found: dict[str, list[str]] = {}
    for line in lines.split(b"\n")[:-1]:
        wave_id, definition = json.loads(line)
        found.setdefault(str(wave_id), []).append(str(definition))
    return found


def _in_journals(store: SecureStore) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    folder = journals(store)
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        with suppress(FileNotFoundError):  # it has been put into the table
            for wave_id, asked in by_wave(path.read_bytes()).items():
                found.setdefault(wave_id, []).extend(asked)
    return found


def keep(store: SecureStore, wave_id: str, asked: Sequence[str]) -> int:
    """Write down those definitions that are not there yet; returns how many. Raises DatabaseUnavailable, LedgerError."""
    ids = {_id(definition): definition for definition in asked}
    with store.reading() as connection:
        known = set(connection.execute(select(table.c.id).where(table.c.id.in_(ids))).scalars())
    new = sorted(set(ids) - known)
    if new:
        digest = hashlib.sha256("".join(new).encode()).hexdigest()
        with store.record(Entry(BUILDER, "builder-answer", wave_id, {"tables": len(new), "sha256": digest})) as connection:
            there = set(connection.execute(select(table.c.id).where(table.c.id.in_(new))).scalars())
            rows = [{"id": one, "wave": wave_id, "definition": ids[one], "first_on": today()} for one in new if one not in there]
            if rows:
                connection.execute(insert(table), rows)
    return len(new)


class AnsweredLog:
    """A thread that has definitions written down. A future is done once its definition is on record, or has failed."""

    def __init__(self, write: Callable[[Sequence[str]], object], known: Iterable[str] = ()) -> None:
        """`write` returns when all are on record, or raises; `known`: what is on record already."""
        self._write = write
        self._known = set(known)
        self._waiting: Queue[tuple[str, Future[None]]] = Queue(WAITING)
        threading.Thread(target=self._run, name="answered-log", daemon=True).start()

    @classmethod
    def of(cls, store: SecureStore, wave_id: str) -> AnsweredLog:
        """The log that writes into the secure store itself."""
        return cls(lambda asked: keep(store, wave_id, asked), definitions(store, wave_id))

    def add(self, definition: str) -> Future[None]:
        """Write one definition down. The future raises what `keep` raises."""
        future: Future[None] = Future()
        if definition in self._known:
            future.set_result(None)
        elif self._waiting.full():
            future.set_exception(DatabaseUnavailable("The log of answers does not keep up: try again."))
        else:
            self._waiting.put((definition, future))
        return future

    def _run(self) -> None:
        while True:
            group = [self._waiting.get()]
            try:
                while len(group) < MOST:
                    group.append(self._waiting.get_nowait())
            except Empty:
                pass
            try:
                self._write([definition for definition, _ in group])
            except BaseException as error:
                for _, future in group:
                    future.set_exception(error)
                continue
            self._known.update(definition for definition, _ in group)
            for _, future in group:
                future.set_result(None)
