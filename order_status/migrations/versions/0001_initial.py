"""The first tables: deliveries, orders, changes (the outbox), settlements, actions, counts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _time(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, length: int, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "order_deliveries",
        _text("source_id", 128),
        _text("delivery_id", 200),
        _text("inbox_id", 128),
        _text("type", 64),
        _text("order_id", 128, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _time("received_at"),
        sa.PrimaryKeyConstraint("source_id", "delivery_id", name="pk_order_deliveries"),
    )
    op.create_index("ix_order_deliveries_inbox_id_order_id", "order_deliveries", ["inbox_id", "order_id"])
    op.create_table(
        "order_orders",
        _text("inbox_id", 128),
        _text("order_id", 128),
        _text("source_id", 128),
        _text("number", 128),
        _text("customer_id", 128, nullable=True),
        _time("placed_at"),
        _time("updated_at"),
        _text("headline", 32),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("inbox_id", "order_id", name="pk_order_orders"),
    )
    op.create_index("ix_order_orders_inbox_id_customer_id_placed_at", "order_orders", ["inbox_id", "customer_id", "placed_at"])
    op.create_table(
        "order_changes",
        _text("id", 40),
        _text("inbox_id", 128),
        _text("order_id", 128),
        _text("source_id", 128),
        _text("effect_key", 300),
        _text("entity", 200),
        _text("stage", 32),
        _time("at"),
        _time("fresh_until"),
        sa.Column("silent", sa.Boolean(), nullable=False),
        _time("due_at"),
        _time("created_at"),
        _time("taken_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_order_changes"),
        sa.UniqueConstraint("inbox_id", "order_id", "effect_key", name="uq_order_changes_inbox_id_order_id_effect_key"),
    )
    op.create_index("ix_order_changes_taken_at_due_at", "order_changes", ["taken_at", "due_at"])
    op.create_table(
        "order_settlements",
        _text("id", 40),
        _text("inbox_id", 128),
        _text("offer_id", 128),
        _text("source_id", 128),
        _text("status", 16),
        sa.Column("reason", sa.Text(), nullable=True),
        _time("at"),
        _time("taken_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_order_settlements"),
        sa.UniqueConstraint("inbox_id", "offer_id", name="uq_order_settlements_inbox_id_offer_id"),
    )
    op.create_index("ix_order_settlements_taken_at_at", "order_settlements", ["taken_at", "at"])
    op.create_table(
        "order_actions",
        _text("inbox_id", 128),
        _text("offer_id", 128),
        _text("status", 16),
        sa.Column("reason", sa.Text(), nullable=True),
        _time("at"),
        sa.PrimaryKeyConstraint("inbox_id", "offer_id", name="pk_order_actions"),
    )
    op.create_table(
        "order_counts",
        _text("source_id", 128),
        _text("outcome", 16),
        _text("reason", 128),
        sa.Column("n", sa.Integer(), nullable=False),
        _time("last_at"),
        sa.PrimaryKeyConstraint("source_id", "outcome", "reason", name="pk_order_counts"),
    )


def downgrade() -> None:
    for table in ("order_counts", "order_actions", "order_settlements", "order_changes", "order_orders", "order_deliveries"):
        op.drop_table(table)
