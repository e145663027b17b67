"""Attack on A2, A7 and A19: whoever copies the disks, or reads the logs, of either zone searches them for what a child said.

Every byte of every file is searched: the databases, their logs and free pages, PostgreSQL's whole data folder, vault and keys.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from forms.answers import Locator, Response
from retention.collection_store import CollectionStore
from retention.destroy import BUNDLES, destroy
from retention.group_commit import GroupCommit
from retention.keys import KeyKind, KeyRing, KeyRingError, public_key
from retention.releases import draft
from retention.review import Reason, add_items, items, read
from retention.review_marks import Mark
from retention.seal import SealedResponse, open_sealed, opens, seal_response
from retention.secure_store import SecureStore
from retention.settings import SecureZone
from retention.staff import Role, add_member, authenticate
from retention.steps import Verb, step
from tests.postgres import running_postgres
from tests.sealed import DAY, WAVE, collecting, stored
from tests.secure_waves import CANARY, new_wave, run_before, run_step, transfer

POSTCODE, SCHOOL, WISH = "ZQ7 9XJ", "Quibberly Oaks Academy", "fewer wasps near Bessie's windmill"
CHILDREN = 40


def answers(ring: KeyRing) -> list[SealedResponse]:
    """What the child door hands to the store: one response of each child, sealed to the keys of the wave."""
    body, locator = (public_key(ring.folder, key_id) for key_id in ("body", "locator"))
    return [
        seal_response(
            number.to_bytes(16, "big"),
            Response("tiny", "1", {"mood": ("happy",)}, {"wish": f"{WISH} {number}"}, Locator(POSTCODE, SCHOOL, "E09000001", True)),
            body,
            locator,
        )
        for number in range(CHILDREN)
    ]


def spellings(words: str) -> Iterator[bytes]:
    """A text as it may lie in a file."""
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        yield words.encode(encoding)
    yield words.encode().hex().encode()
    yield words.encode().hex().upper().encode()
    yield base64.b64encode(words.encode())[:12]


def found_in(folder: Path, *words: str) -> list[str]:
    """Which of these texts lie anywhere below a folder."""
    content = b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    return [word for word in words if any(spelling in content for spelling in spellings(word))]


def collect(store: CollectionStore, records: list[SealedResponse]) -> None:
    group = GroupCommit(store)
    for future in [group.submit(WAVE.id, record) for record in records]:
        future.result()
    group.stop()


@pytest.fixture
def ring(tmp_path: Path, quick: None) -> KeyRing:
    ring = KeyRing(tmp_path / "keys", "correct horse battery")
    ring.create("body", KeyKind.SEALED_BOX)
    ring.create("locator", KeyKind.SEALED_BOX)
    return ring


def search_the_collection_server(ring: KeyRing, folder: Path, url: str) -> None:
    store = collecting(url, capacity=8)
    collect(store, answers(ring))
    canary = folder / "canary"
    canary.write_text(f"{POSTCODE} {SCHOOL} {WISH}", encoding="utf-8")
    assert found_in(folder, POSTCODE, SCHOOL, WISH) == [POSTCODE, SCHOOL, WISH]  # the search can see
    canary.unlink()
    assert found_in(folder, POSTCODE, SCHOOL, WISH, "E09000001", "happy") == []
    store.close(DAY)
    store.wipe()
    assert found_in(folder, POSTCODE, SCHOOL, WISH, "E09000001", "happy") == []


def test_no_answer_lies_in_clear_in_the_folder_of_sqlite(ring: KeyRing, tmp_path: Path) -> None:
    search_the_collection_server(ring, tmp_path / "collection", f"sqlite:///{tmp_path / 'collection' / 'r.sqlite'}")


def test_no_answer_lies_in_clear_in_the_folder_of_postgresql(ring: KeyRing) -> None:
    with running_postgres() as server:  # of its own: the session's holds the databases of every other test
        url = server.new_database()
        search_the_collection_server(ring, server.data, url)


def test_every_stored_record_has_the_same_size_and_opens_with_its_own_key(ring: KeyRing, database_url: str) -> None:
    store = collecting(database_url)
    collect(store, answers(ring))
    found = stored(store)
    assert {(len(record.body), len(record.locator)) for record in found.values()} == {(8192, 1024)}
    body, locator = ring.private("body"), ring.private("locator")
    assert all(WISH.encode() in open_sealed(record.body, body) for record in found.values())
    assert all(POSTCODE.encode() in open_sealed(record.locator, locator) for record in found.values())
    assert not any(opens(record.locator, body) or opens(record.body, locator) for record in found.values())


def test_a_thief_of_both_zones_opens_no_locator_once_its_key_is_destroyed(sqlite_store: SecureStore, tmp_path: Path) -> None:
    """With the passphrase, every file of both zones, and a copy of the bundle made before the destruction."""
    wave = new_wave(sqlite_store)
    transfer(sqlite_store, wave, records=8)
    stolen = {kind: (sqlite_store.vault.folder / f"{kind}-{wave.id}.bundle").read_bytes()[64:-32] for kind in BUNDLES}
    run_step(sqlite_store, wave, Verb.LOCATE)

    def opened(kind: str) -> int:
        ring = KeyRing(sqlite_store.zone.keys, sqlite_store.zone.passphrase())
        material = [ring.private(key_id) for key_id in ring.ids()]
        for path in sqlite_store.zone.folder.rglob("*"):  # and every 32 bytes of every small file, taken for a key
            content = path.read_bytes() if path.is_file() and path.stat().st_size < 2000 else b""
            material += [content[at : at + 32] for at in range(0, max(0, len(content) - 31), 8)]
        size = BUNDLES[kind]
        records = [stolen[kind][at : at + size] for at in range(0, len(stolen[kind]), size)]
        return sum(any(opens(record, key) for key in material) for record in records)

    assert (opened("locators"), opened("bodies")) == (8, 8)  # the attack can see
    destroy(sqlite_store, wave, "locators", "tester", "schedule.test")
    assert (opened("locators"), opened("bodies")) == (0, 8)
    with pytest.raises(KeyRingError):
        sqlite_store.ring.private(wave.locator_key)
    assert found_in(sqlite_store.zone.folder, CANARY) == []


def test_logs_at_their_most_talkative_hold_no_record_and_no_secret(
    quick: None,
    secure_zone: Callable[[str], SecureZone],
    request: pytest.FixtureRequest,
    database_url: str,
    ring: KeyRing,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    loud = [logging.getLogger(name) for name in ("", "sqlalchemy", "sqlalchemy.engine", "sqlalchemy.engine.Engine", "alembic", "psycopg")]
    for logger in loud:
        caplog.set_level(logging.DEBUG, logger.name)
    collection_url = database_url
    records = answers(ring)
    door = collecting(collection_url, capacity=8)
    collect(door, records)
    door.put(records)
    list(door.records())
    door.close(DAY)

    other = request.getfixturevalue("postgres").new_database() if database_url.startswith("postgresql") else f"{database_url}.secure"
    store = SecureStore(secure_zone(other))
    wave = new_wave(store)
    run_before(store, wave, Verb.SCRUB)
    with step(store, wave, Verb.SCRUB, "tester") as running:
        running.also(lambda connection: add_items(connection, wave.id, [(1, Reason.FLAGGED, (Mark(771177, 992299, "UPN"),))]))
    (queued,) = items(store, wave.id)
    read(store, queued.id, [], "tester", 500)
    draft(store, "r1", wave.id, "tester", "ab" * 32)
    add_member(store, "j.smith", Role.ANALYST, "a password of staff", by="tester")
    authenticate(store, "j.smith", "a password of staff")
    store.verify_ledger()

    out, err = capfd.readouterr()
    said = "\n".join([*(record.getMessage() for record in caplog.records), out, err])
    assert "INSERT INTO" in said  # the logs do talk
    assert "Row (" not in said
    secrets_of_all = [POSTCODE, SCHOOL, WISH, CANARY, "a password of staff", "argon2id", store.zone.passphrase(), "771177"]
    assert [word for word in secrets_of_all if word in said] == []
    for record in records:
        assert record.id.hex() not in said
        for part in (record.id, record.body, record.locator):
            assert repr(part[:8])[2:-1] not in said or not any(part[:8])
    for key_id in store.ring.ids():
        assert store.ring.private(key_id).hex() not in said
