"""The catalogue: what the shop last told of each product. Its SQL (beside store/, to be run inside the writer), and its face.

No decisions here: which word is newer, what fits and how it is told stands in products.py. Every write is safe to repeat.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import case, delete, insert, select, update

from order_status.events import Stamp
from order_status.products import Product, line_of, newest, product_view, sought, spoken_of, start_of, words
from order_status.store import Connection, insert_once
from order_status.tables import product_words, products
from order_status.writer import Writer

SHOWN = 20
MOST_WORDS = 16
SHORTEST_WORD = 3
"""shorter ones are in every sentence"""
LOOKED_THROUGH = 600
"""lines that a search ranks: with more that fit, the words are too common to tell them apart"""


class Catalogue:
    """What may be shown of the products of an inbox (products.product_view), each in the first of `locales` that the shop tells it in.

    A product that is not for sale is not known here.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def known(self, inbox_id: str, ids: Collection[str], locales: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Those of these products that there are, by id."""
        if not ids:
            return {}
        found = await self._writer.read(lambda conn: known(conn, inbox_id, ids))
        return {product.product_id: view for product in found if (view := product_view(product, locales)) is not None}

    async def search(self, inbox_id: str, text: str, locales: Sequence[str], limit: int = SHOWN) -> list[dict[str, Any]]:
        """What somebody looks for by the beginnings of its words; without any, what the shop told of last."""
        return _shown(await self._writer.read(lambda conn: search(conn, inbox_id, text, limit)), locales, limit)

    async def mentioned(self, inbox_id: str, text: str, locales: Sequence[str], limit: int = 3) -> list[dict[str, Any]]:
        """What a sentence speaks of, the surest first."""
        return _shown(await self._writer.read(lambda conn: mentioned(conn, inbox_id, text, limit)), locales, limit)


def _shown(found: Iterable[Product], locales: Sequence[str], limit: int) -> list[dict[str, Any]]:
    return [view for product in found if (view := product_view(product, locales)) is not None][:limit]


def tell(conn: Connection, inbox_id: str, source_id: str, told: Product, now: datetime) -> None:
    """Keep what the shop tells of a product, unless it told something newer before."""
    product = told if told.stamp is not None else replace(told, stamp=Stamp(-1, now, ""))
    key = {"inbox_id": inbox_id, "product_id": product.product_id}
    here = [products.c[name] == value for name, value in key.items()]
    fields = {"source_id": source_id, "for_sale": product.for_sale, "product": _json(product), "updated_at": now}
    if not insert_once(conn, products, {**key, **fields}):
        known = _product(conn.execute(select(products.c.product).where(*here).with_for_update()).scalar_one())
        if newest(known, product) is not product:
            return
        conn.execute(update(products).where(*here).values(**fields))
        conn.execute(delete(product_words).where(*[product_words.c[name] == value for name, value in key.items()]))
    lines = [{**key, "locale": locale, "words": line_of(product.product_id, text)} for locale, text in product.texts.items()]
    if product.for_sale and lines:
        conn.execute(insert(product_words), lines)


def known(conn: Connection, inbox_id: str, ids: Iterable[str]) -> list[Product]:
    """Those of these products that are for sale."""
    query = select(products.c.product).where(products.c.inbox_id == inbox_id, products.c.product_id.in_(list(ids)))
    return [_product(text) for text in conn.execute(query.where(products.c.for_sale)).scalars()]


def search(conn: Connection, inbox_id: str, text: str, limit: int) -> list[Product]:
    """What somebody looks for by the beginnings of its words, what can be bought first; without any, what was told of last."""
    asked = words(text)[:MOST_WORDS]
    if not asked:
        latest = select(products.c.product).where(products.c.inbox_id == inbox_id, products.c.for_sale)
        latest = latest.order_by(products.c.updated_at.desc(), products.c.product_id).limit(limit)
        return [_product(each) for each in conn.execute(latest).scalars()]
    found = sought(_lines(conn, inbox_id, asked, len(asked)), asked)[: limit * 3]
    shown = {product.product_id: product for product in known(conn, inbox_id, [each for _, each in found])}
    known_ones = [(otherwise, shown[each]) for otherwise, each in found if each in shown]
    return [product for _, product in sorted(known_ones, key=lambda each: (each[0], not each[1].available))]


def mentioned(conn: Connection, inbox_id: str, text: str, limit: int) -> list[Product]:
    """What a sentence speaks of, whatever else it says and however its words end; the surest first."""
    asked = [word for word in dict.fromkeys(words(text)) if len(word) >= SHORTEST_WORD][:MOST_WORDS]
    ids = spoken_of(_lines(conn, inbox_id, [start_of(word) for word in asked], 1), asked)[:limit] if asked else []
    shown = {product.product_id: product for product in known(conn, inbox_id, ids)}
    return [shown[each] for each in ids if each in shown]


def _lines(conn: Connection, inbox_id: str, starts: Sequence[str], least: int) -> list[tuple[str, str]]:
    """(product, line) of the lines with words that begin like at least so many of these, the most first."""
    begins = [case((product_words.c.words.like(f"% {start}%"), 1), else_=0) for start in starts]  # a word holds nothing special to LIKE
    hits = sum(begins[1:], begins[0])
    query = select(product_words.c.product_id, product_words.c.words).where(product_words.c.inbox_id == inbox_id, hits >= least)
    most = query.order_by(hits.desc(), product_words.c.product_id, product_words.c.locale).limit(LOOKED_THROUGH)
    return [(row.product_id, row.words) for row in conn.execute(most)]


def _product(text: str) -> Product:
    return msgspec.json.decode(text, type=Product)


def _json(product: Product) -> str:
    return msgspec.json.encode(product).decode("utf-8")
