"""Puts the shop together: store, outbox, offers, templates, routes, and the middlewares that guard every request."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import jinja2
from aiohttp import web
from aiohttp.typedefs import Handler

from . import account, actions, backoffice, backoffice_goods, cart_pages, catalogue, checkout, shop_pages, texts
from .goods import Goods
from .offers import Offers
from .outbox import Outbox
from .page import page
from .session import remember
from .settings import Settings
from .site import SITE, Site
from .store import Store

HERE = Path(__file__).parent
LARGEST_BODY = 65_536


def make_app(
    settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC), slow_s: float = actions.SLOW_S
) -> web.Application:
    """A fresh app on the data folder of the settings. `slow_s` is shorter in tests."""
    store = Store(settings.data)
    words = texts.load(HERE / "texts")
    outbox = Outbox(store, f"{settings.shopbell_internal_url}/webhooks/{settings.source_id}", settings.webhook_secret, clock)
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    offers = Offers(store, outbox, clock, lambda locale, key: words.say(locale, f"offer.{key}"))
    app = web.Application(middlewares=[harden, same_origin, remember, friendly], client_max_size=LARGEST_BODY)
    sold = catalogue.load(HERE / "catalogue.toml")
    goods = Goods(store, outbox, sold, settings.url)
    app[SITE] = Site(settings, store, outbox, offers, sold, goods, words, templates, clock, slow_s)
    for room in (shop_pages, cart_pages, checkout, account, backoffice, backoffice_goods, actions):
        app.router.add_routes(room.routes())
    app.router.add_static("/static/", HERE / "static")
    app.cleanup_ctx.append(_background)
    return app


async def _background(app: web.Application) -> AsyncIterator[None]:
    app[SITE].goods.tell_all()
    sender = asyncio.create_task(app[SITE].outbox.run(), name="outbox")
    yield
    sender.cancel()
    with suppress(asyncio.CancelledError):
        await sender
    app[SITE].store.close()


@web.middleware
async def harden(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The headers that every answer carries; a page's policy comes from page.py."""
    try:
        response = await handler(request)
    except web.HTTPException as answer:
        _protect(answer)
        raise
    _protect(response)
    if request.path.startswith("/static/"):
        response.headers.setdefault("cache-control", "max-age=300")
    return response


def _protect(response: web.StreamResponse) -> None:
    response.headers.setdefault("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
    response.headers["x-content-type-options"] = "nosniff"
    response.headers["referrer-policy"] = "strict-origin-when-cross-origin"


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A form may be sent from the shop's own pages only. Shopbell's call has no Origin and proves itself by its signature."""
    origin = request.headers.get("origin")
    if request.method == "POST" and request.path != "/shopbell/actions" and (origin is None or urlsplit(origin).netloc != request.host):
        raise web.HTTPForbidden(text="This form was sent from another site.")
    return await handler(request)


@web.middleware
async def friendly(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A page instead of a bare 404, with a way on."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        if request.path.startswith(("/static/", "/shopbell/")):
            raise
        return page(request, "not_found.html", 404)
