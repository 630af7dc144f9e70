"""How many webhooks of a shop one core takes, beside an aiohttp handler that only checks the signature; and what a storm does to the chat.

Everything on the path is there: signature, translation, commit before the answer, fold, news. What is answered and folded afterwards
counts as done when it is folded. After the storm the database must hold each event once, each order as its events make it, and each
effect once; if not, the run fails.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter

import uvloop
from sqlalchemy import Connection, func, select

from benchmarks import cores, report, servers
from benchmarks.load import Load, Run, Tally
from benchmarks.report import median, quantile
from benchmarks.shop_events import Made, Sent, storm
from benchmarks.webhooks import Answers, Packet, Post, request
from chat_server.outbound.database import Database
from chat_server.outbound.databases import orders_url
from order_status.tables import changes, deliveries, orders, watches
from tools.places import PYTHON

SECRET = "whsec_" + "YmVuY2htYXJrIG9mIHRoZSB3ZWJob29rcywgbm90IGEgc2VjcmV0"
SOURCE = "src_benchmark_of_the_webhooks"
PATH = f"/webhooks/{SOURCE}"
LINES = 64
TICK_S = 0.01
"""what the system counts time in"""
PATIENCE_S = 180
_TABLE = f"""
[[inbox.sources]]
id = "{SOURCE}"
kind = "native"
secrets = ["{SECRET}"]
debounce_s = 20
timezone = "Europe/Warsaw"
"""
Figures = dict[str, float]


class HmacOnly(servers.Server):
    """The yardstick."""

    def command(self) -> Sequence[str | Path]:
        return [PYTHON, "-m", "benchmarks.peer.hmac_only", str(self.port), SECRET]


@dataclass(frozen=True)
class Plan:
    """How much is measured. `chat`: messages a second, through `pairs` pairs."""

    runs: int
    posts: int
    rate: float
    seconds: float
    pairs: int
    chat: float


def packets(port: int, sent: Sequence[Sent]) -> list[Packet]:
    def packet(each: Sent) -> bytes:
        return request(PATH, port, list(each.headers(SECRET, datetime.now(UTC)).items()), each.body)

    return [partial(packet, each) for each in sent]


async def capacity(server: servers.Server, sent: Sequence[Sent], url: str | None) -> Figures:
    """As many as go through, all of them good and new. `url`: where they must be folded, for what it costs."""
    post = Post(server.port, LINES)
    await post.open()
    ready = packets(server.port, sent)
    meter = cores.Meter(server.pids)
    seconds = await post.all_at_once(ready)
    if url is not None:
        await rested(url, _not_folded)
    used = meter.read()
    post.close()
    good = sum(n for outcome, n in post.answers.outcomes.items() if outcome.startswith("200"))
    if good != len(sent):
        raise SystemExit(f"{server.name}: {dict(post.answers.outcomes)}")
    times = sorted(post.answers.times)
    worked = max(used.server * used.seconds, TICK_S)
    return {
        "per_s": good / seconds,
        "per_core_s": good / worked,
        "us": worked / good * 1e6,
        "server": used.server,
        "client": used.client,
        "other": used.other,
        "p99_ms": quantile(times, 0.99) * 1000,
    }


async def under_storm(ours: servers.Ours, load: Load, plan: Plan, url: str) -> tuple[Figures, Answers, Made]:
    """The chat alone, then the chat while the storm blows."""
    before = await load.open(min(plan.seconds, 10), plan.chat)
    sent, made = storm(round(plan.rate * plan.seconds), datetime.now(UTC), seed=99)
    post = Post(ours.port, LINES)
    await post.open()
    ready = packets(ours.port, sent)
    meter = cores.Meter(ours.pids)
    blowing = asyncio.create_task(post.paced(ready, plan.rate))
    during = await load.open(plan.seconds, plan.chat)
    seconds = await blowing
    used = meter.read()
    folded = await rested(url, _not_folded)
    post.close()
    figures = {
        "rate": len(sent) / seconds,
        "folded_s": folded,
        "server": used.server,
        "client": used.client,
        "other": used.other,
        **_times("webhook", sorted(post.answers.times)),
        **_chat("before", before),
        **_chat("during", during),
    }
    return figures, post.answers, made


def _chat(when: str, run: Run) -> Figures:
    return _times(f"chat_{when}", run.acks)


def _times(name: str, ordered: Sequence[float]) -> Figures:
    return {f"{name}_{word}_ms": quantile(ordered, share) * 1000 for word, share in (("p50", 0.5), ("p99", 0.99))}


def _not_folded(conn: Connection) -> int:
    return conn.execute(select(func.count(deliveries.c.fold_at))).scalar_one()


def _untold(conn: Connection) -> int:
    waiting = conn.execute(select(func.count()).select_from(changes).where(changes.c.taken_at.is_(None))).scalar_one()
    soon = datetime.now(UTC) + timedelta(minutes=1)
    return waiting + conn.execute(select(func.count()).select_from(watches).where(watches.c.look_at <= soon)).scalar_one()


async def rested(url: str, work: Callable[[Connection], int]) -> float:
    """Wait until the server has done all `work` that it has taken; how long that was, in seconds."""
    database, began = Database(url), perf_counter()
    try:
        while await database.read(work):
            if perf_counter() - began > PATIENCE_S:
                raise SystemExit(f"the server did not come to rest within {PATIENCE_S} s")
            await asyncio.sleep(0.1)
        return perf_counter() - began
    finally:
        await database.close()


async def judged(url: str, made: Made) -> list[str]:
    """What is not as it must be."""

    def work(conn: Connection) -> list[str]:
        own = (orders.c.inbox_id == "shop0", orders.c.order_id.like("S-%"))
        stored = conn.execute(select(func.count()).select_from(deliveries).where(deliveries.c.delivery_id.like("evt_99_%"))).scalar_one()
        heads = {row.order_id: row.headline for row in conn.execute(select(orders.c.order_id, orders.c.headline).where(*own))}
        found = [(row.order_id, row.effect_key) for row in conn.execute(select(changes.c.order_id, changes.c.effect_key))]
        wrong = [f"{stored} deliveries instead of {made.deliveries}"] if stored != made.deliveries else []
        wrong += [f"{order}: {heads.get(order)} instead of {head}" for order, head in made.headlines.items() if heads.get(order) != head][
            :5
        ]
        counted = [each for each in found if each[0] in made.headlines]
        wrong += ["an effect is missing or there twice"] if sorted(counted) != sorted(made.effects) else []
        return wrong

    database = Database(url)
    try:
        return await database.read(work)
    finally:
        await database.close()


@dataclass(frozen=True)
class Measured:
    """`capacity`: of each server, run by run; `storm`: times and shares; `outcomes`: how often each answer came in it."""

    capacity: dict[str, list[Figures]]
    storm: Figures
    outcomes: dict[str, int]
    distinct: int


async def measure(bare: HmacOnly, ours: servers.Ours, url: str, plan: Plan) -> Measured:
    found: dict[str, list[Figures]] = {bare.name: [], ours.name: []}
    for turn in range(plan.runs):
        for server in (bare, ours) if turn % 2 == 0 else (ours, bare):
            sent = [each for each in storm(plan.posts * 2, datetime.now(UTC), seed=turn)[0] if not each.forged and not each.repeat]
            found[server.name].append(await capacity(server, sent[: plan.posts], url if server is ours else None))
    bare.stop()
    await rested(url, _untold)  # it must not be measured with what comes next
    load = await ours.pairs(plan.pairs, Tally())
    figures, answers, made = await under_storm(ours, load, plan, url)
    load.end()
    wrong = await judged(url, made)
    if wrong:
        raise SystemExit("the storm was not taken as it should: " + "; ".join(wrong))
    return Measured(found, figures, dict(answers.outcomes), made.deliveries)


def show(measured: Measured, plan: Plan) -> None:
    """The tables, and what they rest on."""
    found, blown = measured.capacity, measured.storm
    base = median([run["per_core_s"] for run in found["hmac"]])
    print(f"\n{plan.posts:,} signed events over {LINES} connections, as fast as they go; medians of {plan.runs} runs, in turn")
    rows = []
    for name, runs in found.items():
        of = {which: median([run[which] for run in runs]) for which in runs[0]}
        rows.append(
            [
                name,
                f"{of['per_s']:,.0f}",
                f"{of['per_core_s']:,.0f}",
                f"{of['per_core_s'] / base:.2f} ×",
                f"{of['us']:.0f}",
                f"{of['p99_ms']:.0f}",
            ]
            + [f"{of[which]:.0%}" for which in ("server", "client", "other")]
        )
    print(report.table(["server", "accepted/s", "per core", "of HMAC only", "CPU µs", "p99 ms", "server", "client", "other load"], rows))
    print(f"\nthe storm: {plan.rate:,.0f} webhooks a second for {plan.seconds:g} s, 30 % twice, 30 % in disorder, 5 % forged")
    outcomes = ", ".join(f"{outcome} {n:,}" for outcome, n in sorted(measured.outcomes.items()))
    print(f"answers: {outcomes}; every effect exactly once in the database")
    print(f"the last was folded {blown['folded_s']:.1f} s after the last answer")
    print(f"taken {blown['rate']:,.0f}/s; webhook p50 {blown['webhook_p50_ms']:.0f} ms, p99 {blown['webhook_p99_ms']:.0f} ms")
    for when in ("before", "during"):
        p50, p99 = blown[f"chat_{when}_p50_ms"], blown[f"chat_{when}_p99_ms"]
        print(f"chat ack {when}: p50 {p50:.1f} ms, p99 {p99:.1f} ms ({plan.chat:g} messages/s)")
    print(f"server {blown['server']:.0%}, client {blown['client']:.0%}, other load {blown['other']:.0%} of a core")


def main(words: Sequence[str] | None = None) -> Measured:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.orders", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--posts", type=int, default=4000, help="webhooks of one run of the first part")
    parser.add_argument("--rate", type=float, default=2000, help="webhooks a second in the storm")
    parser.add_argument("--seconds", type=float, default=60, help="how long the storm blows")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--chat", type=float, default=50, help="chat messages a second meanwhile")
    parser.add_argument("--short", action="store_true", help="three runs, ten seconds of storm: an impression")
    parser.add_argument("--json", type=Path, help="where the figures go")
    args = parser.parse_args(words)
    plan = Plan(3 if args.short else args.runs, args.posts, args.rate, 10 if args.short else args.seconds, args.pairs, args.chat)
    core, own = cores.pair()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "hmac").mkdir()
        (folder / "ours").mkdir()
        bare, ours = HmacOnly("hmac", core, folder / "hmac"), servers.Ours("ours", core, folder / "ours")
        ours.prepare(plan.pairs)
        first = folder / "ours" / "inboxes" / "shop0.toml"
        first.write_text(first.read_text(encoding="utf-8") + _TABLE, encoding="utf-8")
        stack.enter_context(servers.running([bare, ours]))
        cores.settle(own)
        measured = uvloop.run(measure(bare, ours, orders_url(f"sqlite:///{folder / 'ours' / 'shopbell.sqlite3'}"), plan))
    show(measured, plan)
    print(f"figures: {report.keep('orders', {'plan': asdict(plan), **asdict(measured)}, args.json)}")
    return measured


if __name__ == "__main__":
    main()
