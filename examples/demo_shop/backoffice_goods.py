"""The back office's page of products: price and stock of each, to be changed. Guarded like the rest of the back office."""

import re
from decimal import Decimal

from aiohttp import web

from .backoffice import common, guarded
from .page import go, page
from .site import SITE

_PRICE = re.compile(r"[0-9]{1,6}([.,][0-9]{1,2})?\Z")
_STOCK = re.compile(r"[0-9]{1,4}\Z")
REFUSED = "A price is a number like 129 or 129.50 and more than nothing; a stock is a whole number."


def routes() -> list[web.RouteDef]:
    return [
        web.get("/backoffice/products", guarded(products)),
        web.post("/backoffice/products/{product_id}", guarded(change)),
    ]


async def products(request: web.Request) -> web.Response:
    site = request.app[SITE]
    refused = REFUSED if "refused" in request.query else ""
    return page(request, "backoffice/products.html", products=site.catalogue.products, refused=refused, **common(site))


async def change(request: web.Request) -> web.Response:
    site, form = request.app[SITE], await request.post()
    product = site.catalogue.by_id(request.match_info["product_id"])
    if product is None:
        raise web.HTTPNotFound
    price, stock = str(form.get("price", "")).strip(), str(form.get("stock_now", form.get("stock", ""))).strip()
    if not _PRICE.match(price) or not _STOCK.match(stock):
        raise go("/backoffice/products?refused=1")
    if not site.goods.set(product, int(Decimal(price.replace(",", ".")) * 100), int(stock)):
        raise go("/backoffice/products?refused=1")
    raise go("/backoffice/products")
