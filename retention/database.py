"""Engines and migrations for both databases, SQLite and PostgreSQL alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool


class DatabaseUnavailable(RuntimeError):
    """The database does not answer. Nothing was lost: try again when it does."""


def connect(url: str) -> Engine:
    """An engine for a `sqlite:///` or `postgresql+psycopg://` URL. SQL and parameters are never shown in errors."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, hide_parameters=True, pool_pre_ping=True)
    if parsed.database:
        folder = Path(parsed.database).parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(parsed, hide_parameters=True, poolclass=NullPool, connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's own recipe: the driver must not open transactions by itself
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def migrate(engine: Engine, database: str) -> None:
    """Bring a database ("collection" or "secure") to the newest schema. Idempotent. Raises DatabaseUnavailable."""
    config = Config()
    folder = str(Path(__file__).parent / "migrations").replace("%", "%%")  # alembic interpolates its options
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", folder)
    config.set_main_option("version_locations", f"{folder}/{database}")
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except OperationalError:
        raise DatabaseUnavailable(f"The {database} database does not answer: start it, then run this again.") from None
    if engine.dialect.name == "sqlite" and engine.url.database:
        Path(engine.url.database).chmod(0o600)
