"""Definitions of the tables that the table builder answered, so that later releases are held against them."""

import sqlalchemy as sa
from alembic import op

revision = "secure_answered"
down_revision = "secure_people"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answered",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.id"), nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("first_on", sa.Date, nullable=False),
    )
