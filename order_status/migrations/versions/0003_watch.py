"""What is awaited of parcels: when to look again, how long steps took, and which were overdue."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _time(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def upgrade() -> None:
    op.create_table(
        "order_watches",
        _text("inbox_id", 128),
        _text("order_id", 128),
        _time("first_seen_at"),
        _time("look_at", nullable=True),
        sa.PrimaryKeyConstraint("inbox_id", "order_id", name="pk_order_watches"),
    )
    op.create_index("ix_order_watches_look_at", "order_watches", ["look_at"])
    op.create_table(
        "order_durations",
        _text("inbox_id", 128),
        _text("order_id", 128),
        _text("shipment_id", 128),
        _text("step", 40),
        _text("stage", 32),
        _text("carrier", 128),
        _text("country", 16),
        sa.Column("took_s", sa.Integer(), nullable=False),
        sa.Column("so_far_s", sa.Integer(), nullable=False),
        sa.Column("rest_s", sa.Integer(), nullable=True),
        _time("ended_at"),
        sa.PrimaryKeyConstraint("inbox_id", "order_id", "shipment_id", "step", name="pk_order_durations"),
    )
    op.create_index(
        "ix_order_durations_inbox_id_country_stage_carrier_ended_at",
        "order_durations",
        ["inbox_id", "country", "stage", "carrier", "ended_at"],
    )
    op.create_table(
        "order_overdue",
        _text("inbox_id", 128),
        _text("order_id", 128),
        _text("shipment_id", 128),
        _text("step", 40),
        _text("source_id", 128),
        _time("since"),
        _time("seen_at"),
        _time("expected_at"),
        _text("basis", 16),
        sa.Column("told_day", sa.Date(), nullable=True),
        _time("told_time", nullable=True),
        sa.Column("samples", sa.Integer(), nullable=False),
        _time("raised_at"),
        _time("next_word_at"),
        _time("withdrawn_at", nullable=True),
        sa.PrimaryKeyConstraint("inbox_id", "order_id", "shipment_id", "step", name="pk_order_overdue"),
    )


def downgrade() -> None:
    for table in ("order_overdue", "order_durations", "order_watches"):
        op.drop_table(table)
