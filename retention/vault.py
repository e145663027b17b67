"""The vault: data sets as Parquet files, encrypted at rest, each under a key of its own.

Uses Parquet modular encryption (AES-GCM, footer included), so a file without its key is noise and an altered one does not
open. The key lies in the key ring; the file holds its column keys wrapped by it.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from retention.keys import KeyKind, KeyRing, overwrite_and_remove, sync_folder


class VaultError(ValueError):
    """A data set that cannot be read. The message never holds content."""


class _Kms(pe.KmsClient):  # type: ignore[misc]
    """Wraps Parquet's own data keys with the data set's key from the ring."""

    def __init__(self, ring: KeyRing) -> None:
        super().__init__()
        self._ring = ring

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> str:
        box = SecretBox(self._ring.private(master_key_identifier))
        return base64.b64encode(box.encrypt(key_bytes)).decode("ascii")


class _AnyOf(pe.KmsClient):  # type: ignore[misc]
    """Tries keys until one unwraps."""

    def __init__(self, keys: Collection[bytes]) -> None:
        super().__init__()
        self._boxes = [SecretBox(key) for key in keys]

    def unwrap_key(self, wrapped_key: str, _: str) -> bytes:
        for box in self._boxes:
            with suppress(CryptoError):
                return bytes(box.decrypt(base64.b64decode(wrapped_key)))
        raise CryptoError


@dataclass(frozen=True)
class StoredFile:
    """Where a data set lies: file name (in the vault), key id, rows, and the SHA-256 of the encrypted bytes."""

    name: str
    key_id: str
    rows: int
    sha256: str


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_file(path: Path, sha256: str, key: bytes) -> pd.DataFrame:
    """Decrypt one data set with its key alone. Raises VaultError if the file is missing or altered, or the key is another's."""
    if not path.is_file():
        raise VaultError("A data set is not in the vault any more: restore it, or run its step again.")
    if file_hash(path) != sha256:
        raise VaultError("A data set was altered after it was written: it is not used. Restore it from its backup.")
    factory = pe.CryptoFactory(lambda _: _AnyOf([key]))
    properties = factory.file_decryption_properties(pe.KmsConnectionConfig())
    try:
        frame: pd.DataFrame = pq.ParquetFile(path, decryption_properties=properties).read().to_pandas()
    except (OSError, ValueError, CryptoError):
        raise VaultError("A data set does not open with its key.") from None
    return frame


class Vault:
    """Data sets in one folder, opened with one key ring."""

    def __init__(self, folder: Path, ring: KeyRing) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self._ring = ring

    def write(self, frame: pd.DataFrame) -> StoredFile:
        """Encrypt a frame under a new key into a new file. The caller registers both, or removes them."""
        name = secrets.token_hex(16)
        key_id = f"data-{name}"
        path = self.folder / f"{name}.parquet"
        self._ring.create(key_id, KeyKind.SYMMETRIC)
        try:
            self._encrypt(frame, path, key_id)
            return StoredFile(path.name, key_id, len(frame), file_hash(path))
        except BaseException:
            self.discard(StoredFile(path.name, key_id, 0, ""))
            raise

    def _encrypt(self, frame: pd.DataFrame, path: Path, key_id: str) -> None:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        config = pe.EncryptionConfiguration(
            footer_key=key_id, uniform_encryption=True, plaintext_footer=False, encryption_algorithm="AES_GCM_V1"
        )
        factory = pe.CryptoFactory(lambda _: _Kms(self._ring))
        properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), config)
        with pq.ParquetWriter(path, table.schema, compression="zstd", encryption_properties=properties) as writer:
            writer.write_table(table)
        path.chmod(0o600)
        with path.open("r+b") as file:
            os.fsync(file.fileno())
        sync_folder(self.folder)

    def read(self, stored: StoredFile) -> pd.DataFrame:
        """Decrypt a data set.

        Raises VaultError if the file is missing or altered; KeyDestroyed or KeyMissing if its key is gone.
        """
        return read_file(self.folder / stored.name, stored.sha256, self._ring.private(stored.key_id))

    def opens_with(self, name: str, keys: Collection[bytes]) -> bool:
        """True if any of these keys opens a file."""
        factory = pe.CryptoFactory(lambda _: _AnyOf(keys))
        properties = factory.file_decryption_properties(pe.KmsConnectionConfig())
        try:
            pq.ParquetFile(self.folder / name, decryption_properties=properties)
        except (OSError, ValueError, CryptoError):
            return False
        return True

    def discard(self, stored: StoredFile) -> None:
        """Remove a file that was never registered, and its key."""
        overwrite_and_remove(self.folder / stored.name)
        if stored.key_id.startswith("data-") and self._ring.exists(stored.key_id):
            self._ring.destroy(stored.key_id)

    def sweep(self, registered: Collection[str]) -> int:
        """Remove files and keys that a killed step left behind. `registered`: names of the files that belong. Returns how many."""
        strays = [path for path in sorted(self.folder.iterdir()) if path.name not in registered]
        for path in strays:
            overwrite_and_remove(path)
        kept = {f"data-{name.split('.')[0]}" for name in registered}
        for key_id in list(self._ring.ids()):
            if key_id.startswith("data-") and key_id not in kept:
                self._ring.destroy(key_id)
        return len(strays)
