"""Destruction: killed at any moment and repeated it ends the same, and what still opens is never certified."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from retention import destroy as module
from retention.destroy import BUNDLES, Certificate, DestructionFailed, certificates, certified, destroy, verify_certificate
from retention.keys import KeyDestroyed, KeyRing, overwrite_and_remove
from retention.seal import open_sealed
from retention.secure_store import SecureStore, StepRefused, Wave
from retention.steps import Verb
from tests.secure_waves import CANARY, new_wave, run_step, transfer


def ready(store: SecureStore, records: int = 5, keys: dict[str, str] | None = None) -> Wave:
    """A wave with bundles and, on the way, an encrypted table of canaries."""
    wave = new_wave(store)
    transfer(store, wave, records, keys)
    run_step(store, wave, Verb.LOCATE)
    return wave


def documents(store: SecureStore, wave: Wave) -> list[dict[str, object]]:
    return [json.loads(found.document) for found in certificates(store, wave.id)]


@pytest.mark.parametrize("kind", ["locators", "bodies", "located"])
def test_what_is_destroyed_cannot_be_opened_and_the_certificate_says_so(secure_store: SecureStore, kind: str) -> None:
    wave = ready(secure_store)
    asset = secure_store.asset(wave.id, kind)
    path = secure_store.vault.folder / asset.stored.name
    stolen, key_file = path.read_bytes(), (secure_store.zone.keys / f"{asset.stored.key_id}.key").read_bytes()
    certificate = destroy(secure_store, wave, kind, "tester", "schedule.test")
    assert not path.exists()
    assert secure_store.ring.is_destroyed(asset.stored.key_id)
    assert secure_store.asset(wave.id, kind).destroyed_on is not None
    assert certified(secure_store, wave.id) == {kind}
    says = json.loads(certificate.document)
    assert says["what"] == kind
    assert says["records"] == asset.stored.rows
    assert says["sha256_of_ciphertext"] == asset.stored.sha256
    assert says["verified"]["key"] == "refused"
    assert says["verified"]["keys_tried"] >= 2
    assert says["verified"]["records_tried"] == asset.stored.rows
    latest = list(secure_store.ledger())[-1].entry
    assert (latest.verb, latest.counts["certificate"]) == (f"destroy-{kind}", certificate.id)
    secure_store.verify_ledger()
    path.write_bytes(stolen)  # a backup of the file, without its key
    with pytest.raises(KeyDestroyed):
        secure_store.vault.read(asset.stored)
    remains = b"".join(found.read_bytes() for found in secure_store.zone.keys.iterdir())
    assert key_file not in remains


def test_repeating_returns_the_same_certificate_and_writes_nothing_more(secure_store: SecureStore) -> None:
    wave = ready(secure_store)
    first = destroy(secure_store, wave, "locators", "tester", "schedule.test")
    entries = secure_store.verify_ledger()
    assert destroy(secure_store, wave, "locators", "somebody", "schedule.other") == first
    assert secure_store.verify_ledger() == entries
    assert certificates(secure_store, wave.id) == [first]


class Killed(BaseException):
    """The process ends here."""


def kill_at(stage: str, store: SecureStore, patch: pytest.MonkeyPatch) -> None:
    def die(*_: object, **__: object) -> None:
        raise Killed

    def half_overwritten(path: Path) -> None:
        content = path.read_bytes()
        path.write_bytes(b"\x99" * (len(content) // 2) + content[len(content) // 2 :])
        raise Killed

    def removed(path: Path) -> None:
        overwrite_and_remove(path)
        raise Killed

    real = store.record
    targets: dict[str, tuple[object, str, Callable[..., object]]] = {
        "before the key": (KeyRing, "destroy", die),
        "in the key": (module.KeyRing, "_marker", die),
        "before opening is tried": (module, "_try_to_open", die),
        "before the file": (module, "overwrite_and_remove", die),
        "half of the file": (module, "overwrite_and_remove", half_overwritten),
        "before the certificate": (module, "overwrite_and_remove", removed),
        "in the transaction": (SecureStore, "_append", die),
        "before the certificate's file": (module, "write_private", die),
    }
    assert real is not None
    patch.setattr(*targets[stage])


@pytest.mark.parametrize("kind", ["locators", "located"])
@pytest.mark.parametrize(
    "stage",
    ["before the key", "in the key", "before opening is tried", "before the file", "half of the file", "before the certificate",
     "in the transaction", "before the certificate's file"],
)  # fmt: skip
def test_killed_at_any_stage_and_repeated_it_ends_the_same(
    sqlite_store: SecureStore, monkeypatch: pytest.MonkeyPatch, stage: str, kind: str
) -> None:
    wave = ready(sqlite_store)
    entries = sqlite_store.verify_ledger()
    with monkeypatch.context() as patch:
        kill_at(stage, sqlite_store, patch)
        with pytest.raises(Killed):
            destroy(sqlite_store, wave, kind, "tester", "schedule.test")
    store = SecureStore(sqlite_store.zone)
    assert (kind in certified(store, wave.id)) == (stage == "before the certificate's file")
    certificate = destroy(store, wave, kind, "tester", "schedule.test")
    asset = store.asset(wave.id, kind)
    assert certificates(store, wave.id) == [certificate]
    assert certified(store, wave.id) == {kind}
    assert asset.destroyed_on is not None
    assert not (store.vault.folder / asset.stored.name).exists()
    assert store.ring.is_destroyed(asset.stored.key_id)
    assert store.verify_ledger() == entries + 1
    path = store.zone.certificates / f"{wave.id}-{kind}.json"
    assert verify_certificate(path, store.zone.keys)["what"] == kind


def fake_destroy_nothing(_ring: KeyRing, _key_id: str) -> None:
    """A destruction that does nothing."""


def fake_destroy_word_only(ring: KeyRing, key_id: str) -> None:
    """A destruction that writes the word and keeps the key."""
    ring._marker(key_id).touch()


def fake_destroy_copy_first(ring: KeyRing, key_id: str) -> None:
    """A destruction by somebody who keeps a copy of the key beside it."""
    shutil.copy(ring.folder / f"{key_id}.key", ring.folder / "copy.key")
    ring._marker(key_id).touch()
    overwrite_and_remove(ring.folder / f"{key_id}.key")


@pytest.mark.parametrize("kind", ["locators", "bodies", "located"])
@pytest.mark.parametrize("fake", [fake_destroy_nothing, fake_destroy_word_only, fake_destroy_copy_first])
def test_what_still_opens_is_not_certified(
    sqlite_store: SecureStore, monkeypatch: pytest.MonkeyPatch, fake: Callable[[KeyRing, str], None], kind: str
) -> None:
    wave = ready(sqlite_store)
    entries = sqlite_store.verify_ledger()
    monkeypatch.setattr(KeyRing, "destroy", fake)
    with pytest.raises(DestructionFailed, match="look at the key folder"):
        destroy(sqlite_store, wave, kind, "tester", "schedule.test")
    assert certified(sqlite_store, wave.id) == frozenset()
    assert sqlite_store.verify_ledger() == entries
    assert (sqlite_store.vault.folder / sqlite_store.asset(wave.id, kind).stored.name).exists()


def test_locators_sealed_to_the_wrong_key_are_found(sqlite_store: SecureStore) -> None:
    """A collection server that sealed both parts to one key: destroying the locator key would destroy nothing."""
    wave = ready(sqlite_store, records=40, keys={"bodies": "body-2026-spring", "locators": "body-2026-spring"})
    with pytest.raises(DestructionFailed, match="still opens"):
        destroy(sqlite_store, wave, "locators", "tester", "schedule.test")


def test_one_altered_byte_does_not_end_the_attempt_to_open(sqlite_store: SecureStore) -> None:
    wave = ready(sqlite_store, records=3, keys={"bodies": "body-2026-spring", "locators": "body-2026-spring"})
    path = sqlite_store.vault.folder / "locators-2026-spring.bundle"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(DestructionFailed, match="still opens"):
        destroy(sqlite_store, wave, "locators", "tester", "schedule.test")


def test_a_damaged_key_that_cannot_be_tried_stops_the_certificate(sqlite_store: SecureStore) -> None:
    wave = ready(sqlite_store)
    (sqlite_store.zone.keys / f"{wave.body_key}.key").write_bytes(b"damaged")
    with pytest.raises(DestructionFailed, match=f"key '{wave.body_key}' is damaged"):
        destroy(sqlite_store, wave, "locators", "tester", "schedule.test")
    assert certified(sqlite_store, wave.id) == frozenset()


def test_a_key_half_destroyed_earlier_is_destroyed_to_the_end(sqlite_store: SecureStore) -> None:
    wave = ready(sqlite_store)
    sqlite_store.ring._marker(wave.body_key).touch()
    destroy(sqlite_store, wave, "locators", "tester", "schedule.test")
    assert sqlite_store.ring.is_destroyed(wave.body_key)


def test_there_is_nothing_to_destroy_before_there_is_something(sqlite_store: SecureStore) -> None:
    wave = new_wave(sqlite_store)
    with pytest.raises(StepRefused, match="has no 'locators' yet"):
        destroy(sqlite_store, wave, "locators", "tester", "schedule.test")


def test_the_canary_can_be_opened_until_then(sqlite_store: SecureStore) -> None:
    """The tests above would prove nothing if it never could."""
    wave = ready(sqlite_store)
    records = module.sample_unchecked(sqlite_store.vault.folder / "locators-2026-spring.bundle", BUNDLES["locators"], 9)
    assert len(records) == 5
    key = sqlite_store.ring.private(wave.locator_key)
    assert sorted(open_sealed(record, key) for record in records) == [f"{CANARY}-{n}".encode() for n in range(5)]


# -- certificates --------------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate_file(sqlite_store: SecureStore) -> Path:
    wave = ready(sqlite_store)
    destroy(sqlite_store, wave, "locators", "tester", "schedule.test")
    return sqlite_store.zone.certificates / "2026-spring-locators.json"


def test_a_certificate_is_verified_with_the_public_key_alone(certificate_file: Path, sqlite_store: SecureStore, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(sqlite_store.zone.keys / "ledger.pub", elsewhere)
    shutil.copy(certificate_file, elsewhere)
    says = verify_certificate(elsewhere / certificate_file.name, elsewhere)
    assert (says["what"], says["wave"], says["records"], says["by"]) == ("locators", "2026-spring", 5, "tester")


@pytest.mark.parametrize(("old", "new"), [('\\"records\\":5', '\\"records\\":4'), ("locators", "bodies"), ("2026-spring", "2026-autumn")])
def test_an_altered_certificate_is_found(certificate_file: Path, sqlite_store: SecureStore, old: str, new: str) -> None:
    content = certificate_file.read_text(encoding="utf-8")
    assert old in content
    certificate_file.write_text(content.replace(old, new), encoding="utf-8")
    with pytest.raises(DestructionFailed, match="not signed by this office, or was altered"):
        verify_certificate(certificate_file, sqlite_store.zone.keys)


@pytest.mark.parametrize("signature", ["", "zz", "00", "00" * 64])
def test_a_certificate_with_another_signature_is_found(certificate_file: Path, sqlite_store: SecureStore, signature: str) -> None:
    content = json.loads(certificate_file.read_text(encoding="utf-8"))
    certificate_file.write_text(json.dumps({**content, "signature": signature}), encoding="utf-8")
    with pytest.raises(DestructionFailed, match="not signed by this office"):
        verify_certificate(certificate_file, sqlite_store.zone.keys)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"{}", b"\xff"])
def test_a_certificate_that_cannot_be_read_is_said_so(sqlite_store: SecureStore, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "certificate.json").write_bytes(content)
    for path in (tmp_path / "certificate.json", tmp_path / "none.json"):
        with pytest.raises(DestructionFailed, match="cannot be read"):
            verify_certificate(path, sqlite_store.zone.keys)


def test_a_certificate_holds_no_content(certificate_file: Path) -> None:
    assert CANARY not in certificate_file.read_text(encoding="utf-8")
    assert Certificate.__dataclass_params__.frozen  # type: ignore[attr-defined]
