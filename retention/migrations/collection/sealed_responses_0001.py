"""One open wave, and sealed responses: slots on SQLite, rows on PostgreSQL."""

import sqlalchemy as sa
from alembic import op

revision = "collection_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wave",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("survey", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("body_key", sa.String(64), nullable=False),
        sa.Column("locator_key", sa.String(64), nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("stored", sa.Integer, nullable=False),
        sa.Column("salt", sa.LargeBinary(16), nullable=False),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("closed_on", sa.Date),
    )
    op.create_table(
        "slot",
        sa.Column("slot", sa.Integer, primary_key=True),
        sa.Column("filled", sa.Integer, nullable=False),
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("locator", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "response",
        sa.Column("id", sa.LargeBinary(16), primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("locator", sa.LargeBinary, nullable=False),
    )
