"""The ledger as a file of JSON lines, for an auditor: verified anywhere with the office's public key, without database or passphrase.

The last line is the signed head, so that a file that was cut short is found as an altered one is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from retention.keys import public_key, write_private
from retention.ledger import Entry, LedgerError, SignedEntry, verify_chain, verify_head

_FIELDS = ("seq", "day", "actor", "verb", "wave", "counts", "previous", "hash", "signature")


def as_line(signed: SignedEntry) -> str:
    """One entry as canonical JSON."""
    one = signed.entry
    about = (one.actor, one.verb, one.wave, dict(one.counts))
    values = (signed.seq, signed.day.isoformat(), *about, signed.previous, signed.hash, signed.signature)
    return json.dumps(dict(zip(_FIELDS, values, strict=True)), sort_keys=True, separators=(",", ":"))


def write_ledger(path: Path, entries: Iterable[SignedEntry], head_file: Path) -> int:
    """Write every entry and the head. Returns how many entries. Raises LedgerError if there is no head."""
    lines = [as_line(one) for one in entries]
    try:
        head = json.dumps({"head": json.loads(head_file.read_text(encoding="ascii"))}, sort_keys=True, separators=(",", ":"))
    except (OSError, ValueError):
        raise LedgerError("The ledger's head file is missing or damaged: restore it from its backup.") from None
    write_private(path, "\n".join([*lines, head, ""]).encode())
    return len(lines)


def verified(path: Path, key_file: Path) -> dict[int, str]:
    """Each entry's hash by its number: every hash, link and signature is checked, and that the file ends where the office said.

    Raises LedgerError, KeyMissing.
    """
    try:
        *lines, last = path.read_text(encoding="ascii").splitlines()
        head = json.loads(last)["head"]
    except (OSError, ValueError, KeyError, TypeError):
        raise LedgerError("The ledger file cannot be read to its end, which is the signed head: ask for it again.") from None
    key = public_key(key_file.parent, key_file.stem)
    hashes = verify_chain(_entries(lines), key)
    if verify_head(head, hashes, key) != len(hashes):
        raise LedgerError("The ledger file goes on after the entry where its head says that it ends: ask for it again.")
    return hashes


def _entries(lines: Iterable[str]) -> Iterator[SignedEntry]:
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            if set(row) != set(_FIELDS):
                raise ValueError
            entry = Entry(row["actor"], row["verb"], row["wave"], row["counts"])
            signed = SignedEntry(int(row["seq"]), date.fromisoformat(row["day"]), entry, row["previous"], row["hash"], row["signature"])
            if as_line(signed) != line:
                raise ValueError
        except (ValueError, TypeError, KeyError, AttributeError, LedgerError):
            raise LedgerError(f"Ledger entry {number} was edited: ask for the file again.") from None
        yield signed
