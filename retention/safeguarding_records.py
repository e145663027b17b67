"""What the safeguarding leads recorded, sealed under the key of the wave's flags, all of one size; with it they are destroyed."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from sqlalchemy import func, insert, select

from retention.keys import KeyMissing
from retention.ledger import Entry
from retention.review_marks import ReviewError
from retention.review_tables import safeguarding_flag
from retention.safeguarding_flags import Flag, close_flag, key_of
from retention.safeguarding_tables import safeguarding_record
from retention.secure_store import SecureStore, today

_SIZE = 65_536  # bytes before sealing: every answer at its longest, in any script, as JSON escapes nothing of it


@dataclass(frozen=True)
class Kept:
    """One record as it was kept."""

    lead: str
    recorded_on: date
    content: Mapping[str, Any]


def add_record(store: SecureStore, flag: Flag, lead: str, verb: str, content: Mapping[str, Any], closes: bool) -> None:
    """Keep a record of a flag, and close it if it is the last. Raises ReviewError if it is too long or the flag is not open."""
    text = json.dumps(dict(content), ensure_ascii=False).encode()
    if len(text) > _SIZE:
        raise ReviewError("The record is too long: say what matters, and do not copy the text.")
    sealed = bytes(SecretBox(store.ring.private(key_of(flag.wave))).encrypt(text.ljust(_SIZE)))
    values = {"id": secrets.token_hex(16), "flag": flag.id, "wave": flag.wave, "sealed": sealed, "lead": lead, "recorded_on": today()}
    with store.record(Entry(lead, verb, flag.wave, {"flag": flag.id})) as connection:
        count = select(func.count()).select_from(safeguarding_record).where(safeguarding_record.c.flag == flag.id)
        number = int(connection.execute(count).scalar_one()) + 1
        connection.execute(insert(safeguarding_record).values(**values, number=number))
        if closes:
            close_flag(connection, flag.id)


def records(store: SecureStore, wave_id: str, flag_id: str) -> Iterator[Kept]:
    """What was recorded of a flag, oldest first. Raises KeyDestroyed, KeyMissing."""
    query = select(safeguarding_record).where(safeguarding_record.c.flag == flag_id).order_by(safeguarding_record.c.number)
    with store.reading() as connection:
        rows = connection.execute(query).all()
    if rows:
        box = SecretBox(store.ring.private(key_of(wave_id)))
    for row in rows:
        try:
            yield Kept(row.lead, row.recorded_on, json.loads(box.decrypt(row.sealed)))
        except (CryptoError, ValueError):
            raise KeyMissing("A safeguarding record does not open with its key: restore the key from its backup.") from None


def flagged_on(store: SecureStore, wave_id: str) -> dict[str, date]:
    """The day on which each open text of a wave was flagged, by the flag's id."""
    query = select(safeguarding_flag).where(safeguarding_flag.c.wave == wave_id, safeguarding_flag.c.closed_on.is_(None))
    with store.reading() as connection:
        return {row.id: row.flagged_on for row in connection.execute(query)}
