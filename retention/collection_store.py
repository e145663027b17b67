"""Where sealed responses wait for their wave to close: acknowledged means on the disk, and stored means without order (A5).

Ordinary tables remember the order of arrival in row numbers, page offsets and overflow pages. On SQLite a wave is therefore
a fixed set of equal *slots*, all of them on the disk before the first child answers. A response goes to a random free slot
among the candidates that a hash of its id names, and overwrites it in place. The candidates also make a retry harmless without
an index (whose pages would keep the order): the same id can only be in those few slots, so looking there finds it.

PostgreSQL never overwrites in place, so its rows keep their order until `close()` writes them anew in random order.
"""

from __future__ import annotations

import hashlib
import random
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from sqlalchemy import Connection, Engine, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.exc import DBAPIError

from retention.database import DatabaseUnavailable, connect, migrate
from retention.seal import BODY_SIZE, LOCATOR_SIZE, SealedResponse
from retention.settings import CollectionZone
from retention.tables import collection_wave, response, slot

CANDIDATES = 16  # slots in which a response may lie
DEFAULT_CAPACITY = 8192  # slots; a wave that fills up grows by rewriting every slot, so plan for twice the answers
_FETCH = 500  # records read at a time
_SIZES = {"body": BODY_SIZE, "locator": LOCATOR_SIZE}
_WAVE_LOCK = 0x0B16A5C  # PostgreSQL advisory lock: inserts share it, closing takes it alone


class WaveState(StrEnum):
    """A wave on the collection server."""

    OPEN = "open"
    CLOSED = "closed"
    WIPED = "wiped"


class Receipt(StrEnum):
    """What became of one response."""

    STORED = "stored"
    ALREADY_STORED = "already_stored"


class WaveClosed(RuntimeError):
    """The wave does not accept answers. Nothing was stored."""


class NoWave(RuntimeError):
    """No wave has been opened on this server."""


@dataclass(frozen=True)
class CollectionWave:
    """What the child door needs to know about the wave it collects for."""

    id: str
    survey: str
    state: WaveState
    body_key: str
    locator_key: str


class CollectionStore(Protocol):
    """The collection zone's database. It is written by the child door and emptied by `transfer`."""

    def open_wave(self, wave: CollectionWave, day: date) -> None:
        """Start collecting. Raises WaveClosed if another wave has not been wiped yet."""

    def wave(self) -> CollectionWave:
        """The wave on this server. Raises NoWave, DatabaseUnavailable."""

    def put(self, records: Sequence[SealedResponse]) -> list[Receipt]:
        """Store records in one durable transaction. Raises WaveClosed, NoWave, DatabaseUnavailable; then none is stored."""

    def close(self, day: date) -> None:
        """Refuse answers from now on. No answer can be acknowledged after this returns. Can be repeated."""

    def count(self) -> int:
        """Number of stored responses."""

    def records(self) -> Iterator[SealedResponse]:
        """Every stored response, in a random order drawn anew, so that not even a place in the file tells who is who."""

    def wipe(self) -> None:
        """Overwrite every record. Can be repeated. Refused (WaveClosed) while the wave is open."""


def connect_collection(zone: CollectionZone) -> CollectionStore:
    """The store of this zone, migrated to the newest schema."""
    engine = connect(zone.database_url)
    migrate(engine, "collection")
    return SlotStore(engine) if engine.dialect.name == "sqlite" else RowStore(engine)


def candidates(response_id: bytes, capacity: int) -> list[int]:
    """The slots in which this id may lie: `CANDIDATES` numbers in [0, capacity), from BLAKE2b of the id."""
    digest = hashlib.blake2b(response_id, digest_size=CANDIDATES * 4).digest()
    return [int.from_bytes(digest[i : i + 4], "big") % capacity for i in range(0, len(digest), 4)]


