"""Waves, steps, assets, certificates, the ledger, review and release. The ledger refuses edits by itself."""

import sqlalchemy as sa
from alembic import op

revision = "secure_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wave",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("survey", sa.String(64), nullable=False),
        sa.Column("body_key", sa.String(64), nullable=False),
        sa.Column("locator_key", sa.String(64), nullable=False),
        sa.Column("created_on", sa.Date, nullable=False),
    )
    op.create_table(
        "step",
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.id"), primary_key=True),
        sa.Column("verb", sa.String(32), primary_key=True),
        sa.Column("counts", sa.Text, nullable=False),
        sa.Column("done_on", sa.Date, nullable=False),
    )
    op.create_table(
        "asset",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.id"), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("file", sa.String(128), nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("created_on", sa.Date, nullable=False),
        sa.Column("review_on", sa.Date, nullable=False),
        sa.Column("destroyed_on", sa.Date),
        sa.UniqueConstraint("wave", "kind", name="asset_of_a_kind"),
    )
    op.create_table(
        "certificate",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.id"), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("signature", sa.String(128), nullable=False),
        sa.UniqueConstraint("wave", "kind", name="certificate_of_a_kind"),
    )
    op.create_table(
        "ledger",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("verb", sa.String(32), nullable=False),
        sa.Column("wave", sa.String(64), nullable=False),
        sa.Column("counts", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("signature", sa.String(128), nullable=False),
    )
    op.create_table(
        "review_item",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.id"), nullable=False),
        sa.Column("text_row", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("proposed", sa.Text, nullable=False),
        sa.Column("decided", sa.Text),
        sa.Column("reviewer", sa.String(64)),
        sa.Column("decided_on", sa.Date),
    )
    op.create_table(
        "release",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("wave", sa.String(64), sa.ForeignKey("wave.id"), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("checker", sa.String(64)),
        sa.Column("approver", sa.String(64)),
        sa.Column("reason", sa.Text),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("drafted_on", sa.Date, nullable=False),
        sa.Column("released_on", sa.Date),
    )
    op.create_table(
        "staff",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("password_hash", sa.String(256), nullable=False),
        sa.Column("added_on", sa.Date, nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER ledger_no_{verb.lower()} BEFORE {verb} ON ledger "
                "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()"
        )
