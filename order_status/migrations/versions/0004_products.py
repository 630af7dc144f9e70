"""The catalogue: what the shop last told of each product, and the words by which it is found."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def upgrade() -> None:
    op.create_table(
        "order_products",
        _text("inbox_id", 128),
        _text("product_id", 128),
        _text("source_id", 128),
        sa.Column("for_sale", sa.Boolean(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("inbox_id", "product_id", name="pk_order_products"),
    )
    op.create_table(
        "order_product_words",
        _text("inbox_id", 128),
        _text("product_id", 128),
        _text("locale", 35),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("inbox_id", "product_id", "locale", name="pk_order_product_words"),
    )


def downgrade() -> None:
    op.drop_table("order_product_words")
    op.drop_table("order_products")
