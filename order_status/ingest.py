"""One webhook of a shop: verify -> dedupe -> translate -> fold -> commit, with an outbox row for each effect that is new.

Answers only after COMMIT. A refused webhook leaves a number behind and nothing else.
No SQL here (store.py), no HTTP (http.py). Walk b, door half.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from order_status import store
from order_status.events import OrderEvent, Settlement
from order_status.fold import fold
from order_status.news import PAYMENT_PATIENCE, news
from order_status.shops import Ignored, Malformed, Refused, Verified
from order_status.sources import Source
from order_status.stages import contradicted
from order_status.writer import Writer

BODY_LIMIT = 256 * 1024
FLUSH_AFTER = timedelta(seconds=1)  # refusals are counted in memory meanwhile: a flood of bad signatures is no flood of transactions

log = logging.getLogger("order_status.ingest")


@dataclass(frozen=True, slots=True)
class Receipt:
    """The HTTP answer to a webhook."""

    status: int
    body: dict[str, Any]


def refusal(status: int, code: str, message: str) -> Receipt:
    return Receipt(status, {"ok": False, "error": {"code": code, "message": message}})


class Ingest:
    def __init__(self, writer: Writer, sources: Mapping[str, Source], clock: Callable[[], datetime], wake: asyncio.Event) -> None:
        self._writer = writer
        self._sources = sources
        self._clock = clock
        self._wake = wake
        self._uncounted: dict[str, Counter[tuple[str, str]]] = {}
        self._flushed_at = clock()

    async def take(self, source_id: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Answer one webhook. The same delivery again is 200 `duplicate` and changes nothing."""
        source = self._sources.get(source_id)
        if source is None:
            return refusal(404, "not_found", "no such source")
        started = time.perf_counter()
        receipt, outcome, reason = await self._answer(source, headers, body)
        took = round((time.perf_counter() - started) * 1000, 1)
        fields = {"flow": "order_event", "inbox": source.config.inbox_id, "decision": outcome, "reason": reason, "ms": took}
        log.info("order_event %s %s", outcome, reason, extra=fields)
        return receipt

    async def _answer(self, source: Source, headers: Mapping[str, str], body: bytes) -> tuple[Receipt, str, str]:
        now = self._clock()
        if len(body) > BODY_LIMIT:
            return await self._refuse(source, 413, "too_large", "a body has at most 256 KB", "too_large")
        match source.shop.verify(headers, body, source.config.secrets, now):
            case Refused(reason):
                return await self._refuse(source, 401, "unauthenticated", _SAID[reason], reason)
            case Verified(delivery_id):
                pass
        event = source.shop.translate(body, source.zone)
        if isinstance(event, Malformed):
            return await self._refuse(source, 400, "bad_request", event.message, "malformed")
        outcome = await self._writer.write(lambda conn: self._commit(conn, source, delivery_id, body, event, now))
        if outcome == "accepted":
            self._wake.set()
        return Receipt(200, {"ok": True, "outcome": outcome}), outcome, event.type if isinstance(event, Ignored) else ""

    def _commit(
        self, conn: store.Connection, source: Source, delivery_id: str, body: bytes, event: OrderEvent | Settlement | Ignored, now: datetime
    ) -> str:
        """Runs inside the writer: all of it is saved, or none."""
        config = source.config
        if isinstance(event, Ignored):
            store.count(conn, config.id, {("ignored", event.type): 1}, now)
            return "ignored"
        kind, order_id = ("order.updated", event.head.order_id) if isinstance(event, OrderEvent) else ("offer.settled", None)
        if not store.record_delivery(
            conn, source_id=config.id, delivery_id=delivery_id, inbox_id=config.inbox_id, kind=kind, order_id=order_id, body=body, at=now
        ):
            store.count(conn, config.id, {("duplicate", ""): 1}, now)
            return "duplicate"
        numbers: Counter[tuple[str, str]] = Counter({("accepted", kind): 1})
        if isinstance(event, Settlement):
            store.settle(conn, config.inbox_id, config.id, event)
        else:
            numbers.update(self._fold(conn, source, event, now))
        store.count(conn, config.id, numbers, now)
        return "accepted"

    def _fold(self, conn: store.Connection, source: Source, event: OrderEvent, now: datetime) -> dict[tuple[str, str], int]:
        """Save the order and its news; returns what else is to be counted."""
        config, order_id = source.config, event.head.order_id
        before = store.lock_order(conn, config.inbox_id, order_id, config.id, now)
        after = fold(before, event)
        store.save_order(conn, config.inbox_id, config.id, after)
        found = news(before, after, event, store.recorded(conn, config.inbox_id, order_id), now, source.zone)
        due_at = now + timedelta(seconds=config.debounce_s)
        patient = max(due_at, now + PAYMENT_PATIENCE)
        for item in found:
            failed = item.effect.stage == "payment_failed"
            store.add_change(
                conn,
                inbox_id=config.inbox_id,
                order_id=order_id,
                source_id=config.id,
                news=item,
                due_at=patient if failed else due_at,
                now=now,
            )
        if any(item.effect.stage == "payment_failed" and not item.silent for item in found):
            store.postpone(conn, config.inbox_id, order_id, "placed", patient)
        numbers = {("unknown", value): 1 for value in event.unknown}
        contradictions = sum(contradicted(parcel) and parcel.stamp == event.head.stamp for parcel in after.parcels)
        return {**numbers, ("contradiction", ""): contradictions} if contradictions else numbers

    async def _refuse(self, source: Source, status: int, code: str, message: str, reason: str) -> tuple[Receipt, str, str]:
        self._uncounted.setdefault(source.config.id, Counter())[("refused", reason)] += 1
        if self._clock() - self._flushed_at >= FLUSH_AFTER:
            await self.flush()
        return refusal(status, code, message), "refused", reason

    async def flush(self) -> None:
        """Write down the refusals that are counted in memory only."""
        waiting, self._uncounted = self._uncounted, {}
        now = self._flushed_at = self._clock()

        def work(conn: store.Connection) -> None:
            for source_id, numbers in waiting.items():
                store.count(conn, source_id, numbers, now)

        if waiting:
            await self._writer.write(work)


_SAID = {
    "no_signature": "webhook-id, webhook-timestamp or webhook-signature is missing",
    "bad_header": "a signature header cannot be read",
    "too_old": "the timestamp is more than five minutes old",
    "too_new": "the timestamp lies more than five minutes ahead",
    "bad_signature": "no signature fits",
}
