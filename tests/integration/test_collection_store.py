"""The collection store on SQLite and PostgreSQL: nothing acknowledged is lost, doubled, or taken after the wave has closed."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from retention import database, slot_store
from retention.collection_store import NoWave, Receipt, SlotStore, WaveClosed, WaveState, connect_collection
from retention.database import DatabaseUnavailable
from retention.seal import BODY_SIZE, LOCATOR_SIZE, SealedResponse
from retention.settings import CollectionZone
from tests.postgres import Postgres
from tests.sealed import DAY, WAVE, collecting, open_store, sealed, stored


def test_what_is_put_is_found_unchanged(database_url: str) -> None:
    store, records = collecting(database_url), sealed(30)
    assert store.put(records) == [Receipt.STORED] * 30
    assert store.count() == 30
    assert stored(store) == {record.id: record for record in records}


def test_records_come_in_an_order_drawn_anew(database_url: str) -> None:
    store = collecting(database_url)
    store.put(sealed(40))
    assert [record.id for record in store.records()] != [record.id for record in store.records()]


def test_putting_again_changes_nothing(database_url: str) -> None:
    store, records = collecting(database_url), sealed(5)
    store.put(records)
    again = [replace(record, body=bytes(BODY_SIZE)) for record in records]
    assert store.put(again) == [Receipt.ALREADY_STORED] * 5
    assert stored(store) == {record.id: record for record in records}


def test_the_same_response_twice_in_one_put_is_stored_once(database_url: str) -> None:
    store, (record, other) = collecting(database_url), sealed(2)
    assert store.put([record, other, record]) == [Receipt.STORED, Receipt.STORED, Receipt.ALREADY_STORED]
    assert store.count() == 2


def test_putting_nothing_is_no_error(database_url: str) -> None:
    assert collecting(database_url).put([]) == []


PUT_ALL = """
import sys
from retention.database import DatabaseUnavailable
from retention.seal import BODY_SIZE, LOCATOR_SIZE, SealedResponse
from tests.sealed import open_store
store = open_store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(60):
    record = SealedResponse(number.to_bytes(16, "big"), bytes([number]) * BODY_SIZE, bytes([number]) * LOCATOR_SIZE)
    print(store.put([record])[0].value, flush=True)
