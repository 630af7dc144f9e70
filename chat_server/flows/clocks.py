"""Everything that happens later: due job rows, claimed and run. Holds no timer; what a crash leaves, a lease returns.

Any number of processes do this side by side: the store gives each job, and each lane, to one of them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

import structlog

from chat_server.core import conversation as core
from chat_server.core.model import Job, Plan
from chat_server.core.order_access import WINDOW
from chat_server.flows import bot_turns, erasure, offer_calls, offer_making, offers, proactive
from chat_server.flows.context import Context, save
from chat_server.flows.handoff import assign_waiting
from chat_server.flows.once import KEEP_ANSWERS
from chat_server.flows.ports import Tx

LEASE = timedelta(seconds=20)
"""how long the jobs of a process that died are nobody's"""
RENEW_S = 5.0
LIMIT = 32
ROOM_OF = {offers.DELIVER: 8, erasure.FORGET: 2}
"""of LIMIT, for a kind that waits for another server: when that one hangs, the other kinds go on"""
KEEP_JOBS = timedelta(days=7)
KEEP_SESSIONS = timedelta(days=7)
KEEP_VISITS = timedelta(days=90)
KEEP_PRESENCE = timedelta(days=1)
log = structlog.get_logger("clocks")


class Clocks:
    """Runs due jobs; those of one conversation in order, the others side by side."""

    def __init__(self, context: Context, woken: asyncio.Event, poll_s: float = 0.5) -> None:
        self._context = context
        self._woken = woken
        self._poll_s = poll_s
        self._swept_at: datetime | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._held: dict[str, asyncio.Task[None]] = {}
        """keys of jobs that are in hand here: their leases are renewed, and none is taken up a second time"""
        self._busy: Counter[str] = Counter()
        """how many of each kind are in hand"""
        self._kinds: dict[str, Callable[[Job], Awaitable[str | None]]] = {
            core.BOT_TURN: lambda job: bot_turns.run(context, job),
            core.ASSIGN_QUEUE: lambda job: assign_waiting(context, job.payload["inbox"]),
            core.SNOOZE_END: lambda job: wake_up(context, job),
            core.RECONSIDER: lambda job: proactive.reconsider(context, job),
            offers.DELIVER: lambda job: offer_calls.deliver(context, job),
            offers.GIVE_UP: lambda job: offers.give_up(context, job),
            offer_making.EXPIRE: lambda job: offers.expire(context, job),
            erasure.FORGET: lambda job: erasure.forget_in_bot(context, job),
            erasure.FORGET_ORDERS: lambda job: erasure.forget_in_orders(context, job),
        }

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.gather(self._work(), self._renew())

    async def _work(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self.sweep()
                busy = await self.step()
            except Exception:  # outermost guard of the loop: whatever the database says, the clocks go on
                log.exception("claim failed")
                busy = False
            if not busy:
                try:
                    await asyncio.wait_for(self._woken.wait(), self._poll_s)
                except TimeoutError:
                    continue

    async def step(self) -> bool:
        """Claim what is due and start it; True when there was something."""
        now = self._context.clock()
        room = LIMIT - len(self._running)
        if room <= 0:
            return False

        def work(tx: Tx) -> list[Job]:
            found: list[Job] = []
            for kind, most in ROOM_OF.items():
                if (free := min(room - len(found), most - self._busy[kind])) > 0:
                    found += tx.jobs.claim(now, now + LEASE, free, only=[kind])
            return found + tx.jobs.claim(now, now + LEASE, room - len(found), but=list(ROOM_OF))

        due = await self._context.store.write(work)
        new = [job for job in due if job.key not in self._held]
        for job in new:
            task = asyncio.create_task(self._one(job, self._running.get(job.lane)))
            self._held[job.key] = self._running[job.lane] = task
            self._busy[job.kind] += 1
            task.add_done_callback(partial(self._ended, job))
        return bool(new)

    async def sweep(self) -> None:
        """Once an hour: done jobs, ended sessions and old visits go, some at a time."""
        now = self._context.clock()
        if self._swept_at is not None and now < self._swept_at + timedelta(hours=1):
            return
        old: list[Callable[[Tx], bool]] = [
            lambda tx: tx.jobs.prune(now - KEEP_JOBS),
            lambda tx: tx.answers.prune(now - KEEP_ANSWERS),
            lambda tx: tx.people.prune_sessions(now - KEEP_SESSIONS),
            lambda tx: tx.bindings.prune_tries(now - WINDOW),
            lambda tx: tx.people.prune_presence(now - KEEP_PRESENCE),
            lambda tx: tx.visits.prune_before(now - KEEP_VISITS),
        ]
        for some in old:
            while await self._context.store.write(some):
                log.info("swept", flow="sweep", decision="more")
        self._swept_at = now

    async def _renew(self) -> None:
        """The leases of what is in hand, while it waits for its lane or takes its time."""
        while True:
            await asyncio.sleep(RENEW_S)
            if not self._held:
                continue
            try:
                await self._context.store.write(lambda tx: tx.jobs.renew(list(self._held), self._context.clock() + LEASE))
            except Exception:  # outermost guard of the loop: a lease that could not be renewed is renewed at the next turn, or lost
                log.exception("renewal failed")

    def _ended(self, job: Job, task: asyncio.Task[None]) -> None:
        self._busy[job.kind] -= 1
        del self._held[job.key]
        if self._running.get(job.lane) is task:
            del self._running[job.lane]

    async def _one(self, job: Job, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        started = asyncio.get_running_loop().time()
        try:
            if not await self._context.store.write(lambda tx: tx.jobs.renew([job.key], self._context.clock() + LEASE)):
                return  # it has ended, or this process slept and another has it now
            outcome = await self._kinds[job.kind](job)
            if outcome is not None:
                await self._done(job, outcome)
        except Exception:  # outermost guard of a job: it is given back with a growing pause, and the loop goes on
            outcome = "failed"
            log.exception("job failed", kind=job.kind, key=job.key, attempts=job.attempts)
            pause = timedelta(seconds=min(300, 2**job.attempts))
            await self._context.store.write(lambda tx: tx.jobs.again(job.key, self._context.clock() + pause))
        ms = round((asyncio.get_running_loop().time() - started) * 1000)
        log.info("job", flow=job.kind, conversation=job.payload.get("conversation"), decision=outcome, ms=ms)

    async def _done(self, job: Job, outcome: str) -> None:
        await self._context.store.write(lambda tx: tx.jobs.done(job.key, outcome, self._context.clock()))

    async def idle(self, seconds: float = 10.0) -> None:
        """Wait for what runs now."""
        if self._held:
            await asyncio.wait(list(self._held.values()), timeout=seconds)

    async def finish(self, seconds: float) -> None:
        """The process ends: what runs may end, within `seconds`; the rest is left, and free for others at once."""
        await self.idle(seconds)
        left = list(self._held.values())
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self._context.store.write(lambda tx: tx.jobs.give_back())


async def wake_up(context: Context, job: Job) -> str:
    """A snooze is over, unless it was snoozed again or woken before."""

    def work(tx: Tx) -> Plan | None:
        found = tx.conversations.get(job.payload["conversation"])
        if found is None or found.snoozed_until is None or found.snoozed_until > context.clock():
            return None
        if found.snoozed_until != datetime.fromisoformat(job.payload["until"]):
            return None
        return save(tx, core.wake(Plan(found), context.clock()))

    plan = await context.store.write(work)
    if plan is None:
        return "woken_before"
    context.tell(plan)
    return plan.reason
