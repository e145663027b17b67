"""A wave under the lock of several people: the passphrase alone opens everything else in the zone, and not one answer of that wave."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from nacl.secret import SecretBox

from forms.answers import Locator, Response
from retention.collection_store import CollectionStore, connect_collection
from retention.destroy import certified
from retention.keys import KeyDestroyed, KeyLocked, KeyRing, public_key
from retention.seal import open_sealed, seal_response
from retention.secure_store import SecureStore, Wave
from retention.settings import CollectionZone
from retention.shares import Holders, SharesError
from retention.steps import Verb
from retention.waves import open_wave
from tests.secure_waves import new_wave, run_before

PEOPLE = ("ann", "ben", "cat")
WISH = "fewer wasps near the windmill"


@pytest.fixture
def zone(tmp_path: Path) -> CollectionZone:
    return CollectionZone(tmp_path / "collection", f"sqlite:///{tmp_path}/collection/responses.sqlite")


@pytest.fixture
def collection(zone: CollectionZone) -> CollectionStore:
    return connect_collection(zone)


def opened(store: SecureStore, collection: CollectionStore, zone: CollectionZone, shares: Path, name: str = "2026-autumn") -> Wave:
    return open_wave(store, collection, zone, name, "tiny", "anna", Holders(PEOPLE, 2, shares))


def with_shares(store: SecureStore, *paths: Path) -> SecureStore:
    """The zone as somebody else opens it, in another process."""
    return SecureStore(replace(store.zone, share_files=paths))


def test_two_holders_open_its_answers_and_the_passphrase_alone_does_not(
    sqlite_store: SecureStore, collection: CollectionStore, zone: CollectionZone, tmp_path: Path
) -> None:
    wave = opened(sqlite_store, collection, zone, tmp_path / "shares")
    said = Response("tiny", "1", {"mood": ("happy",)}, {"wish": WISH}, Locator("ZQ7 9XJ", "A school", "E09000001", True))
    body, locator = (public_key(zone.keys, key_id) for key_id in (wave.body_key, wave.locator_key))
    record = seal_response(os.urandom(16), said, body, locator)
    alone = with_shares(sqlite_store)
    for key_id in (wave.body_key, wave.locator_key):
        with pytest.raises(KeyLocked, match="name the files of their shares in BIGASK_SHARES"):
            alone.ring.private(key_id)
    assert alone.verify_ledger() == 1
    paths = sorted((tmp_path / "shares").iterdir())
    for pair in combinations(paths, 2):
        together = with_shares(sqlite_store, *pair)
        assert WISH.encode() in open_sealed(record.body, together.ring.private(wave.body_key))
        assert b"ZQ7 9XJ" in open_sealed(record.locator, together.ring.private(wave.locator_key))
    with pytest.raises(SharesError, match="2 different shares are needed, and 1 are here"):
        with_shares(sqlite_store, paths[0])


def test_the_key_never_lies_on_the_disk_under_the_passphrase_alone(
    sqlite_store: SecureStore, collection: CollectionStore, zone: CollectionZone, tmp_path: Path
) -> None:
    """Whoever has passphrase and key file, and takes off the passphrase by hand, holds another box."""
    wave = opened(sqlite_store, collection, zone, tmp_path / "shares")
    private = sqlite_store.ring.private(wave.body_key)
    entry = json.loads((sqlite_store.zone.keys / f"{wave.body_key}.key").read_text(encoding="ascii"))
    ring = json.loads((sqlite_store.zone.keys / "ring.json").read_text(encoding="ascii"))
    inner = KeyRing._derive(sqlite_store.zone.passphrase(), bytes.fromhex(ring["salt"])).decrypt(bytes.fromhex(entry["box"]))
    assert len(inner) == 32 + SecretBox.NONCE_SIZE + SecretBox.MACBYTES
    assert private not in inner
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(private in content or private.hex().encode() in content for content in files)


def test_shares_of_one_wave_open_no_other_and_none_of_them_the_zone(
    sqlite_store: SecureStore, collection: CollectionStore, zone: CollectionZone, tmp_path: Path
) -> None:
    opened(sqlite_store, collection, zone, tmp_path / "one")
    other = CollectionZone(tmp_path / "c2", f"sqlite:///{tmp_path}/c2/responses.sqlite")
    second = opened(sqlite_store, connect_collection(other), other, tmp_path / "two", "2027-spring")
    one, two = (sorted((tmp_path / name).iterdir()) for name in ("one", "two"))
    with pytest.raises(KeyLocked):
        with_shares(sqlite_store, *one[:2]).ring.private(second.body_key)
    both = with_shares(sqlite_store, *one[:2], *two[1:])
    assert both.ring.private(second.body_key) == sqlite_store.ring.private(second.body_key)
    forged = json.loads(one[0].read_text(encoding="ascii"))
    two[0].write_text(json.dumps({**json.loads(two[0].read_text(encoding="ascii")), "value": forged["value"]}), encoding="ascii")
    with pytest.raises(SharesError, match="one is altered"):
        with_shares(sqlite_store, *two[:2])


def test_what_belongs_to_another_wave_is_destroyed_while_this_one_is_locked(
    sqlite_store: SecureStore, collection: CollectionStore, zone: CollectionZone, tmp_path: Path
) -> None:
    locked = opened(sqlite_store, collection, zone, tmp_path / "shares")
    alone = with_shares(sqlite_store)
    wave = new_wave(alone)
    run_before(alone, wave, Verb.SCRUB)
    assert "locators" in certified(alone, wave.id)
    alone.ring.destroy(locked.body_key)
    paths = sorted((tmp_path / "shares").iterdir())
    with pytest.raises(KeyDestroyed):
        with_shares(sqlite_store, *paths[:2]).ring.private(locked.body_key)


def test_an_opening_that_was_interrupted_goes_on_with_the_shares_it_gave(
    sqlite_store: SecureStore, collection: CollectionStore, zone: CollectionZone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sqlite_store.ring.create

    def stopped(key_id: str, *rest: object) -> None:
        if key_id.startswith("locator-"):
            raise OSError("the disk is full")
        real(key_id, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(sqlite_store.ring, "create", stopped)
    with pytest.raises(OSError, match="full"):
        opened(sqlite_store, collection, zone, tmp_path / "shares")
    alone = with_shares(sqlite_store)
    with pytest.raises(KeyLocked):
        opened(alone, collection, zone, tmp_path / "shares")
    paths = sorted((tmp_path / "shares").iterdir())
    before = [path.read_bytes() for path in paths]
    wave = opened(with_shares(sqlite_store, *paths[:2]), collection, zone, tmp_path / "shares")
    assert [path.read_bytes() for path in paths] == before, "no share is made anew"
    assert with_shares(sqlite_store, *paths[1:]).ring.private(wave.locator_key)
