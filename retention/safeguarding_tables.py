"""The table of what the safeguarding lead recorded about a flagged text, sealed: the row tells who wrote something on which day."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Integer, LargeBinary, String, Table, UniqueConstraint

from retention.tables import secure

safeguarding_record = Table(
    "safeguarding_record",
    secure,
    Column("id", String(32), primary_key=True),
    Column("flag", String(32), ForeignKey("safeguarding_flag.id"), nullable=False),
    Column("wave", String(64), ForeignKey("wave.id"), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("number", Integer, nullable=False),
    Column("lead", String(64), nullable=False),
    Column("recorded_on", Date, nullable=False),
    UniqueConstraint("flag", "number", name="records_of_a_flag_in_order"),
)
