"""The durable outbox of the shop's webhooks: a row is written with the change it reports, and sent until Shopbell has it.

A row keeps its webhook id over all attempts, so a repeat is harmless; rows outlive a restart of either side. Walk b.
"""

import asyncio
import json
import random
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import aiohttp
import structlog

from .orders import Entry, Order, iso, snapshot
from .store import Row, Store
from .webhooks import sign

# Seconds after each failed attempt. The first ones are short: on a developer's machine the chat server is back within a minute.
SCHEDULE = (1, 2, 4, 8, 15, 30, 60, 120, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
TIMEOUT_S = 15
GIVE_UP = (400, 410, 413)  # the same body would be refused again
BATCH = 8  # deliveries at the same time, so that a slow answer does not hold up the rest

log = structlog.get_logger("demo_shop.outbox")


class Outbox:
    """`put…` inside the transaction of the change; `run` as one background task."""

    def __init__(self, store: Store, url: str, secret: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store, self._url, self._secret, self._clock = store, url, secret, clock
        self._wake = asyncio.Event()

    # writing

    def put_order(self, order: Order) -> None:
        """The whole order as it is now. Call it in the transaction that saves the order."""
        self.put("order.updated", order["order_id"], snapshot(order))

    def put(self, kind: str, subject: str, data: Entry) -> None:
        """`subject` is the order or offer that the row is about, for the log."""
        body = json.dumps({"type": kind, "timestamp": iso(self._clock()), "data": data}, ensure_ascii=False, separators=(",", ":"))
        self._insert(f"msg_{uuid.uuid4().hex}", kind, subject, body)

    def repeat_last(self, subject: str) -> bool:
        """Sends the newest delivery of an order once more under the same webhook id, as a sender does that missed the answer."""
        return self._copy_last(subject, spoiled=False)

    def spoil_last(self, subject: str) -> bool:
        """Sends the newest delivery of an order with a wrong signature, once, to see it refused."""
        return self._copy_last(subject, spoiled=True)

    def repeat_shuffled(self, subject: str) -> int:
        """Sends every snapshot of an order again under new ids, in random order. Tells how many."""
        bodies = self._store.rows("SELECT DISTINCT body FROM outbox WHERE subject = ? AND type = 'order.updated' AND spoiled = 0", subject)
        random.shuffle(bodies)
        for row in bodies:
            self._insert(f"msg_{uuid.uuid4().hex}", "order.updated", subject, row["body"])
        return len(bodies)

    def shuffle_waiting(self, subject: str) -> None:
        """Rows of an order that are still to be sent change places, and go one by one, so that they arrive shuffled."""
        waiting = self._store.rows("SELECT n FROM outbox WHERE subject = ? AND state = 'waiting'", subject)
        places = list(range(len(waiting)))
        random.shuffle(places)
        for row, place in zip(waiting, places, strict=True):
            self._store.run("UPDATE outbox SET due = ? WHERE n = ?", self._clock().timestamp() + 0.4 * place, row["n"])

    def hurry(self) -> None:
        """Everything that waits is due now."""
        self._store.run("UPDATE outbox SET due = 0 WHERE state = 'waiting'")
        self._wake.set()

    def _copy_last(self, subject: str, spoiled: bool) -> bool:
        last = self._store.row(
            "SELECT * FROM outbox WHERE subject = ? AND type = 'order.updated' AND spoiled = 0 ORDER BY n DESC LIMIT 1", subject
        )
        if last is None:
            return False
        webhook_id = f"msg_{uuid.uuid4().hex}" if spoiled else last["webhook_id"]
        self._insert(webhook_id, last["type"], subject, last["body"], spoiled)
        return True

    def _insert(self, webhook_id: str, kind: str, subject: str, body: str, spoiled: bool = False) -> None:
        self._store.run(
            "INSERT INTO outbox (webhook_id, type, subject, body, spoiled, attempts, due, state) VALUES (?, ?, ?, ?, ?, 0, ?, 'waiting')",
            webhook_id, kind, subject, body, int(spoiled), self._clock().timestamp(),
        )  # fmt: skip
        self._wake.set()

    # reading

    def log(self, limit: int = 40) -> list[Row]:
        """Newest attempts first."""
        return self._store.rows(
            "SELECT d.at, d.status, d.answer, d.ms, o.type, o.subject, o.webhook_id, o.body, o.spoiled, o.state, o.attempts"
            " FROM delivery d JOIN outbox o ON o.n = d.outbox_n ORDER BY d.n DESC LIMIT ?", limit,
        )  # fmt: skip

    def waiting(self) -> int:
        row = self._store.row("SELECT count(*) AS n FROM outbox WHERE state = 'waiting'")
        return 0 if row is None else int(row["n"])

    # sending

    async def run(self) -> None:
        """Sends what is due, for ever. Ends by cancellation; a row whose answer was not seen is sent again after the next start."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session:
            while True:
                self._wake.clear()
                due = self._store.rows(
                    "SELECT * FROM outbox WHERE state = 'waiting' AND due <= ? ORDER BY due, n LIMIT ?", self._clock().timestamp(), BATCH
                )
                if due:
                    await asyncio.gather(*(self._send(session, row) for row in due))
                    continue
                try:
                    await asyncio.wait_for(self._wake.wait(), self._pause())
                except TimeoutError:
                    pass

    def _pause(self) -> float:
        row = self._store.row("SELECT min(due) AS due FROM outbox WHERE state = 'waiting'")
        if row is None or row["due"] is None:
            return 60.0
        return float(min(60.0, max(0.05, row["due"] - self._clock().timestamp())))

    async def _send(self, session: aiohttp.ClientSession, row: Row) -> None:
        body = row["body"].encode()
        headers = sign(self._secret, row["webhook_id"], int(self._clock().timestamp()), body)
        if row["spoiled"]:
            headers["webhook-signature"] = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
        started = time.monotonic()
        status, retry_after = 0, 0.0
        try:
            request = session.post(self._url, data=body, headers=headers | {"content-type": "application/json"}, allow_redirects=False)
            async with request as response:
                status, answer = response.status, (await response.content.read(2000)).decode(errors="replace")
                seconds = response.headers.get("retry-after", "")
                retry_after = float(seconds) if seconds.isdigit() else 0.0
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            answer = type(error).__name__
        self._record(row, status, answer, int((time.monotonic() - started) * 1000), retry_after)

    def _record(self, row: Row, status: int, answer: str, ms: int, retry_after: float) -> None:
        now, attempts = self._clock(), row["attempts"] + 1
        state, due = "waiting", row["due"]
        if 200 <= status < 300:
            state = "sent"
        elif row["spoiled"] or status in GIVE_UP or attempts > len(SCHEDULE):
            state = "given_up"
        else:
            due = now.timestamp() + max(retry_after, SCHEDULE[attempts - 1] * random.uniform(0.8, 1.2))
        with self._store.transaction():
            self._store.run("UPDATE outbox SET state = ?, attempts = ?, due = ? WHERE n = ?", state, attempts, due, row["n"])
            self._store.run(
                "INSERT INTO delivery (outbox_n, at, status, answer, ms) VALUES (?, ?, ?, ?, ?)",
                row["n"],
                iso(now),
                status,
                answer[:500],
                ms,
            )
        log.info("webhook", type=row["type"], subject=row["subject"], status=status, state=state, attempt=attempts, ms=ms)
