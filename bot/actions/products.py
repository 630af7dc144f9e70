"""The shop's products, asked of the chat server with the turn's token; what a question names, without the words of asking.

No retry: a read of 3 s at most inside a turn of 8 s. Nothing is known here that the shop's catalogue does not tell.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import aiohttp

from actions import settings

Product = Mapping[str, Any]

# Words with which people ask for products and that name none; folded, without accents.
_ASKING = {
    "en": """
        a about again am an and any anything are at available availability back be buy can carry cheap cheaper cheapest check come coming
        cost costs currently do does expensive find for from get go goes going good got had has have hello here hey hi how i if im in info
        is it item items its just kind kinds know left like look looking many me more morning much my need not now of ok on one ones
        online or out please pls piece pieces price prices product products r right s say says sell sells shop should show sold some
        something sort still stock store tell than thank thanks that the their them there these they this those to u ur want was what
        whats when where which will with would you your""".split(),
    "pl": """a ale bedzie bedziecie brak by cena cene ceny cenie chce chcialabym chcialbym chcialem chcialam chodzi cos czesc czy da dam
        dla do dobry dobrze dostac dostawa dostepna dostepne dostepny dostepnosc dzien dziekuje gdzie hej i ile info is iz ja jak
        jaka jaki jakich jakie jakiej jakies jakis jest jestem jeszcze juz kiedy koszt kosztuja kosztuje kosztowac ktora ktore ktory
        kupic lub ma macie magazyn magazynie mam mi moge moze mozna na najtansza najtansze najtanszy nie niedostepna niedostepne
        niedostepny niz o od opowiedz po podaj pokaz pokazcie potrzebuje prosze sa sklepie spytac sprawdz sprawdzisz sprzedajecie
        sprzedaz sprzedazy sprzedawane stan stanie sztuk sztuka sztuki szukam ta takze tanszego tanszy te tego tej ten to towaru
        trzeba tu tym u w was wiecej witam wroci wyprzedana wyprzedane wyprzedany z za zapytac zaplacic ze znacie znajde znowu
        zostaly zostalo zostal""".split(),
}
_SPELT = str.maketrans("łŁ", "lL")


def named(text: str, language: str) -> str:
    """What is left of a question without the words of asking: the product's own, or nothing."""
    asking = frozenset(_ASKING[language])
    words = re.findall(r"[\w-]+", text)
    return " ".join(word for word in words if _folded(word) not in asking)


async def fetch(token: str, text: str) -> tuple[Product, ...] | None:
    """What these words speak of, without any what was spoken of or looked at last; None when the chat server cannot be asked."""
    where = settings.load()
    params = {"token": token, "q": text[:500]}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=where.orders_timeout)) as session,
            session.get(f"{where.url}/internal/bot/products", params=params, allow_redirects=False) as answer,
        ):
            body = await answer.json() if answer.status == 200 else {}
    except (aiohttp.ClientError, asyncio.TimeoutError, ValueError):
        return None
    if not isinstance(body, dict) or body.get("ok") is not True:
        return None
    return tuple(body.get("products") or ())


def _folded(word: str) -> str:
    marked = unicodedata.normalize("NFKD", word.translate(_SPELT).lower())
    return "".join(letter for letter in marked if not unicodedata.combining(letter))
