"""Guests' orders: what was proven by whom, and how often it was tried.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_bindings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("inbox_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("visitor_id", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("bound_at", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("bindings_by_visitor", "order_bindings", ["visitor_id"], unique=False)
    op.create_index("bindings_by_order", "order_bindings", ["inbox_id", "order_id"], unique=False)
    op.create_index("bindings_by_evidence", "order_bindings", ["inbox_id", "evidence"], unique=False)
    op.create_table(
        "order_tries",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", "id"),
    )
    op.create_index("tries_by_age", "order_tries", ["at"], unique=False)
    op.create_index("tries_by_id", "order_tries", ["id"], unique=False)


def downgrade() -> None:
    op.drop_table("order_tries")
    op.drop_table("order_bindings")
