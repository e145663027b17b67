"""Engines and migrations for both databases, SQLite and PostgreSQL alike."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import NullPool, Pool

_MIGRATION_LOCK = 0x0B16A5B  # PostgreSQL advisory lock: two processes that start at once do not both create the tables
# A network that swallows what is sent is given up after this time; TCP by itself would go on for a quarter of an hour.
_OVER_THE_NETWORK = {"connect_timeout": 10, "tcp_user_timeout": 20_000}  # seconds, and milliseconds
_PRAGMAS = ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", "temp_store=MEMORY")
_WAIT = 30  # seconds for another connection to SQLite to have done


class DatabaseUnavailable(RuntimeError):
    """The database does not answer. Nothing was lost: try again when it does."""


def _without_rows(record: logging.LogRecord) -> bool:
    """SQLAlchemy hides parameters, but at DEBUG it logs every row that it reads: those lines are dropped."""
    return record.levelno > logging.DEBUG


def connect(url: str, journal: str = "WAL", pool: type[Pool] = NullPool) -> Engine:
    """An engine for a `sqlite:///` or `postgresql+psycopg://` URL. Neither errors nor logs show parameters or rows.

    `journal` and `pool` are for SQLite alone: its journal mode, and whether connections stay open (by default none does).
    """
    logging.getLogger("sqlalchemy.engine.Engine").addFilter(_without_rows)
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        # READ COMMITTED whatever the server's default: a put must see that the wave was closed while it waited for the lock.
        return create_engine(
            parsed, hide_parameters=True, pool_pre_ping=True, isolation_level="READ COMMITTED", connect_args=_OVER_THE_NETWORK
        )
    if parsed.database:
        folder = Path(parsed.database).parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(
        parsed,
        hide_parameters=True,
        poolclass=pool,
        pool_pre_ping=pool is not NullPool,
        connect_args={"timeout": _WAIT, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's own recipe: the driver must not open transactions by itself
        for pragma in (f"journal_mode={journal}", *_PRAGMAS):
            _when_free(connection, f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        reads = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _when_free(connection: Any, statement: str) -> None:
    """Run a statement that SQLite refuses at once while another connection is about it: the change to WAL knows no waiting."""
    give_up = time.monotonic() + _WAIT
    while True:
        try:
            connection.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return


def for_reading(engine: Engine) -> Engine:
    """The same engine for transactions that only read: on SQLite they neither wait for a writer nor hold one up."""
    return engine.execution_options(reading=True)


@contextmanager
def answering(database: str) -> Iterator[None]:
    """Turn the silence of a database into DatabaseUnavailable. What it refuses (a doubled key, say) passes through."""
    try:
        yield
    except DBAPIError as error:
        silent = isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError
        if silent or error.connection_invalidated:
            raise DatabaseUnavailable(f"The {database} database does not answer: start it, then run this again.") from None
        raise


def migrate(engine: Engine, database: str) -> None:
    """Bring a database ("collection" or "secure") to the newest schema. Idempotent. Raises DatabaseUnavailable."""
    config = Config()
    folder = str(Path(__file__).parent / "migrations").replace("%", "%%")  # alembic interpolates its options
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", folder)
    config.set_main_option("version_locations", f"{folder}/{database}")
    if engine.dialect.name == "sqlite" and engine.url.database:
        with suppress(OSError):  # whatever is wrong with it is found out below
            Path(engine.url.database).touch(mode=0o600)  # before SQLite makes it and, with the same mode, its journals
    with answering(database), engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    if engine.dialect.name == "sqlite" and engine.url.database:
        Path(engine.url.database).chmod(0o600)
