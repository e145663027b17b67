"""Texts that the safeguarding lead must see: which text, and by which rule, sealed under a key of the wave's own.

The table tells a reader of the database how many texts were flagged, not which: a text's row leads to the child's other answers.
Reviewers are never told, but may raise a flag themselves: a person sees what no rule foresaw. What the lead does with a flag is
governance's to record; it closes the flag in the same transaction.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from sqlalchemy import Connection, Select, func, insert, select, update

from retention.keys import KeyKind, KeyMissing, KeyRing
from retention.ledger import Entry
from retention.review_marks import ReviewError
from retention.review_tables import safeguarding_flag
from retention.secure_store import SecureStore, today

_SIZE = 96  # bytes of a flag before it is sealed: the same for all
RAISED_BY_A_READER = "raised_by_a_reader"
_RULE = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Flag:
    """One flagged text. `rule`: the rule that flagged it."""

    id: str
    wave: str
    text_row: int
    rule: str


def key_of(wave_id: str) -> str:
    """Id of the key that closes the flags of a wave."""
    return f"safeguarding-{wave_id}"


def add_flags(connection: Connection, ring: KeyRing, wave_id: str, found: Sequence[tuple[int, str]]) -> None:
    """Store (text row, rule) pairs inside a recorded transaction, in an order that means nothing. Raises ReviewError, KeyRingError."""
    if not found:
        return
    if not ring.exists(key_of(wave_id)):
        ring.create(key_of(wave_id), KeyKind.SYMMETRIC)
    box = SecretBox(ring.private(key_of(wave_id)))
    rows = []
    for text_row, rule in found:
        if not _RULE.fullmatch(rule):
            raise ReviewError("A safeguarding rule is named with small letters, digits and underscores.")
        content = json.dumps([int(text_row), rule]).encode().ljust(_SIZE)
        rows.append({"id": secrets.token_hex(16), "wave": wave_id, "sealed": bytes(box.encrypt(content)), "flagged_on": today()})
    secrets.SystemRandom().shuffle(rows)
    connection.execute(insert(safeguarding_flag), rows)


def raise_flag(store: SecureStore, wave_id: str, text_row: int, reader: str) -> None:
    """What somebody who read a text puts before the lead. The ledger tells that, and not which text."""
    with store.record(Entry(reader, "safeguarding-flag", wave_id, {"flags": 1})) as connection:
        add_flags(connection, store.ring, wave_id, [(text_row, RAISED_BY_A_READER)])


def open_flags(store: SecureStore, wave_id: str) -> list[Flag]:
    """Flags that the lead has not closed. For the lead alone: whoever shows them checks the role first.

    Raises KeyDestroyed, or KeyMissing if a flag does not open with its wave's key.
    """
    return _opened(store, wave_id, select(safeguarding_flag).where(safeguarding_flag.c.closed_on.is_(None)))


def flagged_rows(store: SecureStore, wave_id: str) -> set[int]:
    """The texts that were ever put before the lead, for a program that must leave them out. Raises as `open_flags`."""
    return {flag.text_row for flag in _opened(store, wave_id, select(safeguarding_flag))}


def _opened(store: SecureStore, wave_id: str, query: Select[Any]) -> list[Flag]:
    with store.reading() as connection:
        rows = connection.execute(query.where(safeguarding_flag.c.wave == wave_id).order_by(safeguarding_flag.c.id)).all()
    if not rows:
        return []
    box = SecretBox(store.ring.private(key_of(wave_id)))
    found = []
    for row in rows:
        try:
            text_row, rule = json.loads(box.decrypt(row.sealed))
        except (CryptoError, ValueError):
            raise KeyMissing("A safeguarding flag does not open with its key: restore the key from its backup.") from None
        found.append(Flag(row.id, row.wave, int(text_row), str(rule)))
    return found


def waiting(store: SecureStore, wave_id: str) -> int:
    """How many flags of a wave the lead has not closed."""
    query = select(func.count()).select_from(safeguarding_flag)
    query = query.where(safeguarding_flag.c.wave == wave_id, safeguarding_flag.c.closed_on.is_(None))
    with store.reading() as connection:
        return int(connection.execute(query).scalar_one())


def close_flag(connection: Connection, flag_id: str) -> None:
    """Close a flag inside the transaction that records what the lead decided. Raises ReviewError if it is not open."""
    still_open = (safeguarding_flag.c.id == flag_id) & safeguarding_flag.c.closed_on.is_(None)
    if connection.execute(update(safeguarding_flag).where(still_open).values(closed_on=today())).rowcount != 1:
        raise ReviewError("There is no such open safeguarding flag.")
