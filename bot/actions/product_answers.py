"""Answers from the shop's catalogue: what a product costs and whether it can be bought now, with a card of it.

What the catalogue does not tell is not said: a product that it does not know is not "sold out", and a missing price is no price.
"""

from __future__ import annotations

from actions.products import Product, fetch, named
from actions.reply import Reply, choices
from actions.turn import PERSON, Turn
from actions.words import Words


async def product(turn: Turn, words: Words) -> Reply:
    """The products that the question names; one that names none is about what was spoken of or looked at last."""
    asked = named(turn.text, turn.language) if turn.intent == "product_question" and not turn.text.startswith("/") else ""
    found = await fetch(turn.token, asked)
    to_a_person = choices(words, PERSON)
    if found is None:
        return Reply(words("products_trouble"), to_a_person, offered=PERSON, failed=True, done="product_question")
    if not found:
        return Reply(words("product_unknown" if asked else "product_which"), to_a_person if asked else (), done="product_question")
    lines = [_line(each, words) for each in found]
    text = lines[0] if len(lines) == 1 else "\n".join([words("products_several"), *(f"- {line}" for line in lines)])
    return Reply(text, to_a_person, products=tuple(str(each["id"]) for each in found), done=f"product_question {found[0]['name']}"[:200])


def _line(each: Product, words: Words) -> str:
    state = "here" if each["available"] else "gone"
    if each["price"] is None or each["currency"] is None:
        return words(f"product_{state}_unpriced", product=each["name"])
    price = words.money(each["price"], each["currency"])
    return words(f"product_{state}", product=each["name"], price=words("price_from", price=price) if each["price_to"] else price)
