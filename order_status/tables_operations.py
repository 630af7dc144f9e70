"""The tables of what operators see and decide. Beside tables.py; no queries here, see store/operations.py."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, String, Table

from order_status.tables import UtcTime, metadata

# Parcels whose end is contradicted: who decides (time alone, at `due_at`, or an operator where the evidence is `split`), and what was
# decided.
contradictions = Table(
    "order_contradictions",
    metadata,
    Column("id", String(40), nullable=False),
    Column("inbox_id", String(128), nullable=False),
    Column("order_id", String(128), nullable=False),
    Column("shipment_id", String(128), nullable=False),
    Column("said", String(32), nullable=False),
    Column("said_at", UtcTime, nullable=False),
    Column("stage", String(32), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("split", Boolean, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("due_at", UtcTime),
    Column("settled_at", UtcTime),
    Column("verdict", String(16)),
    Column("by", String(128)),
    PrimaryKeyConstraint("id"),
    Index(None, "inbox_id", "order_id"),
    Index(None, "settled_at", "due_at"),
)

# Webhooks that were the shop's and could not be read, each body once; gone when it was read after all, or thrown away.
dead_letters = Table(
    "order_dead_letters",
    metadata,
    Column("source_id", String(128), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("inbox_id", String(128), nullable=False),
    Column("delivery_id", String(200), nullable=False),
    Column("topic", String(128), nullable=False),
    Column("error", String(500), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("n", Integer, nullable=False),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("source_id", "digest"),
    Index(None, "inbox_id", "last_at"),
)

# Orders whose saved state cannot be read: set aside, so that they hold up no other.
unreadable = Table(
    "order_unreadable",
    metadata,
    Column("inbox_id", String(128), nullable=False),
    Column("order_id", String(128), nullable=False),
    Column("error", String(500), nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("inbox_id", "order_id"),
)

# Which of a source's secrets verified how many webhooks, and when last: so that one knows when the old one may go.
secrets = Table(
    "order_secrets",
    metadata,
    Column("source_id", String(128), nullable=False),
    Column("fingerprint", String(16), nullable=False),
    Column("n", Integer, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("source_id", "fingerprint"),
)

# Who did what by hand. Only ever added to.
operations = Table(
    "order_operations",
    metadata,
    Column("id", String(40), nullable=False),
    Column("inbox_id", String(128), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Column("action", String(32), nullable=False),
    Column("object", String(400), nullable=False),
    Column("outcome", String(64), nullable=False),
    PrimaryKeyConstraint("id"),
    Index(None, "inbox_id", "at"),
)
