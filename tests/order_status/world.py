"""A small world for the tests of order_status: a real SQLite file, a clock that stands still, a shop that signs, an order to change."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine, event

from order_status import ActionConfig, OrderStatus, Receipt, SourceConfig, StageChanged
from order_status.commit import Taken, commit_each
from order_status.events import Mark, OrderFragment, Stamp, Track
from order_status.shops.standard_webhooks import sign
from order_status.sources import open_source
from order_status.stages import number_key
from order_status.writer import Writer
from tests.two_databases import migrated

A = TypeVar("A")
T = TypeVar("T")
Json = dict[str, Any]

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SECRET = "whsec_" + "c2hvcGJlbGwtdGVzdC1zZWNyZXQtb25lLTAwMDE="
OLD_SECRET = "whsec_" + "c2hvcGJlbGwtdGVzdC1zZWNyZXQtdHdvLTAwMDI="
FAILED = {"status": "failed", "reason": "declined"}
PAID = {"status": "paid"}
SOURCE = SourceConfig("src_1", "demo", "native", (SECRET, OLD_SECRET), 20, "Europe/Warsaw")


class Clock:
    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **how: float) -> datetime:
        self.now += timedelta(**how)
        return self.now


class SqliteWriter:
    """One write at a time, each in its own transaction on a real file."""

    def __init__(self, path: Path) -> None:
        self.engine = create_engine(f"sqlite:///{path}")
        event.listen(self.engine, "connect", self._autocommit)
        event.listen(self.engine, "begin", lambda conn: conn.exec_driver_sql("BEGIN IMMEDIATE"))
        self._one = asyncio.Lock()

    @staticmethod
    def _autocommit(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous=OFF").close()  # these tests lose no power

    async def write(self, work: Callable[[Connection], T]) -> T:
        async with self._one:
            with self.engine.begin() as conn:
                return work(conn)

    async def write_each(self, each: Callable[[Connection, Sequence[A]], Sequence[T]], item: A) -> T:
        return (await self.write(lambda conn: each(conn, [item])))[0]

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self.write(work)


class World:
    """`send` is the shop, `told` is the chat server that takes what is due."""

    def __init__(
        self, path: Path, actions: tuple[ActionConfig, ...] = (), source: SourceConfig = SOURCE, writer: Writer | None = None
    ) -> None:
        self.clock = Clock()
        if writer is None:
            path.write_bytes(migrated())
        self.writer: Writer = writer or SqliteWriter(path)
        self.source = source
        self.status = OrderStatus(self.writer, [source, replace(source, id="src_2")], actions, self.clock)
        self._sent = 0

    def close(self) -> None:
        """For a world of SQLite that lives in a loop of its own."""
        if isinstance(self.writer, SqliteWriter):
            self.writer.engine.dispose()

    async def send(
        self, data: Json, at: str | None = None, *, kind: str = "order.updated", delivery: str | None = None, source: str = "src_1"
    ) -> Receipt:
        """A signed webhook; `at` is the event's timestamp (default: now)."""
        self._sent += 1
        body = envelope(data, at or iso(self.clock.now), kind)
        return await self.status.ingest(source, sign(SECRET, delivery or f"msg_{self._sent}", self.clock.now, body), body)

    async def carrier(self, number: str, *marks: Mark, teller: str = "carrier") -> None:
        """A carrier's word about a parcel, as a tracking service's webhook would bring it."""
        self._sent += 1
        key, stamp = number_key(number), Stamp(-1, marks[-1].at, str(marks))
        assert key is not None
        track = Track(key, teller, stamp, None, None, None, None, marks)
        event = OrderFragment(None, stamp, tracks=(track,))
        taken = Taken(open_source(self.source), f"car_{self._sent}", "", b"{}", event, self.clock.now)
        assert await self.writer.write_each(commit_each, taken) == "accepted"

    async def accept(self, data: Json, at: str | None = None) -> None:
        receipt = await self.send(data, at)
        assert receipt == Receipt(200, {"ok": True, "outcome": "accepted"}), receipt

    async def told(self, **later: float) -> list[StageChanged]:
        """Everything that is due after some time, taken."""
        self.clock.pass_(**later)
        due = await self.status.due_changes()
        await self.status.taken([change_id for change in due for change_id in change.change_ids])
        return due

    async def heard(self, **later: float) -> list[str]:
        """The stages that a shopper hears of."""
        return [change.stage for change in await self.told(**later or {"seconds": 21}) if not change.silent]

    async def numbers(self) -> Json:
        return next(row for row in await self.status.health() if row["source_id"] == "src_1")

    async def view(self, order_id: str = "A-1001") -> Json:
        found = await self.status.order("demo", order_id)
        assert found is not None
        return found


def keys(change: StageChanged) -> list[str]:
    return [effect.key for effect in change.effects]


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def envelope(data: Json, at: str, kind: str = "order.updated") -> bytes:
    return json.dumps({"type": kind, "timestamp": at, "data": data}).encode()


def parcel(stage: str = "preparing", at: str = "2026-11-20T09:30:00Z", **more: Any) -> Json:
    return {"id": "s-1", "stage": stage, "at": at, **more}


def order(version: int | None = 1, *parcels: Json, **more: Any) -> Json:
    """An order of 141.00 zł by a known customer, placed at 09:12 of the day on which the clock stands."""
    base: Json = {
        "order_id": "A-1001",
        "number": "1001",
        "placed_at": "2026-11-20T09:12:00Z",
        "locale": "pl",
        "currency": "PLN",
        "total": 14100,
        "status": "placed",
        "customer": {"id": "c-7", "email": "c7@example.com", "name": "Demo customer A"},
        "items": [{"id": "1", "name": "Lamp", "quantity": 1, "unit_price": 12900}],
        "shipments": list(parcels),
    }
    if version is not None:
        base["version"] = version
    return deepcopy({**base, **more})
