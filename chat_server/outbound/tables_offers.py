"""Tables of offers: what was offered to whom on which terms, what became of it, and every call to the shop. Walk e.

Beside tables.py, whose shape of columns they share. No queries here; see store/offers.py.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from chat_server.outbound.tables import Document, Moment, metadata

# `template`, `terms` and `choices` as they were when the offer was made; `choice` is what the shopper chose, `chosen` the same in words.
# `at`: when it came into its state.
offers = Table(
    "offers", metadata,
    Column("id", Text, primary_key=True),
    Column("inbox_id", Text, nullable=False),
    Column("conversation_id", Text, nullable=False, index=True),
    Column("message_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("order_id", Text),
    Column("order_number", Text),
    Column("params", Document, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("expires_at", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    Column("template", Text),
    Column("terms", Document),
    Column("choices", Document),
    Column("choice", Document),
    Column("chosen", Text),
    Column("made_at", Moment),
    Column("undo_until", Moment),
    Index("offers_by_inbox", "inbox_id", "state", "at"),
)  # fmt: skip

# One row for each call, written before it is made; no status: it is under way, or the process died in it.
offer_attempts = Table(
    "offer_attempts", metadata,
    Column("offer_id", Text, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("call", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("status", Text),
    Column("reason", Text),
    Column("ms", Integer),
)  # fmt: skip
