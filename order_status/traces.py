"""What leads to a person, and whether a stored body or a customer as the shop told them is theirs. Pure.

An e-mail or a phone is theirs wherever it stands; an id only where it is a customer's, or an order's.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from order_status.events import Customer
from order_status.masked import PEOPLE
from order_status.proof import normal_email, normal_phone, same_phone

_CUSTOMER_ID = re.compile(r"(customer|user|buyer|client|contact)_?id|sub", re.IGNORECASE)
_ORDER_ID = re.compile(r"order_?(id|number)|(order_)?name|number", re.IGNORECASE)
_ORDERS = re.compile(r"|data|body|resource|order\w*", re.IGNORECASE)
_DEEPEST = 60


@dataclass(frozen=True, slots=True)
class Person:
    """Whom to forget: as many of these as are known, each of them vouched for. `order_ids`: orders that are theirs, whatever the shop says
    of them; `offer_ids`: what they were offered."""

    customer_id: str | None = None
    email: str | None = None
    phone: str | None = None
    order_ids: tuple[str, ...] = ()
    offer_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Traces:
    """By what a body is known to speak of a person. E-mails and phones as `proof` compares them."""

    customer_ids: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    order_ids: frozenset[str] = frozenset()

    def __or__(self, other: "Traces") -> "Traces":
        return Traces(
            self.customer_ids | other.customer_ids,
            self.emails | other.emails,
            self.phones | other.phones,
            self.order_ids | other.order_ids,
        )


def traces_of(person: Person) -> Traces:
    found = of_customer(Customer(person.customer_id or None, person.email, person.phone))
    return replace(found, order_ids=frozenset(person.order_ids))


def of_customer(customer: Customer) -> Traces:
    email, phone = normal_email(customer.email), normal_phone(customer.phone)
    ids = frozenset({customer.id} if customer.id else ())
    return Traces(ids, frozenset({email} if email else ()), frozenset({phone} if phone else ()))


def is_person(customer: Customer, person: Person) -> bool:
    """Whether an order of this customer is theirs. Another account is somebody else; a phone alone may be a household's."""
    if customer.id and person.customer_id:
        return customer.id == person.customer_id
    one, other = normal_email(customer.email), normal_email(person.email)
    if one is not None and other is not None:
        return one == other
    return same_phone(customer.phone, person.phone)


def speaks_of(body: bytes, traces: Traces) -> bool:
    """Whether a body that nobody could read as an order speaks of them. Never raises."""
    text = body.decode("utf-8", "replace")
    try:
        told = list(_values(json.loads(text), "", "", _DEEPEST))
    except (ValueError, RecursionError):
        return any(_is_theirs(word, traces) for word in re.split(r"[\s\"'<>=&?,;()\[\]{}]+", text))
    for holder, name, value in told:
        if _CUSTOMER_ID.fullmatch(name) or (name == "id" and PEOPLE.fullmatch(holder)):
            found = value in traces.customer_ids
        elif _ORDER_ID.fullmatch(name) or (name == "id" and _ORDERS.fullmatch(holder)):
            found = value in traces.order_ids
        else:
            found = False
        if found or _is_theirs(value, traces):
            return True
    return False


def _values(value: Any, holder: str, name: str, depth: int) -> Iterator[tuple[str, str, str]]:
    """(name of the object that holds it, its own name, the value as text) of every text and number."""
    if depth == 0:
        raise RecursionError
    if isinstance(value, dict):
        for inner, each in value.items():
            yield from _values(each, name, inner, depth - 1) if isinstance(each, (dict, list)) else _one(name, inner, each)
    elif isinstance(value, list):
        for each in value:
            yield from _values(each, holder, name, depth - 1) if isinstance(each, (dict, list)) else _one(holder, name, each)


def _one(holder: str, name: str, value: Any) -> Iterator[tuple[str, str, str]]:
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        yield holder, name, str(value)


def _is_theirs(value: str, traces: Traces) -> bool:
    """An e-mail or a phone of theirs, alone in a value."""
    if "@" in value:
        return normal_email(value) in traces.emails
    return len(value) <= 40 and any(same_phone(value, phone) for phone in traces.phones)
