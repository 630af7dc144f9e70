"""Parcels found by their tracking number, and what waits for its order."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_parcels",
        sa.Column("inbox_id", sa.String(128), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("order_id", sa.String(128), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("inbox_id", "key", "order_id", name="pk_order_parcels"),
    )
    op.create_table(
        "order_tracks",
        sa.Column("inbox_id", sa.String(128), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("teller", sa.String(32), nullable=False),
        sa.Column("track", sa.Text(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("inbox_id", "key", "teller", name="pk_order_tracks"),
    )
    op.create_table(
        "order_fragments",
        sa.Column("inbox_id", sa.String(128), nullable=False),
        sa.Column("order_id", sa.String(128), nullable=False),
        sa.Column("fragments", sa.Text(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("inbox_id", "order_id", name="pk_order_parts"),
    )


def downgrade() -> None:
    for table in ("order_fragments", "order_tracks", "order_parcels"):
        op.drop_table(table)
