"""The tables of themes and quotes: code frames, what people coded by hand, how good each theme is, and every quote that left or may."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from retention.tables import secure

theme_frame = Table(
    "theme_frame",
    secure,
    Column("id", String(40), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("document", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("registered_on", Date, nullable=False),
)

# `text`: the place of a cleaned text in its data set. `codes`: JSON list of themes, none while nobody has coded it.
theme_coding = Table(
    "theme_coding",
    secure,
    Column("id", String(32), primary_key=True),
    Column("wave", String(64), ForeignKey("wave.id"), nullable=False),
    Column("frame", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("text", Integer, nullable=False),
    Column("codes", Text),
    Column("coder", String(64)),
    Column("coded_on", Date),
    UniqueConstraint("wave", "frame", "version", "text", name="one_coding_of_a_text"),
)

# What `bigask themes train` found; `document`: precision, recall and kappa of each theme, `codings`: hash of what it learnt from.
theme_training = Table(
    "theme_training",
    secure,
    Column("wave", String(64), ForeignKey("wave.id"), primary_key=True),
    Column("frame", String(40), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("codings", String(64), nullable=False),
    Column("document", Text, nullable=False),
    Column("trained_on", Date, nullable=False),
)

# `sealed`: the cleaned words, under a key of the wave's quotes; `mark`: their keyed hash. They are public only once they are in a release.
quote = Table(
    "quote",
    secure,
    Column("id", String(32), primary_key=True),
    Column("wave", String(64), ForeignKey("wave.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("mark", String(64), nullable=False),
    Column("age_band", String(32), nullable=False),
    Column("frame", String(40), nullable=False),
    Column("theme", String(40), nullable=False),
    Column("proposer", String(64), nullable=False),
    Column("approver", String(64)),
    Column("other_approver", String(64)),
    Column("refused_by", String(64)),
    Column("release", String(64)),
    Column("proposed_on", Date, nullable=False),
    Column("decided_on", Date),
    UniqueConstraint("wave", "mark", name="one_quote_of_the_same_words"),
)
