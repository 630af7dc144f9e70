"""The cart: see it, add, change, take out, use a voucher. Each change is a form; add also answers JSON to the page's script. Walk c."""

from aiohttp import web

from . import ga4
from .cart import MOST_OF_ONE, Line, with_line, with_quantity
from .catalogue import Product
from .page import cart_in, go, locale_of, page
from .session import SESSION
from .site import SITE


def routes() -> list[web.RouteDef]:
    base = "/{locale:en|pl}/cart"
    return [
        web.get(base, show),
        web.post(f"{base}/add", add),
        web.post(f"{base}/change", change),
        web.post(f"{base}/voucher", voucher),
    ]


async def show(request: web.Request) -> web.Response:
    site, cart, locale = request.app[SITE], cart_in(request), locale_of(request)
    events = (ga4.cart("view_cart", cart, locale),) if cart.lines else ()
    return page(request, "cart.html", events=events, cart=cart, loved=site.catalogue.loved()[:4])


async def add(request: web.Request) -> web.Response:
    session, locale = request[SESSION], locale_of(request)
    form = await request.post()
    product = _product(request, str(form.get("product", "")))
    size = str(form.get("size", ""))
    wants_json = "application/json" in request.headers.get("accept", "")
    if product.sizes and size not in product.sizes:
        if wants_json:
            return web.json_response({"error": request.app[SITE].texts.say(locale, "product.choose_size")}, status=422)
        session.flash = "product.choose_size"
        raise go(f"/{locale}/p/{product.slug}")
    if not product.stock:
        if wants_json:
            return web.json_response({"error": request.app[SITE].texts.say(locale, "product.sold_out")}, status=422)
        session.flash = "product.sold_out"
        raise go(f"/{locale}/p/{product.slug}")
    quantity = _number(str(form.get("quantity", "1")), least=1)
    session.cart = with_line(session.cart, product, size if product.sizes else "", quantity)
    added = ga4.goods("add_to_cart", [Line(product, size, quantity)], product.price * quantity, locale)
    if wants_json:
        say = request.app[SITE].texts.say
        return web.json_response(
            {"event": added, "count": cart_in(request).count, "message": say(locale, "cart.added", name=product.name[locale])}
        )
    session.events.append(added)
    raise go(f"/{locale}/cart")


async def change(request: web.Request) -> web.Response:
    """Sets a line's quantity; 0 takes it out. GA4 hears only the difference."""
    session, locale = request[SESSION], locale_of(request)
    form = await request.post()
    product, size = _product(request, str(form.get("product", ""))), str(form.get("size", ""))
    before = {(e["product_id"], e["size"]): e["quantity"] for e in session.cart}.get((product.id, size), 0)
    after = min(_number(str(form.get("quantity", "")), least=0), MOST_OF_ONE) if before else 0
    session.cart = with_quantity(session.cart, product.id, size, after)
    if after != before:
        kind, by = ("add_to_cart", after - before) if after > before else ("remove_from_cart", before - after)
        session.events.append(ga4.goods(kind, [Line(product, size, by)], product.price * by, locale))
    raise go(f"/{locale}/cart")


async def voucher(request: web.Request) -> web.Response:
    """Takes a code that belongs to this shopper; an empty one takes the voucher off again."""
    site, session, locale = request.app[SITE], request[SESSION], locale_of(request)
    code = str((await request.post()).get("code", "")).strip().upper()
    if not code:
        session.voucher = ""
    elif site.store.voucher_worth(code, session.owner) is None:
        session.flash = "cart.voucher_unknown"
    else:
        session.voucher, session.flash = code, "cart.voucher_taken"
    raise go(f"/{locale}/cart")


def _product(request: web.Request, product_id: str) -> Product:
    product = request.app[SITE].catalogue.by_id(product_id)
    if product is None:
        raise web.HTTPNotFound
    return product


def _number(text: str, least: int) -> int:
    return max(least, int(text)) if text.isascii() and text.isdigit() and len(text) < 4 else least
