"""PostgreSQL keeps no record but of a sealed one's sizes: the role that may only insert cannot leave one that stops the transfer."""

from alembic import op

revision = "collection_0002"
down_revision = "collection_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps slots, which only the owner of the file can write
        op.create_check_constraint(
            "response_sealed_sizes", "response", "octet_length(id) = 16 AND octet_length(body) = 8192 AND octet_length(locator) = 1024"
        )
