"""How samples of unread texts were drawn: from which seed, out of how many, how many."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from retention.review_tables import review_draw
from retention.secure_store import SecureStore, today


@dataclass(frozen=True)
class Draw:
    """One sample. `unread`: texts that it was drawn from; `drawn`: texts in it."""

    wave: str
    number: int
    seed: str
    unread: int
    drawn: int


def add_draw(connection: Connection, draw: Draw) -> None:
    """Put a draw on record, inside the transaction whose ledger entry holds its seed."""
    values = {"wave": draw.wave, "draw": draw.number, "seed": draw.seed, "unread": draw.unread, "drawn": draw.drawn}
    connection.execute(insert(review_draw).values(**values, drawn_on=today()))


def draws(store: SecureStore, wave_id: str) -> list[Draw]:
    """The draws of a wave, in order."""
    query = select(review_draw).where(review_draw.c.wave == wave_id).order_by(review_draw.c.draw)
    with store.reading() as connection:
        return [Draw(row.wave, row.draw, row.seed, row.unread, row.drawn) for row in connection.execute(query)]
