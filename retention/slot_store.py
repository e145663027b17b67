"""Sealed responses on SQLite: a fixed set of equal slots, all of them on the disk before the first child answers.

A response overwrites its slot in place, so that no page is ever added, freed or moved by an answer. Which slot that is, and who
must move on for it, says retention.slot_layout: the database file after a thousand answers is the same, byte for byte but for
SQLite's change counter, in whatever order they came.
"""

from __future__ import annotations

import fcntl
import os
import random
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import pairwise
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from retention.collection_wave import CollectionWave, Receipt, WaveRow, WaveState
from retention.database import DatabaseUnavailable
from retention.seal import BODY_SIZE, LOCATOR_SIZE, SealedResponse
from retention.slot_layout import arrange, home, is_crowded, make_room
from retention.tables import slot

DEFAULT_CAPACITY = 8192  # slots; they double when two thirds are taken, which rewrites every response
_FETCH = 500  # records read at a time
_WALK = 12  # slots looked at in one query while a place is sought
_BLANK = {"filled": 0, "id": bytes(16), "body": bytes(BODY_SIZE), "locator": bytes(LOCATOR_SIZE)}
# A response needs two or three small statements. They go to the driver itself: around it, each would cost ten times as much.
_LOOK = "SELECT slot, filled, id FROM slot WHERE slot BETWEEN ? AND ? ORDER BY slot"
_WRITE = "UPDATE slot SET filled = :filled, id = :id, body = :body, locator = :locator WHERE slot = :place"
_MOVE = "UPDATE slot SET (filled, id, body, locator) = (SELECT filled, id, body, locator FROM slot WHERE slot = ?) WHERE slot = ?"


class SlotStore(WaveRow):
    """The collection store on SQLite."""

    def __init__(self, engine: Engine, capacity: int = DEFAULT_CAPACITY) -> None:
        super().__init__(engine)
        self._first_capacity = capacity

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """One transaction, after which the write-ahead log is emptied: it holds the latest changes in their order."""
        with self._turn(), self._reporting(), self._engine.connect() as connection:
            with connection.begin():
                yield connection
            _driver(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait in line for the other processes of the door. SQLite's own lock would have each look again after a while.

        The lock is the folder's own, so that no file is needed for it; it ends with the process, however that ends.
        """
        try:
            folder = os.open(Path(self._engine.url.database or "").parent, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            raise DatabaseUnavailable("The folder of the collection database cannot be opened.") from None
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, sqlite3.Error):
            raise DatabaseUnavailable("The collection database cannot be written.") from None

    def open_wave(self, wave: CollectionWave, day: date) -> None:
        with self._writing() as connection:
            if self._start(connection, wave, day, self._first_capacity, secrets.token_bytes(16)):
                connection.execute(delete(slot))
                self._add_slots(connection, 0, self._first_capacity)

    def put(self, records: Sequence[SealedResponse], wave_id: str | None = None) -> list[Receipt]:
        with self._writing() as connection:
            wave, driver = self._require_open(connection, wave_id), _driver(connection)
            capacity, stored, receipts = wave.capacity, wave.stored, []
            for record in records:
                chain = self._chain(driver, record.id, wave.salt, capacity)
                if chain is None:
                    receipts.append(Receipt.ALREADY_STORED)
                    continue
                stored += 1
                if is_crowded(stored, capacity):
                    capacity = self._grow(connection, wave.salt, capacity)
                    chain = self._chain(driver, record.id, wave.salt, capacity) or []
                for place, beyond in reversed(list(pairwise(chain))):
                    driver.execute(_MOVE, (place, beyond))
                self._write(driver, chain[0], record)
                receipts.append(Receipt.STORED)
            self._set(connection, capacity=capacity, stored=stored)
        return receipts

    def _chain(self, driver: sqlite3.Connection, response_id: bytes, salt: bytes, capacity: int) -> list[int] | None:
        return make_room(response_id, self._walk(driver, home(response_id, salt, capacity), capacity))

    @staticmethod
    def _walk(driver: sqlite3.Connection, first: int, capacity: int) -> Iterator[tuple[int, bytes | None]]:
        """Slots and the ids in them, from `first` once around."""
        for start, stop in ((first, capacity), (0, first)):
            for lower in range(start, stop, _WALK):
                for place, filled, response_id in driver.execute(_LOOK, (lower, min(lower + _WALK, stop) - 1)):
                    yield place, response_id if filled else None

    @staticmethod
    def _write(driver: sqlite3.Connection, place: int, record: SealedResponse | None) -> None:
        values = _BLANK if record is None else {"filled": 1, "id": record.id, "body": record.body, "locator": record.locator}
        driver.execute(_WRITE, {"place": place, **values})

    @staticmethod
    def _read(connection: Connection, places: Sequence[int]) -> dict[int, SealedResponse]:
        found = connection.execute(select(slot.c.slot, slot.c.id, slot.c.body, slot.c.locator).where(slot.c.slot.in_(places)))
        return {row.slot: SealedResponse(row.id, row.body, row.locator) for row in found}

    @staticmethod
    def _add_slots(connection: Connection, first: int, beyond: int) -> None:
        rows = (
            "WITH RECURSIVE number(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM number WHERE n + 1 < :beyond) "
            "INSERT INTO slot SELECT n, 0, zeroblob(16), zeroblob(:body), zeroblob(:locator) FROM number"
        )
        connection.execute(text(rows), {"first": first, "beyond": beyond, "body": BODY_SIZE, "locator": LOCATOR_SIZE})

    def _grow(self, connection: Connection, salt: bytes, capacity: int) -> int:
        """Twice the slots, every response where it belongs among them. Holds two records in memory, whatever there are."""
        beyond = 2 * capacity
        self._add_slots(connection, capacity, beyond)
        filled = {row.id: row.slot for row in connection.execute(select(slot.c.id, slot.c.slot).where(slot.c.filled == 1))}
        belongs, driver = arrange(filled, salt, beyond), _driver(connection)
        moves = {place: belongs[response_id] for response_id, place in filled.items() if place != belongs[response_id]}
        while moves:
            place, target = moves.popitem()
            carried = self._read(connection, [place])[place]
            self._write(driver, place, None)
            while target in moves:
                displaced, beyond_target = self._read(connection, [target])[target], moves.pop(target)
                self._write(driver, target, carried)
                carried, target = displaced, beyond_target
            self._write(driver, target, carried)
        return beyond

    def close(self, day: date) -> None:
        with self._writing() as connection:
            if self._row(connection).state == WaveState.OPEN:
                self._set(connection, state=WaveState.CLOSED, closed_on=day)

    def count(self) -> int:
        with self._reading() as connection:
            return int(connection.execute(select(func.count()).select_from(slot).where(slot.c.filled == 1)).scalar_one())

    def records(self) -> Iterator[SealedResponse]:
        with self._reading() as connection:
            places = list(connection.execute(select(slot.c.slot).where(slot.c.filled == 1)).scalars())
            random.SystemRandom().shuffle(places)
            for first in range(0, len(places), _FETCH):
                chunk = places[first : first + _FETCH]
                found = self._read(connection, chunk)
                yield from (found[place] for place in chunk)

    def wipe(self) -> None:
        with self._writing() as connection:
            self._require_closed(connection)
            connection.execute(update(slot).values(**_BLANK))
            self._set(connection, state=WaveState.WIPED, stored=0)


def _driver(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection, in the same transaction."""
    found = connection.connection.driver_connection
    if not isinstance(found, sqlite3.Connection):
        raise DatabaseUnavailable("This store needs SQLite: connect to the collection database by retention.collection_store.")
    return found
