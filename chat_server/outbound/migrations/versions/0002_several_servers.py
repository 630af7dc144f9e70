"""Leases with a holder and a lane, and where each agent is connected.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chat_server.outbound.tables import Document

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("lane", sa.Text(), nullable=True))
    op.add_column("jobs", sa.Column("holder", sa.Text(), nullable=True))
    jobs = sa.table("jobs", sa.column("key", sa.Text), sa.column("payload", Document), sa.column("lane", sa.Text))
    connection = op.get_bind()
    for key, payload in connection.execute(sa.select(jobs.c.key, jobs.c.payload)).all():
        connection.execute(sa.update(jobs).where(jobs.c.key == key).values(lane=str(payload.get("conversation") or key)))
    with op.batch_alter_table("jobs") as batch:
        batch.alter_column("lane", existing_type=sa.Text(), nullable=False)
    op.create_index(
        "jobs_held", "jobs", ["lane"], unique=False,
        sqlite_where=sa.text("done_at IS NULL AND leased_until IS NOT NULL"),
        postgresql_where=sa.text("done_at IS NULL AND leased_until IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "presence",
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "node"),
    )
    with op.batch_alter_table("agents") as batch:
        batch.drop_column("last_seen_at")


def downgrade() -> None:
    op.add_column("agents", sa.Column("last_seen_at", sa.BigInteger(), nullable=True))
    op.drop_table("presence")
    op.drop_index(
        "jobs_held", table_name="jobs",
        sqlite_where=sa.text("done_at IS NULL AND leased_until IS NOT NULL"),
        postgresql_where=sa.text("done_at IS NULL AND leased_until IS NOT NULL"),
    )  # fmt: skip
    with op.batch_alter_table("jobs") as batch:
        batch.drop_column("holder")
        batch.drop_column("lane")
