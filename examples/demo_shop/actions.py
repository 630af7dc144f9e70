"""POST /shopbell/actions: Shopbell calls when a shopper accepts an offer or takes it back. Signature first, then the effect, once. Walk e.

How it behaves (done, refused, later, slow, fail) is a switch of the back office, so that every answer can be tried.
"""

import asyncio
import json
from typing import cast

from aiohttp import web

from .offers import Answer
from .orders import Entry
from .site import SITE, Site
from .webhooks import BadSignature, verify

MODES = ("done", "refused", "later", "slow", "fail")
SLOW_S = 20.0  # longer than Shopbell waits: it calls again, and must get the same answer


def routes() -> list[web.RouteDef]:
    return [web.post("/shopbell/actions", accepted)]


async def accepted(request: web.Request) -> web.Response:
    site = request.app[SITE]
    body = await request.read()  # the app's limit answers 413 to more
    try:
        webhook_id = verify(site.settings.action_secret, request.headers, body, int(site.clock().timestamp()))
    except BadSignature as reason:
        return _logged(site, request.headers.get("webhook-id", "?")[:80], 401, {"error": str(reason)})
    data = _offer(body)
    if data is None or data["key"] != webhook_id:
        return _logged(site, webhook_id, 400, {"error": "not an offer.accepted or offer.withdrawn that fits its webhook-id"})
    mode = site.store.switch("action_mode", "done")
    if mode == "fail":
        return _logged(site, webhook_id, 500, {"error": "switched to fail in the back office"})
    repeated = site.offers.known(webhook_id) is not None
    with site.store.transaction():
        answer = site.offers.refuse(webhook_id, data) if mode == "refused" else site.offers.take(webhook_id, data, later=mode == "later")
    if mode == "slow" and not repeated:
        await asyncio.sleep(site.slow_s)
    if answer.state == "pending":
        return _logged(site, webhook_id, 202, {"status": "pending"})
    return _logged(site, webhook_id, 200, _wire(answer))


def _wire(answer: Answer) -> Entry:
    return {"status": answer.state} | ({"reason": answer.reason} if answer.reason else {})


def _logged(site: Site, webhook_id: str, status: int, answer: Entry) -> web.Response:
    site.offers.log_call(webhook_id, status, json.dumps(answer, ensure_ascii=False))
    return web.json_response(answer, status=status)


KEY_OF = {"offer.accepted": "{offer_id}", "offer.withdrawn": "{offer_id}_undo"}


def _offer(body: bytes) -> Entry | None:
    """The `data` of a well-formed call, its `key`, and whether it is `withdrawn`; else None. Further fields are let be."""
    try:
        event = json.loads(body)
    except ValueError:
        return None
    if not isinstance(event, dict) or event.get("type") not in KEY_OF or not isinstance(event.get("data"), dict):
        return None
    data = cast(Entry, event["data"])
    texts = all(isinstance(data.get(key), str) for key in ("offer_id", "kind", "order_id"))
    if not texts or not isinstance(data.get("contact"), dict) or not isinstance(data.get("params"), dict):
        return None
    return {**data, "key": KEY_OF[event["type"]].format(offer_id=data["offer_id"]), "withdrawn": event["type"] == "offer.withdrawn"}
