"""Sign in as a demo customer, "my orders", and a guest's way back to an order by a signed link. Decides who `identify` speaks for."""

from aiohttp import web

from .customers import CUSTOMERS
from .identity import order_of_link, order_of_mail
from .orders import Order
from .page import go, locale_of, page
from .parcels import is_late
from .session import SESSION
from .site import SITE

STEPS = ("placed", "packed", "shipped", "arriving", "delivered")
REACHED = {
    "cancelled": 0, "preparing": 0, "packed": 1, "shipped": 2, "in_transit": 2,
    "out_for_delivery": 3, "delivery_failed": 3, "ready_for_pickup": 3, "delivered": 4,
}  # fmt: skip


def routes() -> list[web.RouteDef]:
    base = "/{locale:en|pl}"
    return [
        web.get(f"{base}/sign-in", sign_in_form),
        web.post(f"{base}/sign-in", sign_in),
        web.post(f"{base}/sign-out", sign_out),
        web.get(f"{base}/orders", orders),
        web.get(f"{base}/orders/{{order_id}}", order_page),
        web.get(f"{base}/orders/link/{{link}}", by_link),
        web.get(f"{base}/orders/mail/{{token}}", by_mail),
        web.get(f"{base}/track/{{number}}", track),
    ]


async def sign_in_form(request: web.Request) -> web.Response:
    return page(request, "sign_in.html", customers=list(CUSTOMERS.values()))


async def sign_in(request: web.Request) -> web.Response:
    session = request[SESSION]
    customer = str((await request.post()).get("customer", ""))
    if customer not in CUSTOMERS:
        raise web.HTTPNotFound
    # Nothing of a guest or of another customer stays but the cart: the next identity token must not speak for two people.
    session.customer, session.guest, session.guest_email, session.form, session.pending_order, session.voucher = (
        customer,
        "",
        "",
        {},
        "",
        "",
    )
    session.flash = "account.signed_in"
    raise go(f"/{locale_of(request)}/orders")


async def sign_out(request: web.Request) -> web.Response:
    session = request[SESSION]
    session.customer, session.guest, session.guest_email, session.form, session.pending_order, session.voucher = "", "", "", {}, "", ""
    session.cart, session.signed_out, session.flash = [], True, "account.signed_out"
    raise go(f"/{locale_of(request)}/sign-in")


async def orders(request: web.Request) -> web.Response:
    site, session = request.app[SITE], request[SESSION]
    if not session.owner:
        raise go(f"/{locale_of(request)}/sign-in")
    found, vouchers = site.store.orders(session.owner), site.store.vouchers(session.owner)
    return page(request, "orders.html", orders=found, vouchers=vouchers, headline=headline)


async def order_page(request: web.Request) -> web.Response:
    site, session = request.app[SITE], request[SESSION]
    order = site.store.order(request.match_info["order_id"])
    if order is None or not session.owner or order["customer"]["id"] != session.owner:
        raise web.HTTPNotFound  # also for someone else's order: whether it exists is nobody's business
    return page(request, "order.html", order=order, headline=headline, steps=STEPS, reached=REACHED, is_late=is_late)


async def by_link(request: web.Request) -> web.Response:
    """The link proves the order, so from here on this browser is the guest who placed it, in the shop and in the chat."""
    site, session = request.app[SITE], request[SESSION]
    order_id = order_of_link(site.settings.identity_secret, request.match_info["link"])
    order = site.store.order(order_id) if order_id else None
    if order is None or order["customer"]["id"] in CUSTOMERS:
        raise web.HTTPNotFound
    if session.customer:
        session.form, session.voucher, session.pending_order = {}, "", ""
    session.customer, session.guest, session.guest_email = "", order["customer"]["id"], order["customer"]["email"]
    raise go(f"/{locale_of(request)}/orders/{order['order_id']}")


async def by_mail(request: web.Request) -> web.Response:
    """The link in a mail: shows this one order to whoever holds it, signs nobody in, and hands the same proof to the chat."""
    site, token = request.app[SITE], request.match_info["token"]
    order_id = order_of_mail(site.settings.identity_secret, site.settings.widget_key, token)
    order = site.store.order(order_id) if order_id else None
    if order is None:
        raise web.HTTPNotFound
    return page(
        request, "mail_order.html", order=order, order_token=token, headline=headline, steps=STEPS, reached=REACHED, is_late=is_late
    )


async def track(request: web.Request) -> web.Response:
    """Where tracking links lead: the parcel's scans and nothing about the person."""
    number = request.match_info["number"]
    for order in request.app[SITE].store.orders(limit=500):
        for shipment in order["shipments"]:
            if shipment["tracking_number"] == number:
                return page(request, "track.html", shipment=shipment, late=is_late(shipment), steps=STEPS, reached=REACHED)
    raise web.HTTPNotFound


def headline(order: Order) -> str:
    """One word for the list: a key under `stage` in texts/."""
    if order["status"] == "cancelled":
        return "cancelled"
    given = sum(a["amount"] for a in order["adjustments"] if a["kind"] == "refund" and a["status"] == "completed")
    if given and given >= order["total"]:
        return "refunded"
    if order["payment"]["status"] == "failed":
        return "payment_failed"
    if any(is_late(shipment) for shipment in order["shipments"]):
        return "delayed"
    slowest = min(order["shipments"], key=lambda s: REACHED[s["stage"]])["stage"]
    return "paid" if slowest == "preparing" and order["payment"]["status"] == "paid" else "placed" if slowest == "preparing" else slowest
