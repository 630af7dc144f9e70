"""Who may see which order: the grades of evidence, what a link is good for, and how often a contact may be guessed. Walk f.

Pure. A proof by the shop's signature is for whoever is signed in; the others are of one browser, and bind nobody else.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from ipaddress import IPv6Address, ip_address


class Grade(StrEnum):
    """How it is proven whose order it is, strongest first. Only the first two bring news that nobody asked for."""

    SIGNED = "signed"
    LINK = "link"
    ORDER_AND_CONTACT = "order_and_contact"
    BROWSER = "browser"


SPOKEN_TO = frozenset({Grade.SIGNED, Grade.LINK})
BY_SHOPPER = "shopper"
"""who undid a binding, where it was the shopper: they may open it again"""
LINK_BROWSERS = 5
"""browsers that one link may bind: a phone, a laptop, and some that only looked"""
WINDOW = timedelta(hours=1)
"""of tries that are counted together"""
MOST_TRIES = {"visitor": 5, "number": 10, "contact": 10, "address": 30}
"""in WINDOW, right ones not counted: by browser, by the number and by the contact that were typed, by address (a whole office has one)"""


@dataclass(frozen=True, slots=True)
class Binding:
    """An order that a browser has proven to be its shopper's. `evidence`: `link:<its id>`, `email` or `phone`."""

    id: str
    inbox_id: str
    order_id: str
    visitor_id: str
    grade: Grade
    evidence: str
    bound_at: datetime
    undone_at: datetime | None = None
    undone_by: str | None = None

    @property
    def live(self) -> bool:
        """It proves something."""
        return self.undone_at is None


@dataclass(frozen=True, slots=True)
class Link:
    """What the shop signed into an order's link. `id` tells one link from another."""

    order_id: str
    id: str
    expired: bool

    @property
    def evidence(self) -> str:
        """As its bindings have it."""
        return f"link:{self.id}"


def strongest(grades: Iterable[Grade]) -> Grade:
    """The best of several proofs; BROWSER where there is none."""
    order = list(Grade)
    return min(grades, key=order.index, default=Grade.BROWSER)


def opens(link: Link, known: Sequence[Binding], visitor_id: str) -> bool:
    """Whether a link may (still) bind this browser. `known`: every binding that it ever made.

    One that an agent took back opens nothing any more, and one that went round opens no further browser. What it has opened stays open.
    """
    if any(each.live and each.visitor_id == visitor_id for each in known):
        return True
    if link.expired or any(not each.live and each.undone_by != BY_SHOPPER for each in known):
        return False
    browsers = {each.visitor_id for each in known}
    return visitor_id in browsers or len(browsers) < LINK_BROWSERS


def tried_keys(inbox_id: str, visitor_id: str, address: str, number: str, contact: str) -> dict[str, int]:
    """Under which keys a try is counted, each with how many there may be. Nothing typed and no address can be read from a key."""
    plain = "".join(number.replace("#", " ").split()).upper().casefold()  # however an order is found by it (order_status/lookup.py)
    said = {"number": plain, "contact": contact, "address": _network(address)}
    keys = {f"{what}:{_digest(inbox_id, what, value)}": MOST_TRIES[what] for what, value in said.items()}
    return {visitor_key(visitor_id): MOST_TRIES["visitor"], **keys}


def contact_key(email: str | None, phone: str | None) -> str:
    """A contact as tries of it are counted, however it is written."""
    digits = "".join(str(unicodedata.digit(letter)) for letter in unicodedata.normalize("NFKC", phone or "") if letter.isdigit())
    return f"{''.join(unicodedata.normalize('NFKC', email or '').casefold().split())} {digits[-8:]}".strip()


def visitor_key(visitor_id: str) -> str:
    """The key of a browser's own tries."""
    return f"visitor:{visitor_id}"


def wait_for(most: Mapping[str, int], tried: Mapping[str, Sequence[datetime]], now: datetime) -> timedelta | None:
    """How long until there is room for another try; None: now."""
    waits = [sorted(times)[len(times) - most[key]] + WINDOW - now for key, times in tried.items() if len(times) >= most[key]]
    return max(waits, default=None)


def _network(address: str) -> str:
    """Who has one IPv6 address has a whole network of them."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))


def _digest(*parts: str) -> str:
    return sha256("\n".join(parts).encode(errors="replace")).hexdigest()[:32]
