"""Delivers an accepted offer to the shop: one signed, idempotent HTTP call with a timeout, no redirects, and a small answer.

Does not retry and keeps no schedule: the caller does, and may, because the offer id is the idempotency key. Walk e.
"""

import asyncio
import hmac
import ipaddress
import logging
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import aiohttp
import msgspec

from order_status import store
from order_status.events import Delivery, OfferAccepted
from order_status.shops.standard_webhooks import key_of, sign
from order_status.writer import Writer

TIMEOUT_S = 15.0
ANSWER_LIMIT = 64 * 1024
LONGEST_WAIT_S = 24 * 3600
_TRY_AGAIN = frozenset({408, 409, 425, 429})  # 409: another call with this key is still being worked on


@dataclass(frozen=True, slots=True)
class ActionConfig:
    """Where an inbox's accepted offers go.

    `allow_private`: http, and addresses of a private network, are taken too (for a demo, or a shop on the same network).
    """

    inbox_id: str
    url: str
    secret: str
    allow_private: bool = False


class Answer(msgspec.Struct, frozen=True):
    """What the shop says with a 200; further fields are its own business."""

    status: Literal["done", "refused"]
    reason: Annotated[str, msgspec.Meta(max_length=500)] | None = None


GONE = Delivery("failed", "gone")
"""a 410: the address is not called again until it, or its secret, is another"""
log = logging.getLogger("order_status.actions")
_answer = msgspec.json.Decoder(Answer)


class PrivateAddress(OSError):
    """The shop's address leads into a private network."""


def check_action(config: ActionConfig) -> None:
    """Raises ValueError, naming the inbox, for an address or a secret that cannot work."""
    url = urlsplit(config.url)
    if url.scheme != "https" and not (config.allow_private and url.scheme == "http"):
        raise ValueError(f"inbox {config.inbox_id}: the action address must be https")
    if not url.hostname or url.username is not None or url.password is not None:
        raise ValueError(f"inbox {config.inbox_id}: the action address needs a host and no password")
    try:
        key_of(config.secret)
    except ValueError as error:
        raise ValueError(f"inbox {config.inbox_id}: {error}") from None


async def call_shop(config: ActionConfig, offer: OfferAccepted, now: datetime, timeout_s: float = TIMEOUT_S) -> Delivery:
    """Tell the shop once that an offer was accepted or taken back. What shop or network do is never raised: it is a Delivery."""
    body = msgspec.json.encode({"type": f"offer.{offer.call}", "timestamp": _iso(now), "data": _data(offer)})
    headers = {
        **sign(config.secret, offer.key, now, body),
        "Idempotency-Key": offer.key,
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
    }
    connector = aiohttp.TCPConnector(limit=1, force_close=True, socket_factory=_any_socket if config.allow_private else public_socket)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=timeout_s), auto_decompress=False) as session,
            session.post(config.url, data=body, headers=headers, allow_redirects=False) as response,
        ):
            return await _read(response, now)
    except TimeoutError:
        return Delivery("retry", "timeout")
    except aiohttp.InvalidURL:
        return Delivery("failed", "bad_address")
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, PrivateAddress):
            return Delivery("failed", "private_address")
        return Delivery("retry", "unreachable")
    except (aiohttp.ClientError, OSError):
        return Delivery("retry", "unreachable")


async def _read(response: aiohttp.ClientResponse, now: datetime) -> Delivery:
    wait = _retry_after(response.headers.get("Retry-After"), now)
    match response.status:
        case 202:
            return Delivery("pending")
        case status if 200 <= status < 300:
            return await _outcome(response)
        case status if 300 <= status < 400:
            return Delivery("failed", "redirect")
        case 410:
            return GONE
        case status if status in _TRY_AGAIN or status >= 500:
            return Delivery("retry", f"http_{status}", wait)
        case status:
            return Delivery("failed", f"http_{status}")


async def _outcome(response: aiohttp.ClientResponse) -> Delivery:
    """An answer that cannot be read is asked for again: the shop may have acted, and the key keeps it from acting twice."""
    text = b""
    async for chunk in response.content.iter_chunked(16 * 1024):
        text += chunk
        if len(text) > ANSWER_LIMIT:
            return Delivery("retry", "answer_too_large")
    try:
        answer = _answer.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Delivery("retry", "bad_answer")
    return Delivery(answer.status, answer.reason)


