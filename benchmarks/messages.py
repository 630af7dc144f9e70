"""How many messages go through one core, acked and delivered, and how long one waits at half of that; beside Node's socket.io.

Ours commits every message before its ack and does everything else of walk a. The yardsticks have no database and do next to nothing.
Quote ratios of one run, not figures of different runs.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import uvloop

from benchmarks import cores, report, servers
from benchmarks.load import Load, Tally
from benchmarks.report import median, quantile


@dataclass
class Figures:
    """All runs of one server."""

    closed: list[dict[str, float]] = field(default_factory=list)
    half: list[dict[str, float]] = field(default_factory=list)

    def of(self, name: str) -> float:
        """The median over the closed runs."""
        return median([run[name] for run in self.closed])

    def at_half(self, name: str) -> float:
        """The median over the open runs."""
        return median([run[name] for run in self.half])


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    pairs: int
    window: int
    runs: int
    seconds: float
    latency: bool


def chosen(names: Sequence[str], cores_: tuple[int, int], stack: contextlib.ExitStack, pairs: int) -> list[servers.Server]:
    """The servers by name, prepared. The databases beside ours run on the client's core: what they use is other load."""
    core, own = cores_
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    found: list[servers.Server] = []
    backends = servers.Backends(folder, own, stack)
    for name in names:
        place = folder / name
        place.mkdir()
        if name == "node":
            servers.install_peer()
            found.append(servers.NodePeer(name, core, place))
        elif name == "plain":
            found.append(servers.PlainPeer(name, core, place))
        else:
            ours = servers.Ours(name, core, place)
            if name == "workers":
                ours.workers = 2
            database = "" if name == "ours" else backends.postgres()
            ours.prepare(pairs, database, {"REDIS_URL": backends.redis()} if name == "workers" else None)
            found.append(ours)
    return found


async def measure(found: Sequence[servers.Server], plan: Plan) -> dict[str, Figures]:
    """Closed loops of all servers in turn, then open loops at half of each one's rate."""
    figures = {server.name: Figures() for server in found}
    loads = {server.name: await server.pairs(plan.pairs, Tally()) for server in found}
    for turn in range(plan.runs):
        for server in found if turn % 2 == 0 else reversed(found):
            figures[server.name].closed.append(await _closed(server, loads[server.name], plan))
    for turn in range(plan.runs if plan.latency else 0):
        for server in found if turn % 2 == 0 else reversed(found):
            figures[server.name].half.append(await _half(server, loads[server.name], plan, figures[server.name].of("acks_per_s") / 2))
    for load in loads.values():
        load.end()
    return figures


async def _closed(server: servers.Server, load: Load, plan: Plan) -> dict[str, float]:
    meter = cores.Meter(server.pids)
    before = load.tally.acked
    run = await load.closed(plan.seconds, plan.window)
    used = meter.read()
    sent = load.tally.acked - before
    return {
        "acks_per_s": run.acked / run.seconds,
        "deliveries_per_s": run.delivered / run.seconds,
        "server_us": used.server * used.seconds / sent * 1e6,
        "p50_ms": quantile(run.acks, 0.5) * 1000,
        "p99_ms": quantile(run.acks, 0.99) * 1000,
        "client": run.cpu_s / run.seconds,
        "server": used.server,
        "other": used.other,
    }


async def _half(server: servers.Server, load: Load, plan: Plan, rate: float) -> dict[str, float]:
    meter = cores.Meter(server.pids)
    run = await load.open(plan.seconds, rate)
    used = meter.read()
    return {
        "rate": run.rate,
        "ack_p50_ms": quantile(run.acks, 0.5) * 1000,
        "ack_p99_ms": quantile(run.acks, 0.99) * 1000,
        "delivery_p50_ms": quantile(run.deliveries, 0.5) * 1000,
        "delivery_p99_ms": quantile(run.deliveries, 0.99) * 1000,
        "client": run.cpu_s / run.seconds,
        "server": used.server,
        "other": used.other,
    }


def show(figures: dict[str, Figures], plan: Plan) -> None:
    """The tables, and what they rest on."""
    base = figures.get("node")
    runs = f"medians of {plan.runs} runs of {plan.seconds:g} s, in turn"
    print(f"\n{plan.pairs} pairs, 120-byte message, {plan.window} unanswered each; {runs}")
    rows = []
    for name, each in figures.items():
        ratio = f"{each.of('acks_per_s') / base.of('acks_per_s'):.2f} ×" if base else "-"
        spread = f"{min(run['acks_per_s'] for run in each.closed):,.0f}–{max(run['acks_per_s'] for run in each.closed):,.0f}"
        rows.append(
            [name, f"{each.of('acks_per_s'):,.0f}", ratio, spread, f"{each.of('deliveries_per_s'):,.0f}", f"{each.of('server_us'):.1f}"]
            + [f"{each.of(which):.1f}" for which in ("p50_ms", "p99_ms")]
            + [f"{each.of(which):.0%}" for which in ("server", "client", "other")]
        )
    head = ["server", "acks/s", "of Node", "range", "delivered/s", "CPU µs", "p50 ms", "p99 ms", "server", "client", "other load"]
    print(report.table(head, rows))
    print(report.client_verdict({name: each.of("client") for name, each in figures.items()}))
    if not plan.latency:
        return
    print("\nat half of that rate (open loop; times from when a message was due)")
    rows = [
        [name, f"{each.at_half('rate'):,.0f}"]
        + [f"{each.at_half(which):.1f}" for which in ("ack_p50_ms", "ack_p99_ms", "delivery_p50_ms", "delivery_p99_ms")]
        + [f"{each.at_half(which):.0%}" for which in ("server", "client", "other")]
        for name, each in figures.items()
    ]
    print(report.table(["server", "per s", "ack p50", "ack p99", "delivery p50", "delivery p99", "server", "client", "other load"], rows))


def main(words: Sequence[str] | None = None) -> dict[str, Figures]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.messages", description=__doc__)
    parser.add_argument("--only", default="ours,node,plain", help=servers.NAMES)
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--window", type=int, default=4, help="messages that each sender keeps unanswered")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one run")
    parser.add_argument("--no-latency", action="store_true", help="leave out the open loops")
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--short", action="store_true", help="five runs of half a second: an impression")
    args = parser.parse_args(words)
    plan = Plan(args.pairs, args.window, args.runs, 0.5 if args.short else args.seconds, not args.no_latency)
    core, own = cores.pair()
    with contextlib.ExitStack() as stack:
        found = chosen(args.only.split(","), (core, own), stack, plan.pairs)
        stack.enter_context(servers.running(found))
        cores.settle(own)
        figures = uvloop.run(measure(found, plan))
    show(figures, plan)
    kept = report.keep("messages", {"plan": asdict(plan), "servers": {name: asdict(each) for name, each in figures.items()}}, args.json)
    print(f"figures: {kept}")
    return figures


if __name__ == "__main__":
    main()