"""


def test_the_same_responses_from_two_processes_are_stored_once(database_url: str) -> None:
    store = collecting(database_url)
    command = [sys.executable, "-c", PUT_ALL, database_url]
    writers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    said = [writer.communicate()[0].split() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0]
    assert len(stored(store)) == 60
    for both in zip(*said, strict=True):
        assert sorted(both) == ["already_stored", "stored"]


def test_no_answer_is_taken_once_the_wave_is_closed(database_url: str) -> None:
    store, records = collecting(database_url), sealed(3)
    store.put(records[:1])
    store.close(DAY)
    store.close(DAY)
    assert store.wave().state is WaveState.CLOSED
    with pytest.raises(WaveClosed, match="no more answers"):
        store.put(records)
    assert set(stored(store)) == {records[0].id}


def test_closing_in_the_middle_of_a_rush_loses_nothing_and_takes_nothing_afterwards(database_url: str) -> None:
    store = collecting(database_url)
    acknowledged: list[set[bytes]] = [set() for _ in range(4)]
    some_are_stored, refused, failed = threading.Event(), [False] * 4, []

    def put_until_closed(number: int) -> None:
        try:
            while True:
                records = sealed(2)
                store.put(records)
                acknowledged[number].update(record.id for record in records)
                if len(acknowledged[number]) >= 20:
                    some_are_stored.set()
        except WaveClosed:
            refused[number] = True
        except BaseException as error:
            failed.append(error)
        finally:
            some_are_stored.set()

    threads = [threading.Thread(target=put_until_closed, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    some_are_stored.wait()
    store.close(DAY)
    at_close = set(stored(store))
    for thread in threads:
        thread.join()
    assert not failed
    assert refused == [True] * 4
    assert set(stored(store)) == at_close == set().union(*acknowledged)


def test_room_is_made_for_as_many_as_are_expected(tmp_path: Path) -> None:
    file = tmp_path / "c" / "r.sqlite"
    store, records = open_store(f"sqlite:///{file}", capacity=4), sealed(31)
    store.open_wave(WAVE, DAY, expected=30)
    size = file.stat().st_size
    store.put(records[:30])
    assert file.stat().st_size == size
    store.put(records[30:])  # one more than were expected
    assert file.stat().st_size > size
    assert stored(store) == {record.id: record for record in records}


def test_growth_keeps_every_response(tmp_path: Path) -> None:
    store, records = collecting(f"sqlite:///{tmp_path / 'c' / 'r.sqlite'}", capacity=4), sealed(100)
    for first in range(0, 100, 7):
        store.put(records[first : first + 7])
        assert stored(store) == {record.id: record for record in records[: first + 7]}
    assert store.put(records) == [Receipt.ALREADY_STORED] * 100


def test_a_stranger_cannot_choose_ids_that_collide(tmp_path: Path) -> None:
    homes = []
    for number in range(2):
        store = collecting(f"sqlite:///{tmp_path / str(number) / 'r.sqlite'}")
        assert isinstance(store, SlotStore)
        with store._reading() as connection:
            homes.append(bytes(connection.execute(text("SELECT salt FROM wave")).scalar_one()))
    assert homes[0] != homes[1]


def test_a_wave_is_opened_once(database_url: str) -> None:
    store, records = open_store(database_url), sealed(2)
    with pytest.raises(NoWave, match="bigask wave open"):
        store.wave()
    with pytest.raises(NoWave):
        store.put(records)
    for verb in (lambda: store.close(DAY), store.wipe):
        with pytest.raises(NoWave):
            verb()
    store.open_wave(WAVE, DAY)
    store.put(records)
    store.open_wave(WAVE, DAY)  # repeated after an interruption
    assert store.count() == 2
    with pytest.raises(WaveClosed, match="transfer it before another"):
        store.open_wave(replace(WAVE, id="2026-autumn"), DAY)
    store.close(DAY)
    with pytest.raises(WaveClosed, match="transfer it before another"):
        store.open_wave(WAVE, DAY)
    assert store.count() == 2
    assert store.wave() == replace(WAVE, state=WaveState.CLOSED)


def test_an_open_wave_is_not_wiped_and_a_wiped_one_makes_room(database_url: str) -> None:
    store = collecting(database_url)
    store.put(sealed(50))
    with pytest.raises(WaveClosed, match="still open"):
        store.wipe()
    assert store.count() == 50
    store.close(DAY)
    store.wipe()
    store.wipe()
    assert store.count() == 0
    assert store.wave().state is WaveState.WIPED
    with pytest.raises(WaveClosed):
        store.put(sealed(1))
    store.open_wave(replace(WAVE, id="2026-autumn"), DAY)
    assert store.put(sealed(50)) == [Receipt.STORED] * 50


def test_wiping_leaves_no_sealed_byte_in_any_file(tmp_path: Path) -> None:
    folder = tmp_path / "collection"
    store, records = collecting(f"sqlite:///{folder / 'r.sqlite'}", capacity=4), sealed(60)
    for first in range(0, 60, 6):
        store.put(records[first : first + 6])  # growing all the while: freed pages must not keep anything either

    def traces() -> int:
        content = b"".join(path.read_bytes() for path in folder.iterdir())
        parts = [part for r in records for part in (r.id, r.body[:16], r.body[-16:], r.body[4000:4016], r.locator[:16], r.locator[-16:])]
        return sum(part in content for part in parts)

    assert traces() == 60 * 6  # the search can see
    store.close(DAY)
    store.wipe()
    assert traces() == 0


def test_a_postgresql_server_that_stops_and_comes_back_loses_nothing(postgres: Postgres) -> None:
    store, records = collecting(postgres.new_database()), sealed(20)
    store.put(records[:10])
    postgres.stop()
    try:
        for verb in (lambda: store.put(records[10:]), store.wave, store.count, lambda: store.close(DAY), lambda: list(store.records())):
            with pytest.raises(DatabaseUnavailable):
                verb()
    finally:
        postgres.start()
    assert store.put(records) == [Receipt.ALREADY_STORED] * 10 + [Receipt.STORED] * 10
    assert stored(store) == {record.id: record for record in records}


def test_a_folder_that_goes_away_and_comes_back_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "collection"
    store, records = collecting(f"sqlite:///{folder / 'r.sqlite'}"), sealed(20)
    store.put(records[:10])
    folder.rename(tmp_path / "elsewhere")
    for missing in ("absent", "a file"):
        if missing == "a file":
            folder.write_bytes(b"")
        for verb in (lambda: store.put(records[10:]), store.wave, store.count, lambda: store.close(DAY), lambda: list(store.records())):
            with pytest.raises(DatabaseUnavailable):
                verb()
    folder.unlink()
    (tmp_path / "elsewhere").rename(folder)
    assert store.put(records) == [Receipt.ALREADY_STORED] * 10 + [Receipt.STORED] * 10
    assert stored(store) == {record.id: record for record in records}


def test_a_full_disk_refuses_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found out at the worst moment: in the middle of growing, with half of the records moved."""
    url = f"sqlite:///{tmp_path / 'c' / 'r.sqlite'}"
    store, records = collecting(url, capacity=24), sealed(20)
    store.put(records[:16])
    pages = (tmp_path / "c" / "r.sqlite").stat().st_size // 4096
    monkeypatch.setattr(database, "_PRAGMAS", (*database._PRAGMAS, f"max_page_count={pages + 30}"))
    full = open_store(url)
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            full.put(records)
        assert stored(full) == {record.id: record for record in records[:16]}
    monkeypatch.undo()
    assert open_store(url).put(records) == [Receipt.ALREADY_STORED] * 16 + [Receipt.STORED] * 4
    assert stored(store) == {record.id: record for record in records}


