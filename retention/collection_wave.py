"""The wave that a collection server collects for, and what becomes of a response; shared by both kinds of store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import psycopg
from sqlalchemy import Column, Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from retention.database import DatabaseUnavailable, for_reading
from retention.tables import collection_wave


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


# All that the child door is told of a wave, and may read (retention.collection_role).
FACTS = (
    collection_wave.c.id,
    collection_wave.c.survey,
    collection_wave.c.state,
    collection_wave.c.body_key,
    collection_wave.c.locator_key,
)


class WaveRow:
    """The one row that says which wave is open. A database error of any kind means DatabaseUnavailable to a child."""

    _columns: tuple[Column[Any], ...] = FACTS

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def wave(self) -> CollectionWave:
        """The wave on this server. Raises NoWave, DatabaseUnavailable."""
        with self._reading() as connection:
            row = self._row(connection)
        return CollectionWave(row.id, row.survey, WaveState(row.state), row.body_key, row.locator_key)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with reporting("The collection database does not answer."), for_reading(self._engine).connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with reporting("The collection database cannot be written."), self._engine.begin() as connection:
            yield connection

    def _row(self, connection: Connection) -> Row[Any]:
        row = connection.execute(select(*self._columns)).one_or_none()
        if row is None:
            raise NoWave("No wave is open: the evidence team opens one with `bigask wave open`.")
        return row

    @staticmethod
    def _start(connection: Connection, wave: CollectionWave, day: date, capacity: int, salt: bytes) -> bool:
        """Write the wave down. False if this very wave is open already: then nothing must be touched."""
        row = connection.execute(select(collection_wave)).one_or_none()
        values = {"id": wave.id, "survey": wave.survey, "body_key": wave.body_key, "locator_key": wave.locator_key}
        if row is not None and row.state == WaveState.OPEN and all(getattr(row, name) == value for name, value in values.items()):
            return False
        if row is not None and row.state != WaveState.WIPED:
            raise WaveClosed(f"Wave '{row.id}' is still on this server: transfer it before another is opened.")
        connection.execute(delete(collection_wave))
        size = {"capacity": capacity, "salt": salt, "stored": 0}
        connection.execute(insert(collection_wave).values(**values, **size, state=WaveState.OPEN, opened_on=day))
        return True

    @staticmethod
    def _set(connection: Connection, **values: object) -> None:
        connection.execute(update(collection_wave).values(**values))

    def _require_open(self, connection: Connection, wave_id: str | None) -> Row[Any]:
        """The open wave. What was sealed to the keys of an earlier one must not be stored with a later: `wave_id` says for which."""
        row = self._row(connection)
        if row.state != WaveState.OPEN or wave_id not in (None, row.id):
            raise WaveClosed("The wave is closed: no more answers are taken.")
        return row

    def _require_closed(self, connection: Connection) -> None:
        if self._row(connection).state == WaveState.OPEN:
            raise WaveClosed("The wave is still open: close and transfer it before it is wiped.")


@contextmanager
def reporting(sentence: str) -> Iterator[None]:
    """Whatever a database, or its driver, complains of means to a child that it cannot be used now."""
    try:
        yield
    except (DBAPIError, sqlite3.Error, psycopg.Error, OSError):
        raise DatabaseUnavailable(sentence) from None
