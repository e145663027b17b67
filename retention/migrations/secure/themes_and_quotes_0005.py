"""Code frames, hand codings and their training; quotes and who approved them."""

import sqlalchemy as sa
from alembic import op

revision = "secure_themes_and_quotes"
down_revision = "secure_extracts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "theme_frame",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("registered_on", sa.Date, nullable=False),
    )
    op.create_table(
        "theme_coding",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.id"), nullable=False),
        sa.Column("frame", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("text", sa.Integer, nullable=False),
        sa.Column("codes", sa.Text),
        sa.Column("coder", sa.String(64)),
        sa.Column("coded_on", sa.Date),
        sa.UniqueConstraint("wave", "frame", "version", "text", name="one_coding_of_a_text"),
    )
    op.create_table(
        "theme_training",
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.id"), primary_key=True),
        sa.Column("frame", sa.String(40), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("codings", sa.String(64), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("trained_on", sa.Date, nullable=False),
    )
    op.create_table(
        "quote",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.id"), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("age_band", sa.String(32), nullable=False),
        sa.Column("frame", sa.String(40), nullable=False),
        sa.Column("theme", sa.String(40), nullable=False),
        sa.Column("proposer", sa.String(64), nullable=False),
        sa.Column("approver", sa.String(64)),
        sa.Column("other_approver", sa.String(64)),
        sa.Column("refused_by", sa.String(64)),
        sa.Column("release", sa.String(64)),
        sa.Column("proposed_on", sa.Date, nullable=False),
        sa.Column("decided_on", sa.Date),
        sa.UniqueConstraint("wave", "mark", name="one_quote_of_the_same_words"),
    )
