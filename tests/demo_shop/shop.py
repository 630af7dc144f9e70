"""The shop under test on a free port, a small receiver that plays the chat server, and a shopper with a cookie jar."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web

from examples.demo_shop.app import make_app
from examples.demo_shop.settings import Settings
from examples.demo_shop.site import SITE, Site
from examples.demo_shop.webhooks import BadSignature, sign, verify

WEBHOOK_SECRET = "whsec_d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3c="
ACTION_SECRET = "whsec_YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="
IDENTITY_SECRET = "an identity secret of thirty-two letters or more"
ADDRESS = {
    "name": "Guest", "email": "guest@example.com", "phone": "", "street": "ul. Lipowa 3", "postcode": "30-001", "city": "Kraków",
    "delivery": "courier", "point": "",
}  # fmt: skip
CARD = {"method": "card", "card_number": "4242 4242 4242 4242", "card_expiry": "08/29", "card_cvc": "123"}
DECLINED = CARD | {"card_number": "4000 0000 0000 0002"}


@dataclass(slots=True)
class Clock:
    """Time that a test moves; otherwise the real one."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(slots=True)
class Receiver:
    """Plays the chat server's webhook door: checks the signature as the specification says, and answers what the test wants."""

    url: str = ""
    answers: list[int] = field(default_factory=list)  # taken from the front, then 200
    got: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # (webhook-id, event) of accepted ones, but for products
    products: list[dict[str, Any]] = field(default_factory=list)  # what was told of products: always accepted
    refused: int = 0
    clock: Clock = field(default_factory=Clock)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            webhook_id = verify(WEBHOOK_SECRET, request.headers, body, int(self.clock().timestamp()))
        except BadSignature:
            self.refused += 1
            return web.json_response({"ok": False}, status=401)
        event = json.loads(body)
        if event["type"] == "product.updated":
            self.products.append(event["data"])
            return web.json_response({"ok": True})
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.got.append((webhook_id, event))
        return web.json_response({"ok": status == 200}, status=status)

    def orders(self) -> list[dict[str, Any]]:
        return [event["data"] for _, event in self.got if event["type"] == "order.updated"]


@asynccontextmanager
async def running(app: web.Application, port: int = 0) -> AsyncIterator[str]:
    """Serves an app on 127.0.0.1 and gives its address."""
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def settings_for(folder: Path, shopbell_url: str) -> Settings:
    return Settings(
        host="127.0.0.1",
        port=0,
        data=folder,
        url="http://shop.test",
        shopbell_url=shopbell_url,
        shopbell_internal_url=shopbell_url,
        widget_key="pk_demo",
        identity_secret=IDENTITY_SECRET,
        source_id="src_test",
        webhook_secret=WEBHOOK_SECRET,
        action_secret=ACTION_SECRET,
        backoffice_password="",
    )


@dataclass(slots=True)
class Shop:
    """The running shop, its insides for setting a scene, and the receiver that it reports to."""

    url: str
    site: Site
    receiver: Receiver
    clock: Clock

    def log(self) -> list[Any]:
        """Attempts, newest first, but for those of products."""
        return [row for row in self.site.outbox.log(100) if row["type"] != "product.updated"]

    def shopper(self) -> "Shopper":
        return Shopper(self.url)

    async def call_action(
        self, data: dict[str, Any], *, webhook_id: str = "", secret: str = ACTION_SECRET, at: int = 0
    ) -> tuple[int, dict[str, Any]]:
        """Calls the action endpoint as Shopbell does; `call` in the data: `withdrawn`. Answers status and body."""
        call = data.get("call", "accepted")
        body = json.dumps({"type": f"offer.{call}", "timestamp": "2026-11-22T09:00:00.000Z", "data": data}).encode()
        offer_id = webhook_id or data["offer_id"] + ("_undo" if call == "withdrawn" else "")
        headers = sign(secret, offer_id, at or int(self.clock().timestamp()), body) | {"idempotency-key": offer_id}
        async with aiohttp.ClientSession() as session, session.post(f"{self.url}/shopbell/actions", data=body, headers=headers) as response:
            return response.status, await response.json()


@asynccontextmanager
async def open_shop(folder: Path, receiver: Receiver, **changes: Any) -> AsyncIterator[Shop]:
    """A shop on the data of `folder`; opened again on the same folder it is the same shop after a restart."""
    clock = Clock()
    app = make_app(replace(settings_for(folder, receiver.url), **changes), clock, slow_s=0.3)
    async with running(app) as url:
        yield Shop(url, app[SITE], receiver, clock)


class Shopper:
    """One browser: keeps cookies, sends Origin with forms, follows redirects."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"origin": url})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, path: str, status: int = 200) -> str:
        async with self._session.get(self.url + path) as response:
            assert response.status == status, f"{path}: {response.status}"
            return await response.text()

    async def headers(self, path: str) -> dict[str, str]:
        async with self._session.get(self.url + path) as response:
            return {name.lower(): value for name, value in response.headers.items()}

    async def post(
        self, path: str, form: dict[str, str] | None = None, status: int = 200, headers: dict[str, str] | None = None
    ) -> "Answer":
        async with self._session.post(self.url + path, data=form or {}, headers=headers) as response:
            text = await response.text()
            assert response.status == status, f"{path}: {response.status}"
            return Answer(response.url.path, text)

    async def sign_in(self, customer: str) -> None:
        await self.post("/en/sign-in", {"customer": customer})

    async def buy(self, product: str = "p-03", payment: dict[str, str] = CARD, locale: str = "en", **address: str) -> str:
        """From the shelf to the thank-you page; gives the order id."""
        await self.post(f"/{locale}/cart/add", {"product": product, "quantity": "1"})
        await self.post(f"/{locale}/checkout", ADDRESS | address)
        return (await self.post(f"/{locale}/checkout/payment", payment)).path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Answer:
    path: str  # where the redirects led
    text: str


def events_of(html: str) -> list[dict[str, Any]]:
    """The GA4 events that a page pushes."""
    return [json.loads(found) for found in re.findall(r"^\s*dataLayer\.push\((.*)\);$", html, flags=re.MULTILINE)]


def token_of(html: str) -> str | None:
    """The identity token in a page's snippet."""
    found = re.search(r'shopbell\("identify", \{token: "([^"]+)"\}\)', html)
    return found[1] if found else None
