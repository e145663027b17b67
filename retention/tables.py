"""Every table of both databases, in one place, so that a test can walk them: no identifier, no time below a day (A4).

The collection database holds one open wave and sealed records. The secure database holds what happened, never content.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

collection = MetaData()
secure = MetaData()

collection_wave = Table(
    "wave",
    collection,
    Column("id", String(64), primary_key=True),
    Column("survey", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("body_key", String(64), nullable=False),
    Column("locator_key", String(64), nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("stored", Integer, nullable=False),
    Column("salt", LargeBinary(16), nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("closed_on", Date),
)

# SQLite: every slot exists, and has its full size, before the first child answers; see retention.slot_store. The wave's `capacity`,
# `stored` and `salt` are SQLite's too: how many slots there are, how many are taken, and what the ids are hashed with.
slot = Table(
    "slot",
    collection,
    Column("slot", Integer, primary_key=True),
    Column("filled", Integer, nullable=False),
    Column("id", LargeBinary(16), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("locator", LargeBinary, nullable=False),
)

# PostgreSQL: plain rows, since it never overwrites in place.
response = Table(
    "response",
    collection,
    Column("id", LargeBinary(16), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("locator", LargeBinary, nullable=False),
)

wave = Table(
    "wave",
    secure,
    Column("id", String(64), primary_key=True),
    Column("survey", String(64), nullable=False),
    Column("body_key", String(64), nullable=False),
    Column("locator_key", String(64), nullable=False),
    Column("created_on", Date, nullable=False),
)

step = Table(
    "step",
    secure,
    Column("wave", String(64), ForeignKey("wave.id"), primary_key=True),
    Column("verb", String(32), primary_key=True),
    Column("counts", Text, nullable=False),
    Column("done_on", Date, nullable=False),
)

asset = Table(
    "asset",
    secure,
    Column("id", String(64), primary_key=True),
    Column("wave", String(64), ForeignKey("wave.id"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("file", String(128), nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("created_on", Date, nullable=False),
    Column("review_on", Date, nullable=False),
    Column("destroyed_on", Date),
    UniqueConstraint("wave", "kind", name="asset_of_a_kind"),
)

certificate = Table(
    "certificate",
    secure,
    Column("id", String(32), primary_key=True),
    Column("wave", String(64), ForeignKey("wave.id"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("document", Text, nullable=False),
    Column("signature", String(128), nullable=False),
    UniqueConstraint("wave", "kind", name="certificate_of_a_kind"),
)

ledger = Table(
    "ledger",
    secure,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("day", Date, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("verb", String(32), nullable=False),
    Column("wave", String(64), nullable=False),
    Column("counts", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("signature", String(128), nullable=False),
)

release = Table(
    "release",
    secure,
    Column("id", String(64), primary_key=True),
    Column("wave", String(64), ForeignKey("wave.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("author", String(64), nullable=False),
    Column("checker", String(64)),
    Column("approver", String(64)),
    Column("reason", Text),
    Column("sha256", String(64), nullable=False),
    Column("drafted_on", Date, nullable=False),
    Column("released_on", Date),
)

staff = Table(
    "staff",
    secure,
    Column("name", String(64), primary_key=True),
    Column("role", String(32), nullable=False),
    Column("password_hash", String(256), nullable=False),
    Column("added_on", Date, nullable=False),
    Column("totp", LargeBinary),  # sealed; see retention.second_factor
    Column("recovery", Text),
)

from retention import builder_tables, decision_tables, extract_tables, review_tables, safeguarding_tables, theme_tables  # noqa: E402, F401 - declared apart, walked with the others
