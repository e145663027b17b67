"""The review of free text: what people must look at, what each of them made of it, and what counts. Holds places, never the text.

An item names a row of the wave's `texts`; the staff door reads that row from the vault. Two people read it without seeing each
other's marks; retention.review_states says what follows.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from retention.ledger import Entry
from retention.review_marks import Mark, ReviewError, from_json, in_order, to_json
from retention.review_states import MOVES, OPEN, READINGS, SETTLED, Move, ReviewState, Who
from retention.review_tables import review_item, review_reading
from retention.secure_store import SecureStore, today


class Reason(StrEnum):
    """Why a text is in the queue."""

    FLAGGED = "flagged"  # the machine proposes a redaction and a person must look
    SAMPLE = "sample"  # nobody would read it otherwise; drawn at random, before anyone looked, to estimate what slips through


@dataclass(frozen=True)
class ReviewItem:
    """One text of the queue. `decided`: what counts, once it is settled."""

    id: str
    wave: str
    text_row: int
    reason: Reason
    state: ReviewState
    proposed: tuple[Mark, ...]
    decided: tuple[Mark, ...] | None


@dataclass(frozen=True)
class Reading:
    """What one person made of one text, first, second or third (`place` 1 to 3)."""

    item: str
    place: int
    reader: str
    marks: tuple[Mark, ...]


def add_items(connection: Connection, wave_id: str, items: Sequence[tuple[int, Reason, Sequence[Mark]]]) -> None:
    """Fill the queue inside a recorded transaction, in an order that means nothing."""
    rows = [
        {
            "id": secrets.token_hex(16),
            "wave": wave_id,
            "text_row": row,
            "reason": reason,
            "state": ReviewState.UNREAD,
            "proposed": to_json(marks),
        }
        for row, reason, marks in items
    ]
    secrets.SystemRandom().shuffle(rows)
    if rows:
        connection.execute(insert(review_item), rows)


def items(store: SecureStore, wave_id: str, state: ReviewState | None = None) -> list[ReviewItem]:
    """Items of a wave, by their random id."""
    query = select(review_item).where(review_item.c.wave == wave_id).order_by(review_item.c.id)
    if state is not None:
        query = query.where(review_item.c.state == state)
    with store.reading() as connection:
        return [_item(row) for row in connection.execute(query)]


def item(store: SecureStore, item_id: str) -> ReviewItem:
    """One item. Raises ReviewError if there is none of this id."""
    with store.reading() as connection:
        row = connection.execute(select(review_item).where(review_item.c.id == item_id)).one_or_none()
    if row is None:
        raise ReviewError("There is no such text in the queue.")
    return _item(row)


def _item(row: Row[Any]) -> ReviewItem:
    decided = None if row.decided is None else from_json(row.decided)
    return ReviewItem(row.id, row.wave, row.text_row, Reason(row.reason), ReviewState(row.state), from_json(row.proposed), decided)


def readings(store: SecureStore, wave_id: str, item_id: str | None = None) -> list[Reading]:
    """Every reading of a wave, or of one of its texts, by text and place."""
    query = select(review_reading).join(review_item, review_item.c.id == review_reading.c.item).where(review_item.c.wave == wave_id)
    if item_id is not None:
        query = query.where(review_item.c.id == item_id)
    with store.reading() as connection:
        found = connection.execute(query.order_by(review_reading.c.item, review_reading.c.place)).all()
    return [Reading(row.item, row.place, row.reader, from_json(row.marks)) for row in found]


def counts(store: SecureStore, wave_id: str) -> dict[ReviewState, int]:
    """How many items stand in each state."""
    query = select(review_item.c.state, func.count()).where(review_item.c.wave == wave_id).group_by(review_item.c.state)
    with store.reading() as connection:
        found = {ReviewState(state): int(count) for state, count in connection.execute(query)}
    return {state: found.get(state, 0) for state in ReviewState}


def waiting(store: SecureStore, wave_id: str) -> int:
    """How many texts are not settled yet."""
    return sum(count for state, count in counts(store, wave_id).items() if state in OPEN)


def open_to(store: SecureStore, wave_id: str, reader: str) -> list[str]:
    """Ids of the texts that this person may read: not settled, and not read by them before."""
    with store.reading() as connection:
        return [row.id for row in connection.execute(_open_to(wave_id, reader))]


def left_to(store: SecureStore, wave_id: str, reader: str) -> int:
    """How many texts this person may read."""
    with store.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(_open_to(wave_id, reader).subquery())).scalar_one())


def _open_to(wave_id: str, reader: str) -> Select[tuple[str]]:
    mine = select(review_reading.c.item).where(review_reading.c.reader == reader)
    return select(review_item.c.id).where(
        review_item.c.wave == wave_id, review_item.c.state.in_(sorted(OPEN)), review_item.c.id.not_in(mine)
    )


def read_by(store: SecureStore, wave_id: str, reader: str) -> int:
    """How many texts of a wave this person has read."""
    query = select(func.count()).select_from(review_reading.join(review_item, review_item.c.id == review_reading.c.item))
    with store.reading() as connection:
        return int(connection.execute(query.where(review_item.c.wave == wave_id, review_reading.c.reader == reader)).scalar_one())


def viewed(store: SecureStore, wave_id: str, reader: str) -> None:
    """Write down that a text is about to be shown to somebody: that, and not which one (it would tell who wrote what)."""
    with store.record(Entry(reader, "review-view", wave_id, {"texts": 1})):
        pass


def read(store: SecureStore, item_id: str, marks: Sequence[Mark], reader: str, text_length: int) -> None:
    """Write down one person's reading. Says nothing of what another made of the text: whether they agree is not for the readers.

    Raises ReviewError if this person has read it before, it is settled, or a mark lies outside the text.
    """
    mine = in_order(marks, text_length)
    current = item(store, item_id)
    before = readings(store, current.wave, item_id)
    if reader in {reading.reader for reading in before}:
        raise ReviewError("You have read this text already: somebody else must read it now.")
    move = _move_of(current.state, before, mine)
    if (current.state, move) not in MOVES:
        raise ReviewError("This text has been decided in the meantime: take the next one.")
    with store.record(Entry(reader, f"review-{_said(move)}", current.wave, {"item": item_id})) as connection:
        _advance(connection, current, move, mine)
        values = {"item": item_id, "place": len(before) + 1, "reader": reader, "marks": to_json(mine), "read_on": today()}
        try:
            connection.execute(insert(review_reading).values(**values))
        except IntegrityError:
            raise ReviewError("Somebody else read this text in the meantime: take the next one.") from None


def _move_of(state: ReviewState, before: Sequence[Reading], mine: tuple[Mark, ...]) -> Move:
    if state is ReviewState.UNREAD:
        return Move.READ
    if state is ReviewState.READ_ONCE:
        return Move.AGREE if before[0].marks == mine else Move.DIFFER
    return Move.RESOLVE


def _said(move: Move) -> str:
    """A move as the ledger names it: the first and second reading alike, so that it does not tell whether two agreed."""
    return "read" if move in (Move.READ, Move.AGREE, Move.DIFFER) else move.value


def _advance(connection: Connection, current: ReviewItem, move: Move, marks: tuple[Mark, ...]) -> None:
    """Move an item from the state it was seen in; its decision stands exactly while it is settled."""
    new = MOVES[current.state, move][0]
    decision = {"decided": to_json(marks), "decided_on": today()} if new in SETTLED else {"decided": None, "decided_on": None}
    seen = (review_item.c.id == current.id) & (review_item.c.state == current.state)
    if connection.execute(update(review_item).where(seen).values(state=new, **decision)).rowcount != 1:
        raise ReviewError("Somebody else read this text in the meantime: take the next one.")


def undo(store: SecureStore, item_id: str, reader: str) -> None:
    """Take one's own reading back, as long as nobody has read the text since. Raises ReviewError."""
    current = item(store, item_id)
    before = readings(store, current.wave, item_id)
    allowed = MOVES.get((current.state, Move.UNDO))
    if allowed is None or not before or (allowed[1] is Who.LAST_READER and before[-1].reader != reader):
        raise ReviewError("This reading cannot be taken back: it is not yours, or somebody has read the text since.")
    last = (review_reading.c.item == item_id) & (review_reading.c.place == len(before))
    with store.record(Entry(reader, "review-undo", current.wave, {"item": item_id})) as connection:
        _advance(connection, current, Move.UNDO, ())
        connection.execute(delete(review_reading).where(last))


def read_all(store: SecureStore, wave_id: str, reader: str, mark: Callable[[ReviewItem], Sequence[Mark]]) -> int:
    """Read every text that is open to this reader, in one entry; returns how many. For scripted readers of simulated answers only."""
    by_item: dict[str, list[Reading]] = {}
    for reading in readings(store, wave_id):
        by_item.setdefault(reading.item, []).append(reading)
    mine = set(open_to(store, wave_id, reader))
    queue = [found for found in items(store, wave_id) if found.id in mine]
    with store.record(Entry(reader, "review-all", wave_id, {"texts": len(queue)})) as connection:
        for current in queue:
            before = by_item.get(current.id, [])
            marks = tuple(sorted(mark(current), key=lambda one: one.start))
            _advance(connection, current, _move_of(current.state, before, marks), marks)
            values = {"item": current.id, "place": READINGS[current.state] + 1, "reader": reader, "marks": to_json(marks)}
            connection.execute(insert(review_reading).values(**values, read_on=today()))
    return len(queue)
