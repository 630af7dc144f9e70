"""One webhook of a shop: verify -> translate -> commit (dedupe, fold, an outbox row for each effect that is new).

Answers only after COMMIT; in a storm the webhook is only recorded by then, and the fold follows (clerk.py).
What nobody signed leaves a number behind and nothing else; what is the shop's and unreadable, a dead letter.
No SQL here (store/), no HTTP (http.py). Walk b, door half.
"""

import asyncio
import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from order_status import store
from order_status.clerk import Clerk
from order_status.commit import Taken, commit_each, read
from order_status.keysets import KeySets
from order_status.shops import Ignored, Malformed, Ping, Refused, Verified
from order_status.sources import Source, fingerprint
from order_status.store import operations as operated
from order_status.writer import Writer

BODY_LIMIT = 256 * 1024
ALONE = 8  # webhooks of one source in hand: of more, and while older ones wait for it, each is recorded now and folded later
TOGETHER_S = 0.01  # for which those that are recorded wait for each other: one transaction for all of them
LETTERS_KEPT = 500  # for each source: a shop that sends only what cannot be read fills no disk
FLUSH_AFTER = timedelta(seconds=1)  # what nobody signed is counted in memory meanwhile: a flood of it is no flood of transactions

log = logging.getLogger("order_status.ingest")


@dataclass(frozen=True, slots=True)
class Receipt:
    """The HTTP answer to a webhook."""

    status: int
    body: dict[str, Any]


def refusal(status: int, code: str, message: str) -> Receipt:
    return Receipt(status, {"ok": False, "error": {"code": code, "message": message}})


