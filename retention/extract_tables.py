"""The table of the contractor's extracts: what it took of the collection server, and whether it has said that it is gone."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Integer, String, Table

from retention.tables import secure

extract = Table(
    "extract",
    secure,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("wave", String(64), ForeignKey("wave.id"), nullable=False),
    Column("what", String(64), nullable=False),
    Column("holder", String(64), nullable=False),
    Column("taken_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("attested_on", Date),
    Column("statement", String(64)),
)
