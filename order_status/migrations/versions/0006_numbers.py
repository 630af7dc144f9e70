"""Orders are found by their number without reading all of an inbox's."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_order_orders_inbox_id_number", "order_orders", ["inbox_id", "number"])


def downgrade() -> None:
    op.drop_index("ix_order_orders_inbox_id_number", table_name="order_orders")
