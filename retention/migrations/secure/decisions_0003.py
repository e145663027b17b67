"""Decisions of the office: approvals of its impact assessment, reviews, amendments."""

import sqlalchemy as sa
from alembic import op

revision = "secure_decisions"
down_revision = "secure_two_readers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decision",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("decided_on", sa.Date, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("signature", sa.String(128), nullable=False),
    )
