"""Databases, zones and key rings for the tests that need real ones."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from nacl import pwhash
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import Pool

from retention import database, keys
from retention.database import connect, migrate
from retention.secure_store import SecureStore
from retention.settings import SecureZone
from tests.postgres import Postgres, running_postgres

DATABASES = ("sqlite", "postgresql")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # by a shell, for what runs behind: nothing started here could be interrupted
    signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile("mutation", phases=(Phase.explicit, Phase.generate))  # that a test fails is enough there, however it does


@pytest.fixture(autouse=True)
def connections_closed() -> Iterator[None]:
    """Close the pooled connections of every engine that a test made; stores live as long as their process otherwise."""
    opened: list[DBAPIConnection] = []

    def remember(connection: DBAPIConnection, _record: object) -> None:
        opened.append(connection)

    event.listen(Pool, "connect", remember)
    yield
    event.remove(Pool, "connect", remember)
    for connection in opened:
        connection.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One throw-away PostgreSQL server for the session."""
    with running_postgres() as server:
        yield server


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a new, empty database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'database' / 'test.sqlite'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def quick_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id at its least cost, for tests that open many rings; test_retention_keys holds the real cost."""
    monkeypatch.setattr(keys, "PASSPHRASE_OPSLIMIT", pwhash.argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(keys, "PASSPHRASE_MEMLIMIT", pwhash.argon2id.MEMLIMIT_MIN)


@pytest.fixture
def quick(quick_passphrase: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for the disk either; tests/attack/test_durability.py holds what is on the disk, and when."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    monkeypatch.setattr(database, "_PRAGMAS", tuple(pragma.replace("synchronous=FULL", "synchronous=OFF") for pragma in database._PRAGMAS))


@pytest.fixture
def secure_zone(tmp_path: Path) -> Callable[[str], SecureZone]:
    """Makes a secure zone on a database of one's choice."""

    def make(url: str) -> SecureZone:
        passphrase = tmp_path / "passphrase"
        passphrase.write_text("correct horse battery staple\n", encoding="utf-8")
        passphrase.chmod(0o600)
        return SecureZone(tmp_path / "secure", url, passphrase)

    return make


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> str:
    """Name of a database with the schema of the secure zone, to be copied."""
    url = postgres.new_database()
    engine = connect(url)
    migrate(engine, "secure")
    engine.dispose()
    return url.rpartition("/")[2]


@pytest.fixture(params=DATABASES)
def secure_store(request: pytest.FixtureRequest, quick: None, secure_zone: Callable[[str], SecureZone], tmp_path: Path) -> SecureStore:
    """An empty secure zone, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return SecureStore(secure_zone(f"sqlite:///{tmp_path / 'secure' / 'secure.sqlite'}"))
    server: Postgres = request.getfixturevalue("postgres")
    return SecureStore(secure_zone(server.new_database(request.getfixturevalue("migrated_postgres"))))


@pytest.fixture
def sqlite_store(quick: None, secure_zone: Callable[[str], SecureZone], tmp_path: Path) -> SecureStore:
    """An empty secure zone on SQLite, for what does not depend on the database."""
    return SecureStore(secure_zone(f"sqlite:///{tmp_path / 'secure' / 'secure.sqlite'}"))
