"""What a shopper who says nothing costs: memory for each socket, and the share of a core that the heartbeat takes; beside Node's socket.io.

Ours: visitors who said hello, in the database, with their presence; of those whose CPU is measured one in ten has an open
conversation, so that heads are told. The yardstick answers pings and does nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvloop

from benchmarks import cores, crowd, report, servers
from benchmarks.messages import chosen
from benchmarks.report import median

REST_S = 2.0
"""after the last client has come: what is still to be freed is freed"""


@dataclass(frozen=True)
class Plan:
    """How much is measured. `sockets` for memory, `many` for CPU over `seconds`, in slices of `slice_s`."""

    runs: int
    sockets: int
    many: int
    seconds: float
    slice_s: float
    speaking: float


async def memory(server: servers.Server, plan: Plan) -> dict[str, float]:
    """One run: a fresh server, before and after the crowd has come."""
    server.start()
    try:
        await crowd.leave(await crowd.connect(server, 20))
        await asyncio.sleep(REST_S)
        before, meter = cores.rss_kb(server.pids), cores.Meter(server.pids)
        clients = await crowd.connect(server, plan.sockets)
        used = meter.read()
        await asyncio.sleep(REST_S)
        after = cores.rss_kb(server.pids)
        await crowd.leave(clients)
    finally:
        server.stop()
    return {
        "kb_per_socket": (after - before) / plan.sockets,
        "connect_ms": used.server * used.seconds / plan.sockets * 1000,
        "connects_per_s": plan.sockets / used.seconds,
        "client": used.client,
        "other": used.other,
    }


async def heartbeat(server: servers.Server, plan: Plan) -> dict[str, Any]:
    """CPU of the server, slice by slice, while everybody is silent."""
    server.start()
    try:
        clients = await crowd.connect(server, plan.many)
        if isinstance(server, servers.Ours):
            for client in clients[: int(plan.many * plan.speaking)]:
                servers.granted(await client.call("send_message", {"client_id": str(uuid.uuid4()), "text": "Hello"}))
        await asyncio.sleep(REST_S)
        slices = []
        for _ in range(max(1, round(plan.seconds / plan.slice_s))):
            meter = cores.Meter(server.pids)
            await asyncio.sleep(plan.slice_s)
            slices.append(asdict(meter.read()))
        lost = sum(client.gone.is_set() for client in clients)
        await crowd.leave(clients)
    finally:
        server.stop()
    shares = [each["server"] for each in slices]
    return {"core": sum(shares) / len(shares), "core_worst": max(shares), "lost": lost, "slices": slices}


async def measure(found: Sequence[servers.Server], plan: Plan) -> tuple[dict[str, list[dict[str, float]]], dict[str, dict[str, Any]]]:
    """Memory of all servers in turn, then the heartbeat of each."""
    runs: dict[str, list[dict[str, float]]] = {server.name: [] for server in found}
    for turn in range(plan.runs):
        for server in found if turn % 2 == 0 else reversed(found):
            runs[server.name].append(await memory(server, plan))
    return runs, {server.name: await heartbeat(server, plan) for server in found}


def show(runs: dict[str, list[dict[str, float]]], beats: dict[str, dict[str, Any]], plan: Plan) -> None:
    """Both tables."""

    def of(name: str, which: str) -> float:
        return median([run[which] for run in runs[name]])

    print(f"\n{plan.sockets:,} idle sockets, medians of {plan.runs} runs, in turn, each on a fresh server")
    rows = []
    for name in runs:
        ratio = f"{of(name, 'kb_per_socket') / of('node', 'kb_per_socket'):.2f} ×" if "node" in runs else "-"
        spread = f"{min(run['kb_per_socket'] for run in runs[name]):.1f}–{max(run['kb_per_socket'] for run in runs[name]):.1f}"
        figures = [f"{of(name, 'connect_ms'):.2f}", f"{of(name, 'connects_per_s'):,.0f}"]
        figures += [f"{of(name, which):.0%}" for which in ("client", "other")]
        rows.append([name, f"{of(name, 'kb_per_socket'):.1f}", ratio, spread, *figures])
    print(report.table(["server", "KB each", "of Node", "range", "CPU ms per connect", "connects/s", "client", "other load"], rows))
    print(f"\n{plan.many:,} idle sockets over {plan.seconds:g} s: share of a core, in slices of {plan.slice_s:g} s")
    rows = [[name, f"{beat['core']:.1%}", f"{beat['core_worst']:.1%}", str(beat["lost"])] for name, beat in beats.items()]
    print(report.table(["server", "mean", "worst slice", "sockets lost"], rows))


def main(words: Sequence[str] | None = None) -> dict[str, list[dict[str, float]]]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.idle", description=__doc__)
    parser.add_argument("--only", default="ours,node", help=servers.NAMES)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sockets", type=int, default=5_000, help="for memory")
    parser.add_argument("--many", type=int, default=10_000, help="for CPU")
    parser.add_argument("--seconds", type=float, default=60, help="how long CPU is measured")
    parser.add_argument("--slice", type=float, default=10, help="length of a slice of it")
    parser.add_argument("--speaking", type=float, default=0.1, help="share with an open conversation, for CPU, ours only")
    parser.add_argument("--short", action="store_true", help="500 sockets and 20 s: an impression")
    parser.add_argument("--json", type=Path, help="where the figures go")
    args = parser.parse_args(words)
    plan = Plan(args.runs, args.sockets, args.many, args.seconds, args.slice, args.speaking)
    if args.short:
        plan = Plan(args.runs, 500, 1_000, 20, 10, args.speaking)
    crowd.raise_file_limit(max(plan.sockets, plan.many))
    core, own = cores.pair()
    with contextlib.ExitStack() as stack:
        found = chosen(args.only.split(","), (core, own), stack, 1)
        cores.settle(own)
        runs, beats = uvloop.run(measure(found, plan))
    show(runs, beats, plan)
    print(f"figures: {report.keep('idle', {'plan': asdict(plan), 'memory': runs, 'heartbeat': beats}, args.json)}")
    return runs


if __name__ == "__main__":
    main()