class _Store:
    """What both kinds of store share: the wave and its state."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def wave(self) -> CollectionWave:
        try:
            with self._engine.connect() as connection:
                return self._wave(connection)
        except DBAPIError:
            raise DatabaseUnavailable("The collection database does not answer.") from None

    @staticmethod
    def _wave(connection: Connection) -> CollectionWave:
        row = connection.execute(select(collection_wave)).one_or_none()
        if row is None:
            raise NoWave("No wave is open: the evidence team opens one with `bigask wave open`.")
        return CollectionWave(row.id, row.survey, WaveState(row.state), row.body_key, row.locator_key)

    def _open(self, connection: Connection, wave: CollectionWave, day: date, capacity: int) -> None:
        row = connection.execute(select(collection_wave)).one_or_none()
        if row is not None and row.state != WaveState.WIPED:
            raise WaveClosed(f"Wave '{row.id}' is still on this server: transfer it before another is opened.")
        connection.execute(delete(collection_wave))
        values = {"id": wave.id, "survey": wave.survey, "body_key": wave.body_key, "locator_key": wave.locator_key}
        connection.execute(insert(collection_wave).values(**values, state=WaveState.OPEN, capacity=capacity, opened_on=day))

    def _set_state(self, connection: Connection, state: WaveState, **values: object) -> None:
        connection.execute(update(collection_wave).values(state=state, **values))

    def _require_open(self, connection: Connection) -> None:
        if self._wave(connection).state is not WaveState.OPEN:
            raise WaveClosed("The wave is closed: no more answers are taken.")


class SlotStore(_Store):
    """SQLite: a random free slot, overwritten in place."""

    def __init__(self, engine: Engine, capacity: int = DEFAULT_CAPACITY) -> None:
        super().__init__(engine)
        self._first_capacity = capacity

    def open_wave(self, wave: CollectionWave, day: date) -> None:
        with self._engine.begin() as connection:
            self._open(connection, wave, day, self._first_capacity)
            connection.execute(delete(slot))
            self._fill(connection, 0, self._first_capacity)
        self._forget_log()

    def put(self, records: Sequence[SealedResponse]) -> list[Receipt]:
        try:
            with self._engine.begin() as connection:
                self._require_open(connection)
                receipts = [self._put_one(connection, record) for record in records]
            self._forget_log()
        except DBAPIError:
            raise DatabaseUnavailable("The collection database cannot be written.") from None
        return receipts

    def _put_one(self, connection: Connection, record: SealedResponse) -> Receipt:
        while True:
            capacity = self._capacity(connection)
            places = candidates(record.id, capacity)
            rows = connection.execute(select(slot.c.slot, slot.c.filled, slot.c.id).where(slot.c.slot.in_(places))).all()
            if any(row.filled and row.id == record.id for row in rows):
                return Receipt.ALREADY_STORED
            free = [row.slot for row in rows if not row.filled]
            if free:
                break
            self._grow(connection, capacity)
        values = {"filled": 1, "id": record.id, "body": record.body, "locator": record.locator}
        connection.execute(update(slot).where(slot.c.slot == secrets.choice(free)).values(**values))
        return Receipt.STORED

    @staticmethod
    def _capacity(connection: Connection) -> int:
        return int(connection.execute(select(collection_wave.c.capacity)).scalar_one())

    @staticmethod
    def _fill(connection: Connection, first: int, beyond: int) -> None:
        rows = (
            "WITH RECURSIVE number(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM number WHERE n + 1 < :beyond) "
            "INSERT INTO slot SELECT n, 0, zeroblob(16), zeroblob(:body), zeroblob(:locator) FROM number"
        )
        connection.execute(text(rows), {"first": first, "beyond": beyond, **_SIZES})

    def _grow(self, connection: Connection, capacity: int) -> None:
        """Twice the slots, and every response in a new random place, so that early ones do not stay in the first half."""
        while True:
            capacity *= 2
            taken: dict[int, int] = {}
            for row in connection.execute(select(slot.c.slot, slot.c.id).where(slot.c.filled == 1).order_by(func.random())):
                free = [place for place in candidates(row.id, capacity) if place not in taken]
                if not free:
                    break
                taken[secrets.choice(free)] = row.slot
            else:
                break
        connection.execute(text("CREATE TEMP TABLE moved (place INTEGER PRIMARY KEY, slot INTEGER)"))
        if taken:
            moves = [{"place": place, "slot": source} for place, source in taken.items()]
            connection.execute(text("INSERT INTO moved VALUES (:place, :slot)"), moves)
        connection.execute(text("CREATE TEMP TABLE kept AS SELECT place, filled, id, body, locator FROM moved JOIN slot USING (slot)"))
        connection.execute(delete(slot))
        self._fill(connection, 0, capacity)
        connection.execute(
            text(
                "UPDATE slot SET filled = kept.filled, id = kept.id, body = kept.body, locator = kept.locator "
                "FROM kept WHERE slot.slot = kept.place"
            )
        )
        connection.execute(text("DROP TABLE moved"))
        connection.execute(text("DROP TABLE kept"))
        connection.execute(update(collection_wave).values(capacity=capacity))

    def _forget_log(self) -> None:
        """Empty the write-ahead log, which holds the latest changes in their order."""
        with self._engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]

    def close(self, day: date) -> None:
        with self._engine.begin() as connection:
            if self._wave(connection).state is WaveState.OPEN:
                self._set_state(connection, WaveState.CLOSED, closed_on=day)

    def count(self) -> int:
        with self._engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(slot).where(slot.c.filled == 1)).scalar_one())

    def records(self) -> Iterator[SealedResponse]:
        with self._engine.connect() as connection:
            places = list(connection.execute(select(slot.c.slot).where(slot.c.filled == 1)).scalars())
            random.SystemRandom().shuffle(places)
            for first in range(0, len(places), _FETCH):
                chunk = places[first : first + _FETCH]
                found = select(slot.c.slot, slot.c.id, slot.c.body, slot.c.locator).where(slot.c.slot.in_(chunk))
                rows = {row.slot: row for row in connection.execute(found)}
                for place in chunk:
                    yield SealedResponse(rows[place].id, rows[place].body, rows[place].locator)

    def wipe(self) -> None:
        with self._engine.begin() as connection:
            if self._wave(connection).state is WaveState.OPEN:
                raise WaveClosed("The wave is still open: close and transfer it before it is wiped.")
            blank = "UPDATE slot SET filled = 0, id = zeroblob(16), body = zeroblob(:body), locator = zeroblob(:locator)"
            connection.execute(text(blank), _SIZES)
            self._set_state(connection, WaveState.WIPED)
        self._forget_log()


class RowStore(_Store):
    """PostgreSQL: plain rows, put in random order when the wave closes."""

    def open_wave(self, wave: CollectionWave, day: date) -> None:
        with self._engine.begin() as connection:
            self._open(connection, wave, day, 0)
            connection.execute(text("TRUNCATE response"))

    def put(self, records: Sequence[SealedResponse]) -> list[Receipt]:
        rows = [{"id": record.id, "body": record.body, "locator": record.locator} for record in records]
        statement = postgresql_insert(response).on_conflict_do_nothing().returning(response.c.id)
        try:
            with self._engine.begin() as connection:
                connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _WAVE_LOCK})
                self._require_open(connection)
                stored = [bytes(row.id) for row in connection.execute(statement, rows)]
        except DBAPIError:
            raise DatabaseUnavailable("The collection database cannot be written.") from None
        receipts = []
        for record in records:
            new = record.id in stored
            if new:
                stored.remove(record.id)  # the same id twice in one transaction: the second is a retry
            receipts.append(Receipt.STORED if new else Receipt.ALREADY_STORED)
        return receipts

    def close(self, day: date) -> None:
        with self._engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WAVE_LOCK})
            if self._wave(connection).state is WaveState.OPEN:
                self._set_state(connection, WaveState.CLOSED, closed_on=day)
                # Written anew by one transaction in random order: row places and transaction ids no longer tell who came first.
                connection.execute(text("CREATE TEMP TABLE shuffled ON COMMIT DROP AS SELECT * FROM response ORDER BY random()"))
                connection.execute(text("TRUNCATE response"))
                connection.execute(text("INSERT INTO response SELECT * FROM shuffled"))

    def count(self) -> int:
        with self._engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(response)).scalar_one())

    def records(self) -> Iterator[SealedResponse]:
        with self._engine.connect() as connection:
            ids = [bytes(found) for found in connection.execute(select(response.c.id)).scalars()]
            random.SystemRandom().shuffle(ids)
            for first in range(0, len(ids), _FETCH):
                chunk = ids[first : first + _FETCH]
                rows = {bytes(row.id): row for row in connection.execute(select(response).where(response.c.id.in_(chunk)))}
                for found in chunk:
                    yield SealedResponse(found, bytes(rows[found].body), bytes(rows[found].locator))

    def wipe(self) -> None:
        with self._engine.begin() as connection:
            if self._wave(connection).state is WaveState.OPEN:
                raise WaveClosed("The wave is still open: close and transfer it before it is wiped.")
            connection.execute(text("TRUNCATE response"))
            self._set_state(connection, WaveState.WIPED)
