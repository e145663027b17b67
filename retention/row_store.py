"""Sealed responses on PostgreSQL: plain rows, written anew in random order when the wave closes.

`wave` and `put` need no more than a role that may INSERT responses and read which wave is open (retention.collection_role).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date

from psycopg import Connection as Driver
from sqlalchemy import Connection, func, select, text

from retention.collection_wave import CollectionWave, Receipt, WaveRow, WaveState
from retention.database import DatabaseUnavailable
from retention.seal import SealedResponse
from retention.tables import response

_FETCH = 500  # records read at a time
# No RETURNING and no conflict target: each would need the right to read. How many rows were stored tells whether one is there already.
_TOGETHER = "INSERT INTO response (id, body, locator) SELECT * FROM unnest(%b::bytea[], %b::bytea[], %b::bytea[]) ON CONFLICT DO NOTHING"
_ONE = "INSERT INTO response (id, body, locator) VALUES (%b, %b, %b) ON CONFLICT DO NOTHING"


class RowStore(WaveRow):
    """The collection store on PostgreSQL."""

    log_after_wipe = "holds_sealed_records_until_recycled"  # only a superuser can hurry that; they are sealed

    def open_wave(self, wave: CollectionWave, day: date, expected: int = 0) -> None:  # noqa: ARG002 - rows are made when they come
        with self._writing() as connection:
            self._alone(connection)
            if self._start(connection, wave, day, 0, b""):
                connection.execute(text("TRUNCATE response"))

    @staticmethod
    def _alone(connection: Connection) -> None:
        """Wait until no put is under way, and let none begin."""
        connection.execute(text("LOCK TABLE response IN ACCESS EXCLUSIVE MODE"))

    def turn(self) -> AbstractContextManager[None]:
        """PostgreSQL lets several put at once."""
        return nullcontext()

    def put(self, records: Sequence[SealedResponse], wave_id: str | None = None) -> list[Receipt]:
        # In the order of their random ids: two puts of the same retries then wait for each other instead of deadlocking.
        ordered = sorted({record.id: record for record in reversed(records)}.values(), key=lambda record: record.id)
        with self._writing() as connection:
            driver = _driver(connection)
            with driver.pipeline():  # both are sent at once
                # A server may be set to confirm before it has written; an acknowledgement to a child is on the disk all the same.
                driver.execute("SELECT set_config('synchronous_commit', 'on', true)")
                # What an INSERT takes anyway, but before the wave is looked at: from here on it cannot close.
                driver.execute("LOCK TABLE response IN ROW EXCLUSIVE MODE")
            self._require_open(connection, wave_id)
            new = self._insert(driver, ordered) if ordered else set()
        receipts = []
        for record in records:
            receipts.append(Receipt.STORED if record.id in new else Receipt.ALREADY_STORED)
            new.discard(record.id)  # the same id twice in one put: the second is a retry
        return receipts

    @staticmethod
    def _insert(driver: Driver, records: Sequence[SealedResponse]) -> set[bytes]:
        """Ids of those that were not there yet."""
        columns = ([record.id for record in records], [record.body for record in records], [record.locator for record in records])
        with driver.pipeline() as pipeline:
            driver.execute("SAVEPOINT together")
            together = driver.execute(_TOGETHER, columns)
            pipeline.sync()
            if together.rowcount == len(records):
                return {record.id for record in records}
            driver.execute("ROLLBACK TO SAVEPOINT together")  # a retry is among them: one by one, to learn which
            each = [(record.id, driver.execute(_ONE, (record.id, record.body, record.locator))) for record in records]
            pipeline.sync()
            return {response_id for response_id, one in each if one.rowcount}

    def close(self, day: date) -> None:
        with self._writing() as connection:
            self._alone(connection)
            if self._row(connection).state == WaveState.OPEN:
                self._set(connection, state=WaveState.CLOSED, closed_on=day)
                # Written anew by one transaction in random order: row places and transaction ids no longer tell who came first.
                connection.execute(text("CREATE TEMP TABLE shuffled ON COMMIT DROP AS SELECT * FROM response ORDER BY random()"))
                connection.execute(text("TRUNCATE response"))
                connection.execute(text("INSERT INTO response SELECT * FROM shuffled"))

    def count(self) -> int:
        with self._reading() as connection:
            return int(connection.execute(select(func.count()).select_from(response)).scalar_one())

    def records(self) -> Iterator[SealedResponse]:
        with self._reading() as connection:
            ids = [bytes(found) for found in connection.execute(select(response.c.id)).scalars()]
            random.SystemRandom().shuffle(ids)
            for first in range(0, len(ids), _FETCH):
                chunk = ids[first : first + _FETCH]
                rows = {bytes(row.id): row for row in connection.execute(select(response).where(response.c.id.in_(chunk)))}
                for found in chunk:
                    yield SealedResponse(found, bytes(rows[found].body), bytes(rows[found].locator))

    def wipe(self) -> None:
        with self._writing() as connection:
            self._alone(connection)
            self._require_closed(connection)
            connection.execute(text("TRUNCATE response"))
            self._set(connection, state=WaveState.WIPED)


def _driver(connection: Connection) -> Driver:
    """The driver's own connection, in the same transaction."""
    found = connection.connection.driver_connection
    if not isinstance(found, Driver):
        raise DatabaseUnavailable("This store needs PostgreSQL: connect to the collection database by retention.collection_store.")
    return found
