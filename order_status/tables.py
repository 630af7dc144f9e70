"""The tables of order_status, for SQLite and PostgreSQL alike. Times go in and come out as aware UTC. No queries here; see store/."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite, which has no zones, keeps its naive form: the text that SQLAlchemy keeps there, read and written
    in one step because each webhook has a dozen."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        return _to_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)


def _to_text(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Every accepted webhook, raw: the first dedupe, and the evidence. `order_id` is the parcel's key where a carrier knows no order.
# `body` is empty when its time is over; `digest` and what it `said` stay. `topic` is an unsigned header's hint. What is recorded and not
# folded yet is folded at `fold_at`; everything else has none.
deliveries = Table(
    "order_deliveries",
    metadata,
    Column("source_id", String(128), nullable=False),
    Column("delivery_id", String(200), nullable=False),
    Column("inbox_id", String(128), nullable=False),
    Column("type", String(64), nullable=False),
    Column("order_id", String(128)),
    Column("body", LargeBinary, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("digest", String(64)),
    Column("topic", String(128)),
    Column("said", String(500)),
    Column("fold_at", UtcTime),
    PrimaryKeyConstraint("source_id", "delivery_id"),
    Index(None, "inbox_id", "order_id"),
    Index(None, "source_id", "received_at"),
    Index(None, "source_id", "fold_at", sqlite_where=text("fold_at IS NOT NULL"), postgresql_where=text("fold_at IS NOT NULL")),
)

# One row for each order; `state` is all that its snapshots add up to (stages.OrderState, JSON), empty only within the first transaction.
orders = Table(
    "order_orders",
    metadata,
    Column("inbox_id", String(128), nullable=False),
    Column("order_id", String(128), nullable=False),
    Column("source_id", String(128), nullable=False),
    Column("number", String(128), nullable=False),
    Column("customer_id", String(128)),
    Column("placed_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("headline", String(32), nullable=False),
    Column("state", Text, nullable=False),
    PrimaryKeyConstraint("inbox_id", "order_id"),
    Index(None, "inbox_id", "customer_id", "placed_at"),
    Index(None, "inbox_id", "number"),
)

# The tracking numbers of an order's parcels, so that a carrier's word finds them; a number that is used again finds the newer order too.
parcels = Table(
    "order_parcels",
    metadata,
    Column("inbox_id", String(128), nullable=False),
    Column("key", String(128), nullable=False),
    Column("order_id", String(128), nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("inbox_id", "key", "order_id"),
)

# What carriers said of a tracking number (events.Track, JSON), one row for each teller: an order that comes later finds it here.
tracks = Table(
    "order_tracks",
    metadata,
    Column("inbox_id", String(128), nullable=False),
    Column("key", String(128), nullable=False),
    Column("teller", String(32), nullable=False),
    Column("track", Text, nullable=False),
    Column("heard_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("inbox_id", "key", "teller"),
)

# What came of an order before its first snapshot (stages.Fragments, JSON).
fragments = Table(
    "order_fragments",
    metadata,
    Column("inbox_id", String(128), nullable=False),
    Column("order_id", String(128), nullable=False),
    Column("fragments", Text, nullable=False),
    Column("heard_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("inbox_id", "order_id"),
)

# The outbox: each effect of an order once ever, whoever reports it.
changes = Table(
    "order_changes",
    metadata,
    Column("id", String(40), nullable=False),
    Column("inbox_id", String(128), nullable=False),
    Column("order_id", String(128), nullable=False),
    Column("source_id", String(128), nullable=False),
    Column("effect_key", String(300), nullable=False),
    Column("entity", String(200), nullable=False),
    Column("stage", String(32), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("fresh_until", UtcTime, nullable=False),
    Column("silent", Boolean, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("taken_at", UtcTime),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("inbox_id", "order_id", "effect_key"),
    Index(None, "taken_at", "due_at"),
)

# The shop's later word on an accepted offer: the first one counts.
settlements = Table(
    "order_settlements",
    metadata,
    Column("id", String(40), nullable=False),
    Column("inbox_id", String(128), nullable=False),
    Column("offer_id", String(128), nullable=False),
    Column("source_id", String(128), nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", Text),
    Column("at", UtcTime, nullable=False),
    Column("taken_at", UtcTime),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("inbox_id", "offer_id"),
    Index(None, "taken_at", "at"),
)

# What the shop answered to an accepted offer, so that one accepted offer is one call.
actions = Table(
    "order_actions",
    metadata,
    Column("inbox_id", String(128), nullable=False),
    Column("offer_id", String(128), nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", Text),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("inbox_id", "offer_id"),
)

# How many webhooks of a source ended how.
counts = Table(
    "order_counts",
    metadata,
    Column("source_id", String(128), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("reason", String(128), nullable=False),
    Column("n", Integer, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("source_id", "outcome", "reason"),
)

# One row for each watched order: when to look at it again (empty: nothing is awaited), and since when we know it.
watches = Table(
    "order_watches",
    metadata,
    Column("inbox_id", String(128), nullable=False),
    Column("order_id", String(128), nullable=False),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("look_at", UtcTime),
    PrimaryKeyConstraint("inbox_id", "order_id"),
    Index(None, "look_at"),
)

# How long each step of a parcel took, in seconds of working time; how long it was on its way then, and from there to the arrival.
durations = Table(
    "order_durations",
    metadata,
    Column("inbox_id", String(128), nullable=False),
    Column("order_id", String(128), nullable=False),
    Column("shipment_id", String(128), nullable=False),
    Column("step", String(40), nullable=False),
    Column("stage", String(32), nullable=False),
    Column("carrier", String(128), nullable=False),
    Column("country", String(16), nullable=False),
    Column("took_s", Integer, nullable=False),
    Column("so_far_s", Integer, nullable=False),
    Column("rest_s", Integer),
    Column("ended_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("inbox_id", "order_id", "shipment_id", "step"),
    Index(None, "inbox_id", "country", "stage", "carrier", "ended_at"),
)

# Steps that took longer than expected, each once, with the evidence (events.OrderOverdue).
overdue = Table(
    "order_overdue",
    metadata,
    Column("inbox_id", String(128), nullable=False),
    Column("order_id", String(128), nullable=False),
    Column("shipment_id", String(128), nullable=False),
    Column("step", String(40), nullable=False),
    Column("source_id", String(128), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("expected_at", UtcTime, nullable=False),
    Column("basis", String(16), nullable=False),
    Column("told_day", Date),
    Column("told_time", UtcTime),
    Column("samples", Integer, nullable=False),
    Column("raised_at", UtcTime, nullable=False),
    Column("next_word_at", UtcTime, nullable=False),
    Column("withdrawn_at", UtcTime),
    PrimaryKeyConstraint("inbox_id", "order_id", "shipment_id", "step"),
)

# The catalogue: the newest that the shop told of each product (products.Product, JSON); one that is gone stays, so that older words lose.
products = Table(
    "order_products",
    metadata,
    Column("inbox_id", String(128), nullable=False),
    Column("product_id", String(128), nullable=False),
    Column("source_id", String(128), nullable=False),
    Column("for_sale", Boolean, nullable=False),
    Column("product", Text, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("inbox_id", "product_id"),
)

# What a search looks through: one line for each language of each product that is for sale.
product_words = Table(
    "order_product_words",
    metadata,
    Column("inbox_id", String(128), nullable=False),
    Column("product_id", String(128), nullable=False),
    Column("locale", String(35), nullable=False),
    Column("words", Text, nullable=False),
    PrimaryKeyConstraint("inbox_id", "product_id", "locale"),
)
