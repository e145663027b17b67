"""The table of what the table builder answered: definitions of tables, so that later releases are held against them. Never who asked."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, String, Table, Text

from retention.tables import secure

answered = Table(
    "answered",
    secure,
    Column("id", String(64), primary_key=True),
    Column("wave", String(64), ForeignKey("wave.id"), nullable=False),
    Column("definition", Text, nullable=False),
    Column("first_on", Date, nullable=False),
)