def _data(offer: OfferAccepted) -> dict[str, Any]:
    return {
        "offer_id": offer.offer_id,
        "kind": offer.kind,
        "conversation": offer.conversation,
        "contact": {"customer_id": offer.contact.get("customer_id"), "name": offer.contact.get("name")},
        "order_id": offer.order_id,
        "order_number": offer.order_number,
        "params": dict(offer.params),
    }


def _retry_after(value: str | None, now: datetime) -> int | None:
    """Seconds, from seconds or an HTTP date; at most a day; None when it says nothing that can be read."""
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return min(int(value[:10]), LONGEST_WAIT_S)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return max(0, min(int(seconds), LONGEST_WAIT_S))


def _gone_mark(config: ActionConfig) -> str:
    """Under which, beside the offers, it is kept that this address with this secret is gone. No offer has such an id."""
    return f"gone:{hmac.digest(config.secret.encode(), config.url.encode(), 'sha256').hex()[:48]}"


AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]


def public_socket(info: AddressInfo) -> socket.socket:
    """A socket for an address of the public internet. Checked where the connection is made: changing a name's address gains nothing."""
    if not is_public(str(info[4][0])):
        raise PrivateAddress("the address lies in a private network")
    return _any_socket(info)


def _any_socket(info: AddressInfo) -> socket.socket:
    made = socket.socket(info[0], info[1], info[2])
    made.setblocking(False)
    return made


def is_public(address: str) -> bool:
    """Whether an IP address is a public unicast one, also where IPv6 wraps an IPv4 address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if wrapped is None and ip in _NAT64:
            wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(str(wrapped))
    return ip.is_global and not ip.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Actions:
    """One accepted offer is one call: clicks that come while it is on its way share it, later ones get the shop's answer again."""

    def __init__(
        self, writer: Writer, configs: Sequence[ActionConfig], clock: Callable[[], datetime], timeout_s: float = TIMEOUT_S
    ) -> None:
        for config in configs:
            check_action(config)
        self._writer = writer
        self._configs = {config.inbox_id: config for config in configs}
        self._clock = clock
        self._timeout_s = timeout_s
        self._running: dict[tuple[str, str], asyncio.Task[Delivery]] = {}

    async def deliver(self, offer: OfferAccepted) -> Delivery:
        """The shop's outcome. After `retry` call again with the same offer; after anything else there is no need to."""
        key = (offer.inbox_id, offer.key)
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = asyncio.create_task(self._deliver(offer))
            running.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(running)

    async def _deliver(self, offer: OfferAccepted) -> Delivery:
        config = self._configs.get(offer.inbox_id)
        if config is None:
            return Delivery("failed", "no_action_address")
        gone = _gone_mark(config)

        def look(conn: store.Connection) -> Delivery | None:
            marked = GONE if store.outcome(conn, offer.inbox_id, gone) == GONE else None
            answer = store.outcome(conn, offer.inbox_id, offer.key)
            return (None if answer is not None and answer.status == "pending" and offer.again else answer) or marked

        known = await self._writer.read(look)
        if known == GONE:
            about = {"flow": f"offer_{offer.call}", "decision": "gone"}
            log.warning("offer_%s not sent: the address answered 410", offer.call, extra=about)
        if known is not None:
            return known
        started = time.perf_counter()
        delivery = await call_shop(config, offer, self._clock(), self._timeout_s)
        if delivery.status in ("done", "refused", "pending") or delivery == GONE:
            key, now = gone if delivery == GONE else offer.key, self._clock()
            await self._writer.write(lambda conn: store.record_outcome(conn, offer.inbox_id, key, delivery, now))
        took = round((time.perf_counter() - started) * 1000, 1)
        fields = {"flow": f"offer_{offer.call}", "conversation": offer.conversation, "decision": delivery.status, "ms": took}
        log.info("offer_%s %s", offer.call, delivery.status, extra=fields)
        return delivery
