"""The table of the office's decisions: what was signed for by whom, on which day, about which version of the record."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, String, Table, Text

from retention.tables import secure

decision = Table(
    "decision",
    secure,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("content", Text, nullable=False),
    Column("signature", String(128), nullable=False),
)
