"""The shop's back office: place test orders, move parcels, and see what the webhooks and the accepted offers came to.

It answers on loopback only, unless DEMO_BACKOFFICE_PASSWORD is set: then anyone with it, by HTTP Basic, user `backoffice`. Walks b and e.
"""

import base64
import binascii
import hmac
import ipaddress
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from . import orders, parcels
from .actions import MODES
from .cart import FREE_FROM, cart_of
from .customers import CUSTOMERS
from .forms import POINTS
from .identity import mail_token, order_link
from .orders import Order, Refused
from .page import go, page
from .placing import place
from .site import SITE, Site

JOURNEY = ("packed", "shipped", "in_transit", "out_for_delivery", "delivered")
DELAY_REASONS = ("Heavy snow on the way", "Held up at the sorting centre", "The parcel missed its lorry")
FEE_OFF = {"en": "We took the delivery fee off", "pl": "Nie policzyliśmy za dostawę"}
GIFT = {"en": "We put a pair of wool insoles into your parcel", "pl": "Dołożyliśmy do paczki wełniane wkładki"}
GIFT_WORTH = 1900
REFUSED = {  # what the page says to a change that is not possible
    "already_cancelled": "it is cancelled already",
    "already_shipped": "a parcel has left already",
    "nothing_to_refund": "there is nothing to refund",
    "not_possible": "not at this stage",
    "bad_date": "the new day must come after the promised one",
    "cannot_split": "it has one line only, or it has left",
    "no_such_parcel": "there is no such parcel",
}
Handler = Callable[[web.Request], Awaitable[web.Response]]


def routes() -> list[web.RouteDef]:
    return [
        web.get("/backoffice", guarded(overview)),
        web.get("/backoffice/orders/{order_id}", guarded(one_order)),
        web.get("/backoffice/log", guarded(log_page)),
        web.post("/backoffice/place", guarded(place_order)),
        web.post("/backoffice/orders/{order_id}/{action}", guarded(act)),
        web.post("/backoffice/settle/{offer_id}", guarded(settle)),
        web.post("/backoffice/mode", guarded(set_mode)),
        web.post("/backoffice/hurry", guarded(hurry)),
    ]


def guarded(handler: Handler) -> Handler:
    """A page of the back office: from this machine only, or with the password."""

    async def checked(request: web.Request) -> web.Response:
        password = request.app[SITE].settings.backoffice_password
        if password:
            if not _knows(request, password):
                raise web.HTTPUnauthorized(headers={"www-authenticate": 'Basic realm="Back office", charset="UTF-8"'})
        elif not _local(request):
            raise web.HTTPForbidden(text="The back office answers on loopback only. Set DEMO_BACKOFFICE_PASSWORD to open it.")
        return await handler(request)

    return checked


def _local(request: web.Request) -> bool:
    """The peer is this machine, and so is the name it asked for (a name that is rebound to 127.0.0.1 does not count)."""
    try:
        peer = ipaddress.ip_address(request.remote or "")
    except ValueError:
        return False
    return peer.is_loopback and request.host.rpartition(":")[0] in ("127.0.0.1", "localhost", "[::1]")


