"""The review of free text: what a person must look at, and what they decided. Holds places in a text, never the text.

An item names a row of the wave's `texts`; the staff door reads that row from the vault. The states and who moves an item
between them are one table.
"""

from __future__ import annotations

import json
import random
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from retention import tables
from retention.ledger import Entry
from retention.secure_store import SecureStore, today


class ReviewState(StrEnum):
    """Where an item of the queue stands."""

    PENDING = "pending"
    ACCEPTED = "accepted"  # the machine's proposal stands
    CHANGED = "changed"  # a person added, moved or removed something


TRANSITIONS: dict[ReviewState, frozenset[ReviewState]] = {
    ReviewState.PENDING: frozenset({ReviewState.ACCEPTED, ReviewState.CHANGED}),
    ReviewState.ACCEPTED: frozenset({ReviewState.PENDING}),  # undo
    ReviewState.CHANGED: frozenset({ReviewState.PENDING}),
}


class Reason(StrEnum):
    """Why a text is in the queue."""

    FLAGGED = "flagged"  # the machine proposes a redaction
    SAMPLE = "sample"  # looked clean; drawn at random, before anyone looked, to estimate what was missed


class ReviewError(ValueError):
    """A decision that cannot be taken. The message never holds text."""


_LABEL = re.compile(r"[A-Z][A-Z_]{0,31}")  # as kinds are written; what a child wrote seldom looks like this


@dataclass(frozen=True)
class Mark:
    """One redaction: characters [start, end) of the text, and the kind of personal data."""

    start: int
    end: int
    label: str

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end or not _LABEL.fullmatch(self.label):
            raise ReviewError("A redaction needs a start before its end, and a kind in capital letters.")


@dataclass(frozen=True)
class ReviewItem:
    """One text of the queue."""

    id: str
    wave: str
    text_row: int
    reason: Reason
    state: ReviewState
    proposed: tuple[Mark, ...]
    decided: tuple[Mark, ...] | None


def to_json(marks: Sequence[Mark]) -> str:
    """Marks as [[start, end, label], ...]."""
    return json.dumps([[mark.start, mark.end, mark.label] for mark in marks], separators=(",", ":"))


def from_json(raw: str) -> tuple[Mark, ...]:
    """The reverse of `to_json`. Raises ReviewError for anything else, overlapping marks included."""
    try:
        found = [(start, end, label) for start, end, label in json.loads(raw)]
        if any(type(start) is not int or type(end) is not int or type(label) is not str for start, end, label in found):
            raise TypeError
        marks = tuple(Mark(*mark) for mark in found)
    except ReviewError:
        raise
    except (ValueError, TypeError):
        raise ReviewError("The redactions are not in the expected form.") from None
    if any(first.end > second.start for first, second in pairwise(marks)):
        raise ReviewError("Two redactions overlap: join them into one.")
    return marks


def add_items(connection: Connection, wave_id: str, items: Sequence[tuple[int, Reason, Sequence[Mark]]]) -> None:
    """Fill the queue inside a step's transaction, in an order that means nothing."""
    rows = [
        {
            "id": secrets.token_hex(16),
            "wave": wave_id,
            "text_row": row,
            "reason": reason,
            "state": ReviewState.PENDING,
            "proposed": to_json(marks),
        }
        for row, reason, marks in items
    ]
    random.SystemRandom().shuffle(rows)
    if rows:
        connection.execute(insert(tables.review_item), rows)


def items(store: SecureStore, wave_id: str, state: ReviewState | None = None) -> list[ReviewItem]:
    """Items of a wave, by their random id."""
    item = tables.review_item
    query = select(item).where(item.c.wave == wave_id).order_by(item.c.id)
    if state is not None:
        query = query.where(item.c.state == state)
    with store.reading() as connection:
        return [_item(row) for row in connection.execute(query)]


def item(store: SecureStore, item_id: str) -> ReviewItem:
    """One item. Raises ReviewError if there is none of this id."""
    with store.reading() as connection:
        row = connection.execute(select(tables.review_item).where(tables.review_item.c.id == item_id)).one_or_none()
    if row is None:
        raise ReviewError("There is no such text in the queue.")
    return _item(row)


def _item(row: Row[Any]) -> ReviewItem:
    decided = None if row.decided is None else from_json(row.decided)
    return ReviewItem(row.id, row.wave, row.text_row, Reason(row.reason), ReviewState(row.state), from_json(row.proposed), decided)


def counts(store: SecureStore, wave_id: str) -> dict[ReviewState, int]:
    """How many items stand in each state."""
    review_item = tables.review_item
    query = select(review_item.c.state, func.count()).where(review_item.c.wave == wave_id).group_by(review_item.c.state)
    with store.reading() as connection:
        found = {ReviewState(state): int(count) for state, count in connection.execute(query)}
    return {state: found.get(state, 0) for state in ReviewState}


def decide(store: SecureStore, item_id: str, marks: Sequence[Mark], reviewer: str, text_length: int) -> ReviewState:
    """Write down what a person decided for one text. Equal to the proposal is ACCEPTED, anything else CHANGED.

    Raises ReviewError if the item was decided before (undo it first) or a mark lies outside the text.
    """
    decided = from_json(to_json(sorted(marks, key=lambda mark: mark.start)))
    if decided and decided[-1].end > text_length:
        raise ReviewError("A redaction ends after the end of the text.")
    current = item(store, item_id)
    same = [(m.start, m.end, m.label) for m in decided] == [(m.start, m.end, m.label) for m in current.proposed]
    state = ReviewState.ACCEPTED if same else ReviewState.CHANGED
    _move(store, current, state, reviewer, to_json(decided))
    return state


def decide_all(store: SecureStore, wave_id: str, reviewer: str) -> int:
    """Accept every pending proposal as it stands, in one entry. For the scripted review of simulated answers only."""
    item_table = tables.review_item
    with store.reading() as connection:
        query = select(func.count()).where(item_table.c.wave == wave_id, item_table.c.state == ReviewState.PENDING)
        count = int(connection.execute(query).scalar_one())
    with store.record(Entry(reviewer, "review-all", wave_id, {"accepted": count})) as connection:
        connection.execute(
            update(item_table)
            .where(item_table.c.wave == wave_id, item_table.c.state == ReviewState.PENDING)
            .values(state=ReviewState.ACCEPTED, decided=item_table.c.proposed, reviewer=reviewer, decided_on=today())
        )
    return count


def undo(store: SecureStore, item_id: str, reviewer: str) -> None:
    """Put a decided item back into the queue. Raises ReviewError if it is not decided."""
    _move(store, item(store, item_id), ReviewState.PENDING, reviewer, None)


def _move(store: SecureStore, current: ReviewItem, state: ReviewState, reviewer: str, decided: str | None) -> None:
    if state not in TRANSITIONS[current.state]:
        raise ReviewError(f"A text that is {current.state} cannot become {state}.")
    review_item = tables.review_item
    with store.record(Entry(reviewer, f"review-{state}", current.wave, {"item": current.id})) as connection:
        changed = connection.execute(
            update(review_item)
            .where(review_item.c.id == current.id, review_item.c.state == current.state)
            .values(state=state, decided=decided, reviewer=reviewer, decided_on=today())
        )
        if changed.rowcount != 1:
            raise ReviewError("Somebody else decided this text in the meantime: take the next one.")
