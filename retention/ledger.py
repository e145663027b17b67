"""The ledger: who did what, on which day, to which wave, with what counts. Append-only, hash-chained, signed.

Each entry's hash covers its content and the hash before it; the hash is signed with the office's Ed25519 key. Entries hold
counts and codes, never content. The head (latest number and hash) is also kept in a signed file outside the database, so that
cutting off the end is found as well as editing, removing or reordering. Who can put back an older copy of both, database and
head file, is not found out here: keep a copy of the head elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from retention.file_lock import file_lock
from retention.keys import KeyRing, verify, write_private

SIGNING_KEY = "ledger"
FIRST = "0" * 64
_COUNT_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_CODE = re.compile(r"[A-Za-z0-9._:+-]{1,80}")
_LONGEST = {"actor": 64, "verb": 32, "wave": 64}  # as the table holds them

_HEAD_DAMAGED = "The ledger's head file is damaged or was altered: restore it from its backup."

Counts = Mapping[str, int | str]


class LedgerError(RuntimeError):
    """The ledger was altered or cannot be written. The message says at which entry."""


@dataclass(frozen=True)
class Entry:
    """What is to be written down. `counts`: names to whole numbers or codes (ids, hashes), never to anything a child wrote."""

    actor: str
    verb: str
    wave: str
    counts: Counts = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, longest in _LONGEST.items():
            value = getattr(self, name)
            if not _is_code(value) or len(value) > longest:
                raise LedgerError(f"A ledger entry's {name} is a code of at most {longest} characters, without spaces.")
        for name, value in self.counts.items():
            if not isinstance(name, str) or not _COUNT_NAME.fullmatch(name):
                raise LedgerError("The ledger takes counts and codes only, under names of small letters, digits and underscores.")
            if type(value) is not int and not _is_code(value):
                raise LedgerError(f"The ledger takes whole numbers and codes only; '{name}' is neither.")


def _is_code(value: object) -> bool:
    return isinstance(value, str) and _CODE.fullmatch(value) is not None


@dataclass(frozen=True)
class SignedEntry:
    """An entry with its place in the chain. `hash`, `previous`, `signature` in hexadecimal."""

    seq: int
    day: date
    entry: Entry
    previous: str
    hash: str
    signature: str


def entry_hash(seq: int, day: date, entry: Entry, previous: str) -> str:
    """SHA-256 over the canonical form of an entry and the hash before it."""
    content = [seq, day.isoformat(), entry.actor, entry.verb, entry.wave, dict(entry.counts), previous]
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def sign_entry(ring: KeyRing, seq: int, day: date, entry: Entry, previous: str) -> SignedEntry:
    """The next entry of the chain."""
    digest = entry_hash(seq, day, entry, previous)
    return SignedEntry(seq, day, entry, previous, digest, ring.sign(SIGNING_KEY, digest.encode()).hex())


def canonical_counts(counts: Counts) -> str:
    """Counts as the table holds them: the same counts are the same text."""
    return json.dumps(dict(counts), sort_keys=True)


def write_head(path: Path, ring: KeyRing, latest: SignedEntry) -> None:
    """Keep the latest entry's number and hash outside the database, signed apart: the entry's own signature would not prove that
    it was ever the latest. Of two writers the later entry stays.
    """
    with file_lock(path.with_suffix(".lock")):
        try:
            newer = int(json.loads(path.read_text(encoding="ascii"))["seq"]) > latest.seq
        except (OSError, ValueError, KeyError, TypeError):
            newer = False
        if not newer:
            signature = ring.sign(SIGNING_KEY, _head(latest.seq, latest.hash)).hex()
            write_private(path, json.dumps({"seq": latest.seq, "hash": latest.hash, "signature": signature}).encode())


def _head(seq: int, digest: str) -> bytes:
    return f"bigask ledger head {seq} {digest}".encode()


def verify_ledger(entries: Iterable[SignedEntry], public_key: bytes, head_file: Path) -> int:
    """Check every hash, link and signature, and that the head on file is still in the chain. Returns the number of entries.

    Raises LedgerError at the first entry that is wrong.
    """
    hashes = verify_chain(entries, public_key)
    try:
        head = json.loads(head_file.read_text(encoding="ascii"))
    except FileNotFoundError:
        if hashes:
            raise LedgerError("The ledger's head file is missing: restore it from its backup.") from None
        return 0
    except (OSError, ValueError):
        raise LedgerError(_HEAD_DAMAGED) from None
    verify_head(head, hashes, public_key)
    return len(hashes)


def verify_chain(entries: Iterable[SignedEntry], public_key: bytes) -> dict[int, str]:
    """Check every hash, link and signature. Returns each entry's hash by its number. Raises LedgerError at the first that is wrong."""
    previous, hashes = FIRST, {}
    for expected, signed in enumerate(entries, start=1):
        if signed.seq != expected:
            raise LedgerError(f"The ledger has a gap or a wrong order at entry {expected}: restore it from its backup.")
        if signed.previous != previous or signed.hash != entry_hash(signed.seq, signed.day, signed.entry, previous):
            raise LedgerError(f"Ledger entry {expected} was edited: restore the ledger from its backup.")
        if not verify(public_key, signed.hash.encode(), _from_hex(signed.signature)):
            raise LedgerError(f"Ledger entry {expected} is not signed by this office: restore the ledger from its backup.")
        previous = hashes[expected] = signed.hash
    return hashes


def verify_head(head: object, hashes: Mapping[int, str], public_key: bytes) -> int:
    """Check the signed head against a chain that was verified. Returns the number of the entry it names. Raises LedgerError."""
    try:
        given = dict(head)  # type: ignore[call-overload]
        seq, digest, signature = int(given["seq"]), str(given["hash"]), bytes.fromhex(given["signature"])
    except (ValueError, KeyError, TypeError):
        raise LedgerError(_HEAD_DAMAGED) from None
    if not verify(public_key, _head(seq, digest), signature):
        raise LedgerError(_HEAD_DAMAGED)
    if hashes.get(seq) != digest:
        raise LedgerError(f"The ledger ends before entry {seq}, which was written: restore it from its backup.")
    return seq


def verify_noted(noted: str, hashes: Mapping[int, str]) -> int:
    """Check an end of the ledger that was noted elsewhere, as `seq:hash`, against a chain that was verified. Raises LedgerError.

    A whole zone that was put back to an earlier day is found by this alone: everything inside it agrees with itself.
    """
    number, _, digest = noted.strip().lower().partition(":")
    if not number.isdigit() or not 16 <= len(digest) <= 64:
        raise LedgerError("An end of the ledger is noted as `bigask ledger head` prints it: its number, a colon, and its hash.")
    if not hashes.get(int(number), "").startswith(digest):
        raise LedgerError(f"The ledger does not hold entry {number} as it was noted: it was put back to an earlier day, or written anew.")
    return int(number)


def _from_hex(raw: str) -> bytes:
    try:
        return bytes.fromhex(raw)
    except ValueError:
        return b""
