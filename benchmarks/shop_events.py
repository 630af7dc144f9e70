"""A storm of a shop's webhooks: orders from placed to delivered, in disorder, many twice, some signed with another key than the shop's.

Knows what a server must have made of it, so that a run can be judged. Seeded: the same numbers make the same storm.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from order_status.events import OrderEvent
from order_status.fold import fold, followed
from order_status.news import effects
from order_status.shops.native import translate
from order_status.shops.standard_webhooks import sign
from order_status.stages import OrderState, headline

TWICE = 0.30
SHUFFLED = 0.30
FORGED = 0.05
FAR = 400
"""places by which an event comes too late or too early"""
STAGES = ("preparing", "packed", "shipped", "out_for_delivery", "delivered")
_FORGERS_KEY = "whsec_" + "bm90IHRoZSBzaG9wJ3Mga2V5LCBub3QgYXQgYWxsIQ=="


@dataclass(frozen=True, slots=True)
class Sent:
    """One webhook on the wire. `forged`: to be refused; `repeat`: it was sent before."""

    delivery: str
    body: bytes
    forged: bool = False
    repeat: bool = False

    def headers(self, secret: str, at: datetime) -> dict[str, str]:
        """Signed when it is sent: a signature holds for five minutes."""
        return sign(_FORGERS_KEY if self.forged else secret, self.delivery, at, self.body)


@dataclass(frozen=True, slots=True)
class Made:
    """What must be there afterwards: by order, its headline and the keys of everything that could be told."""

    deliveries: int
    headlines: Mapping[str, str]
    effects: frozenset[tuple[str, str]]


def storm(count: int, now: datetime, seed: int = 1) -> tuple[list[Sent], Made]:
    """`count` webhooks of about that time, each order a customer's own."""
    chance = random.Random(seed)
    events = _events(round(count * (1 - TWICE - FORGED)), seed, now)
    sent = [Sent(f"evt_{seed}_{number}", body) for number, body in enumerate(events)]
    places = [float(number) for number in range(len(sent))]
    for number in chance.sample(range(len(sent)), round(len(sent) * SHUFFLED)):
        places[number] += chance.uniform(-FAR, FAR)
    row = [(place, each) for place, each in zip(places, sent, strict=True)]
    row += [
        (places[n] + chance.uniform(0, FAR), replace(sent[n], repeat=True))
        for n in chance.choices(range(len(sent)), k=round(count * TWICE))
    ]
    for number in chance.choices(range(len(sent)), k=count - len(row)):
        forged = Sent(f"frg_{seed}_{len(row)}", sent[number].body, forged=True)
        row.append((places[number] + chance.uniform(-FAR, FAR), forged))
    return [each for _, each in sorted(row, key=lambda each: each[0])], _made(events)


def _events(count: int, seed: int, now: datetime) -> list[bytes]:
    """Orders that overlap: each goes on while others begin."""
    waves = [(number // len(STAGES), number % len(STAGES)) for number in range(count)]
    waves.sort(key=lambda wave: (wave[0] // 50, wave[1], wave[0]))
    return [_body(f"{seed}-{order}", step, now) for order, step in waves]


def _body(order: str, step: int, now: datetime) -> bytes:
    placed = now - timedelta(hours=5)
    marks = [
        {"stage": stage, "at": _iso(placed + timedelta(hours=place)), "place": "Łódź"} for place, stage in enumerate(STAGES[: step + 1])
    ]
    customer = {"id": f"c-{order}", "email": f"c{order}@example.com", "name": "Demo customer"}
    data = {
        "order_id": f"S-{order}",
        "number": order,
        "version": step + 1,
        "placed_at": _iso(placed),
        "locale": "pl",
        "currency": "PLN",
        "total": 14100,
        "status": "confirmed",
        "payment": {"status": "paid"},
        "customer": customer,
        "items": [{"id": "1", "product_id": "p-3", "name": "Lamp", "quantity": 1, "unit_price": 14100}],
        "shipments": [
            {
                "id": "s-1",
                "carrier": "inpost",
                "tracking_number": f"63{order}",
                "item_ids": ["1"],
                "stage": STAGES[step],
                "at": marks[-1]["at"],
                "promised": (now + timedelta(days=2)).date().isoformat(),
                "scans": marks,
            }
        ],
    }
    return json.dumps({"type": "order.updated", "timestamp": _iso(placed + timedelta(hours=step)), "data": data}).encode()


def _made(bodies: Sequence[bytes]) -> Made:
    states: dict[str, OrderState] = {}
    for body in bodies:
        event = translate(body, ZoneInfo("Europe/Warsaw"))
        assert isinstance(event, OrderEvent), event
        states[event.head.order_id] = fold(states.get(event.head.order_id), event)
    found = {order: followed(state) for order, state in states.items()}
    told = {(order, each.effect.key) for order, state in found.items() for each in effects(state, ZoneInfo("Europe/Warsaw"))}
    return Made(len(bodies), {order: headline(state) for order, state in found.items()}, frozenset(told))


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
