"""What a long step has finished so far, sealed and in parts, so that a step that was killed goes on where it stopped.

The parts lie under keys derived from the key whose destruction ends the step: with it they become noise, also those that nobody
removed. A part is named by a keyed hash of what it was made from, so that a part made from anything else is never taken for it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from retention.keys import sync_folder


class SealedParts:
    """Sealed parts of one step's work in a folder of their own."""

    def __init__(self, folder: Path, key: bytes) -> None:
        """`key`: the secret key whose destruction ends the step. Raises ValueError if it is no key of 32 bytes."""
        if len(key) != SecretBox.KEY_SIZE:
            raise ValueError("parts are sealed under a secret key of 32 bytes")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._box = SecretBox(hashlib.blake2b(key=key, person=b"parts: content", digest_size=SecretBox.KEY_SIZE).digest())
        self._naming = hashlib.blake2b(key=key, person=b"parts: names").digest()

    def name(self, made_from: Iterable[str]) -> str:
        """The name of the part that is made from exactly these texts."""
        digest = hashlib.blake2b(key=self._naming, digest_size=16)
        for text in made_from:
            raw = text.encode("utf-8", "surrogatepass")
            digest.update(len(raw).to_bytes(8, "little") + raw)
        return digest.hexdigest()

    def get(self, name: str) -> bytes | None:
        """A part; None if it was never finished, or does not open: then it is to be made again."""
        path = self._folder / name
        try:
            return self._box.decrypt(path.read_bytes())
        except (FileNotFoundError, CryptoError, ValueError):
            return None

    def put(self, name: str, content: bytes) -> None:
        """Keep a part: wholly, or not at all."""
        unfinished = self._folder / f"{name}.{secrets.token_hex(4)}.new"
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(self._box.encrypt(content))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._folder / name)
        sync_folder(self._folder)
