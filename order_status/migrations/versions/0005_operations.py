"""What operators see and decide: contradictions, webhooks that could not be read, states that could not be read, secrets, who did what.

Stored webhooks get their digest, their topic and a summary, which stay when the body goes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _time(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, length: int, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def upgrade() -> None:
    op.add_column("order_deliveries", _text("digest", 64, nullable=True))
    op.add_column("order_deliveries", _text("topic", 128, nullable=True))
    op.add_column("order_deliveries", _text("said", 500, nullable=True))
    op.create_index("ix_order_deliveries_source_id_received_at", "order_deliveries", ["source_id", "received_at"])
    op.create_table(
        "order_contradictions",
        _text("id", 40),
        _text("inbox_id", 128),
        _text("order_id", 128),
        _text("shipment_id", 128),
        _text("said", 32),
        _time("said_at"),
        _text("stage", 32),
        _time("since"),
        _time("until"),
        sa.Column("split", sa.Boolean(), nullable=False),
        _time("seen_at"),
        _time("due_at", nullable=True),
        _time("settled_at", nullable=True),
        _text("verdict", 16, nullable=True),
        _text("by", 128, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_order_contradictions"),
    )
    op.create_index("ix_order_contradictions_inbox_id_order_id", "order_contradictions", ["inbox_id", "order_id"])
    op.create_index("ix_order_contradictions_settled_at_due_at", "order_contradictions", ["settled_at", "due_at"])
    op.create_table(
        "order_dead_letters",
        _text("source_id", 128),
        _text("digest", 64),
        _text("inbox_id", 128),
        _text("delivery_id", 200),
        _text("topic", 128),
        _text("error", 500),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        _time("first_at"),
        _time("last_at"),
        sa.PrimaryKeyConstraint("source_id", "digest", name="pk_order_dead_letters"),
    )
    op.create_index("ix_order_dead_letters_inbox_id_last_at", "order_dead_letters", ["inbox_id", "last_at"])
    op.create_table(
        "order_unreadable",
        _text("inbox_id", 128),
        _text("order_id", 128),
        _text("error", 500),
        _time("seen_at"),
        sa.PrimaryKeyConstraint("inbox_id", "order_id", name="pk_order_unreadable"),
    )
    op.create_table(
        "order_secrets",
        _text("source_id", 128),
        _text("fingerprint", 16),
        sa.Column("n", sa.Integer(), nullable=False),
        _time("last_at"),
        sa.PrimaryKeyConstraint("source_id", "fingerprint", name="pk_order_secrets"),
    )
    op.create_table(
        "order_operations",
        _text("id", 40),
        _text("inbox_id", 128),
        _time("at"),
        _text("by", 128),
        _text("action", 32),
        _text("object", 400),
        _text("outcome", 64),
        sa.PrimaryKeyConstraint("id", name="pk_order_operations"),
    )
    op.create_index("ix_order_operations_inbox_id_at", "order_operations", ["inbox_id", "at"])


def downgrade() -> None:
    for table in ("order_operations", "order_secrets", "order_unreadable", "order_dead_letters", "order_contradictions"):
        op.drop_table(table)
    op.drop_index("ix_order_deliveries_source_id_received_at", "order_deliveries")
    with op.batch_alter_table("order_deliveries") as batch:
        for column in ("said", "topic", "digest"):
            batch.drop_column(column)
