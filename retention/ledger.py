"""The ledger: who did what, on which day, to which wave, with what counts. Append-only, hash-chained, signed.

Each entry's hash covers its content and the hash before it; the hash is signed with the office's Ed25519 key. Entries hold
counts and codes, never content. The head (latest number and hash) is also kept in a signed file outside the database, so that
cutting off the end is found as well as editing, removing or reordering.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from retention.keys import KeyRing, verify, write_private

SIGNING_KEY = "ledger"
FIRST = "0" * 64
_COUNT_NAME = re.compile(r"^[a-z][a-z0-9_]{0,40}$")
_CODE = re.compile(r"^[A-Za-z0-9._:+-]{1,80}$")

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
        for name in (self.actor, self.verb, self.wave):
            if not _CODE.match(name):
                raise LedgerError("A ledger entry names its actor, verb and wave as codes without spaces.")
        for name, value in self.counts.items():
            if not _COUNT_NAME.match(name) or (isinstance(value, str) and not _CODE.match(value)):
                raise LedgerError(f"The ledger takes counts and codes only; '{name}' is neither.")


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


def write_head(path: Path, latest: SignedEntry) -> None:
    """Keep the latest entry's number, hash and signature outside the database."""
    write_private(path, json.dumps({"seq": latest.seq, "hash": latest.hash, "signature": latest.signature}).encode())


def verify_ledger(entries: Iterable[SignedEntry], public_key: bytes, head_file: Path) -> int:
    """Check every hash, link and signature, and that the head on file is still in the chain. Returns the number of entries.

    Raises LedgerError at the first entry that is wrong.
    """
    previous, count, hashes = FIRST, 0, {}
    for expected, signed in enumerate(entries, start=1):
        if signed.seq != expected:
            raise LedgerError(f"The ledger has a gap or a wrong order at entry {expected}: restore it from its backup.")
        if signed.previous != previous or signed.hash != entry_hash(signed.seq, signed.day, signed.entry, previous):
            raise LedgerError(f"Ledger entry {expected} was edited: restore the ledger from its backup.")
        if not verify(public_key, signed.hash.encode(), bytes.fromhex(signed.signature)):
            raise LedgerError(f"Ledger entry {expected} is not signed by this office: restore the ledger from its backup.")
        previous, count = signed.hash, expected
        hashes[expected] = signed.hash
    try:
        head = json.loads(head_file.read_text(encoding="ascii"))
        seq, digest, signature = int(head["seq"]), str(head["hash"]), bytes.fromhex(head["signature"])
    except FileNotFoundError:
        if count:
            raise LedgerError("The ledger's head file is missing: restore it from its backup.") from None
        return count
    except (ValueError, KeyError):
        raise LedgerError("The ledger's head file is damaged: restore it from its backup.") from None
    if not verify(public_key, digest.encode(), signature) or hashes.get(seq) != digest:
        raise LedgerError(f"The ledger ends before entry {seq}, which was written: restore it from its backup.")
    return count
