"""A shop's backend as a test client: signed native events, signed identity tokens, and an order that moves."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import jwt

from order_status.shops.standard_webhooks import sign
from tests.processes import INBOX_KEY, ChatServer
from tests.walks.wire import Json


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Order:
    """The shop's own record; `body()` is the whole order as the next event tells it."""

    customer: str | None
    id: str = field(default_factory=lambda: f"A-{secrets.token_hex(4)}")
    version: int = 0
    status: str = "placed"
    shipments: list[Json] = field(default_factory=list)
    more: Json = field(default_factory=dict)
    placed_at: datetime = field(default_factory=lambda: now() - timedelta(minutes=5))

    @property
    def number(self) -> str:
        return f"SH/{self.id[2:]}"

    def moved(self, stage: str, parcel: str = "s-1", **facts: Any) -> Order:
        """The parcel has come to a stage just now."""
        before = next((each for each in self.shipments if each["id"] == parcel), {})
        after = {"carrier": "inpost", "tracking_number": "T1", **before, "id": parcel, "stage": stage, "at": iso(now()), **facts}
        self.shipments = [*(each for each in self.shipments if each["id"] != parcel), after]
        return self

    def late(self, days: int = 3) -> Order:
        """The parcel is expected after the promised day."""
        promised = now().date() + timedelta(days=1)
        return self.moved("shipped", promised=promised.isoformat(), eta=(promised + timedelta(days=days)).isoformat())

    def body(self) -> Json:
        """The next version."""
        self.version += 1
        customer = {} if self.customer is None else {"customer": {"id": self.customer, "name": "Demo customer"}}
        return {
            "order_id": self.id, "number": self.number, "version": self.version, "placed_at": iso(self.placed_at), "locale": "en",
            "currency": "PLN", "total": 14100, "status": self.status, **customer,
            "items": [{"id": "1", "name": "Lamp", "quantity": 1, "unit_price": 12900}],
            "shipments": [dict(each) for each in self.shipments], **self.more,
        }  # fmt: skip


class Shop:
    """Sends what the shop sends."""

    def __init__(self, server: ChatServer) -> None:
        self.server = server
        self.http = aiohttp.ClientSession()
        self.secret = server.stack.secrets["DEMO_WEBHOOK_SECRET"]
        self.source = server.stack.secrets["DEMO_SOURCE_ID"]

    def token(self, customer: str, *, key: str = INBOX_KEY, secret: str | None = None, **claims: Any) -> str:
        """The identity token; `claims` override or (None) take away."""
        at = int(now().timestamp())
        told = {"aud": key, "sub": customer, "iat": at, "exp": at + 3600, "name": "Demo customer", **claims}
        clean = {name: value for name, value in told.items() if value is not None}
        return jwt.encode(clean, secret or self.server.stack.secrets["DEMO_IDENTITY_SECRET"], algorithm="HS256")

    def event(self, data: Json, kind: str = "order.updated", at: datetime | None = None) -> bytes:
        return json.dumps({"type": kind, "timestamp": iso(at or now()), "data": data}).encode()

    async def post(self, body: bytes, headers: dict[str, str], source: str | None = None) -> tuple[int, Json]:
        async with self.http.post(f"{self.server.url}/webhooks/{source or self.source}", data=body, headers=headers) as response:
            return response.status, await response.json()

    async def send(self, body: bytes, delivery: str | None = None) -> Json:
        """A signed delivery; returns the answer's body, which must be a 200."""
        status, answer = await self.post(body, sign(self.secret, delivery or f"msg_{secrets.token_hex(8)}", now(), body))
        assert status == 200, answer
        return answer

    async def tell(self, order: Order) -> Json:
        """The order as it stands now."""
        answer = await self.send(self.event(order.body()))
        assert answer == {"ok": True, "outcome": "accepted"}
        return answer

    async def close(self) -> None:
        await self.http.close()
