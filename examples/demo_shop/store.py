"""The shop's SQLite file: sessions, orders, vouchers and switches. Webhook rows live in outbox.py, offers in offers.py.

Calls are short and run on the event loop: right for one small shop on one disk, not a pattern for a big one.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from .orders import Order

SCHEMA = """
CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, doc TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, placed_at TEXT NOT NULL, doc TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS orders_of_customer ON orders (customer_id, placed_at);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS switch (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS voucher (
    code TEXT PRIMARY KEY, customer_id TEXT NOT NULL, worth INTEGER NOT NULL, for_order TEXT NOT NULL,
    used_in TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS goods (
    product_id TEXT PRIMARY KEY, price INTEGER NOT NULL, stock INTEGER NOT NULL, version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (
    n INTEGER PRIMARY KEY AUTOINCREMENT, webhook_id TEXT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL,
    spoiled INTEGER NOT NULL, attempts INTEGER NOT NULL, due REAL NOT NULL, state TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (state, due);
CREATE TABLE IF NOT EXISTS delivery (
    n INTEGER PRIMARY KEY AUTOINCREMENT, outbox_n INTEGER NOT NULL, at TEXT NOT NULL, status INTEGER NOT NULL,
    answer TEXT NOT NULL, ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS offer (id TEXT PRIMARY KEY, data TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS offer_before (id TEXT PRIMARY KEY, doc TEXT NOT NULL, version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS offer_call (
    n INTEGER PRIMARY KEY AUTOINCREMENT, offer_id TEXT NOT NULL, at TEXT NOT NULL, status INTEGER NOT NULL, answer TEXT NOT NULL);
"""

Row = sqlite3.Row


class Store:
    """One connection for the process. Everything inside one `transaction()` is saved together or not at all."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "shop.sqlite3", isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Nested use joins the outer one. Never await inside."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def run(self, sql: str, *values: object) -> int:
        """Executes one statement and tells how many rows it touched."""
        return self._db.execute(sql, values).rowcount

    def rows(self, sql: str, *values: object) -> list[Row]:
        return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> Row | None:
        return cast(Row | None, self._db.execute(sql, values).fetchone())

    # sessions

    def session(self, session_id: str) -> dict[str, Any] | None:
        row = self.row("SELECT doc FROM session WHERE id = ?", session_id)
        return None if row is None else cast(dict[str, Any], json.loads(row["doc"]))

    def save_session(self, session_id: str, doc: dict[str, Any]) -> None:
        self.run("INSERT INTO session VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc", session_id, _json(doc))

    def drop_session(self, session_id: str) -> None:
        self.run("DELETE FROM session WHERE id = ?", session_id)

    # orders

    def next_number(self) -> str:
        """Order numbers count up from 1001 and are never given twice."""
        self.run("INSERT INTO counter VALUES ('order', 1000) ON CONFLICT DO NOTHING")
        row = self.row("UPDATE counter SET value = value + 1 WHERE name = 'order' RETURNING value")
        assert row is not None
        return str(row["value"])

    def save_order(self, order: Order) -> None:
        """Refuses to write an older version over a newer one, so no change is lost in silence."""
        touched = self.run(
            "INSERT INTO orders VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc, customer_id = excluded.customer_id"
            " WHERE json_extract(orders.doc, '$.version') < json_extract(excluded.doc, '$.version')",
            order["order_id"], order["customer"]["id"], order["placed_at"], _json(order),
        )  # fmt: skip
        if touched != 1:
            raise RuntimeError(f"order {order['order_id']}: version {order['version']} is not newer than what is stored")

    def order(self, order_id: str) -> Order | None:
        row = self.row("SELECT doc FROM orders WHERE id = ?", order_id)
        return None if row is None else cast(Order, json.loads(row["doc"]))

    def orders(self, customer_id: str | None = None, limit: int = 50) -> list[Order]:
        """Newest first; of everyone when `customer_id` is None."""
        found = self.rows(
            "SELECT doc FROM orders WHERE ? IS NULL OR customer_id = ? ORDER BY placed_at DESC, id DESC LIMIT ?",
            customer_id, customer_id, limit,
        )  # fmt: skip
        return [cast(Order, json.loads(row["doc"])) for row in found]

    # vouchers

    def add_voucher(self, code: str, customer_id: str, worth: int, for_order: str, at: str) -> None:
        self.run("INSERT INTO voucher VALUES (?, ?, ?, ?, '', ?)", code, customer_id, worth, for_order, at)

    def vouchers(self, customer_id: str) -> list[Row]:
        return self.rows("SELECT * FROM voucher WHERE customer_id = ? ORDER BY at DESC", customer_id)

    def voucher_worth(self, code: str, customer_id: str) -> int | None:
        """None when there is no such voucher, it is someone else's, or it was used."""
        row = self.row("SELECT worth FROM voucher WHERE code = ? AND customer_id = ? AND used_in = ''", code, customer_id)
        return None if row is None else int(row["worth"])

    def use_voucher(self, code: str, order_id: str) -> bool:
        return self.run("UPDATE voucher SET used_in = ? WHERE code = ? AND used_in IN ('', ?)", order_id, code, order_id) == 1

    def drop_voucher(self, code: str) -> bool:
        """False when it was used, or is not there."""
        return self.run("DELETE FROM voucher WHERE code = ? AND used_in = ''", code) == 1

    # switches of the back office

    def switch(self, name: str, default: str) -> str:
        row = self.row("SELECT value FROM switch WHERE name = ?", name)
        return default if row is None else str(row["value"])

    def set_switch(self, name: str, value: str) -> None:
        self.run("INSERT INTO switch VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)


def _json(doc: object) -> str:
    return json.dumps(doc, ensure_ascii=False, separators=(",", ":"))
