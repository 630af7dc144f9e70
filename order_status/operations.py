"""What operators see of the sources and do about them: health, stored webhooks, dead letters, contradictions, orders set aside.

Whatever is done by hand goes through the same commit as a webhook and is logged with who did it. Reads and writes one inbox at a time.
A source is named by its handle: its id may be all that proves a sender. No SQL here (store/operations.py). Walk b.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, Literal

from order_status import store
from order_status.commit import Taken, commit_each, read
from order_status.corrections import join_rulings
from order_status.desk import Desk, Order, Unreadable
from order_status.events import OrderEvent
from order_status.masked import laid_out
from order_status.shops import Ignored, Malformed, Verified
from order_status.sources import KEEP_DAYS, Source, fingerprint
from order_status.stages import OrderState, Ruling
from order_status.store import desk
from order_status.store import operations as sql
from order_status.writer import Writer

Json = dict[str, Any]
Verdict = Literal["corrected", "kept"]
TIME = "time"
SHOWN = 50
PRUNED_EVERY = timedelta(minutes=10)
PRUNED_AT_ONCE = 200
LATER = timedelta(days=1)
ENOUGH = 20
"""webhooks from which one knows how often a source speaks"""
LEAST_SILENCE = timedelta(hours=1)

log = logging.getLogger("order_status.operations")


class Operations:
    def __init__(self, writer: Writer, sources: Mapping[str, Source], clock: Callable[[], datetime], wake: asyncio.Event) -> None:
        self._writer = writer
        self._sources = sources
        self._clock = clock
        self._wake = wake
        self._ids = {fingerprint(source_id): source_id for source_id in sources}
        self._pruned_at: datetime | None = None
        self._pruned_to: dict[str, datetime] = {}
        """source -> before when no body is left: what is empty is not gone through again"""

    # What time does by itself.

    async def tend(self, limit: int) -> int:
        """Settle the contradictions whose time is over, and empty old bodies; how many were settled. Safe on several servers at once."""
        now = self._clock()
        due = await self._writer.read(lambda conn: sql.due_contradictions(conn, now, limit))
        rulings = [partial(self._rule, row=row, verdict="corrected", by=TIME, now=now) for row in due]
        settled = sum([await self._writer.write(rule) for rule in rulings])
        if settled:
            self._wake.set()
        if self._pruned_at is None or now - self._pruned_at >= PRUNED_EVERY:
            self._pruned_at = now
            await self._prune(now)
        return settled

    async def _prune(self, now: datetime) -> None:
        """A few at a time, so that nobody waits behind it. Also what sources left behind that are configured no more."""
        for source_id in await self._writer.read(sql.sources_heard):
            source = self._sources.get(source_id)
            before = now - timedelta(days=source.config.keep_days if source else KEEP_DAYS)
            since = self._pruned_to.get(source_id)
            drop = partial(sql.drop_bodies, source_id=source_id, since=since, before=before, limit=PRUNED_AT_ONCE)
            while await self._writer.write(drop) == PRUNED_AT_ONCE:
                continue
            self._pruned_to[source_id] = before

    # What operators see.

    async def sources(self, inbox_id: str, health: Sequence[Json]) -> list[Json]:
        """The health of each source of an inbox, with how often it speaks, and which of its secrets are in use."""
        mine = {each["source_id"]: each for each in health if each["inbox_id"] == inbox_id}

        def work(conn: store.Connection) -> list[Json]:
            used = sql.secrets_of(conn, mine)
            return [
                {
                    **{name: value for name, value in each.items() if name != "source_id"},
                    **self._rhythm(conn, source_id),
                    "source": fingerprint(source_id),
                    "secrets": self._secrets(source_id, used),
                    "keep_days": self._sources[source_id].config.keep_days,
                }
                for source_id, each in mine.items()
            ]

        return await self._writer.read(work)

    def _rhythm(self, conn: store.Connection, source_id: str) -> Json:
        """`usual`: all but one in twenty of its pauses were shorter; `silent`: this one is much longer."""
        moments = sql.moments_of(conn, source_id)
        pauses = sorted(one - other for one, other in pairwise(moments))
        usual = pauses[int(len(pauses) * 0.95)] if len(moments) >= ENOUGH else None
        silence = self._clock() - moments[0] if moments else None
        silent = usual is not None and silence is not None and silence > max(3 * usual, LEAST_SILENCE)
        return {"usual": usual, "silence": silence, "silent": silent}

    def _secrets(self, source_id: str, used: Mapping[tuple[str, str], tuple[int, datetime]]) -> list[Json]:
        prints = [fingerprint(secret) for secret in self._sources[source_id].config.secrets]
        found = [(each, *used.get((source_id, each), (0, None))) for each in prints]
        return [{"fingerprint": each, "verified": n, "last_at": last_at} for each, n, last_at in found]

    async def deliveries(
        self, inbox_id: str, handle: str | None = None, order_id: str | None = None, before: datetime | None = None, limit: int = SHOWN
    ) -> list[Json]:
        """Stored webhooks, newest first, without their bodies."""
        source_id = self._ids.get(handle, "") if handle is not None else None
        rows = await self._writer.read(lambda conn: sql.deliveries_of(conn, inbox_id, source_id, order_id, before, limit))
        return [self._shown(row) for row in rows]

    async def delivery(self, inbox_id: str, handle: str, delivery_id: str, by: str | None = None) -> Json | None:
        """One with its body as text; what leads to a person is covered, unless somebody (`by`) asks for it, which is logged."""
        row = await self._writer.read(lambda conn: sql.delivery(conn, inbox_id, self._ids.get(handle, ""), delivery_id))
        if row is None:
            return None
        if by is not None:
            await self.note(inbox_id, by, "look", delivery_id, "uncovered")
        return {**self._shown(row), "body": laid_out(row["body"], covered=by is None) if row["body"] else None}

    async def letter(self, inbox_id: str, handle: str, digest: str) -> Json | None:
        """A dead letter with its body, covered."""
        row = await self._writer.read(lambda conn: sql.dead_letter(conn, inbox_id, self._ids.get(handle, ""), digest))
        return {**self._shown(row), "body": laid_out(row["body"], covered=True)} if row is not None else None

    async def waiting(self, inbox_id: str) -> Json:
        """What an operator may have to decide: contradictions, dead letters, orders set aside; and what was done by hand lately."""

        def work(conn: store.Connection) -> Json:
            return {
                "contradictions": [dict(row) for row in sql.contradictions_of(conn, inbox_id, SHOWN)],
                "letters": [self._shown(row) for row in sql.dead_letters_of(conn, inbox_id, SHOWN)],
                "unreadable": [dict(row) for row in sql.unreadable_of(conn, inbox_id, SHOWN)],
                "done": [dict(row) for row in sql.operations_of(conn, inbox_id, SHOWN)],
            }

        return await self._writer.read(work)

    def _shown(self, row: Mapping[Any, Any]) -> Json:
        """A row without its body and its source's id."""
        source = self._sources.get(row["source_id"])
        told = {name: value for name, value in row.items() if name not in ("source_id", "body")}
        return {**told, "source": fingerprint(row["source_id"]), "kind": source.config.kind if source else None}

    # What operators do.

    async def replay(self, inbox_id: str, handle: str, delivery_id: str, by: str) -> str:
        """Read a stored webhook once more: what it says that is known already changes nothing."""
        row = await self._writer.read(lambda conn: sql.delivery(conn, inbox_id, self._ids.get(handle, ""), delivery_id))
        if row is None:
            return "not_found"
        outcome = await self._again(self.read_stored(row), again=True) if row["body"] else "no_body"
        await self.note(inbox_id, by, "replay", delivery_id, outcome)
        return outcome

    async def read_letter(self, inbox_id: str, handle: str, digest: str, by: str) -> str:
        """Read a dead letter once more; one that is understood now is a letter no longer."""
        source_id = self._ids.get(handle, "")
        row = await self._writer.read(lambda conn: sql.dead_letter(conn, inbox_id, source_id, digest))
        if row is None:
            return "not_found"
        verified = Verified(row["delivery_id"], topic=row["topic"], at=row["first_at"])
        outcome = await self._again(self._read(source_id, verified, row["body"]), again=False)
        if outcome in ("accepted", "duplicate", "ignored"):
            await self._writer.write(lambda conn: sql.bury(conn, inbox_id, source_id, digest))
        await self.note(inbox_id, by, "read", digest[:12], outcome)
        return outcome

    async def drop_letter(self, inbox_id: str, handle: str, digest: str, by: str) -> str:
        gone = await self._writer.write(lambda conn: sql.bury(conn, inbox_id, self._ids.get(handle, ""), digest))
        outcome = "dropped" if gone else "not_found"
        await self.note(inbox_id, by, "drop", digest[:12], outcome)
        return outcome

    async def decide(self, inbox_id: str, ident: str, verdict: Verdict, by: str) -> str:
        """An operator's word on a contradiction; the first one counts."""
        now = self._clock()

        def work(conn: store.Connection) -> str:
            row = sql.contradiction(conn, inbox_id, ident)
            if row is None:
                return "not_found"
            if self._rule(conn, row, verdict, by, now):
                return verdict
            return "settled" if row["settled_at"] else "unreadable"

        outcome = await self._writer.write(work)
        await self.note(inbox_id, by, "decide", ident, outcome)
        self._wake.set()
        return outcome

    async def rebuild(self, inbox_id: str, order_id: str, by: str) -> str:
        """An order that was set aside, made anew of its stored webhooks. What was told of it is not told again."""
        now, key = self._clock(), (inbox_id, order_id)

        def work(conn: store.Connection) -> str:
            if self._open(conn, key, now) is not None:
                return "settled"
            bodies = sql.bodies_of(conn, key)
            read = [self.read_stored(row) for row in bodies]
            items = [replace(taken, again=True) for taken in read if isinstance(taken, Taken)]
            if not any(isinstance(each.event, OrderEvent) for each in items):
                return "no_body"
            sql.clear_state(conn, key)
            sql.readable_again(conn, key)
            commit_each(conn, items)
            desk.fold_at(conn, [(row["source_id"], row["delivery_id"]) for row in bodies], None)
            opened = self._open(conn, key, now)
            if opened is not None:
                _add_rulings(opened, sql.rulings_of(conn, key))
            return "rebuilt"

        outcome = await self._writer.write(work)
        await self.note(inbox_id, by, "rebuild", order_id, outcome)
        self._wake.set()
        return outcome

    async def _again(self, taken: Taken | str, *, again: bool) -> str:
        if isinstance(taken, str):
            return taken
        outcome = await self._writer.write_each(commit_each, replace(taken, again=again))
        if outcome == "accepted":
            self._wake.set()
        return outcome

    def read_stored(self, row: Mapping[Any, Any]) -> Taken | str:
        """A row of deliveries as what it says today; or why it cannot be read."""
        return self._read(row["source_id"], Verified(row["delivery_id"], topic=row["topic"] or "", at=row["received_at"]), row["body"])

    def _read(self, source_id: str, verified: Verified, body: bytes) -> Taken | str:
        """What was stored, read as it is read today; or why it cannot be."""
        source = self._sources.get(source_id)
        if source is None:
            return "no_source"
        item = read(source, verified, body, self._clock())
        if isinstance(item, Malformed):
            return "malformed"
        return "ignored" if isinstance(item.event, Ignored) else item

    def _rule(self, conn: store.Connection, row: Mapping[Any, Any], verdict: Verdict, by: str, now: datetime) -> bool:
        """False when it was settled before, or the order cannot be changed now."""
        opened = self._open(conn, (row["inbox_id"], row["order_id"]), now)
        if opened is None:
            if by == TIME:
                sql.put_off(conn, row["id"], now + LATER)
            return False
        if not sql.settle_contradiction(conn, row["id"], verdict, by, now):
            return False
        _add_rulings(opened, [Ruling(row["shipment_id"], row["since"], row["until"], verdict, now, by)])
        return True

    def _open(self, conn: store.Connection, key: store.OrderKey, now: datetime) -> tuple[Desk, Order, Source] | None:
        """None for an order that cannot be read, or whose source is not configured any more."""
        desk = Desk(conn, now)
        try:
            order = desk.known_order(key)
        except Unreadable:
            return None
        source = self._sources.get(order.source_id) if order is not None else None
        return (desk, order, source) if order is not None and source is not None else None

    async def note(self, inbox_id: str, by: str, action: str, object_: str, outcome: str) -> None:
        """Who did what by hand."""
        started, now = time.perf_counter(), self._clock()
        await self._writer.write(
            lambda conn: sql.log_operation(conn, inbox_id=inbox_id, by=by, action=action, object_=object_, outcome=outcome, now=now)
        )
        took = round((time.perf_counter() - started) * 1000, 1)
        log.info(
            "operation %s %s", action, outcome, extra={"flow": f"operation_{action}", "inbox": inbox_id, "decision": outcome, "ms": took}
        )


def _add_rulings(opened: tuple[Desk, Order, Source], rulings: Sequence[Ruling]) -> None:
    desk, order, source = opened

    def ruled(before: OrderState | None) -> OrderState:
        assert before is not None, "known_order answers one with a state"
        return replace(before, rulings=join_rulings([*before.rulings, *rulings]))

    if rulings and order.state is not None:
        head = order.state.head
        desk.change(order, order.source_id, source, ruled, quiet=head.test or not head.notify)
        desk.put_back()
