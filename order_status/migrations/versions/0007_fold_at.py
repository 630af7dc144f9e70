"""A webhook that was recorded in a storm says when it is to be folded."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_WAITING = sa.text("fold_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("order_deliveries", sa.Column("fold_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_order_deliveries_source_id_fold_at",
        "order_deliveries",
        ["source_id", "fold_at"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )


def downgrade() -> None:
    op.drop_index("ix_order_deliveries_source_id_fold_at", table_name="order_deliveries")
    op.drop_column("order_deliveries", "fold_at")
