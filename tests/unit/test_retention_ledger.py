"""The ledger's entries hold codes and counts only, and its head is the latest of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.keys import KeyKind, KeyRing, public_key
from retention.ledger import FIRST, SIGNING_KEY, Entry, LedgerError, SignedEntry, sign_entry, verify_ledger, write_head
from retention.secure_store import today


@pytest.fixture
def ring(tmp_path: Path, quick: None) -> KeyRing:
    ring = KeyRing(tmp_path / "keys", "correct horse battery")
    ring.create(SIGNING_KEY, KeyKind.SIGNING)
    return ring


def chain(ring: KeyRing, length: int) -> list[SignedEntry]:
    entries: list[SignedEntry] = []
    for number in range(1, length + 1):
        previous = entries[-1].hash if entries else FIRST
        entries.append(sign_entry(ring, number, today(), Entry("tester", "locate", "w1", {"responses": number}), previous))
    return entries


@pytest.mark.parametrize("value", [0, -3, 10**12, "abc", "a" * 80, "data-0123456789abcdef", "2026-05-04", "A.b_c:d+e"])
def test_counts_and_codes_are_taken(value: int | str) -> None:
    assert Entry("tester", "locate", "w1", {"n": value}).counts == {"n": value}


@pytest.mark.parametrize(
    "value",
    ["", " ", "two words", "line\nend", "code\n", "a" * 81, "é", "I'm", "<b>", 1.5, float("nan"), True, None, b"bytes", ["free text"],
     {"free": "text"}, ("a", "b")],
)  # fmt: skip
def test_nothing_else_is_taken_as_a_count(value: object) -> None:
    with pytest.raises(LedgerError, match="whole numbers and codes only; 'n' is neither") as caught:
        Entry("tester", "locate", "w1", {"n": value})  # type: ignore[dict-item]
    assert str(value) not in str(caught.value) or value in ("", " ")


@given(st.text(min_size=1, max_size=100).filter(lambda text: not text.isascii() or any(c.isspace() for c in text)))
def test_free_text_never_gets_in(words: str) -> None:
    for field in ("actor", "verb", "wave"):
        with pytest.raises(LedgerError):
            Entry(**{"actor": "a", "verb": "v", "wave": "w", field: words})  # type: ignore[arg-type]
    for counts in ({"n": words}, {words: 1}, {"n": [words]}, {"n": {words: words}}):
        with pytest.raises(LedgerError) as caught:
            Entry("a", "v", "w", counts)  # type: ignore[arg-type]
        assert len(words) < 12 or words not in str(caught.value)


@pytest.mark.parametrize(("field", "longest"), [("actor", 64), ("verb", 32), ("wave", 64)])
def test_names_are_as_long_as_the_table_holds(field: str, longest: int) -> None:
    Entry(**{"actor": "a", "verb": "v", "wave": "w", field: "x" * longest})  # type: ignore[arg-type]
    for wrong in ("x" * (longest + 1), "", "x\n"):
        with pytest.raises(LedgerError, match=f"{field} is a code of at most {longest}"):
            Entry(**{"actor": "a", "verb": "v", "wave": "w", field: wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "Name", "1n", "na me", "n-1", "n" * 42, "name\n"])
def test_names_of_counts_are_plain(name: str) -> None:
    with pytest.raises(LedgerError, match="under names"):
        Entry("a", "v", "w", {name: 1})


def test_the_head_is_the_latest_entry_whoever_writes_last(ring: KeyRing, tmp_path: Path) -> None:
    entries, head = chain(ring, 3), tmp_path / "ledger.head"
    for number in (1, 3, 2):  # two writers, the slower one with the earlier entry
        write_head(head, ring, entries[number - 1])
    assert json.loads(head.read_text(encoding="ascii"))["seq"] == 3
    public = public_key(ring.folder, SIGNING_KEY)
    assert verify_ledger(entries, public, head) == 3
    with pytest.raises(LedgerError, match="ends before entry 3"):
        verify_ledger(entries[:2], public, head)


def test_a_head_made_of_an_entrys_own_signature_is_refused(ring: KeyRing, tmp_path: Path) -> None:
    """Who cuts off the end of the table can copy the last row that is left into the head file, signature and all."""
    entries, head, public = chain(ring, 3), tmp_path / "ledger.head", public_key(ring.folder, SIGNING_KEY)
    head.write_text(json.dumps({"seq": 2, "hash": entries[1].hash, "signature": entries[1].signature}), encoding="ascii")
    with pytest.raises(LedgerError, match="head file is damaged or was altered"):
        verify_ledger(entries[:2], public, head)


def test_a_head_that_lags_behind_is_no_error(ring: KeyRing, tmp_path: Path) -> None:
    """Killed between the commit and the head."""
    entries, head = chain(ring, 3), tmp_path / "ledger.head"
    write_head(head, ring, entries[1])
    assert verify_ledger(entries, public_key(ring.folder, SIGNING_KEY), head) == 3


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", "{}", '{"seq": "x", "hash": "", "signature": ""}', '{"seq": 1, "hash": "a", "signature": "zz"}']
)
def test_a_damaged_head_is_said_to_be_damaged(ring: KeyRing, tmp_path: Path, content: str) -> None:
    head = tmp_path / "ledger.head"
    head.write_text(content, encoding="ascii")
    with pytest.raises(LedgerError, match="head file is damaged"):
        verify_ledger(chain(ring, 1), public_key(ring.folder, SIGNING_KEY), head)


def test_a_missing_head_is_said_to_be_missing(ring: KeyRing, tmp_path: Path) -> None:
    public = public_key(ring.folder, SIGNING_KEY)
    assert verify_ledger([], public, tmp_path / "none") == 0
    with pytest.raises(LedgerError, match="head file is missing"):
        verify_ledger(chain(ring, 1), public, tmp_path / "none")
