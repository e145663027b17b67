"""Two people read each text; samples are drawn from a seed on record; texts are flagged for the safeguarding lead, sealed."""

import sqlalchemy as sa
from alembic import op

revision = "secure_two_readers"
down_revision = "secure_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "review_reading",
        sa.Column("item", sa.String(32), sa.ForeignKey("review_item.id"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("reader", sa.String(64), nullable=False),
        sa.Column("marks", sa.Text, nullable=False),
        sa.Column("read_on", sa.Date, nullable=False),
        sa.UniqueConstraint("item", "reader", name="one_reading_of_a_reader"),
    )
    op.create_table(
        "review_draw",
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.id"), primary_key=True),
        sa.Column("draw", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seed", sa.String(64), nullable=False),
        sa.Column("unread", sa.Integer, nullable=False),
        sa.Column("drawn", sa.Integer, nullable=False),
        sa.Column("drawn_on", sa.Date, nullable=False),
    )
    op.create_table(
        "safeguarding_flag",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.id"), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("flagged_on", sa.Date, nullable=False),
        sa.Column("closed_on", sa.Date),
    )
    # What one person decided before is one reading: where the review goes on, a second person must read it too.
    op.execute(
        "INSERT INTO review_reading (item, place, reader, marks, read_on) "
        "SELECT id, 1, reviewer, decided, decided_on FROM review_item WHERE reviewer IS NOT NULL AND decided IS NOT NULL"
    )
    finished = "wave IN (SELECT wave FROM step WHERE verb = 'review')"
    op.execute(f"UPDATE review_item SET state = 'resolved' WHERE state <> 'pending' AND {finished}")  # noqa: S608 - no value of anybody's
    op.execute("UPDATE review_item SET state = 'unread', decided = NULL, decided_on = NULL WHERE state = 'pending'")
    op.execute("UPDATE review_item SET state = 'read_once', decided = NULL, decided_on = NULL WHERE state IN ('accepted', 'changed')")
    op.drop_column("review_item", "reviewer")
