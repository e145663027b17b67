"""Opening a wave: the private keys stay, the public ones go, and a name is used once."""

from __future__ import annotations

from pathlib import Path

import pytest

from retention.collection_store import SlotStore, WaveClosed, WaveState
from retention.destroy import destroy
from retention.keys import KeyRing, public_key
from retention.secure_store import SecureStore, StepRefused
from retention.settings import CollectionZone
from retention.steps import Verb
from retention.waves import open_wave
from tests.sealed import DAY, open_store, sealed
from tests.secure_waves import run_step


@pytest.fixture
def zone(tmp_path: Path) -> CollectionZone:
    return CollectionZone(tmp_path / "collection", f"sqlite:///{tmp_path / 'collection' / 'r.sqlite'}")


@pytest.fixture
def collection(zone: CollectionZone, quick: None) -> SlotStore:
    found = open_store(zone.database_url)
    assert isinstance(found, SlotStore)
    return found


def test_public_keys_go_and_private_ones_stay(sqlite_store: SecureStore, collection: SlotStore, zone: CollectionZone) -> None:
    wave = open_wave(sqlite_store, collection, zone, "2026-spring", "tiny", "tester")
    assert sqlite_store.waves() == [wave]
    there = collection.wave()
    assert (there.id, there.survey, there.state) == ("2026-spring", "tiny", WaveState.OPEN)
    assert {path.name for path in zone.keys.iterdir()} == {"body-2026-spring.pub", "locator-2026-spring.pub"}
    for key_id in (there.body_key, there.locator_key):
        assert public_key(zone.keys, key_id) == public_key(sqlite_store.zone.keys, key_id)
    assert there.body_key != there.locator_key
    assert list(sqlite_store.ledger())[-1].entry.verb == "wave-open"


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("stage", ["second key", "registering", "opening", "after opening"])
def test_interrupted_and_repeated_it_goes_on(
    sqlite_store: SecureStore, collection: SlotStore, zone: CollectionZone, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    real_create, real_open = KeyRing.create, SlotStore.open_wave

    def create(ring: KeyRing, key_id: str, *rest: object) -> None:
        if key_id.startswith("locator"):
            raise Killed
        real_create(ring, key_id, *rest)  # type: ignore[arg-type]

    def die(*_: object) -> None:
        raise Killed

    def open_then_die(*arguments: object) -> None:
        real_open(*arguments)  # type: ignore[arg-type]
        raise Killed

    with monkeypatch.context() as patch:
        targets: dict[str, tuple[object, str, object]] = {
            "second key": (KeyRing, "create", create),
            "registering": (SecureStore, "add_wave", die),
            "opening": (SlotStore, "open_wave", die),
            "after opening": (SlotStore, "open_wave", open_then_die),
        }
        patch.setattr(*targets[stage])
        with pytest.raises(Killed):
            open_wave(sqlite_store, collection, zone, "2026-spring", "tiny", "tester")
    if stage == "after opening":
        collection.put(sealed(3))  # children do not wait
    keys = {path.name: path.read_bytes() for path in sqlite_store.zone.keys.glob("body-*")}
    open_wave(sqlite_store, collection, zone, "2026-spring", "tiny", "tester")
    assert {path.name: path.read_bytes() for path in sqlite_store.zone.keys.glob("body-*")} == keys
    assert collection.wave().state is WaveState.OPEN
    assert collection.count() == (3 if stage == "after opening" else 0)
    assert [signed.entry.verb for signed in sqlite_store.ledger()] == ["wave-open"]


@pytest.mark.parametrize("name", ["", "Spring", "2026 spring", "../x", "-x", "x" * 42, "2026-spring\n", "é"])
def test_a_name_that_cannot_be_used_is_refused(sqlite_store: SecureStore, collection: SlotStore, zone: CollectionZone, name: str) -> None:
    with pytest.raises(StepRefused, match="small letters, digits and hyphens"):
        open_wave(sqlite_store, collection, zone, name, "tiny", "tester")
    assert sqlite_store.waves() == []
    assert not zone.keys.exists()


def test_the_longest_name_fits_everywhere(secure_store: SecureStore, collection: SlotStore, zone: CollectionZone) -> None:
    wave = open_wave(secure_store, collection, zone, "x" * 41, "tiny", "tester")
    run_step(secure_store, wave, Verb.TRANSFER)
    destroy(secure_store, wave, "locators", "tester", "schedule.test")


def test_a_name_is_used_for_one_wave(sqlite_store: SecureStore, collection: SlotStore, zone: CollectionZone) -> None:
    wave = open_wave(sqlite_store, collection, zone, "2026-spring", "tiny", "tester")
    with pytest.raises(StepRefused, match="has been used"):
        open_wave(sqlite_store, collection, zone, "2026-spring", "another-survey", "tester")
    with pytest.raises(WaveClosed, match="transfer it before another"):
        open_wave(sqlite_store, collection, zone, "2026-autumn", "tiny", "tester")
    collection.close(DAY)
    collection.wipe()
    run_step(sqlite_store, wave, Verb.TRANSFER)
    destroy(sqlite_store, wave, "locators", "tester", "schedule.test")
    # To the destroyed key's name children would seal what nobody can open.
    with pytest.raises(StepRefused, match="has been used"):
        open_wave(sqlite_store, collection, zone, "2026-spring", "tiny", "tester")
    assert collection.wave().state is WaveState.WIPED
