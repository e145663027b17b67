"""The tables of reading free text: what is to be read, what each reader made of it, how samples were drawn, what the lead must see.

They hold places in a text, never the text.
"""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from retention.tables import secure

review_item = Table(
    "review_item",
    secure,
    Column("id", String(32), primary_key=True),
    Column("wave", String(64), ForeignKey("wave.id"), nullable=False),
    Column("text_row", Integer, nullable=False),
    Column("reason", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("proposed", Text, nullable=False),
    Column("decided", Text),
    Column("decided_on", Date),
)

# One person's reading of one text, made without seeing another's. `place`: 1, 2, or 3 for whoever settles what two saw differently.
review_reading = Table(
    "review_reading",
    secure,
    Column("item", String(32), ForeignKey("review_item.id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("reader", String(64), nullable=False),
    Column("marks", Text, nullable=False),
    Column("read_on", Date, nullable=False),
    UniqueConstraint("item", "reader", name="one_reading_of_a_reader"),
)

# A random sample of the texts that nobody would read otherwise; whoever has the seed can draw it again.
review_draw = Table(
    "review_draw",
    secure,
    Column("wave", String(64), ForeignKey("wave.id"), primary_key=True),
    Column("draw", Integer, primary_key=True, autoincrement=False),
    Column("seed", String(64), nullable=False),
    Column("unread", Integer, nullable=False),
    Column("drawn", Integer, nullable=False),
    Column("drawn_on", Date, nullable=False),
)

# `sealed`: text row and rule, of one size for all, under a key of the wave's own; see retention.safeguarding_flags.
safeguarding_flag = Table(
    "safeguarding_flag",
    secure,
    Column("id", String(32), primary_key=True),
    Column("wave", String(64), ForeignKey("wave.id"), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("flagged_on", Date, nullable=False),
    Column("closed_on", Date),
)