def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    path.write_bytes(b"this was a database once" * 500)
    with pytest.raises(DatabaseUnavailable):
        connect_collection(CollectionZone(tmp_path, f"sqlite:///{path}"))


def test_looking_at_the_wave_does_not_wait_for_a_long_reading(tmp_path: Path) -> None:
    store = collecting(f"sqlite:///{tmp_path / 'c' / 'r.sqlite'}")
    store.put(sealed(3))
    reading = store.records()
    next(reading)  # a transfer is under way
    other = open_store(f"sqlite:///{tmp_path / 'c' / 'r.sqlite'}")
    assert other.wave().state is WaveState.OPEN
    assert other.count() == 3
    reading.close()  # type: ignore[attr-defined]


def test_who_moves_on_while_a_wave_is_read_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot_store, "_FETCH", 4)
    store, records = collecting(f"sqlite:///{tmp_path / 'c' / 'r.sqlite'}", capacity=64), sealed(70)
    store.put(records[:20])
    reading = store.records()
    found = [next(reading) for _ in range(4)]
    store.put(records[20:])  # the store grows: nearly everybody moves
    found += reading
    assert sorted(record.id for record in found) == sorted(record.id for record in records[:20])
    assert {record.id: record for record in found} == {record.id: record for record in records[:20]}


def test_the_database_file_is_for_its_owner_only(tmp_path: Path) -> None:
    store = collecting(f"sqlite:///{tmp_path / 'c' / 'r.sqlite'}")
    store.put([SealedResponse(bytes(16), bytes(BODY_SIZE), bytes(LOCATOR_SIZE))])
    assert (tmp_path / "c").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "c").iterdir()} == {0o600}