class Ingest:
    def __init__(
        self,
        writer: Writer,
        sources: Mapping[str, Source],
        keys: KeySets,
        clock: Callable[[], datetime],
        wake: asyncio.Event,
        clerk: Clerk,
    ) -> None:
        self._writer = writer
        self._keys = keys
        self._sources = sources
        self._clock = clock
        self._wake = wake
        self._uncounted: dict[str, Counter[tuple[str, str]]] = {}
        self._clerk = clerk
        self._in_hand = Counter[str]()
        self._moment: asyncio.Event | None = None
        self._used: dict[tuple[str, str], tuple[int, datetime]] = {}
        self._flushed_at = clock()

    async def take(self, source_id: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Answer one webhook. The same delivery again is 200 `duplicate` and changes nothing."""
        source = self._sources.get(source_id)
        if source is None:
            return refusal(404, "not_found", "no such source")
        started = time.perf_counter()
        receipt, outcome, reason = await self._answer(source, headers, body)
        await self._flush_at_times()
        took = round((time.perf_counter() - started) * 1000, 1)
        fields = {"flow": "order_event", "inbox": source.config.inbox_id, "decision": outcome, "reason": reason, "ms": took}
        log.info("order_event %s %s", outcome, reason, extra=fields)
        return receipt

    async def _answer(self, source: Source, headers: Mapping[str, str], body: bytes) -> tuple[Receipt, str, str]:
        now = self._clock()
        if len(body) > BODY_LIMIT:
            return self._refuse(source, 413, "too_large", "a body has at most 256 KB", "too_large")
        match await self._verify(source, headers, body, now):
            case Refused("unknown_key") if not self._keys.known(source):
                return self._refuse(source, 503, "unavailable", "the key set that signs cannot be fetched", "no_key_set")
            case Refused(reason):
                return self._refuse(source, 401, "unauthenticated", _SAID[reason], reason)
            case Ping():
                self._tally(source, "ignored", "ping")
                return Receipt(200, {"ok": True, "outcome": "ignored"}), "ignored", "ping"
            case Verified() as verified:
                item = read(source, replace(verified, at=now), body, now)
        if isinstance(item, Malformed):
            await self._bury(source, verified, body, item.message, now)
            return self._refuse(source, 400, "bad_request", item.message, "malformed")
        outcome = await self._commit(item)
        if outcome == "accepted":
            self._wake.set()
        return Receipt(200, {"ok": True, "outcome": outcome}), outcome, item.event.type if isinstance(item.event, Ignored) else ""

    async def _commit(self, item: Taken) -> str:
        source_id = item.source.config.id
        later = self._in_hand[source_id] >= ALONE or self._clerk.is_behind(source_id)
        self._in_hand[source_id] += 1
        try:
            if later:
                await self._others()
            try:
                outcome = await self._writer.write_each(commit_each, replace(item, later=later))
            except Exception as error:
                if later:
                    raise
                log.error("a webhook could not be folded: %s", type(error).__name__, exc_info=log.isEnabledFor(logging.DEBUG))
                later = True  # what can be recorded is the shop's trouble no more
                outcome = await self._writer.write_each(commit_each, replace(item, later=True))
        finally:
            self._in_hand[source_id] -= 1
        if later and outcome == "accepted":
            self._clerk.expect(source_id)
        return outcome

    async def _others(self) -> None:
        """Wait for those that come within a moment."""
        if self._moment is None or self._moment.is_set():
            self._moment = asyncio.Event()
            asyncio.get_running_loop().call_later(TOGETHER_S, self._moment.set)
        await self._moment.wait()

    async def _verify(self, source: Source, headers: Mapping[str, str], body: bytes, now: datetime) -> Verified | Refused | Ping:
        """With the key set that we hold; when it lacks the signer's key, once more with a fresh one."""
        verdict = source.shop.verify(headers, body, self._keys.secrets(source), now)
        if verdict == Refused("unknown_key") and await self._keys.refresh(source, now):
            return source.shop.verify(headers, body, self._keys.secrets(source), now)
        if isinstance(verdict, Verified):
            self._used_secret(source, headers, body, now)
        return verdict

    def _used_secret(self, source: Source, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        """Which of a source's secrets it signs with, so that one knows when the old one may go."""
        secrets = source.config.secrets
        for secret in secrets:
            if len(secrets) == 1 or isinstance(source.shop.verify(headers, body, (secret,), now), Verified):
                key = (source.config.id, fingerprint(secret))
                self._used[key] = (self._used.get(key, (0, now))[0] + 1, now)
                return

    async def _bury(self, source: Source, verified: Verified, body: bytes, error: str, now: datetime) -> None:
        """Keep a webhook of the shop's that cannot be read, for its operator."""
        row = {
            "source_id": source.config.id,
            "digest": hashlib.sha256(body).hexdigest(),
            "inbox_id": source.config.inbox_id,
            "delivery_id": verified.delivery_id,
            "topic": verified.topic[:128],
            "error": error[:500],
            "body": body,
        }

        def work(conn: store.Connection) -> None:
            if operated.letters_kept(conn, source.config.id) < LETTERS_KEPT:
                operated.add_dead_letter(conn, row, now)

        await self._writer.write(work)

    def greet(self, source_id: str, headers: Mapping[str, str], query: str, address: str) -> Receipt:
        """Answer a GET: some senders try the address before they post to it. `address`: where they reached us."""
        source = self._sources.get(source_id)
        if source is None or source.shop.greet is None:
            return refusal(405, "bad_request", "webhooks are sent with POST")
        answer = source.shop.greet(headers, query, source.config.secrets, address)
        return refusal(401, "unauthenticated", _SAID["bad_signature"]) if answer is None else Receipt(200, answer)

    def _refuse(self, source: Source, status: int, code: str, message: str, reason: str) -> tuple[Receipt, str, str]:
        self._tally(source, "refused", reason)
        return refusal(status, code, message), "refused", reason

    def _tally(self, source: Source, outcome: str, reason: str) -> None:
        """Count what nobody signed, without a transaction for each."""
        self._uncounted.setdefault(source.config.id, Counter())[(outcome, reason)] += 1

    async def _flush_at_times(self) -> None:
        if (self._uncounted or self._used) and self._clock() - self._flushed_at >= FLUSH_AFTER:
            await self.flush()

    async def flush(self) -> None:
        """Write down what is counted in memory only."""
        waiting, self._uncounted = self._uncounted, {}
        used, self._used = self._used, {}
        now = self._flushed_at = self._clock()

        def work(conn: store.Connection) -> None:
            for source_id, numbers in waiting.items():
                store.count(conn, source_id, numbers, now)
            operated.used_secrets(conn, used)

        if waiting or used:
            await self._writer.write(work)


_SAID = {
    "no_signature": "a header of the signature is missing",
    "bad_header": "a signature header cannot be read",
    "too_old": "the timestamp is more than five minutes old",
    "too_new": "the timestamp lies more than five minutes ahead",
    "bad_signature": "no signature fits",
    "unknown_key": "the signing key is not in the shop's key set",
}
