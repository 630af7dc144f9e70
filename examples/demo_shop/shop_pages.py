"""The pages on which a shopper looks around: front page, category, product, search, help. They change nothing. Walk c sees their events."""

from aiohttp import web

from . import ga4
from .cart import Line
from .orders import working_days_after
from .page import go, locale_of, page
from .site import SITE

HELP = ("delivery", "returns", "contact")
LONGEST_TERM = 80


def routes() -> list[web.RouteDef]:
    base = "/{locale:en|pl}"
    return [
        web.get("/", start),
        web.get(base, with_slash),
        web.get(f"{base}/", front),
        web.get(f"{base}/c/{{category}}", category),
        web.get(f"{base}/p/{{slug}}", product),
        web.get(f"{base}/search", search),
        web.get(f"{base}/help/{{topic}}", help_page),
        web.get("/healthz", alive),
    ]


async def start(request: web.Request) -> web.Response:
    raise go(f"/{locale_of(request)}/")


async def with_slash(request: web.Request) -> web.Response:
    raise web.HTTPPermanentRedirect(f"{request.path}/")


async def alive(request: web.Request) -> web.Response:
    return web.json_response({"status": "ok", "waiting_webhooks": request.app[SITE].outbox.waiting()})


async def front(request: web.Request) -> web.Response:
    site, locale = request.app[SITE], locale_of(request)
    loved = site.catalogue.loved()
    listed = ga4.item_list("front", site.texts.say(locale, "front.loved"), loved, locale)
    return page(request, "front.html", events=(listed,), loved=loved)


async def category(request: web.Request) -> web.Response:
    site, locale = request.app[SITE], locale_of(request)
    found = site.catalogue.category(request.match_info["category"])
    if found is None:
        raise web.HTTPNotFound
    products = site.catalogue.of(found.id)
    order = request.query.get("sort", "")
    if order in ("cheap", "dear"):
        products = sorted(products, key=lambda p: p.price, reverse=order == "dear")
    listed = ga4.item_list(found.id, found.name[locale], products, locale)
    return page(request, "category.html", events=(listed,), category=found, products=products, sort=order)


async def product(request: web.Request) -> web.Response:
    site, locale = request.app[SITE], locale_of(request)
    found = site.catalogue.by_slug(request.match_info["slug"])
    if found is None:
        raise web.HTTPNotFound
    viewed = ga4.goods("view_item", [Line(found, "", 1)], found.price, locale)
    of = site.catalogue.category(found.category)
    arrives = working_days_after(site.clock(), 2)
    return page(request, "product.html", events=(viewed,), product=found, category=of, arrives=arrives, beside=site.catalogue.beside(found))


async def search(request: web.Request) -> web.Response:
    site, locale = request.app[SITE], locale_of(request)
    term = " ".join(request.query.get("q", "").split())[:LONGEST_TERM]
    found = site.catalogue.search(term, locale)
    events = (ga4.search(term, len(found)),) if term else ()
    return page(request, "search.html", events=events, term=term, products=found, loved=site.catalogue.loved()[:4])


async def help_page(request: web.Request) -> web.Response:
    topic = request.match_info["topic"]
    if topic not in HELP:
        raise web.HTTPNotFound
    return page(request, "help.html", topic=topic, topics=HELP)
