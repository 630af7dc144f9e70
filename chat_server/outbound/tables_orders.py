"""Tables of what guests may see: the orders that they have proven to be theirs, and how often they tried. Walk f.

Beside tables.py, whose shape of columns they share. No queries here; see store/bindings.py.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from chat_server.outbound.tables import Moment, metadata

# One row for each proof: who showed it, of which order, by what; undone ones stay until the person is erased.
order_bindings = Table(
    "order_bindings", metadata,
    Column("id", Text, primary_key=True),
    Column("inbox_id", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("visitor_id", Text, nullable=False),
    Column("grade", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("bound_at", Moment, nullable=False),
    Column("undone_at", Moment),
    Column("undone_by", Text),
    Index("bindings_by_visitor", "visitor_id"),
    Index("bindings_by_order", "inbox_id", "order_id"),
    Index("bindings_by_evidence", "inbox_id", "evidence"),
)  # fmt: skip

# One row for each thing that a try is counted by (browser, address, order number, contact); all but the browser are digests.
order_tries = Table(
    "order_tries", metadata,
    Column("key", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("at", Moment, nullable=False),
    Index("tries_by_age", "at"),
    Index("tries_by_id", "id"),
)  # fmt: skip
