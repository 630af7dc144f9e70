"""Tables of the chat server, in a shape that SQLite and PostgreSQL share. The database is the truth.

Times are whole milliseconds since 1970 in UTC (`Moment`), JSON is text in SQLite and jsonb in PostgreSQL.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(TypeDecorator[datetime]):
    """An aware datetime as whole milliseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - EPOCH) // timedelta(milliseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(milliseconds=value)


Document = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
metadata = MetaData()

agents = Table(
    "agents", metadata,
    Column("id", Text, primary_key=True),
    Column("inbox_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("availability", Text, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("last_assigned_at", Moment),
    Column("created_at", Moment, nullable=False),
)  # fmt: skip

presence = Table(
    "presence", metadata,
    Column("agent_id", Text, primary_key=True),
    Column("node", Text, primary_key=True),
    Column("seen_at", Moment, nullable=False),
)  # fmt: skip

sessions = Table(
    "sessions", metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("agent_id", Text, nullable=False, index=True),
    Column("csrf", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
)  # fmt: skip

contacts = Table(
    "contacts", metadata,
    Column("id", Text, primary_key=True),
    Column("inbox_id", Text, nullable=False),
    Column("customer_id", Text),
    Column("name", Text),
    Column("email", Text),
    Column("phone", Text),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("inbox_id", "customer_id"),
)  # fmt: skip

visitors = Table(
    "visitors", metadata,
    Column("id", Text, primary_key=True),
    Column("inbox_id", Text, nullable=False),
    Column("contact_id", Text, index=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("locale", Text, nullable=False),
    Column("timezone", Text),
    Column("consent", Boolean),
    Column("opt_outs", Document, nullable=False),
    Column("state", Document, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
)  # fmt: skip

conversations = Table(
    "conversations", metadata,
    Column("id", Text, primary_key=True),
    Column("inbox_id", Text, nullable=False),
    Column("visitor_id", Text, nullable=False),
    Column("contact_id", Text),
    Column("status", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("assignee_id", Text),
    Column("assignee_name", Text),
    Column("waiting_since", Moment),
    Column("queued_at", Moment),
    Column("queue_reason", Text),
    Column("snoozed_until", Moment),
    Column("resolved_at", Moment),
    Column("shopper_read", Integer, nullable=False),
    Column("agent_read", Integer, nullable=False),
    Column("shopper_unread", Integer, nullable=False),
    Column("agent_unread", Integer, nullable=False),
    Column("heard", Integer, nullable=False),
    Column("shopper_at", Moment),
    Column("word_at", Moment),
    Column("rating", Integer),
    Column("preview", Text, nullable=False),
    Column("preview_sender", Text, nullable=False),
    Column("card", Document),
    Column("contact_asked", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Index("one_unresolved", "inbox_id", "visitor_id", unique=True,
          sqlite_where=text("status != 'resolved'"), postgresql_where=text("status != 'resolved'")),
    Index("conversations_by_list", "inbox_id", "status", "last_at"),
    Index("conversations_by_visitor", "visitor_id", "created_at"),
    Index("conversations_by_contact", "contact_id", "created_at"),
)  # fmt: skip

messages = Table(
    "messages", metadata,
    Column("conversation_id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("epoch", Integer, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("sender_kind", Text, nullable=False),
    Column("sender_id", Text, nullable=False),
    Column("sender_name", Text, nullable=False),
    Column("parts", Document, nullable=False),
    Column("digest", Text, nullable=False),
    Column("meta", Document),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("conversation_id", "sender_kind", "sender_id", "client_id"),
)  # fmt: skip

facts = Table(
    "facts", metadata,
    Column("conversation_id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("epoch", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("data", Document, nullable=False),
    Column("at", Moment, nullable=False),
)  # fmt: skip

jobs = Table(
    "jobs", metadata,
    Column("key", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("payload", Document, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lane", Text, nullable=False),
    Column("holder", Text),
    Column("leased_until", Moment),
    Column("done_at", Moment),
    Column("outcome", Text),
    Index("jobs_due", "due_at", sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL")),
    Index("jobs_done", "done_at", sqlite_where=text("done_at IS NOT NULL"), postgresql_where=text("done_at IS NOT NULL")),
    Index("jobs_held", "lane", sqlite_where=text("done_at IS NULL AND leased_until IS NOT NULL"),
          postgresql_where=text("done_at IS NULL AND leased_until IS NOT NULL")),
)  # fmt: skip

visits = Table(
    "visits", metadata,
    Column("id", Text, primary_key=True),
    Column("visitor_id", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("page", Document),
    Column("referrer", Text),
    Index("visits_by_visitor", "visitor_id", "started_at"),
    Index("visits_by_age", "last_at"),
)  # fmt: skip

activities = Table(
    "activities", metadata,
    Column("visitor_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("visit_id", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("data", Document, nullable=False),
    Column("at", Moment, nullable=False),
)  # fmt: skip

candidates = Table(
    "candidates", metadata,
    Column("id", Text, primary_key=True),
    Column("inbox_id", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("class", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("dedupe_key", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("body", Document, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("settled_at", Moment),
    Column("message_id", Text, index=True),
    Column("conversation_id", Text),
    Column("shown", Text),
    Column("shown_at", Moment),
    Index("said_once", "recipient", "dedupe_key", unique=True,
          sqlite_where=text("state != 'dropped'"), postgresql_where=text("state != 'dropped'")),
    Index("candidates_by_recipient", "recipient", "state"),
)  # fmt: skip

verdicts = Table(
    "verdicts", metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("candidate_id", Text, nullable=False, index=True),
    Column("recipient", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("until", Moment),
    Column("at", Moment, nullable=False),
    Index("verdicts_by_recipient", "recipient", "at"),
)  # fmt: skip

touches = Table(
    "touches", metadata,
    Column("id", Text, primary_key=True),
    Column("inbox_id", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("class", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("shadow", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
    Index("touches_by_recipient", "recipient", "at"),
)  # fmt: skip

answers = Table(
    "answers", metadata,
    Column("principal", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("answer", Document, nullable=False),
    Column("at", Moment, nullable=False),
    Index("answers_by_age", "at"),
)  # fmt: skip

secrets = Table(
    "secrets", metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)  # fmt: skip
