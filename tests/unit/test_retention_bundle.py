"""Bundles: whole or refused, before the first record is used."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

import pytest

from retention.bundle import BundleError, BundleWriter, check_bundle, read_bundle, sample_unchecked, write_bundle

SIZE, COUNT = 40, 5
HEADER, DIGEST = 64, 32


@pytest.fixture
def records() -> list[bytes]:
    return [secrets.token_bytes(SIZE) for _ in range(COUNT)]


@pytest.fixture
def path(tmp_path: Path, records: list[bytes]) -> Path:
    path = tmp_path / "vault" / "bodies.bundle"
    assert write_bundle(path, "bodies", SIZE, records) == COUNT
    return path


def refused(path: Path, kind: str = "bodies", size: int = SIZE) -> str:
    """The sentence by which a bundle is refused; not one record may be given out."""
    for read in (lambda: check_bundle(path, kind, size), lambda: next(read_bundle(path, kind, size))):
        with pytest.raises(BundleError, match="transfer the wave again") as caught:
            read()
    return str(caught.value)


def test_records_come_back_in_their_order(path: Path, records: list[bytes]) -> None:
    assert check_bundle(path, "bodies", SIZE) == COUNT
    assert list(read_bundle(path, "bodies", SIZE)) == records
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_an_empty_bundle_is_whole(tmp_path: Path) -> None:
    assert write_bundle(tmp_path / "empty", "bodies", SIZE, []) == 0
    assert list(read_bundle(tmp_path / "empty", "bodies", SIZE)) == []


def test_truncated_anywhere_it_is_refused(path: Path) -> None:
    content = path.read_bytes()
    assert len(content) == HEADER + COUNT * SIZE + DIGEST
    for length in range(len(content)):
        path.write_bytes(content[:length])
        says = refused(path)
        assert "is not a bundle of bodies" in says if length < HEADER else "is truncated" in says


def test_an_altered_byte_anywhere_is_found(path: Path) -> None:
    content = path.read_bytes()
    for position in range(len(content)):
        altered = bytearray(content)
        altered[position] ^= 0x80
        path.write_bytes(altered)
        refused(path)


@pytest.mark.parametrize("more", [b"\0", b"x" * SIZE])
def test_something_after_the_end_is_found(path: Path, more: bytes) -> None:
    path.write_bytes(path.read_bytes() + more)
    assert "truncated" in refused(path)


def test_another_kind_or_size_is_refused(path: Path) -> None:
    assert "is not a bundle of locators" in refused(path, kind="locators")
    assert "is not a bundle of bodies" in refused(path, size=SIZE // 2)


def test_a_count_that_is_forged_with_its_digest_is_refused(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[39] = COUNT - 1
    content[-DIGEST:] = hashlib.sha256(content[:-DIGEST]).digest()
    path.write_bytes(content)
    assert "truncated" in refused(path)


def test_a_missing_bundle_is_said_to_be_missing(tmp_path: Path) -> None:
    assert "is not there" in refused(tmp_path / "none.bundle")
    assert "is not there" in refused(tmp_path)


def test_a_bundle_that_was_not_finished_is_refused(tmp_path: Path, records: list[bytes]) -> None:
    writer = BundleWriter(tmp_path / "b", "bodies", SIZE)
    for record in records:
        writer.add(record)
    writer._file.close()  # killed here
    refused(tmp_path / "b")


@pytest.mark.parametrize("size", [0, SIZE - 1, SIZE + 1])
def test_a_record_of_another_size_is_refused(tmp_path: Path, size: int) -> None:
    with pytest.raises(BundleError, match="does not have the size"):
        write_bundle(tmp_path / "b", "bodies", SIZE, [bytes(size)])


def test_a_kind_that_does_not_fit_the_header_is_refused(tmp_path: Path) -> None:
    write_bundle(tmp_path / "b", "k" * 16, SIZE, [])
    assert check_bundle(tmp_path / "b", "k" * 16, SIZE) == 0
    with pytest.raises(BundleError, match="too long"):
        write_bundle(tmp_path / "b", "k" * 17, SIZE, [])


def test_a_sample_comes_from_all_over_even_of_a_broken_bundle(path: Path, records: list[bytes]) -> None:
    assert sorted(sample_unchecked(path, SIZE, 99)) == sorted(records)
    assert len(sample_unchecked(path, SIZE, 2)) == 2
    path.write_bytes(path.read_bytes()[:-1])
    assert set(records) >= set(sample_unchecked(path, SIZE, 3))
    path.write_bytes(b"short")
    assert sample_unchecked(path, SIZE, 3) == []
