"""Attack on A5 and A7 with the child door's own account: whoever takes over the public server tries everything on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import ProgrammingError

from retention.collection_role import prepare
from retention.collection_store import CollectionStore, NoWave, Receipt, WaveClosed, WaveState, connect_collection, connect_door
from retention.database import DatabaseUnavailable
from retention.settings import CollectionZone, SettingsError
from tests.postgres import Postgres
from tests.sealed import DAY, WAVE, sealed, stored

ROLE = "bigask_door"


@pytest.fixture
def zones(postgres: Postgres, tmp_path: Path) -> Iterator[tuple[CollectionZone, CollectionZone]]:
    """An administrator's zone and the door's, on one prepared database."""
    url = postgres.new_database()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {ROLE} LOGIN".encode())
    office = CollectionZone(tmp_path, url)
    prepare(office, ROLE)
    prepare(office, ROLE)  # can be repeated
    yield office, CollectionZone(tmp_path, make_url(url).set(username=ROLE).render_as_string(hide_password=False))
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"DROP OWNED BY {ROLE}".encode())
        connection.execute(f"DROP ROLE {ROLE}".encode())


@pytest.fixture
def office(zones: tuple[CollectionZone, CollectionZone]) -> CollectionStore:
    return connect_collection(zones[0])


@pytest.fixture
def door(zones: tuple[CollectionZone, CollectionZone]) -> CollectionStore:
    return connect_door(zones[1])


def test_the_role_can_do_all_that_the_child_door_does(office: CollectionStore, door: CollectionStore) -> None:
    with pytest.raises(NoWave):
        door.wave()
    office.open_wave(WAVE, DAY)
    records = sealed(30)
    assert door.wave() == WAVE
    assert door.put(records[:20], WAVE.id) == [Receipt.STORED] * 20
    assert door.put([*records[10:], records[0]], WAVE.id) == [Receipt.ALREADY_STORED] * 10 + [Receipt.STORED] * 10 + [
        Receipt.ALREADY_STORED
    ]
    assert door.put([], WAVE.id) == []
    assert stored(office) == {record.id: record for record in records}
    office.close(DAY)
    assert door.wave().state is WaveState.CLOSED
    with pytest.raises(WaveClosed):
        door.put(sealed(1), WAVE.id)
    office.wipe()
    assert office.count() == 0


def test_closing_in_the_middle_of_a_rush_by_the_role_loses_nothing(office: CollectionStore, door: CollectionStore) -> None:
    office.open_wave(WAVE, DAY)
    acknowledged: set[bytes] = set()
    some, failed = threading.Event(), []

    def put_until_closed() -> None:
        try:
            while True:
                records = sealed(3)
                door.put(records, WAVE.id)
                acknowledged.update(record.id for record in records)
                some.set()
        except WaveClosed:
            pass
        except BaseException as error:
            failed.append(error)
        finally:
            some.set()

    threads = [threading.Thread(target=put_until_closed) for _ in range(3)]
    for thread in threads:
        thread.start()
    some.wait()
    office.close(DAY)
    at_close = set(stored(office))
    for thread in threads:
        thread.join()
    assert not failed
    assert set(stored(office)) == at_close == acknowledged


FORBIDDEN = [
    # reading what is stored, or anything that tells an order or a day
    "SELECT * FROM response",
    "SELECT id FROM response",
    "SELECT count(*) FROM response",
    "SELECT ctid, xmin FROM response",
    "SELECT opened_on FROM wave",
    "SELECT ctid, xmin FROM wave",
    "SELECT * FROM wave",
    "COPY response TO STDOUT",
    "INSERT INTO response VALUES ('\\x00', '\\x00', '\\x00') RETURNING id",
    "INSERT INTO response VALUES ('\\x00', '\\x00', '\\x00') ON CONFLICT (id) DO NOTHING",
    "INSERT INTO response VALUES ('\\x00', '\\x00', '\\x00') ON CONFLICT (id) DO UPDATE SET body = excluded.body",
    "SELECT * FROM slot",
    "SELECT * FROM alembic_version",
    "SELECT * FROM pg_toast.pg_toast_{response}",
    "SELECT * FROM pg_statistic",
    "SELECT * FROM pg_authid",
    "SELECT pg_ls_waldir()",
    "SELECT pg_read_file('PG_VERSION')",
    "COPY wave (id) TO PROGRAM 'cat'",
    # changing or destroying
    "UPDATE response SET body = ''",
    "DELETE FROM response",
    "TRUNCATE response",
    "UPDATE wave SET state = 'open'",
    "INSERT INTO wave SELECT * FROM wave",
    "DELETE FROM wave",
    "INSERT INTO slot VALUES (1, 0, '', '', '')",
    "BEGIN; LOCK TABLE response IN ACCESS EXCLUSIVE MODE",
    "BEGIN; LOCK TABLE response IN SHARE MODE",
    "BEGIN; LOCK TABLE wave IN ROW EXCLUSIVE MODE",
    # building
    "CREATE TABLE mine (x int)",
    "CREATE TEMP TABLE mine (x int)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE EXTENSION pgcrypto",
    "CREATE INDEX ON response (id)",
    "CREATE RULE mine AS ON INSERT TO response DO ALSO NOTHING",
    "CREATE TRIGGER mine AFTER INSERT ON response EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "ALTER TABLE response ADD COLUMN at timestamptz DEFAULT now()",
    "DROP TABLE response",
    "VACUUM FULL response",
    "CLUSTER response USING response_pkey",
    # becoming somebody else
    "SET ROLE bigask",
    "SET SESSION AUTHORIZATION bigask",
    "GRANT SELECT ON response TO bigask_door",
    "ALTER ROLE bigask_door SUPERUSER",
    "ALTER SYSTEM SET fsync = off",
    "CREATE ROLE another",
]


def test_the_role_can_do_nothing_else(office: CollectionStore, door: CollectionStore, zones: tuple[CollectionZone, CollectionZone]) -> None:
    office.open_wave(WAVE, DAY)
    door.put(sealed(5), WAVE.id)
    with psycopg.connect(zones[0].database_url.replace("+psycopg", "")) as connection:
        oid = connection.execute("SELECT 'response'::regclass::oid").fetchone()
    assert oid is not None
    allowed = []
    with psycopg.connect(zones[1].database_url.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in FORBIDDEN:
            try:
                connection.execute(statement.replace("{response}", str(oid[0])).encode())
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.WrongObjectType):  # the latter: a toast table, even to its owner
                connection.rollback()
            else:
                allowed.append(statement)
        # Both only warn, and do nothing, as what was granted shows.
        assert allowed == ["VACUUM FULL response", "GRANT SELECT ON response TO bigask_door"]
        others = connection.execute(
            "SELECT query, query_start FROM pg_stat_activity WHERE usename <> 'bigask_door' AND query_start IS NOT NULL"
        )
        assert others.fetchall() == []
        granted = connection.execute(
            "SELECT table_name, privilege_type, column_name FROM information_schema.column_privileges WHERE grantee = 'bigask_door'"
        ).fetchall()
    facts = {("wave", "SELECT", name) for name in ("id", "survey", "state", "body_key", "locator_key")}
    assert set(granted) == facts | {("response", "INSERT", name) for name in ("id", "body", "locator")}
    assert office.count() == 5


def test_the_door_cannot_prepare_its_own_database(zones: tuple[CollectionZone, CollectionZone]) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        prepare(zones[1], ROLE)


@pytest.mark.parametrize("power", ["SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS"])
def test_a_powerful_role_is_refused(postgres: Postgres, tmp_path: Path, power: str) -> None:
    url = postgres.new_database()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE powerful LOGIN {power}".encode())
        try:
            with pytest.raises(SettingsError, match="take a new one"):
                prepare(CollectionZone(tmp_path, url), "powerful")
        finally:
            connection.execute(b"DROP ROLE powerful")


def test_a_missing_role_or_another_database_is_said(postgres: Postgres, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="CREATE ROLE"):
        prepare(CollectionZone(tmp_path, postgres.new_database()), 'nobody"; DROP TABLE wave; --')
    with pytest.raises(SettingsError, match="Only PostgreSQL"):
        prepare(CollectionZone(tmp_path, f"sqlite:///{tmp_path / 'r.sqlite'}"), ROLE)


def test_a_database_that_was_never_prepared_is_not_available(postgres: Postgres, tmp_path: Path) -> None:
    door = connect_door(CollectionZone(tmp_path, postgres.new_database()))
    with pytest.raises(DatabaseUnavailable):
        door.wave()


@pytest.mark.parametrize(
    "sizes", [(15, 8192, 1024), (17, 8192, 1024), (16, 8191, 1024), (16, 8193, 1024), (16, 8192, 1023), (16, 8192, 1025)]
)
def test_the_role_cannot_leave_a_record_that_stops_the_transfer(
    office: CollectionStore, zones: tuple[CollectionZone, CollectionZone], sizes: tuple[int, int, int]
) -> None:
    office.open_wave(WAVE, DAY)
    insert = b"INSERT INTO response (id, body, locator) VALUES (%b, %b, %b)"
    with psycopg.connect(zones[1].database_url.replace("+psycopg", ""), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(insert, [bytes(size) for size in sizes])
        connection.execute(insert, [bytes(16), bytes(8192), bytes(1024)])
    office.close(DAY)
    assert len(list(office.records())) == 1
