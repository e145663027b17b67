"""The contractor's extracts of the collection server, and their attested deletion."""

import sqlalchemy as sa
from alembic import op

revision = "secure_extracts"
down_revision = "secure_decisions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "extract",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.id"), nullable=False),
        sa.Column("what", sa.String(64), nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("taken_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("attested_on", sa.Date),
        sa.Column("statement", sa.String(64)),
    )
