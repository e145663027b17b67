"""Sealed responses on SQLite: a fixed set of equal slots, all of them on the disk before the first child answers.

A response overwrites its slot in place, so that no page is ever added, freed or moved by an answer. Which slot that is, and who
must move on for it, says retention.slot_layout: the database file after a thousand answers is the same, byte for byte but for
SQLite's change counter, in whatever order they came.
"""

from __future__ import annotations

import json
import random
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from itertools import pairwise
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, func, select, text, update

from retention.collection_wave import FACTS, CollectionWave, Receipt, WaveRow, WaveState, reporting
from retention.database import DatabaseUnavailable
from retention.seal import BODY_SIZE, LOCATOR_SIZE, SealedResponse
from retention.slot_file import SlotFile
from retention.slot_layout import arrange, home, is_crowded, make_room, slots_for
from retention.tables import collection_wave, slot

DEFAULT_CAPACITY = 8192  # slots at least; they double when two thirds are taken, which rewrites every response while children wait
_FETCH = 500  # records read at a time
_WALK = 6  # slots looked at in one query while a place is sought
_BLANK = {"filled": 0, "id": bytes(16), "body": bytes(BODY_SIZE), "locator": bytes(LOCATOR_SIZE)}
# A whole group is looked up by one statement that gives one row. The driver lets other threads run at every row; while the door is
# busy, each time would cost a wait for Python's lock that is longer than the work.
_LOOK = "SELECT group_concat(slot || ' ' || hex(id)) FROM slot WHERE slot IN (SELECT value FROM json_each(?)) AND filled = 1"
# One row at a time: SQLite then overwrites a row in its own pages. An update of many rows at once (UPDATE ... FROM) frees and takes
# pages in the order of the statement, and the pages of a stolen file would tell who came with whom.
_WRITE = "UPDATE slot SET filled = ?2, id = ?3, body = ?4, locator = ?5 WHERE slot = ?1"


class SlotStore(WaveRow):
    """The collection store on SQLite."""

    log_after_wipe = "emptied"
    _columns = (*FACTS, collection_wave.c.capacity, collection_wave.c.stored, collection_wave.c.salt)

    def __init__(self, engine: Engine, capacity: int = DEFAULT_CAPACITY) -> None:
        super().__init__(engine)
        self._file = SlotFile(Path(engine.url.database or ""))
        self._first_capacity = capacity

    @contextmanager
    def _writing(self, durably: bool = True) -> Iterator[Connection]:
        """One transaction in one's turn, after which nothing of it is left but its result. `durably`: nor on the disk."""
        with self._file.turn(), reporting("The collection database cannot be written."), self._engine.connect() as connection:
            with connection.begin():
                yield connection
            with connection.begin() as nothing:  # nobody else may begin one meanwhile
                self._file.empty_journal(durably)
                nothing.rollback()

    def open_wave(self, wave: CollectionWave, day: date, expected: int = 0) -> None:
        capacity = max(self._first_capacity, slots_for(expected))
        with self._writing() as connection:
            if self._start(connection, wave, day, capacity, secrets.token_bytes(16)):
                connection.execute(delete(slot))
                self._add_slots(connection, 0, capacity)

    def turn(self) -> AbstractContextManager[None]:
        return self._file.turn()

    def put(self, records: Sequence[SealedResponse], wave_id: str | None = None) -> list[Receipt]:
        with self._writing(durably=False) as connection:
            wave = self._require_open(connection, wave_id)
            driver, receipts = _driver(connection), []
            capacity, stored, salt = wave.capacity, wave.stored, wave.salt
            arranging = _Arranging(driver, salt, capacity, records)
            for record in records:
                if is_crowded(stored + 1, capacity) and not arranging.holds(record):
                    arranging.write(self._read(connection, arranging.displaced()))
                    capacity = self._grow(connection, salt, capacity)
                    arranging = _Arranging(driver, salt, capacity, records)
                new = arranging.fit_in(record)
                stored += new
                receipts.append(Receipt.STORED if new else Receipt.ALREADY_STORED)
            arranging.write(self._read(connection, arranging.displaced()))
            driver.execute("UPDATE wave SET capacity = ?, stored = ?", (capacity, stored))
        return receipts

    @staticmethod
    def _read(connection: Connection, places: Sequence[int]) -> dict[int, SealedResponse]:
        if not places:
            return {}
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

        def write(place: int, record: SealedResponse | None) -> None:
            _write(driver, {place: record})

        while moves:
            place, target = moves.popitem()
            carried = self._read(connection, [place])[place]
            write(place, None)
            while target in moves:
                displaced, beyond_target = self._read(connection, [target])[target], moves.pop(target)
                write(target, carried)
                carried, target = displaced, beyond_target
            write(target, carried)
        return beyond

    def close(self, day: date) -> None:
        with self._writing() as connection:
            if self._row(connection).state == WaveState.OPEN:
                self._set(connection, state=WaveState.CLOSED, closed_on=day)

    def count(self) -> int:
        with self._reading() as connection:
            return int(connection.execute(select(func.count()).select_from(slot).where(slot.c.filled == 1)).scalar_one())

    def records(self) -> Iterator[SealedResponse]:
        # A look at a time: while somebody reads, nobody can write, and a transfer takes minutes.
        wanted = self._places()
        while wanted:
            moved_on, order = set(), list(wanted.items())
            random.SystemRandom().shuffle(order)
            for first in range(0, len(order), _FETCH):
                chunk = order[first : first + _FETCH]
                with self._reading() as connection:
                    found = self._read(connection, [place for _, place in chunk])
                here = [found[place] for response_id, place in chunk if place in found and found[place].id == response_id]
                moved_on |= {response_id for response_id, _ in chunk} - {record.id for record in here}
                yield from here
            wanted = {response_id: place for response_id, place in self._places().items() if response_id in moved_on} if moved_on else {}

    def _places(self) -> dict[bytes, int]:
        """The slot of every stored response."""
        with self._reading() as connection:
            return {row.id: row.slot for row in connection.execute(select(slot.c.id, slot.c.slot).where(slot.c.filled == 1))}

    def wipe(self) -> None:
        with self._writing() as connection:
            self._require_closed(connection)
            connection.execute(update(slot).values(**_BLANK))
            self._set(connection, state=WaveState.WIPED, stored=0)


