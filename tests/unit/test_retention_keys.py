"""Keys: for their owner only, under the passphrase, never replaced, and once destroyed destroyed for good."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from nacl import pwhash

from retention import keys
from retention.keys import (
    KeyDestroyed,
    KeyKind,
    KeyMissing,
    KeyRing,
    WrongPassphrase,
    overwrite_and_remove,
    public_key,
    verify,
    write_private,
)

PASSPHRASE = "correct horse battery"


@pytest.fixture
def ring(tmp_path: Path, quick: None) -> KeyRing:
    return KeyRing(tmp_path / "keys", PASSPHRASE)


def test_files_are_for_their_owner_only(ring: KeyRing) -> None:
    for kind in KeyKind:
        ring.create(kind.value, kind)
    ring.create("gone", KeyKind.SYMMETRIC)
    ring.destroy("gone")
    assert ring.folder.stat().st_mode & 0o777 == 0o700
    modes = {path.name: path.stat().st_mode & 0o777 for path in ring.folder.iterdir()}
    assert set(modes) == {
        "ring.json", "sealed_box.key", "sealed_box.pub", "symmetric.key", "signing.key", "signing.pub", "gone.destroyed", "ring.lock",
    }  # fmt: skip
    assert set(modes.values()) == {0o600}


def test_no_key_lies_in_clear(ring: KeyRing) -> None:
    ring.create("data", KeyKind.SYMMETRIC)
    private = ring.private("data")
    content = b"".join(path.read_bytes() for path in ring.folder.iterdir())
    assert len(private) == 32
    assert private not in content
    assert private.hex().encode() not in content


def test_the_ring_opens_again_with_its_passphrase_only(ring: KeyRing) -> None:
    ring.create("data", KeyKind.SYMMETRIC)
    assert KeyRing(ring.folder, PASSPHRASE).private("data") == ring.private("data")
    for wrong in ("correct horse batterz", "", PASSPHRASE + " "):
        with pytest.raises(WrongPassphrase, match="does not open the keys"):
            KeyRing(ring.folder, wrong)


def test_one_guess_at_the_passphrase_costs_time_and_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert keys.PASSPHRASE_OPSLIMIT == pwhash.argon2id.OPSLIMIT_MODERATE
    assert keys.PASSPHRASE_MEMLIMIT == pwhash.argon2id.MEMLIMIT_MODERATE == 256 * 2**20
    KeyRing(tmp_path / "keys", PASSPHRASE)
    monkeypatch.setattr(keys, "PASSPHRASE_OPSLIMIT", pwhash.argon2id.OPSLIMIT_MIN)
    with pytest.raises(WrongPassphrase):  # the cost that is named is the cost that was paid
        KeyRing(tmp_path / "keys", PASSPHRASE)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'"text"', b"null", b"{}", b'{"salt": "zz", "proof": "00"}', b'{"salt": "00", "proof": "00"}', b"\xff\xff"],
)
def test_a_damaged_ring_file_is_said_to_be_damaged(ring: KeyRing, content: bytes) -> None:
    (ring.folder / "ring.json").write_bytes(content)
    with pytest.raises(KeyMissing, match="damaged"):
        KeyRing(ring.folder, PASSPHRASE)


def test_a_lost_ring_file_is_not_made_anew_over_keys(ring: KeyRing) -> None:
    ring.create("data", KeyKind.SYMMETRIC)
    (ring.folder / "ring.json").unlink()
    with pytest.raises(KeyMissing, match=r"restore ring\.json"):
        KeyRing(ring.folder, PASSPHRASE)


def test_of_two_processes_that_make_the_ring_at_once_the_first_counts(ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    ring.create("data", KeyKind.SYMMETRIC)
    real, asked = Path.exists, []

    def not_yet_there(path: Path) -> bool:
        if path.name == "ring.json" and not asked:
            asked.append(path)
            return False
        return real(path)

    (ring.folder / "data.key").rename(ring.folder.parent / "data.key")
    monkeypatch.setattr(Path, "exists", not_yet_there)
    late = KeyRing(ring.folder, PASSPHRASE)
    (ring.folder.parent / "data.key").rename(ring.folder / "data.key")
    assert asked
    assert late.private("data") == ring.private("data")


def damaged(ring: KeyRing) -> list[bytes]:
    entry = json.loads((ring.folder / "data.key").read_text(encoding="ascii"))
    flipped = ("0" if entry["box"][-1] != "0" else "1").join([entry["box"][:-1], ""])
    return [b"", b"{", b"[]", b"null", b"{}", json.dumps({**entry, "box": flipped}).encode(), json.dumps({**entry, "box": "00"}).encode()]


def test_a_damaged_key_is_said_to_be_damaged(ring: KeyRing) -> None:
    ring.create("data", KeyKind.SYMMETRIC)
    for content in damaged(ring):
        (ring.folder / "data.key").write_bytes(content)
        with pytest.raises(KeyMissing, match="damaged"):
            ring.private("data")


def test_a_key_wrapped_by_another_ring_is_refused(ring: KeyRing, tmp_path: Path) -> None:
    ring.create("data", KeyKind.SYMMETRIC)
    other = KeyRing(tmp_path / "other", PASSPHRASE)
    (other.folder / "data.key").write_bytes((ring.folder / "data.key").read_bytes())
    with pytest.raises(KeyMissing, match="damaged"):
        other.private("data")


def test_a_missing_key_is_said_to_be_missing(ring: KeyRing) -> None:
    for verb in (ring.private, ring.destroy):
        with pytest.raises(KeyMissing, match=r"no key 'none'|'none' is not there"):
            verb("none")
    with pytest.raises(KeyMissing, match="public key 'none'"):
        public_key(ring.folder, "none")


@pytest.mark.parametrize("content", [b"", b"zz" * 32, b"00" * 31, b"00" * 33, b"\xff" * 64])
def test_a_damaged_public_key_is_refused(ring: KeyRing, content: bytes) -> None:
    (ring.folder / "body.pub").write_bytes(content)
    with pytest.raises(KeyMissing, match="public key 'body'"):
        public_key(ring.folder, "body")


def test_a_key_is_never_replaced(ring: KeyRing) -> None:
    ring.create("body", KeyKind.SEALED_BOX)
    private, public = ring.private("body"), public_key(ring.folder, "body")
    with pytest.raises(KeyMissing, match="never replaced"):
        ring.create("body", KeyKind.SEALED_BOX)
    assert (ring.private("body"), public_key(ring.folder, "body")) == (private, public)


def test_of_many_that_make_one_key_at_once_one_succeeds_and_its_public_part_fits(ring: KeyRing) -> None:
    made: list[str] = []

    def create() -> None:
        with suppress(KeyMissing):
            ring.create("ledger", KeyKind.SIGNING)
            made.append("made")

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["made"]
    assert public_key(ring.folder, "ledger") == ring.public("ledger")


def test_the_public_part_is_the_private_ones_whatever_lies_beside_it(ring: KeyRing) -> None:
    for kind in KeyKind:
        ring.create(kind.value, kind)
    for name in ("sealed_box", "signing"):
        public = public_key(ring.folder, name)
        assert ring.public(name) == public
        (ring.folder / f"{name}.pub").write_text("ab" * 32, encoding="ascii")
        assert ring.public(name) == public
    with pytest.raises(KeyMissing, match="no public part"):
        ring.public("symmetric")


def test_a_destroyed_key_stays_destroyed_and_says_so(ring: KeyRing) -> None:
    ring.create("body", KeyKind.SEALED_BOX)
    ring.create("other", KeyKind.SYMMETRIC)
    public = public_key(ring.folder, "body")
    assert ring.exists("body")
    assert not ring.is_destroyed("body")
    ring.destroy("body")
    ring.destroy("body")
    for opened in (ring, KeyRing(ring.folder, PASSPHRASE)):
        assert opened.is_destroyed("body")
        assert not opened.exists("body")
        assert list(opened.ids()) == ["other"]
        with pytest.raises(KeyDestroyed, match="has been destroyed"):
            opened.private("body")
        # A second key of this id would be refused at opening: what children sealed to it would be lost.
        with pytest.raises(KeyDestroyed, match="choose another name"):
            opened.create("body", KeyKind.SEALED_BOX)
    assert public_key(ring.folder, "body") == public
    assert not (ring.folder / "body.key").exists()


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("stage", ["the word is written", "before overwriting", "half overwritten", "overwritten", "removed"])
def test_a_killed_destruction_can_be_repeated_from_every_stage(ring: KeyRing, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    ring.create("data", KeyKind.SYMMETRIC)
    path, real = ring.folder / "data.key", overwrite_and_remove

    def write_then_die(target: Path, content: bytes) -> None:
        write_private(target, content)
        raise Killed

    def overwrite_then_die(target: Path) -> None:
        content = path.read_bytes()
        if stage == "half overwritten":
            path.write_bytes(b"\x99" * 20 + content[20:])
        elif stage == "overwritten":
            path.write_bytes(b"\x99" * len(content))
        elif stage == "removed":
            real(target)
        raise Killed

    with monkeypatch.context() as patch:
        if stage == "the word is written":
            patch.setattr(keys, "write_private", write_then_die)
        else:
            patch.setattr(keys, "overwrite_and_remove", overwrite_then_die)
        with pytest.raises(Killed):
            ring.destroy("data")
    with pytest.raises(KeyDestroyed):  # it cannot be used from the first moment on
        ring.private("data")
    assert ring.is_destroyed("data") == (stage == "removed")
    ring.destroy("data")
    assert ring.is_destroyed("data")
    assert not path.exists()


def test_overwriting_replaces_every_byte_before_the_file_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, seen = tmp_path / "file", []
    path.write_bytes(b"key material " * 1000)
    monkeypatch.setattr(Path, "unlink", lambda self: seen.append(self.read_bytes()))
    overwrite_and_remove(path)
    assert len(seen[0]) == 13000
    assert b"key" not in seen[0]
    assert b"material" not in seen[0]


def test_an_interrupted_write_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_private(path, b"old")

    def die(_descriptor: int) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", die)
        with pytest.raises(Killed):
            write_private(path, b"new")
    assert path.read_bytes() == b"old"
    with pytest.raises(FileExistsError):
        write_private(path, b"new", replace=False)
    assert path.read_bytes() == b"old"
    write_private(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_signature_is_of_one_message_by_one_key(ring: KeyRing) -> None:
    make: Callable[[str], None] = lambda name: ring.create(name, KeyKind.SIGNING)  # noqa: E731
    make("one")
    make("two")
    signature, public = ring.sign("one", b"message"), public_key(ring.folder, "one")
    assert verify(public, b"message", signature)
    assert not verify(public, b"massage", signature)
    assert not verify(public_key(ring.folder, "two"), b"message", signature)
    for broken in (b"", signature[:-1], bytes(64)):
        assert not verify(public, b"message", broken)
