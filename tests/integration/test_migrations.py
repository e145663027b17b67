"""The migrated schema is the one that the code names, on both databases; migrating again, or twice at once, changes nothing."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Integer, MetaData, inspect

from retention import database as databases
from retention import tables
from retention.database import DatabaseUnavailable, connect, migrate
from tests.conftest import DATABASES

SCHEMAS = {"collection": tables.collection, "secure": tables.secure}


def differences(url: str, metadata: MetaData) -> list[object]:
    with connect(url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, metadata))


@pytest.mark.parametrize("database", sorted(SCHEMAS))
def test_the_migrated_schema_is_the_one_in_the_code(database_url: str, database: str) -> None:
    engine = connect(database_url)
    migrate(engine, database)
    migrate(engine, database)
    assert differences(database_url, SCHEMAS[database]) == []
    assert set(inspect(engine).get_table_names()) == set(SCHEMAS[database].tables) | {"alembic_version"}


@pytest.mark.parametrize("database", sorted(SCHEMAS))
def test_the_comparison_can_see(database_url: str, database: str) -> None:
    migrate(connect(database_url), database)
    changed = MetaData()
    for table in SCHEMAS[database].tables.values():
        table.to_metadata(changed)
    changed.tables["wave"].append_column(Column("more", Integer))
    assert len(differences(database_url, changed)) == 1


def test_two_processes_that_start_at_once_migrate_once(database_url: str) -> None:
    failed: list[BaseException] = []

    def run() -> None:
        try:
            migrate(connect(database_url), "secure")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert differences(database_url, tables.secure) == []


def test_a_connection_waits_while_another_one_begins_a_new_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite refuses the change to WAL at once, without its own waiting, while another connection is about to write."""
    path = tmp_path / "new.sqlite"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TABLE first (x)")
    other.execute("BEGIN IMMEDIATE")
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        other.execute("COMMIT")

    monkeypatch.setattr(databases.time, "sleep", sleep)
    with connect(f"sqlite:///{path}").connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    other.close()
    assert len(waited) == 1


def test_a_database_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for url in ("postgresql+psycopg://nobody@127.0.0.1:1/none", f"sqlite:///{tmp_path / 'file'}"):
        if url.startswith("sqlite"):
            (tmp_path / "file").write_bytes(b"no database at all " * 100)
        with pytest.raises(DatabaseUnavailable, match="secure database does not answer"):
            migrate(connect(url), "secure")


def test_both_databases_are_tested() -> None:
    assert DATABASES == ("sqlite", "postgresql")
