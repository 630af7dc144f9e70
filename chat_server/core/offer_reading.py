"""Reads the offers of an inbox file into templates. Every mistake is told with the field's name. Walk e."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chat_server.core.offer import BEFORE, GRADE, WAY, Choice, Kind, OfferTemplate, Terms
from chat_server.core.order_access import Grade
from chat_server.core.policy_table import Invalid, Table

MOST_CHOICES = 20
LONGEST_UNDO = 7 * 24 * 60
MONEY = 100_000_000
HEADLINES = (
    "placed", "paid", "packed", "shipped", "partially_shipped", "out_for_delivery", "ready_for_pickup", "delivery_failed",
    "partially_delivered", "delivered", "returned_to_sender", "lost", "returned", "refunded", "cancelled", "payment_failed",
)  # fmt: skip


def parse_offers(entries: Sequence[Mapping[str, object]], field: str = "inbox.offers") -> dict[str, OfferTemplate]:
    """Templates by id. Raises Invalid, naming the field."""
    offers: dict[str, OfferTemplate] = {}
    for entry in entries:
        offer = _offer(entry, field)
        if offer.id in offers:
            raise Invalid(f"{field}.id", f"{offer.id!r} is set twice")
        offers[offer.id] = offer
    return offers


def _offer(entry: Mapping[str, object], field: str) -> OfferTemplate:
    table = Table(entry, field)
    params = table.get("params") if table.has("params") else {}
    if not isinstance(params, dict):
        raise Invalid(table.path("params"), "is not a table")
    title, accept = table.by_locale("title"), table.by_locale("accept")
    if not title or not accept:
        raise Invalid(table.path("title"), "an offer needs title.<locale> and accept.<locale>")
    kind = _kind(table)
    offer = OfferTemplate(
        id=table.text("id", most=64),
        kind=kind,
        expires_hours=table.number("expires_hours", 72, least=1, most=24 * 60),
        title=title,
        text=table.by_locale("text"),
        accept=accept,
        worth=table.optional_number("worth", least=0, most=MONEY),
        params=params,
        terms=_terms(table, kind),
        choices=_choices(table, kind),
    )
    table.done()
    return offer


def _kind(table: Table) -> Kind:
    name = table.text("kind")
    if name not in set(Kind):
        raise Invalid(table.path("kind"), f"must be one of {', '.join(Kind)}")
    return Kind(name)


def _terms(table: Table, kind: Kind) -> Terms:
    who = Table(table.get("who") if table.has("who") else {}, table.path("who"))
    terms = Terms(
        headlines=_some_of(who, "headlines", HEADLINES),
        before=_one_of(who, "before", WAY[1:], BEFORE.get(kind)),
        within_hours=who.optional_number("within_hours", least=1, most=24 * 365),
        late=who.flag("late", False),
        grade=Grade(_one_of(who, "grade", tuple(Grade), GRADE.get(kind)) or Grade.BROWSER),
        total_least=who.optional_number("total_least", least=0, most=MONEY),
        total_most=who.optional_number("total_most", least=0, most=MONEY),
        per_order=who.number("per_order", 1, least=1, most=100),
        per_contact=_often(who),
        undo_minutes=table.number("undo_minutes", 0, least=0, most=LONGEST_UNDO),
        patience_hours=table.number("patience_hours", 72, least=1, most=24 * 60),
    )
    who.done()
    return terms


def _often(who: Table) -> tuple[int, int] | None:
    if not who.has("per_contact"):
        return None
    often = Table(who.get("per_contact"), who.path("per_contact"))
    found = often.number("times", least=1, most=1000), often.number("days", least=1, most=3650)
    often.done()
    return found


def _choices(table: Table, kind: Kind) -> tuple[Choice, ...]:
    if not table.has("choices"):
        return ()
    entries = table.get("choices")
    if not isinstance(entries, list) or not 1 <= len(entries) <= MOST_CHOICES:
        raise Invalid(table.path("choices"), f"is a list of 1 to {MOST_CHOICES} tables; write [[{table.path('choices')}]]")
    if kind not in (Kind.PICKUP_POINT, Kind.RESERVE_IN_STORE):
        raise Invalid(table.path("choices"), "is for pickup_point and reserve_in_store only")
    found = []
    for entry in entries:
        choice = Table(entry, table.path("choices"))
        found.append(Choice(choice.text("id", most=64), choice.by_locale("title"), choice.by_locale("text")))
        choice.done()
        if not found[-1].title:
            raise Invalid(choice.path("title"), "a choice needs title.<locale>")
    if len({each.id for each in found}) < len(found):
        raise Invalid(table.path("choices"), "two choices have the same id")
    return tuple(found)


def _one_of(table: Table, key: str, known: Sequence[str], default: str | None) -> str | None:
    name = table.text(key) if table.has(key) else default
    if name is not None and name not in known:
        raise Invalid(table.path(key), f"must be one of {', '.join(known)}")
    return name


def _some_of(table: Table, key: str, known: Sequence[str]) -> tuple[str, ...]:
    names = table.texts(key)
    if not set(names) <= set(known):
        raise Invalid(table.path(key), f"lists some of {', '.join(known)}")
    return names
