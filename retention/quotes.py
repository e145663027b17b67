"""Quotes on their way out: the words sealed under a key of the wave's quotes, who proposed and who approved them, and the register of
every one that left. The states and who may move a quote between them are one table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from retention.keys import KeyKind, KeyMissing
from retention.ledger import Entry
from retention.secure_store import SecureStore, StepRefused, today
from retention.theme_tables import quote as table

LONGEST = 500  # letters of a quote: what is longer tells a story, and a story tells who
_SIZE = 2048  # bytes before sealing: the same for all


class QuoteState(StrEnum):
    """Where a quote stands."""

    PROPOSED = "proposed"
    APPROVED_ONCE = "approved_once"
    APPROVED = "approved"
    IN_RELEASE = "in_release"
    REFUSED = "refused"


class QuoteMove(StrEnum):
    """What somebody does to a quote."""

    APPROVE = "approve"
    REFUSE = "refuse"
    RELEASE = "release"


MOVES: dict[tuple[QuoteState, QuoteMove], QuoteState] = {
    (QuoteState.PROPOSED, QuoteMove.APPROVE): QuoteState.APPROVED_ONCE,
    (QuoteState.APPROVED_ONCE, QuoteMove.APPROVE): QuoteState.APPROVED,
    (QuoteState.PROPOSED, QuoteMove.REFUSE): QuoteState.REFUSED,
    (QuoteState.APPROVED_ONCE, QuoteMove.REFUSE): QuoteState.REFUSED,
    (QuoteState.APPROVED, QuoteMove.REFUSE): QuoteState.REFUSED,
    (QuoteState.APPROVED, QuoteMove.RELEASE): QuoteState.IN_RELEASE,
}


@dataclass(frozen=True)
class Quote:
    """One quote as the register shows it, its words apart (`words_of`)."""

    id: str
    wave: str
    state: QuoteState
    age_band: str
    frame: str
    theme: str
    proposer: str
    approvers: tuple[str, ...]
    release: str | None


def propose(store: SecureStore, wave_id: str, quote_id: str, words: str, age_band: str, frame: str, theme: str, person: str) -> Quote:
    """Register a quote, sealed. Raises StepRefused for words that are too long, or that were proposed before (whoever wrote them)."""
    content = words.encode()
    if not words.strip() or len(words) > LONGEST or len(content) > _SIZE:
        raise StepRefused(f"A quote has at most {LONGEST} letters: choose another, or none.")
    box = _box(store, wave_id)
    values: dict[str, object] = {
        "id": quote_id,
        "wave": wave_id,
        "state": QuoteState.PROPOSED,
        "sealed": bytes(box.encrypt(content.ljust(_SIZE, b"\0"))),
        "mark": hashlib.blake2b(" ".join(words.lower().split()).encode(), key=_key(store, wave_id), digest_size=32).hexdigest(),
    }
    values |= {"age_band": age_band, "frame": frame, "theme": theme, "proposer": person, "proposed_on": today()}
    try:
        with store.record(Entry(person, "quote-propose", wave_id, {"quote": quote_id})) as connection:
            connection.execute(insert(table).values(**values))
    except IntegrityError:
        raise StepRefused("The same words were proposed before: see `bigask quotes list`.") from None
    return quote(store, quote_id)


def quotes(store: SecureStore, wave_id: str | None = None, state: QuoteState | None = None) -> list[Quote]:
    """The register, by random id."""
    query = select(table).order_by(table.c.id)
    query = query if wave_id is None else query.where(table.c.wave == wave_id)
    query = query if state is None else query.where(table.c.state == state)
    with store.reading() as connection:
        return [_quote(row) for row in connection.execute(query)]


def quote(store: SecureStore, quote_id: str) -> Quote:
    """One quote. Raises StepRefused if there is none of this id."""
    with store.reading() as connection:
        row = connection.execute(select(table).where(table.c.id == quote_id)).one_or_none()
    if row is None:
        raise StepRefused("There is no such quote: `bigask quotes list` shows those there are.")
    return _quote(row)


def _quote(row: Row[Any]) -> Quote:
    approvers = tuple(person for person in (row.approver, row.other_approver) if person is not None)
    return Quote(row.id, row.wave, QuoteState(row.state), row.age_band, row.frame, row.theme, row.proposer, approvers, row.release)


def words_of(store: SecureStore, quote_id: str) -> str:
    """The words of a quote. Raises StepRefused, KeyMissing, KeyDestroyed."""
    found = quote(store, quote_id)
    with store.reading() as connection:
        sealed = connection.execute(select(table.c.sealed).where(table.c.id == quote_id)).scalar_one()
    try:
        return _box(store, found.wave).decrypt(sealed).rstrip(b"\0").decode()
    except CryptoError:
        raise KeyMissing("A quote does not open with its wave's key: restore the key from its backup.") from None


def approve(store: SecureStore, quote_id: str, person: str) -> Quote:
    """One of the two approvals. Raises StepRefused for whoever proposed the quote or approved it before."""
    current = quote(store, quote_id)
    if person in (current.proposer, *current.approvers):
        raise StepRefused("Two people who did not propose a quote approve it, each once.")
    column = "approver" if current.state is QuoteState.PROPOSED else "other_approver"
    return _move(store, current, QuoteMove.APPROVE, person, {column: person})


def refuse(store: SecureStore, quote_id: str, person: str) -> Quote:
    """Keep a quote from leaving, for good."""
    return _move(store, quote(store, quote_id), QuoteMove.REFUSE, person, {"refused_by": person})


def put_into_release(store: SecureStore, chosen: Sequence[Quote], release: str, person: str) -> None:
    """Register in which release approved quotes leave. Raises StepRefused."""
    for one in chosen:
        _move(store, one, QuoteMove.RELEASE, person, {"release": release})


def _move(store: SecureStore, current: Quote, move: QuoteMove, person: str, values: dict[str, str]) -> Quote:
    new = MOVES.get((current.state, move))
    if new is None:
        raise StepRefused(f"A quote that is {current.state.replace('_', ' ')} cannot take this step.")
    told: dict[str, int | str] = {"quote": current.id}
    if "release" in values:
        told["release"] = values["release"]
    with store.record(Entry(person, f"quote-{move}", current.wave, told)) as connection:
        seen = (table.c.id == current.id) & (table.c.state == current.state)
        if connection.execute(update(table).where(seen).values(state=new, decided_on=today(), **values)).rowcount != 1:
            raise StepRefused("Somebody else moved this quote in the meantime: look at it again.")
    return quote(store, current.id)


def _key(store: SecureStore, wave_id: str) -> bytes:
    key_id = f"quotes-{wave_id}"
    if not store.ring.exists(key_id):
        store.ring.create(key_id, KeyKind.SYMMETRIC)
    return store.ring.private(key_id)


def _box(store: SecureStore, wave_id: str) -> SecretBox:
    return SecretBox(_key(store, wave_id))
