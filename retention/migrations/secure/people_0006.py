"""A second factor for staff, and the safeguarding lead's sealed records."""

import sqlalchemy as sa
from alembic import op

revision = "secure_people"
down_revision = "secure_themes_and_quotes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff", sa.Column("totp", sa.LargeBinary))
    op.add_column("staff", sa.Column("recovery", sa.Text))
    op.create_table(
        "safeguarding_record",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("flag", sa.String(32), sa.ForeignKey("safeguarding_flag.id"), nullable=False),
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.id"), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("lead", sa.String(64), nullable=False),
        sa.Column("recorded_on", sa.Date, nullable=False),
        sa.UniqueConstraint("flag", "number", name="records_of_a_flag_in_order"),
    )