def _knows(request: web.Request, password: str) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        pair = base64.b64decode(given, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return scheme.lower() == "basic" and hmac.compare_digest(pair.encode(), f"backoffice:{password}".encode())


async def overview(request: web.Request) -> web.Response:
    site = request.app[SITE]
    return page(request, "backoffice/overview.html", orders=site.store.orders(), customers=list(CUSTOMERS.values()), **common(site))


async def one_order(request: web.Request) -> web.Response:
    site, order = request.app[SITE], _order(request)
    link = "" if order["customer"]["id"] in CUSTOMERS else order_link(site.settings.identity_secret, order["order_id"])
    later = orders.working_days_after(max(datetime.fromisoformat(order["shipments"][0]["promised"]), site.clock().replace(tzinfo=None)), 2)
    rows = [row for row in site.outbox.log(200) if row["subject"] == order["order_id"]]
    mail = mail_token(site.settings.identity_secret, site.settings.widget_key, order["order_id"], site.clock())
    return page(
        request, "backoffice/order.html", order=order, link=link, mail=mail, later=later, log=rows, moves=parcels.MOVES,
        reasons=DELAY_REASONS, is_late=parcels.is_late, refused=REFUSED.get(request.query.get("refused", "")),
        refundable=orders.refundable(order), taken=site.offers.of_order(order["order_id"]), **common(site),
    )  # fmt: skip


async def log_page(request: web.Request) -> web.Response:
    site = request.app[SITE]
    return page(
        request, "backoffice/log.html", log=site.outbox.log(60), calls=site.offers.calls(), pending=site.offers.pending(), **common(site)
    )


def common(site: Site) -> dict[str, Any]:
    """What every page of the back office shows."""
    return {"mode": site.store.switch("action_mode", "done"), "modes": MODES, "waiting": site.outbox.waiting()}


async def place_order(request: web.Request) -> web.Response:
    """A paid order of a few random goods; two lines at least, so that it can be split."""
    site, form = request.app[SITE], await request.post()
    who, locale = str(form.get("who", "")), "pl" if form.get("locale") == "pl" else "en"
    account = CUSTOMERS.get(who)
    address = {"name": "Guest", "email": "guest@example.com", "street": "ul. Lipowa 3", "postcode": "30-001", "city": "Kraków"}
    if account is not None:
        address = {"name": account.name, "email": account.email} | account.address
    delivery = "point" if form.get("delivery") == "point" else "courier"
    address |= {"phone": "", "delivery": delivery, "point": POINTS[0] if delivery == "point" else ""}
    some = secrets.SystemRandom().sample(site.catalogue.products, 3)
    while sum(p.price for p in some) >= FREE_FROM:  # below free delivery, so that there is a fee to take off
        some = secrets.SystemRandom().sample(site.catalogue.products, 3)
    entries = [{"product_id": p.id, "size": p.sizes[1] if p.sizes else "", "quantity": 1} for p in some]
    with site.store.transaction():
        customer_id = account.id if account else f"guest-{secrets.token_hex(8)}"
        cart = cart_of(entries, site.catalogue, delivery)
        order = place(site.store.next_number(), customer_id, address, cart, "", locale, site.settings.url, site.clock())
        order["shop"]["payment_method"] = "card"
        _save(site, orders.paid(order, site.clock()))
    raise go(f"/backoffice/orders/{order['order_id']}")


async def act(request: web.Request) -> web.Response:
    """One change of one order. A change that is not possible any more is told on the page, and nothing is sent."""
    form = await request.post()
    fields = {name: str(value) for name, value in form.items()}
    site, order = request.app[SITE], _order(request)
    try:
        with site.store.transaction():
            _do(site, order, request.match_info["action"], fields)
    except Refused as no:
        raise go(f"/backoffice/orders/{order['order_id']}?refused={no}") from no
    raise go(f"/backoffice/orders/{order['order_id']}")


def _do(site: Site, order: Order, action: str, fields: dict[str, str]) -> None:
    now, parcel, order_id = site.clock(), fields.get("shipment", ""), order["order_id"]
    match action:
        case "move":
            _save(site, parcels.moved(order, parcel, fields.get("stage", ""), now))
        case "delay":
            _save(site, parcels.delayed(order, parcel, fields.get("eta", ""), fields.get("reason", "")[:120], now))
        case "split":
            _save(site, parcels.split(order, parcel, now))
        case "cancel":
            _save(site, orders.cancelled(order, now))
        case "refund":
            amount = fields.get("amount", "")
            _save(site, orders.refunded(order, int(amount) if amount.isascii() and amount.isdigit() else 0, now))
        case "measure":
            fee = order["shop"]["delivery_fee"]  # who paid none gets something else: a measure must be true
            _save(site, orders.with_measure(order, FEE_OFF if fee else GIFT, fee or GIFT_WORTH, now))
        case "journey":
            _journey(site, order, now)
        case "repeat":
            site.outbox.repeat_last(order_id)
        case "shuffle":
            site.outbox.repeat_shuffled(order_id)
        case "spoil":
            site.outbox.spoil_last(order_id)
        case _:
            raise web.HTTPNotFound


def _journey(site: Site, order: Order, now: datetime) -> None:
    """All parcels to the door at once, the snapshots sent in random order: a shopper must still hear each thing once, and nothing late."""
    if order["status"] == "cancelled" or all(s["stage"] in parcels.CLOSED for s in order["shipments"]):
        raise Refused("not_possible")
    for step, stage in enumerate(JOURNEY):
        for shipment in order["shipments"]:
            if shipment["stage"] not in parcels.CLOSED:
                order = parcels.moved(order, shipment["id"], stage, now + timedelta(milliseconds=step))
        site.store.save_order(order)
        site.outbox.put_order(order)
    site.outbox.shuffle_waiting(order["order_id"])


async def settle(request: web.Request) -> web.Response:
    site, form = request.app[SITE], await request.post()
    with site.store.transaction():
        if site.offers.settle(request.match_info["offer_id"], agree=form.get("agree") == "yes") is None:
            raise web.HTTPNotFound
    raise go("/backoffice/log")


async def set_mode(request: web.Request) -> web.Response:
    mode = str((await request.post()).get("mode", ""))
    if mode not in MODES:
        raise web.HTTPNotFound
    request.app[SITE].store.set_switch("action_mode", mode)
    raise go("/backoffice/log")


async def hurry(request: web.Request) -> web.Response:
    """The chat server is back: no need to wait for the next attempt."""
    request.app[SITE].outbox.hurry()
    raise go("/backoffice/log")


def _order(request: web.Request) -> Order:
    order = request.app[SITE].store.order(request.match_info["order_id"])
    if order is None:
        raise web.HTTPNotFound
    return order


def _save(site: Site, order: Order) -> None:
    site.store.save_order(order)
    site.outbox.put_order(order)
