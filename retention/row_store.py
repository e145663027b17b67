"""Sealed responses on PostgreSQL: plain rows, written anew in random order when the wave closes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert

from retention.collection_wave import CollectionWave, Receipt, WaveRow, WaveState
from retention.seal import SealedResponse
from retention.tables import response

_FETCH = 500  # records read at a time
_WAVE_LOCK = 0x0B16A5C  # advisory lock: puts share it; opening, closing and wiping take it alone


class RowStore(WaveRow):
    """The collection store on PostgreSQL."""

    log_after_wipe = "holds_sealed_records_until_recycled"  # only a superuser can hurry that; they are sealed

    def open_wave(self, wave: CollectionWave, day: date) -> None:
        with self._writing() as connection:
            self._alone(connection)
            if self._start(connection, wave, day, 0, b""):
                connection.execute(text("TRUNCATE response"))

    @staticmethod
    def _alone(connection: Connection) -> None:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WAVE_LOCK})

    def put(self, records: Sequence[SealedResponse], wave_id: str | None = None) -> list[Receipt]:
        # In the order of their random ids: two puts of the same retries then wait for each other instead of deadlocking.
        ordered = sorted(records, key=lambda record: record.id)
        rows = [{"id": record.id, "body": record.body, "locator": record.locator} for record in ordered]
        statement = postgresql_insert(response).on_conflict_do_nothing().returning(response.c.id)
        # A server may be set to confirm before it has written; an acknowledgement to a child is on the disk all the same.
        begin = text("SELECT pg_advisory_xact_lock_shared(:key), set_config('synchronous_commit', 'on', true)")
        with self._writing() as connection:
            connection.execute(begin, {"key": _WAVE_LOCK})
            self._require_open(connection, wave_id)
            new = {bytes(row.id) for row in connection.execute(statement, rows)} if rows else set()
        receipts = []
        for record in records:
            receipts.append(Receipt.STORED if record.id in new else Receipt.ALREADY_STORED)
            new.discard(record.id)  # the same id twice in one put: the second is a retry
        return receipts

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
