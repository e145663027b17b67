"""G6: the company that deploys, backs up and watches the public server takes a copy of everything it can reach, and decrypts nothing.

It has the server's folder, its settings, the whole data folder of the database as the machine's administrator sees it, what the database's
own superuser reads, and the public keys. What it backs up is whole all the same: put back, the office opens every answer of it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from nacl.public import PrivateKey
from sqlalchemy import make_url

from forms.answers import Locator, Response
from retention.collection_store import CollectionStore, Receipt, connect_collection
from retention.keys import KeyMissing, KeyRing, KeyRingError, public_key
from retention.seal import SealedResponse, open_sealed, opens, seal_response
from retention.secure_store import SecureStore, Wave
from retention.settings import CollectionZone, SecureZone, SettingsError
from retention.waves import open_wave
from tests.postgres import running_postgres

POSTCODE, WISH = "ZQ7 9XJ", "fewer wasps near Bessie's windmill"
CHILDREN = 6


@dataclass(frozen=True)
class Scene:
    """The office's zone, the public server's, and every folder that the processor can copy."""

    office: SecureStore
    server: CollectionZone
    reach: tuple[Path, ...]
    wave: Wave

    @property
    def store(self) -> CollectionStore:
        return connect_collection(self.server)


@pytest.fixture(params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, quick: None, secure_zone: Callable[[str], SecureZone], tmp_path: Path) -> Iterator[Scene]:
    office = SecureStore(secure_zone(f"sqlite:///{tmp_path / 'secure' / 'secure.sqlite'}"))
    folder = tmp_path / "collection"
    if request.param == "sqlite":
        yield set_up(office, CollectionZone(folder, f"sqlite:///{folder / 'responses.sqlite'}"), (folder,))
        return
    with running_postgres() as server:  # of its own: the session's holds the databases of every other test
        yield set_up(office, CollectionZone(folder, server.new_database()), (folder, server.data))


def set_up(office: SecureStore, server: CollectionZone, reach: tuple[Path, ...]) -> Scene:
    """An open wave with answers, sealed as the child door seals them."""
    store = connect_collection(server)
    wave = open_wave(office, store, server, "2026-spring", "tiny", "ann")
    body, locator = (public_key(server.keys, key_id) for key_id in (wave.body_key, wave.locator_key))
    said = Response("tiny", "1", {"mood": ("happy",)}, {"wish": WISH}, Locator(POSTCODE, "Quibberly Oaks", "E09000001", True))
    records = [seal_response(os.urandom(16), said, body, locator) for _ in range(CHILDREN)]
    assert store.put(records, wave.id) == [Receipt.STORED] * CHILDREN
    return Scene(office, server, reach, wave)


def as_superuser(scene: Scene) -> list[bytes]:
    """Every field of every row of every table, as the database's own administrator reads them."""
    if scene.server.database_url.startswith("sqlite"):
        path = make_url(scene.server.database_url).database
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            rows = [row for table in tables for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608
        finally:
            connection.close()
        return [value for row in rows for value in row if isinstance(value, bytes)]
    with psycopg.connect(scene.server.database_url.replace("+psycopg", "")) as connection:
        return [value for row in connection.execute("SELECT id, body, locator FROM response") for value in row]


def copied(scene: Scene, into: Path) -> list[Path]:
    """Everything that the processor can reach, copied as root would."""
    for number, folder in enumerate(scene.reach):
        shutil.copytree(folder, into / str(number), ignore=shutil.ignore_patterns("postmaster.pid"))
    (into / "settings").write_text(f"{scene.server!r} {scene.server.database_url} {scene.server.address}", encoding="utf-8")
    return [path for path in into.rglob("*") if path.is_file()]


def keys_to_try(files: list[Path], fields: list[bytes]) -> set[bytes]:
    """Every 32 bytes of every small file or short field, raw or written in hexadecimal, taken for a private key."""
    contents = [path.read_bytes() for path in files if path.stat().st_size < 20_000] + [field for field in fields if len(field) < 200]
    found = {content[at : at + 32] for content in contents for at in range(0, max(0, len(content) - 31), 16)}
    for content in contents:
        text = content.strip()
        if len(text) == 64 and all(letter in b"0123456789abcdef" for letter in text):
            found.add(bytes.fromhex(text.decode()))
    return {key for key in found if len(key) == 32}


def sealed(fields: list[bytes]) -> list[bytes]:
    """The sealed records among the fields, empty slots left out."""
    return [field for field in fields if len(field) in (1024, 8192) and any(field[:64])]


def test_a_copy_of_everything_the_processor_reaches_decrypts_nothing(scene: Scene, tmp_path: Path) -> None:
    files, fields = copied(scene, tmp_path / "stolen"), as_superuser(scene)
    records = sealed(fields)
    assert len(records) >= 2 * CHILDREN, "the processor does have the ciphertext"
    keys = keys_to_try(files, fields)
    assert public_key(scene.server.keys, scene.wave.body_key) in keys, "the search sees keys that are there"
    samples = [next(record for record in records if len(record) == size) for size in (1024, 8192)]
    assert not any(opens(record, key) for key in keys for record in samples)
    everything = b"".join(path.read_bytes() for path in files) + b"".join(fields)
    assert not any(word.encode() in everything for word in (POSTCODE, WISH, "Quibberly"))
    private = [scene.office.ring.private(key_id) for key_id in (scene.wave.body_key, scene.wave.locator_key)]
    for key in private:
        assert key not in everything
        assert key.hex().encode() not in everything
        assert bytes(PrivateKey(key).public_key).hex().encode() in everything


def test_a_private_key_left_there_would_be_found_by_this_search(scene: Scene, tmp_path: Path) -> None:
    """The test above would prove nothing if it could not fail."""
    (scene.server.folder / "left.txt").write_text(scene.office.ring.private(scene.wave.body_key).hex(), encoding="ascii")
    files, fields = copied(scene, tmp_path / "stolen"), as_superuser(scene)
    body = next(record for record in sealed(fields) if len(record) == 8192)
    assert any(opens(body, key) for key in keys_to_try(files, fields))


def test_with_all_of_that_nobody_opens_the_secure_zone_either(scene: Scene, tmp_path: Path) -> None:
    copied(scene, tmp_path / "stolen")
    stolen = tmp_path / "stolen" / "0"
    assert list((stolen / "keys").glob("*.key")) == []
    assert {path.suffix for path in (stolen / "keys").iterdir()} == {".pub"}
    with pytest.raises(SettingsError):
        SecureStore(SecureZone(stolen, f"sqlite:///{tmp_path / 'x.sqlite'}", None))
    ring = KeyRing(stolen / "keys", "a passphrase of the processor")
    for key_id in (scene.wave.body_key, scene.wave.locator_key):
        with pytest.raises(KeyMissing):
            ring.private(key_id)


def test_the_backup_is_whole_and_the_office_opens_every_answer_of_it(scene: Scene) -> None:
    records: list[SealedResponse] = list(scene.store.records())
    assert len(records) == CHILDREN
    body, locator = (scene.office.ring.private(key_id) for key_id in (scene.wave.body_key, scene.wave.locator_key))
    assert all(WISH.encode() in open_sealed(record.body, body) for record in records)
    assert all(POSTCODE.encode() in open_sealed(record.locator, locator) for record in records)


def test_keys_of_its_own_making_read_no_answer_given_before(scene: Scene) -> None:
    """A processor who swaps the public keys reads nothing of what was sealed to the office's before (A8 says what it could read after)."""
    own = bytes(PrivateKey.generate())
    assert not any(opens(part, own) for record in scene.store.records() for part in (record.body, record.locator))
    with pytest.raises(KeyRingError):
        scene.office.ring.create(scene.wave.body_key, "sealed_box")  # type: ignore[arg-type]