class _Arranging:
    """New responses among the slots around their homes: worked out in memory, then written together."""

    def __init__(self, driver: sqlite3.Connection, salt: bytes, capacity: int, records: Sequence[SealedResponse]) -> None:
        self._driver, self._salt, self._capacity = driver, salt, capacity
        self._ids: dict[int, bytes | None] = {}  # of the slots that were looked at; None is free
        self._new: dict[bytes, SealedResponse] = {}
        self._was: dict[bytes, int] = {}  # where a response that was moved on lies in the file
        self._changed: set[int] = set()
        self._look([home(record.id, salt, capacity) for record in records])

    def _look(self, first: Sequence[int]) -> None:
        places = {place for start in first for place in range(start, min(start + _WALK, self._capacity))} - self._ids.keys()
        found = self._driver.execute(_LOOK, (json.dumps(sorted(places)),)).fetchone()[0]
        self._ids.update(dict.fromkeys(places))
        for taken in found.split(",") if found else ():
            place, _, response_id = taken.partition(" ")
            self._ids[int(place)] = bytes.fromhex(response_id)

    def _walk(self, response_id: bytes) -> Iterator[tuple[int, bytes | None]]:
        """Slots and the ids in them, from a response's home once around."""
        first = home(response_id, self._salt, self._capacity)
        for step in range(self._capacity):
            place = (first + step) % self._capacity
            if place not in self._ids:
                self._look([place])
            yield place, self._ids[place]

    def holds(self, record: SealedResponse) -> bool:
        """True if it is stored already, or arranged."""
        return make_room(record.id, self._walk(record.id)) is None

    def fit_in(self, record: SealedResponse) -> bool:
        """Find its place, and others' if they must move on for it. False if it is there already."""
        chain = make_room(record.id, self._walk(record.id))
        if chain is None:
            return False
        for place, beyond in reversed(list(pairwise(chain))):
            moved = self._ids[place]
            if moved is not None and moved not in self._new:
                self._was.setdefault(moved, place)
            self._ids[beyond] = moved
        self._ids[chain[0]] = record.id
        self._new[record.id] = record
        self._changed.update(chain)
        return True

    def displaced(self) -> list[int]:
        """Slots of the file whose responses move on."""
        return list(self._was.values())

    def write(self, displaced: Mapping[int, SealedResponse]) -> None:
        """Write every slot that changed, given what lies in the displaced ones."""
        content = {**self._new, **{record.id: record for record in displaced.values()}}
        _write(self._driver, {place: content[self._ids[place] or b""] for place in sorted(self._changed)})


def _write(driver: sqlite3.Connection, records: Mapping[int, SealedResponse | None]) -> None:
    """Overwrite slots."""
    rows = [(place, 1, one.id, one.body, one.locator) if one else (place, *_BLANK.values()) for place, one in records.items()]
    driver.executemany(_WRITE, rows)


def _driver(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection, in the same transaction."""
    found = connection.connection.driver_connection
    if not isinstance(found, sqlite3.Connection):
        raise DatabaseUnavailable("This store needs SQLite: connect to the collection database by retention.collection_store.")
    return found
