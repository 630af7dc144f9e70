"""What is old is found without reading everything.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ENDED = sa.text("done_at IS NOT NULL")


def upgrade() -> None:
    op.create_index("jobs_done", "jobs", ["done_at"], unique=False, sqlite_where=ENDED, postgresql_where=ENDED)
    op.create_index("visits_by_age", "visits", ["last_at"], unique=False)


def downgrade() -> None:
    op.drop_index("visits_by_age", table_name="visits")
    op.drop_index("jobs_done", table_name="jobs")
