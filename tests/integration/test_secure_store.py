"""The secure zone's database on SQLite and PostgreSQL: nothing without its ledger entry, and no edit of it unseen."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from retention import tables
from retention.database import DatabaseUnavailable
from retention.keys import KeyKind, KeyMissing, KeyRing, WrongPassphrase
from retention.ledger import FIRST, Entry, LedgerError, entry_hash, sign_entry, write_head
from retention.schedule import RuleMissing, load_schedule
from retention.secure_store import SecureStore, StepRefused, Wave, today
from retention.settings import SecureZone
from retention.vault import StoredFile
from tests.postgres import Postgres
from tests.secure_waves import new_wave

ledger = tables.ledger


def filled(store: SecureStore, entries: int = 4) -> SecureStore:
    for number in range(entries):
        with store.record(Entry("tester", "locate", f"wave-{number}", {"responses": number, "key": "data-00"})):
            pass
    return store


def forge(store: SecureStore, write: Callable[[Connection], object]) -> None:
    """What an administrator of the database can do: switch the triggers off, write, switch them on."""
    with store.engine.begin() as connection:
        if store.engine.dialect.name == "sqlite":
            triggers = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
            for trigger in triggers:
                connection.execute(text(f"DROP TRIGGER {trigger.name}"))
            write(connection)
            for trigger in triggers:
                connection.execute(text(trigger.sql))
        else:
            connection.execute(text("ALTER TABLE ledger DISABLE TRIGGER USER"))
            write(connection)
            connection.execute(text("ALTER TABLE ledger ENABLE TRIGGER USER"))


def test_an_entry_is_written_with_what_it_tells_of_or_not_at_all(secure_store: SecureStore) -> None:
    new_wave(secure_store)
    with pytest.raises(ZeroDivisionError), secure_store.record(Entry("tester", "locate", "2026-spring")) as connection:  # noqa: PT012
        connection.execute(delete(tables.wave))
        raise ZeroDivisionError
    assert [wave.id for wave in secure_store.waves()] == ["2026-spring"]
    assert secure_store.verify_ledger() == 1


def test_the_ledger_of_an_untouched_store_is_in_order(secure_store: SecureStore) -> None:
    assert secure_store.verify_ledger() == 0
    assert filled(secure_store).verify_ledger() == 4
    assert [signed.entry.wave for signed in secure_store.ledger()] == [f"wave-{number}" for number in range(4)]
    again = SecureStore(secure_store.zone)
    assert again.verify_ledger() == 4
    assert filled(again).verify_ledger() == 8


@pytest.mark.parametrize("verb", ["UPDATE ledger SET actor = 'somebody'", "DELETE FROM ledger", "UPDATE ledger SET seq = seq + 100"])
def test_the_database_itself_refuses_edits_of_the_ledger(secure_store: SecureStore, verb: str) -> None:
    filled(secure_store)
    with pytest.raises(DBAPIError, match="append-only"), secure_store.engine.begin() as connection:
        connection.execute(text(verb))
    assert secure_store.verify_ledger() == 4


def test_postgresql_refuses_truncating_the_ledger(quick: None, secure_zone: Callable[[str], SecureZone], postgres: Postgres) -> None:
    store = filled(SecureStore(secure_zone(postgres.new_database())))
    with pytest.raises(DBAPIError, match="append-only"), store.engine.begin() as connection:
        connection.execute(text("TRUNCATE ledger"))
    assert store.verify_ledger() == 4


EDITS: dict[str, Any] = {
    "day": "2020-01-01",
    "actor": "somebody",
    "verb": "scrub",
    "wave": "wave-9",
    "counts": '{"key": "data-00", "responses": 7}',
    "previous": FIRST,
    "hash": "ab" * 32,
    "signature": "cd" * 64,
}


def test_an_edit_of_any_field_is_found(secure_store: SecureStore) -> None:
    filled(secure_store)
    fields = {column.name for column in ledger.columns} - {"seq"}
    assert set(EDITS) == fields
    with secure_store.reading() as connection:
        kept = connection.execute(select(ledger).where(ledger.c.seq == 3)).one()._asdict()
    edits = [*EDITS.items(), ("signature", "no hexadecimal"), ("actor", "two words"), ("counts", "no json"), ("counts", "[]"),
             ("counts", '{"responses": 2, "key": "data-00"}'), ("counts", '{"key": "data-00", "responses": 99, "responses": 2}'),
             ("counts", '{"key": "data-00", "responses": 2.0}'), ("counts", '{"words": "my own words"}')]  # fmt: skip
    for field, value in edits:
        statement = text(f"UPDATE ledger SET {field} = '{value}' WHERE seq = 3")  # noqa: S608
        forge(secure_store, lambda connection, edit=statement: connection.execute(edit))
        says = "not signed by this office" if field == "signature" else "was edited"
        with pytest.raises(LedgerError, match=f"entry 3 .*{says}") as caught:
            secure_store.verify_ledger()
        assert "my own words" not in str(caught.value)
        forge(secure_store, lambda connection: connection.execute(update(ledger).where(ledger.c.seq == 3).values(kept)))
    assert secure_store.verify_ledger() == 4


def test_a_day_that_is_none_is_found(sqlite_store: SecureStore) -> None:
    filled(sqlite_store)
    forge(sqlite_store, lambda connection: connection.execute(text("UPDATE ledger SET day = 'someday' WHERE seq = 2")))
    with pytest.raises(LedgerError, match="entry 2 was edited"):
        sqlite_store.verify_ledger()


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("DELETE FROM ledger WHERE seq = 2", "gap or a wrong order at entry 2"),
        ("DELETE FROM ledger WHERE seq = 1", "gap or a wrong order at entry 1"),
        ("DELETE FROM ledger WHERE seq = 4", "ends before entry 4"),
        ("DELETE FROM ledger WHERE seq > 1", "ends before entry 4"),
        ("DELETE FROM ledger", "ends before entry 4"),
        ("UPDATE ledger SET seq = 9 WHERE seq = 4", "gap or a wrong order at entry 4"),
    ],
)
def test_removed_entries_are_found(secure_store: SecureStore, statement: str, says: str) -> None:
    filled(secure_store)
    forge(secure_store, lambda connection: connection.execute(text(statement)))
    with pytest.raises(LedgerError, match=says):
        secure_store.verify_ledger()


def test_swapped_entries_are_found(secure_store: SecureStore) -> None:
    filled(secure_store)

    def swap(connection: Connection) -> None:
        for old, new in ((2, 99), (3, 2), (99, 3)):
            connection.execute(update(ledger).where(ledger.c.seq == old).values(seq=new))

    forge(secure_store, swap)
    with pytest.raises(LedgerError, match="entry 2 was edited"):
        secure_store.verify_ledger()


def test_an_entry_forged_with_another_key_is_found(secure_store: SecureStore) -> None:
    filled(secure_store)
    other = KeyRing(secure_store.zone.folder / "forger", "another passphrase")
    other.create("ledger", KeyKind.SIGNING)
    previous = list(secure_store.ledger())[-1].hash
    forged = sign_entry(other, 5, today(), Entry("tester", "release", "wave-0"), previous)
    values = {"seq": 5, "day": forged.day, "actor": "tester", "verb": "release", "wave": "wave-0", "counts": "{}"}
    with secure_store.engine.begin() as connection:  # appending is allowed: only the signature tells
        connection.execute(insert(ledger).values(**values, previous=previous, hash=forged.hash, signature=forged.signature))
    assert forged.hash == entry_hash(5, forged.day, forged.entry, previous)
    with pytest.raises(LedgerError, match="entry 5 is not signed by this office"):
        secure_store.verify_ledger()


def test_a_ledger_signed_anew_by_a_forger_who_replaced_the_public_key_is_found(sqlite_store: SecureStore) -> None:
    """With the database, the head file and the public key in their hands, but not the passphrase."""
    filled(sqlite_store, 2)
    other = KeyRing(sqlite_store.zone.folder / "forger", "another passphrase")
    other.create("ledger", KeyKind.SIGNING)
    forged, previous = [], FIRST
    for number in (1, 2):
        forged.append(sign_entry(other, number, today(), Entry("tester", "nothing-happened", "wave-0"), previous))
        previous = forged[-1].hash

    def rewrite(connection: Connection) -> None:
        for signed in forged:
            values = {"verb": signed.entry.verb, "wave": signed.entry.wave, "counts": "{}", "previous": signed.previous}
            where = update(ledger).where(ledger.c.seq == signed.seq)
            connection.execute(where.values(**values, hash=signed.hash, signature=signed.signature))

    forge(sqlite_store, rewrite)
    (sqlite_store.zone.folder / "ledger.head").unlink()
    write_head(sqlite_store.zone.folder / "ledger.head", other, forged[-1])
    (sqlite_store.zone.keys / "ledger.pub").write_bytes((other.folder / "ledger.pub").read_bytes())
    with pytest.raises(LedgerError, match="entry 1 is not signed by this office"):
        sqlite_store.verify_ledger()


def test_two_who_write_at_once_make_one_chain(secure_store: SecureStore) -> None:
    stores, failed = [secure_store, SecureStore(secure_store.zone)], []

    def write(store: SecureStore) -> None:
        try:
            filled(store, 8)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert secure_store.verify_ledger() == 16
    assert json.loads((secure_store.zone.folder / "ledger.head").read_text(encoding="ascii"))["seq"] == 16


def test_writing_while_the_ledger_is_being_read(secure_store: SecureStore) -> None:
    filled(secure_store)
    reading = secure_store.ledger()
    next(reading)
    filled(secure_store, 1)
    assert len(list(reading)) == 3
    assert secure_store.verify_ledger() == 5


def test_a_lost_signing_key_is_not_made_anew(sqlite_store: SecureStore) -> None:
    filled(sqlite_store)
    (sqlite_store.zone.keys / "ledger.key").unlink()
    with pytest.raises(KeyMissing, match="signs the ledger is gone"):
        SecureStore(sqlite_store.zone)


def test_a_wrong_passphrase_is_refused(sqlite_store: SecureStore) -> None:
    assert sqlite_store.zone.passphrase_file is not None
    sqlite_store.zone.passphrase_file.write_text("another passphrase\n", encoding="utf-8")
    with pytest.raises(WrongPassphrase):
        SecureStore(sqlite_store.zone)


def test_waves_are_found_by_their_name(secure_store: SecureStore) -> None:
    wave = new_wave(secure_store)
    assert secure_store.wave("2026-spring") == wave == Wave("2026-spring", "tiny", "body-2026-spring", "locator-2026-spring")
    with pytest.raises(StepRefused, match="no wave '2026-autumn'"):
        secure_store.wave("2026-autumn")
    with pytest.raises(StepRefused, match="has no 'located' yet"):
        secure_store.asset("2026-spring", "located")
    assert secure_store.steps("2026-spring") == {}
    with pytest.raises(IntegrityError):
        secure_store.add_wave(wave, Entry("tester", "wave-open", wave.id))
    assert secure_store.verify_ledger() == 1


def test_a_data_set_without_a_rule_is_refused_and_each_kind_is_there_once(secure_store: SecureStore) -> None:
    wave = new_wave(secure_store, "a" * 40)  # file names of bundles hold the wave's name
    stored = StoredFile(f"locators-{wave.id}.bundle", wave.locator_key, 3, "00" * 32)
    with pytest.raises(RuleMissing, match="No retention rule for 'diary'"), secure_store.record(Entry("t", "v", wave.id)) as connection:
        secure_store.add_asset(connection, wave.id, "diary", stored)
    with secure_store.record(Entry("t", "v", wave.id)) as connection:
        secure_store.add_asset(connection, wave.id, "locators", stored)
    asset = secure_store.asset(wave.id, "locators")
    assert (asset.wave, asset.kind, asset.stored, asset.destroyed_on) == (wave.id, "locators", stored, None)
    with secure_store.reading() as connection:
        row = connection.execute(select(tables.asset)).one()
    assert row.review_on == load_schedule().rule("locators").review_on(today()) > row.created_on == today()
    with pytest.raises(IntegrityError), secure_store.record(Entry("t", "v", wave.id)) as connection:
        secure_store.add_asset(connection, wave.id, "locators", StoredFile("other.bundle", "data-1", 3, "00" * 32))


def test_a_postgresql_server_that_stops_is_said_so_and_nothing_is_lost(
    quick: None, secure_zone: Callable[[str], SecureZone], postgres: Postgres
) -> None:
    store = filled(SecureStore(secure_zone(postgres.new_database())))
    postgres.stop()
    try:
        for verb in (store.waves, store.verify_ledger, lambda: filled(store, 1), lambda: SecureStore(store.zone)):
            with pytest.raises(DatabaseUnavailable, match="secure database does not answer"):
                verb()
    finally:
        postgres.start()
    assert store.verify_ledger() == 4
    assert filled(store, 1).verify_ledger() == 5
