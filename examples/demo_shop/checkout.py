"""The way from cart to order: address and delivery, then payment, then thanks. Walk b begins where the order is saved with its webhook.

A card that is declined leaves the order standing with a failed payment; the next try pays the same order.
"""

from aiohttp import web

from . import forms, ga4
from .cart import Cart
from .customers import Customer
from .identity import order_link
from .orders import Order, paid, payment_failed
from .page import cart_in, go, locale_of, page
from .placing import place, replaced
from .session import SESSION, Session
from .site import SITE, Site


def routes() -> list[web.RouteDef]:
    base = "/{locale:en|pl}/checkout"
    return [
        web.get(base, address_form),
        web.post(base, address_given),
        web.get(f"{base}/payment", payment_form),
        web.post(f"{base}/payment", payment_given),
        web.get(f"{base}/thanks/{{order_id}}", thanks),
    ]


async def address_form(request: web.Request) -> web.Response:
    session = request[SESSION]
    cart = _cart_or_back(request)
    form = session.form or _prefilled(session.account)
    began = ga4.cart("begin_checkout", cart, locale_of(request))
    return page(request, "checkout_address.html", events=(began,), cart=cart, form=form, errors={}, points=forms.POINTS)


async def address_given(request: web.Request) -> web.Response:
    session, locale = request[SESSION], locale_of(request)
    form, errors = forms.address(await request.post())
    cart = _cart_or_back(request, form["delivery"])
    if errors:
        return page(request, "checkout_address.html", 422, cart=cart, form=form, errors=errors, points=forms.POINTS)
    session.form = form
    session.events.append(ga4.cart("add_shipping_info", cart, locale, shipping_tier=form["delivery"]))
    raise go(f"/{locale}/checkout/payment")


async def payment_form(request: web.Request) -> web.Response:
    cart = _ready_to_pay(request)
    return page(request, "checkout_payment.html", cart=cart, form=request[SESSION].form, method="card", errors={}, declined=None)


async def payment_given(request: web.Request) -> web.Response:
    site, session, locale = request.app[SITE], request[SESSION], locale_of(request)
    fields = await request.post()  # before the cart is read: nothing may wait between reading the cart and saving the order
    method, outcome, errors = forms.payment(fields)
    cart = _ready_to_pay(request)
    if errors:
        return page(request, "checkout_payment.html", 422, cart=cart, form=session.form, method=method, errors=errors, declined=None)
    given = ga4.cart("add_payment_info", cart, locale, payment_type=method)
    with site.store.transaction():
        order = _placed(site, session, cart, locale)
        order["shop"]["payment_method"] = method
        if outcome == "paid":
            order = paid(order, site.clock())
        elif outcome == "declined":
            order = payment_failed(order, "The bank declined the card", site.clock())
        site.store.save_order(order)
        site.outbox.put_order(order)
        if outcome != "declined" and order["shop"]["voucher"]:
            site.store.use_voucher(order["shop"]["voucher"], order["order_id"])
    if outcome == "declined":
        session.pending_order = order["order_id"]
        return page(
            request,
            "checkout_payment.html",
            422,
            (given,),
            cart=cart,
            form=session.form,
            method=method,
            errors={},
            declined=order["number"],
        )
    session.cart, session.voucher, session.pending_order = [], "", ""
    session.events += [given, ga4.purchase(order)]
    raise go(f"/{locale}/checkout/thanks/{order['order_id']}")


async def thanks(request: web.Request) -> web.Response:
    site, session = request.app[SITE], request[SESSION]
    order = site.store.order(request.match_info["order_id"])
    if order is None or order["customer"]["id"] != session.owner:
        raise web.HTTPNotFound
    link = "" if session.account else order_link(site.settings.identity_secret, order["order_id"])
    return page(request, "thanks.html", order=order, link=link)


def _placed(site: Site, session: Session, cart: Cart, locale: str) -> Order:
    """A new order, or the one that waits for its payment with what the shopper has now in cart and form."""
    now, form, url = site.clock(), session.form, site.settings.url
    customer_id = session.customer or session.as_guest(form["email"])
    pending = site.store.order(session.pending_order) if session.pending_order else None
    if pending is not None and pending["status"] == "placed" and pending["payment"]["status"] == "failed":
        return replaced(pending, customer_id, form, cart, session.voucher, url, now)
    return place(site.store.next_number(), customer_id, form, cart, session.voucher, locale, url, now)


def _cart_or_back(request: web.Request, delivery: str = "") -> Cart:
    cart = cart_in(request, delivery or request[SESSION].form.get("delivery", "courier"))
    if not cart.lines:
        raise go(f"/{locale_of(request)}/cart")
    return cart


def _ready_to_pay(request: web.Request) -> Cart:
    cart = _cart_or_back(request)
    if not request[SESSION].form:
        raise go(f"/{locale_of(request)}/checkout")
    return cart


def _prefilled(account: Customer | None) -> dict[str, str]:
    empty = dict.fromkeys(("name", "email", "phone", "street", "postcode", "city", "point"), "") | {"delivery": "courier"}
    return empty | ({"name": account.name, "email": account.email} | account.address if account else {})
