"""A restart under 5,000 shoppers: how long until all of them are back and synced, and how many connections a second are taken at once.

Clients come back as the widget does, with full jitter and not before a refusal allows it. Ours has its own limits of handshakes
while they do; they are raised only where the bare rate is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop

from benchmarks import cores, crowd, report, servers
from benchmarks.messages import chosen
from benchmarks.report import median, quantile

GUARDED = ("SHOPBELL_HANDSHAKES_PER_MINUTE", "SHOPBELL_HANDSHAKES_PER_SECOND", "SHOPBELL_DRAIN_S")

LOOK_S = 0.1


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    runs: int
    clients: int
    at_once: int
    patience_s: float


async def at_once(server: servers.Server, plan: Plan) -> dict[str, float]:
    """Everybody at the same moment, on a fresh server."""
    server.start()
    try:
        meter = cores.Meter(server.pids)
        clients = await crowd.connect(server, plan.clients, plan.at_once)
        used = meter.read()
        await crowd.leave(clients)
    finally:
        server.stop()
    return {"per_s": plan.clients / used.seconds, "server": used.server, "client": used.client, "other": used.other}


async def restart(server: servers.Server, plan: Plan) -> dict[str, float]:
    """Everybody is there; the server gets SIGTERM and is started again; they come back by themselves."""
    server.start()
    crowds = [crowd.Returning(server) for _ in range(plan.clients)]
    tasks = [asyncio.create_task(each.live()) for each in crowds]
    try:
        await _all_back(crowds, 0.0, plan.patience_s)
        await asyncio.sleep(1)
        before = cores.rss_kb(server.pids)
        began = time.perf_counter()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, server.stop)
        stopped = time.perf_counter()
        await loop.run_in_executor(None, server.start)
        started = time.perf_counter()
        await _all_back(crowds, stopped, plan.patience_s)
        back = sorted(max(0.0, each.back_at - started) for each in crowds)
        await asyncio.sleep(1)
        after = cores.rss_kb(server.pids)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for each in crowds:
            each.close()
        server.stop()
    return {
        "stop_s": stopped - began,
        "start_s": started - stopped,
        "half_back_s": quantile(back, 0.5),
        "all_back_s": back[-1],
        "since_sigterm_s": back[-1] + started - began,
        "tries": sum(each.refusals for each in crowds) / len(crowds),
        "rss_before_mb": before / 1024,
        "rss_after_mb": after / 1024,
    }


async def _all_back(crowds: Sequence[crowd.Returning], since: float, patience_s: float) -> None:
    for _ in range(round(patience_s / LOOK_S)):
        if all(each.back_at > since for each in crowds):
            return
        await asyncio.sleep(LOOK_S)
    missing = sum(each.back_at <= since for each in crowds)
    raise SystemExit(f"{missing} of {len(crowds)} clients were not back after {patience_s:.0f} s")


async def measure(found: Sequence[servers.Server], plan: Plan) -> dict[str, dict[str, list[dict[str, float]]]]:
    """Both, of all servers in turn."""
    figures: dict[str, dict[str, list[dict[str, float]]]] = {server.name: {"at_once": [], "restart": []} for server in found}
    for turn in range(plan.runs):
        for server in found if turn % 2 == 0 else reversed(found):
            raised = server.environment
            figures[server.name]["at_once"].append(await at_once(server, plan))
            server.environment = {name: value for name, value in raised.items() if name not in GUARDED}
            figures[server.name]["restart"].append(await restart(server, plan))
            server.environment = raised
    return figures


def show(figures: dict[str, dict[str, list[dict[str, float]]]], plan: Plan) -> None:
    """Both tables."""

    def of(name: str, what: str, which: str) -> float:
        return median([run[which] for run in figures[name][what]])

    print(f"\n{plan.clients:,} clients connect and sync at once ({plan.at_once} open handshakes), medians of {plan.runs} runs, in turn")
    rows = []
    for name in figures:
        ratio = f"{of(name, 'at_once', 'per_s') / of('node', 'at_once', 'per_s'):.2f} ×" if "node" in figures else "-"
        shares = [f"{of(name, 'at_once', which):.0%}" for which in ("server", "client", "other")]
        rows.append([name, f"{of(name, 'at_once', 'per_s'):,.0f}", ratio, *shares])
    print(report.table(["server", "connects/s", "of Node", "server", "client", "other load"], rows))
    print(report.client_verdict({name: of(name, "at_once", "client") for name in figures}))
    print(f"\nrestart under {plan.clients:,} clients; seconds from when the server answers again")
    names = ("half_back_s", "all_back_s", "since_sigterm_s", "stop_s", "start_s", "tries", "rss_before_mb", "rss_after_mb")
    worst = {name: max(run["all_back_s"] for run in figures[name]["restart"]) for name in figures}
    rows = [[name, *(f"{of(name, 'restart', which):.1f}" for which in names), f"{worst[name]:.1f}"] for name in figures]
    head = ["server", "half", "all back", "since SIGTERM", "stop", "start", "tries lost each", "MB before", "MB after", "worst all back"]
    print(report.table(head, rows))


def main(words: Sequence[str] | None = None) -> dict[str, dict[str, list[dict[str, float]]]]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.storm", description=__doc__)
    parser.add_argument("--only", default="ours,node", help=servers.NAMES)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--clients", type=int, default=5_000)
    parser.add_argument("--at-once", type=int, default=1_000, help="open handshakes where the bare rate is measured")
    parser.add_argument("--patience", type=float, default=120, help="seconds after which the run is given up")
    parser.add_argument("--short", action="store_true", help="300 clients: an impression")
    parser.add_argument("--json", type=Path, help="where the figures go")
    args = parser.parse_args(words)
    plan = Plan(args.runs, 300 if args.short else args.clients, args.at_once, args.patience)
    crowd.raise_file_limit(plan.clients)
    core, own = cores.pair()
    with contextlib.ExitStack() as stack:
        found = chosen(args.only.split(","), (core, own), stack, 1)
        cores.settle(own)
        figures = uvloop.run(measure(found, plan))
    show(figures, plan)
    print(f"figures: {report.keep('storm', {'plan': asdict(plan), 'servers': figures}, args.json)}")
    return figures


if __name__ == "__main__":
    main()
