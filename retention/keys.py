"""Keys, each in a file of its own, never in a database. To destroy data is to destroy its key.

Private and secret keys lie under a passphrase: Argon2id turns it into the ring's key, which wraps each file (XSalsa20-Poly1305).
Files are mode 0600 in a folder of mode 0700. A destroyed key leaves its public part and the word "destroyed", so that
opening fails with a reason.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from nacl import pwhash
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey
from nacl.secret import SecretBox
from nacl.signing import SigningKey, VerifyKey
from nacl.utils import random as random_bytes

from retention.file_lock import file_lock

_RING = "ring.json"
_PROOF = b"bigask key ring"
_RING_DAMAGED = "The ring file of the keys is damaged: restore it from its backup."
PASSPHRASE_OPSLIMIT = pwhash.argon2id.OPSLIMIT_MODERATE  # what one guess at the passphrase costs: passes over the memory,
PASSPHRASE_MEMLIMIT = pwhash.argon2id.MEMLIMIT_MODERATE  # and bytes of it


class KeyRingError(ValueError):
    """A key that cannot be used. The message says why and never holds key material."""


class WrongPassphrase(KeyRingError):
    """The passphrase does not open this ring."""


class KeyDestroyed(KeyRingError):
    """The key was destroyed on purpose: what it closed cannot be opened again by anyone."""


class KeyMissing(KeyRingError):
    """No such key, or its file cannot be read."""


class KeyLocked(KeyRingError):
    """The key is under a lock as well, of which several people hold shares, and they have not opened it."""


class KeyKind(StrEnum):
    """What a key does."""

    SEALED_BOX = "sealed_box"  # X25519: anyone with the public part closes, the private part opens
    SYMMETRIC = "symmetric"  # one key closes and opens, for a data set of the vault
    SIGNING = "signing"  # Ed25519, for the ledger and certificates


def write_private(path: Path, content: bytes, replace: bool = True) -> None:
    """Write a file of mode 0600 so that after a crash either the old or the new content is there, whole.

    With `replace=False` an existing file is left alone and FileExistsError raised, also if two processes write at once.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        if replace:
            temporary.replace(path)
        else:
            path.hardlink_to(temporary)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames and removals in this folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def overwrite_and_remove(path: Path) -> None:
    """Overwrite a file's bytes with random ones, flush them to the disk, and remove it. A missing file is no error."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        left = path.stat().st_size
        while left > 0:
            left -= file.write(os.urandom(min(left, 1 << 20)))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)


def public_key(folder: Path, key_id: str) -> bytes:
    """The public part (32 bytes) from `<folder>/<key_id>.pub`. Raises KeyMissing."""
    try:
        raw = bytes.fromhex((folder / f"{key_id}.pub").read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        raise KeyMissing(f"The public key '{key_id}' is not there or cannot be read.") from None
    if len(raw) != 32:
        raise KeyMissing(f"The public key '{key_id}' is damaged.")
    return raw


class KeyRing:
    """The private keys of the secure zone, opened with the passphrase."""

    def __init__(self, folder: Path, passphrase: str) -> None:
        """Open the ring in `folder`, or make it. Raises WrongPassphrase, KeyMissing."""
        self.folder = folder
        self._locks: dict[str, SecretBox] = {}
        path = folder / _RING
        if not path.exists():
            if folder.exists() and any(folder.glob("*.key")):
                raise KeyMissing("The key folder holds keys but not its ring file: restore ring.json before going on.")
            salt = random_bytes(pwhash.argon2id.SALTBYTES)
            self._box = self._derive(passphrase, salt)
            proof = bytes(self._box.encrypt(_PROOF))
            try:
                write_private(path, json.dumps({"salt": salt.hex(), "proof": proof.hex()}).encode(), replace=False)
                return
            except FileExistsError:
                pass  # another process made the ring in the meantime: that one counts
        try:
            ring = json.loads(path.read_text(encoding="ascii"))
            salt, proof = bytes.fromhex(ring["salt"]), bytes.fromhex(ring["proof"])
        except (OSError, ValueError, KeyError, TypeError):
            raise KeyMissing(_RING_DAMAGED) from None
        if len(salt) != pwhash.argon2id.SALTBYTES or len(proof) != len(_PROOF) + SecretBox.NONCE_SIZE + SecretBox.MACBYTES:
            raise KeyMissing(_RING_DAMAGED)
        self._box = self._derive(passphrase, salt)
        try:
            self._box.decrypt(proof)
        except CryptoError:
            raise WrongPassphrase("The passphrase does not open the keys: check it and try again.") from None

    @staticmethod
    def _derive(passphrase: str, salt: bytes) -> SecretBox:
        key = pwhash.argon2id.kdf(
            SecretBox.KEY_SIZE,
            passphrase.encode(),
            salt,
            opslimit=PASSPHRASE_OPSLIMIT,
            memlimit=PASSPHRASE_MEMLIMIT,
        )
        return SecretBox(key)

    def unlock(self, lock: str, key: bytes) -> None:
        """Hold the key of a lock in memory, for as long as this ring is open: what is under it can be opened and made."""
        self._locks[lock] = SecretBox(key)

    def create(self, key_id: str, kind: KeyKind, lock: str = "") -> None:
        """Make a new key under this id, with `<id>.pub` beside it if it has a public part. With `lock`, which is open, the passphrase
        alone does not open it: it never lies on the disk without the lock.

        Raises KeyMissing if there is a key of this id, KeyDestroyed if there was one: what is closed to a second key under the
        same id could not be opened, since the id stays destroyed.
        """
        with file_lock(self.folder / "ring.lock"):
            path = self.folder / f"{key_id}.key"
            if self._marker(key_id).exists():
                raise KeyDestroyed(f"The key '{key_id}' has been destroyed; a key is never replaced: choose another name.")
            if path.exists():
                raise KeyMissing(f"A key '{key_id}' exists already; a key is never replaced.")
            private = secrets.token_bytes(32)
            public = _public(kind, private)
            if public is not None:
                write_private(self.folder / f"{key_id}.pub", public.hex().encode())
            inner = bytes(self._locks[lock].encrypt(private)) if lock else private
            entry = {"kind": kind.value, "box": bytes(self._box.encrypt(inner)).hex(), **({"lock": lock} if lock else {})}
            write_private(path, json.dumps(entry).encode(), replace=False)

    def private(self, key_id: str) -> bytes:
        """The 32 private bytes. Raises KeyDestroyed or KeyMissing."""
        return self._open(key_id)[1]

    def public(self, key_id: str) -> bytes:
        """The public part (32 bytes), worked out from the private one. Raises KeyDestroyed or KeyMissing."""
        public = _public(*self._open(key_id))
        if public is None:
            raise KeyMissing(f"The key '{key_id}' has no public part.")
        return public

    def _open(self, key_id: str) -> tuple[KeyKind, bytes]:
        if self._marker(key_id).exists():
            raise KeyDestroyed(f"The key '{key_id}' has been destroyed: what it closed cannot be opened again.")
        try:
            entry = json.loads((self.folder / f"{key_id}.key").read_text(encoding="ascii"))
            lock, inner = entry.get("lock"), bytes(self._box.decrypt(bytes.fromhex(entry["box"])))
            if lock is not None and lock not in self._locks:
                raise KeyLocked(f"The key '{key_id}' is under a lock of several people: name the files of their shares in BIGASK_SHARES.")
            return KeyKind(entry["kind"]), bytes(self._locks[lock].decrypt(inner)) if lock is not None else inner
        except KeyLocked:
            raise
        except (OSError, ValueError, KeyError, TypeError, AttributeError, CryptoError):
            raise KeyMissing(f"The key '{key_id}' is not there or is damaged: restore it from its backup.") from None

    def exists(self, key_id: str) -> bool:
        """True if there is such a key and it has not been destroyed."""
        return (self.folder / f"{key_id}.key").exists() and not self._marker(key_id).exists()

    def is_destroyed(self, key_id: str) -> bool:
        """True if this key was destroyed on purpose, to the end: the word stands and the file is gone."""
        return self._marker(key_id).exists() and not (self.folder / f"{key_id}.key").exists()

    def _marker(self, key_id: str) -> Path:
        return self.folder / f"{key_id}.destroyed"

    def destroy(self, key_id: str) -> None:
        """Overwrite and remove the private part. Can be repeated after a crash; a key that never was is an error.

        The word is written first: from then on the key is refused, and a repetition knows that the key was there.
        """
        path = self.folder / f"{key_id}.key"
        if not path.exists() and not self._marker(key_id).exists():
            raise KeyMissing(f"There is no key '{key_id}' to destroy.")
        write_private(self._marker(key_id), b"destroyed\n")
        overwrite_and_remove(path)

    def sign(self, key_id: str, message: bytes) -> bytes:
        """Ed25519 signature (64 bytes)."""
        return bytes(SigningKey(self.private(key_id)).sign(message).signature)

    def ids(self) -> Iterator[str]:
        """Ids of the keys that still exist."""
        return (path.stem for path in sorted(self.folder.glob("*.key")))


def _public(kind: KeyKind, private: bytes) -> bytes | None:
    if kind is KeyKind.SEALED_BOX:
        return bytes(PrivateKey(private).public_key)
    return bytes(SigningKey(private).verify_key) if kind is KeyKind.SIGNING else None


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """True if the signature is of this message by the holder of the private part."""
    try:
        VerifyKey(public).verify(message, signature)
    except (CryptoError, ValueError):
        return False
    return True
