"""Offers keep their terms, what was chosen, and how long they may be undone; every call to the shop is kept.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
NEW = (
    ("template", sa.Text()), ("terms", DOCUMENT), ("choices", DOCUMENT), ("choice", DOCUMENT), ("chosen", sa.Text()),
    ("made_at", sa.BigInteger()), ("undo_until", sa.BigInteger()),
)  # fmt: skip


def upgrade() -> None:
    for name, kind in NEW:
        op.add_column("offers", sa.Column(name, kind, nullable=True))
    op.create_index("offers_by_inbox", "offers", ["inbox_id", "state", "at"], unique=False)
    op.create_table(
        "offer_attempts",
        sa.Column("offer_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("ms", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("offer_id", "n"),
    )


def downgrade() -> None:
    op.drop_table("offer_attempts")
    op.drop_index("offers_by_inbox", table_name="offers")
    for name, _ in reversed(NEW):
        op.drop_column("offers", name)
