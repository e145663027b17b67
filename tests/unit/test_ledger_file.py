"""The ledger as a file: verified with the public key alone, and every cut, swap and edit is found."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from retention.keys import KeyMissing
from retention.ledger import Entry, LedgerError
from retention.ledger_file import verified, write_ledger
from retention.secure_store import SecureStore

COUNT = 5


@pytest.fixture
def taken(sqlite_store: SecureStore, tmp_path: Path) -> Path:
    """An auditor's folder with the file and the public key, and nothing else."""
    for number in range(COUNT):
        with sqlite_store.record(Entry("tester", "verb", "office", {"number": number})):
            pass
    folder = tmp_path / "auditor"
    folder.mkdir()
    assert write_ledger(folder / "ledger.jsonl", sqlite_store.ledger(), sqlite_store.zone.folder / "ledger.head") == COUNT
    shutil.copy(sqlite_store.zone.keys / "ledger.pub", folder)
    shutil.rmtree(sqlite_store.zone.folder)
    return folder


def test_it_is_verified_with_the_public_key_alone(taken: Path) -> None:
    assert len(verified(taken / "ledger.jsonl", taken / "ledger.pub")) == COUNT
    assert sorted(path.name for path in taken.iterdir()) == ["ledger.jsonl", "ledger.pub"]


def edited(lines: list[str]) -> list[str]:
    return [lines[0].replace('"tester"', '"nobody"'), *lines[1:]]


def recounted(lines: list[str]) -> list[str]:
    row = json.loads(lines[2])
    return [*lines[:2], json.dumps({**row, "counts": {"number": 7}}, sort_keys=True, separators=(",", ":")), *lines[3:]]


CHANGES: dict[str, Callable[[list[str]], list[str]]] = {
    "the end cut off": lambda lines: [*lines[:3], lines[-1]],
    "the end and the head cut off": lambda lines: lines[:3],
    "the start cut off": lambda lines: lines[1:],
    "one left out": lambda lines: [*lines[:2], *lines[3:]],
    "two swapped": lambda lines: [lines[1], lines[0], *lines[2:]],
    "one doubled": lambda lines: [lines[0], *lines],
    "an actor edited": edited,
    "a count edited": recounted,
    "another head": lambda lines: [*lines[:-1], lines[-1].replace('"seq":5', '"seq":4')],
    "spelt otherwise": lambda lines: [lines[0].replace('":"', '": "'), *lines[1:]],
    "a field more": lambda lines: [lines[0].replace("{", '{"also":1,', 1), *lines[1:]],
    "no line at all": lambda _: [],
    "no JSON": lambda lines: ["{", *lines[1:]],
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_found(taken: Path, change: str) -> None:
    path = taken / "ledger.jsonl"
    path.write_text("\n".join([*CHANGES[change](path.read_text(encoding="ascii").splitlines()), ""]), encoding="ascii")
    with pytest.raises(LedgerError):
        verified(path, taken / "ledger.pub")


def test_another_office_s_key_verifies_nothing(taken: Path) -> None:
    (taken / "ledger.pub").write_text("11" * 32, encoding="ascii")
    with pytest.raises(LedgerError, match="entry 1 is not signed by this office"):
        verified(taken / "ledger.jsonl", taken / "ledger.pub")
    with pytest.raises(KeyMissing):
        verified(taken / "ledger.jsonl", taken / "none.pub")
    with pytest.raises(LedgerError, match="cannot be read"):
        verified(taken / "none.jsonl", taken / "ledger.pub")
