"""Sealed bundles: how sealed records cross from the collection zone to the secure one, as a file that proves it is whole.

Layout: a header of 64 bytes (magic, kind, number of records, bytes per record), the records, the SHA-256 of all that.
Record i of the bodies and record i of the locators are of the same child; i means nothing else.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

_MAGIC = b"bigask-bundle-1\n"
_HEADER = 64
_KIND = 16
_DIGEST = 32


class BundleError(ValueError):
    """A bundle that is truncated, altered or of another kind. Nothing of it is used."""


class BundleWriter:
    """Writes one bundle; `finish` makes it whole and durable. As a context manager it closes the file however writing ends."""

    def __init__(self, path: Path, kind: str, record_size: int) -> None:
        if len(kind.encode()) > _KIND:
            raise BundleError("The name of a bundle's kind is too long for its header.")
        self._path, self._kind, self._size, self.count = path, kind, record_size, 0
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b")
        self._file.write(bytes(_HEADER))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, record: bytes) -> None:
        """Append one record of the fixed size."""
        if len(record) != self._size:
            raise BundleError("A record does not have the size of this bundle's records.")
        self._file.write(record)
        self.count += 1

    def finish(self) -> None:
        """Write header and digest, and flush to the disk."""
        self._file.seek(0)
        self._file.write(_header(self._kind, self.count, self._size))
        self._file.flush()
        self._file.seek(0)
        digest = hashlib.file_digest(self._file, "sha256").digest()
        self._file.seek(0, os.SEEK_END)
        self._file.write(digest)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


def _header(kind: str, count: int, size: int) -> bytes:
    return (_MAGIC + kind.encode().ljust(_KIND, b"\0") + count.to_bytes(8, "big") + size.to_bytes(8, "big")).ljust(_HEADER, b"\0")


def write_bundle(path: Path, kind: str, record_size: int, records: Iterable[bytes]) -> int:
    """Write records into a bundle; returns how many."""
    with BundleWriter(path, kind, record_size) as writer:
        for record in records:
            writer.add(record)
        writer.finish()
    return writer.count


def check_bundle(path: Path, kind: str, record_size: int) -> int:
    """The number of records of a whole bundle of this kind. Raises BundleError."""
    try:
        length = path.stat().st_size
        with path.open("rb") as file:
            header = file.read(_HEADER)
            count = int.from_bytes(header[32:40], "big")
            if header != _header(kind, count, record_size):
                raise BundleError(f"A file is not a bundle of {kind}: transfer the wave again.")
            if length != _HEADER + count * record_size + _DIGEST:
                raise BundleError(f"The bundle of {kind} is truncated: transfer the wave again.")
            digest = hashlib.sha256(header)
            left = length - _HEADER - _DIGEST
            while left > 0:
                chunk = file.read(min(left, 1 << 20))
                digest.update(chunk)
                left -= len(chunk)
            if file.read() != digest.digest():
                raise BundleError(f"The bundle of {kind} was altered: transfer the wave again.")
    except OSError:
        raise BundleError(f"The bundle of {kind} is not there: transfer the wave again.") from None
    return count


def read_bundle(path: Path, kind: str, record_size: int) -> Iterator[bytes]:
    """Records in order, after checking that the bundle is whole. Raises BundleError before the first."""
    yield from read_part(path, record_size, range(check_bundle(path, kind, record_size)))


def read_part(path: Path, record_size: int, numbers: range) -> Iterator[bytes]:
    """Some successive records of a bundle that was checked before."""
    with path.open("rb") as file:
        file.seek(_HEADER + numbers.start * record_size)
        for _ in numbers:
            yield file.read(record_size)


def sample_unchecked(path: Path, record_size: int, most: int) -> list[bytes]:
    """Up to `most` records drawn from all over a file, whether or not the bundle is whole. For trying to open what must not open."""
    count = max(0, path.stat().st_size - _HEADER) // record_size
    records = []
    with path.open("rb") as file:
        for number in random.SystemRandom().sample(range(count), min(most, count)):
            file.seek(_HEADER + number * record_size)
            records.append(file.read(record_size))
    return records
