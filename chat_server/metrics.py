"""What one process counts, as Prometheus text. Source ids are secrets: the inbox stands for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest


def text(
    sockets: Mapping[str, int], webhooks: Sequence[Mapping[str, Any]], hints: Mapping[str, int], counts: Mapping[str, tuple[str, int]]
) -> str:
    """`sockets` by namespace, `webhooks` as the orders report them, `hints` by what became of them, `counts`: name to (help, value)."""
    registry = CollectorRegistry()
    connected = Gauge("shopbell_sockets", "Connected sockets.", ["namespace"], registry=registry)
    for namespace, count in sockets.items():
        connected.labels(namespace).set(count)
    told = Gauge("shopbell_webhooks", "Webhooks since the beginning.", ["inbox", "kind", "outcome"], registry=registry)
    for source in webhooks:
        outcomes = {"accepted": source["accepted"], "duplicate": source["duplicates"]}
        outcomes |= {name: sum(source[name].values()) for name in ("refused", "ignored", "unknown")}
        for outcome, count in outcomes.items():
            told.labels(source["inbox_id"], source["kind"], outcome).inc(count)
    if hints:
        shared = Counter("shopbell_hints", "Hints between servers since the start of this one.", ["outcome"], registry=registry)
        for outcome, count in hints.items():
            shared.labels(outcome).inc(count)
    for name, (about, count) in counts.items():
        Counter(name, about, registry=registry).inc(count)
    return generate_latest(registry).decode()
