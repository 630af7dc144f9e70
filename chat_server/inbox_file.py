"""Reads a shop's inbox file (TOML) into frozen rules. Every mistake is told with the field's name, before a port opens."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chat_server.core.hours import DAYS, Hours
from chat_server.core.inbox import Inbox
from chat_server.core.model import Json
from chat_server.core.offer_reading import parse_offers
from chat_server.core.order_news import OrderMessage
from chat_server.core.order_news_reading import in_languages, parse_order_messages
from chat_server.core.policy import parse_policy
from chat_server.core.policy_table import Invalid, Table
from chat_server.core.triggers import compile_rules
from chat_server.core.triggers_reading import parse_rules
from chat_server.errors import InvalidConfiguration

BUILT_IN = Path(__file__).parent / "templates" / "order_messages.toml"
Resolve = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class InboxFile:
    """An inbox, and what the order room needs for it. `sources` and `action` carry secrets: never log them."""

    inbox: Inbox
    delivery: Json
    sources: tuple[Json, ...] = ()
    action: Json | None = None


def read_inbox(path: Path, resolve: Resolve) -> InboxFile:
    """The inbox of one file. `resolve(name)` gives an environment variable for a value "env:NAME"."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        built_in = tomllib.loads(BUILT_IN.read_text(encoding="utf-8"))
        return _inbox(_resolved(document, resolve), parse_order_messages(built_in["order_messages"]))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, Invalid) as error:
        raise InvalidConfiguration(f"{path}: {error}") from None


def _resolved(value: object, resolve: Resolve) -> object:
    if isinstance(value, str) and value.startswith("env:"):
        return resolve(value[4:])
    if isinstance(value, dict):
        return {name: _resolved(each, resolve) for name, each in value.items()}
    if isinstance(value, list):
        return [_resolved(each, resolve) for each in value]
    return value


def _inbox(document: object, messages: Mapping[str, OrderMessage]) -> InboxFile:
    top = Table(document, "")
    table = Table(top.get("inbox"), "inbox")
    top.done()
    zone = table.text("timezone", "UTC")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Invalid("inbox.timezone", f"{zone!r} is not a time zone") from None
    locales = table.texts("locales")
    default = table.text("default_locale", locales[0] if locales else None)
    if default not in locales:
        raise Invalid("inbox.default_locale", "is not one of the locales")
    consent = table.text("consent", "implied")
    if consent not in ("implied", "required"):
        raise Invalid("inbox.consent", 'is "implied" or "required"')
    offers = parse_offers(_tables(table, "offers"))
    rules = parse_rules(_tables(table, "triggers"), "inbox.triggers")
    order_messages = parse_order_messages(_tables(table, "order_messages"), in_languages(messages, locales), "inbox.order_messages")
    for where, offer in [(f"trigger {rule.id}", rule.offer) for rule in rules] + [
        (f"order message {stage}", message.offer) for stage, message in order_messages.items()
    ]:
        if offer and offer not in offers:
            raise Invalid(f"inbox.{where}", f"names the offer {offer!r}, which is not in [[inbox.offers]]")
    inbox = Inbox(
        id=table.text("id"),
        key=table.text("key"),
        name=table.text("name"),
        origins=frozenset(origin.rstrip("/") for origin in table.texts("origins")),
        locales=locales,
        default_locale=default,
        currency=table.text("currency", "EUR"),
        color=table.text("color", "#4338ca"),
        hours=Hours(zone, _hours(table)),
        promised_minutes=table.number("promised_minutes", 240, least=1, most=7 * 24 * 60),
        capacity=table.number("capacity", 4, least=1, most=50),
        consent_required=consent == "required",
        identity_secret=table.optional_text("identity_secret"),
        offers=offers,
        policy=parse_policy(_table(table, "budget"), "inbox.budget"),
        rules=compile_rules(rules),
        order_messages=order_messages,
        enabled=table.flag("enabled", True),
    )
    keep_days = table.number("keep_webhooks_days", 30, least=1, most=3650)
    sources = tuple({**_source(each, inbox, place), "keep_days": keep_days} for place, each in enumerate(_tables(table, "sources")))
    action = _action(_table(table, "actions"), inbox.id) if table.has("actions") else None
    delivery = _delivery(_table(table, "delivery"), inbox.id, zone)
    table.done()
    return InboxFile(inbox, delivery, sources, action)


def _table(table: Table, key: str) -> Mapping[str, object]:
    value = table.get(key) if table.has(key) else {}
    if not isinstance(value, dict):
        raise Invalid(table.path(key), "is not a table")
    return value


def _tables(table: Table, key: str) -> list[Mapping[str, object]]:
    value = table.get(key) if table.has(key) else []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise Invalid(table.path(key), f"is not a list of tables; write [[{table.path(key)}]]")
    return value


def _hours(table: Table) -> tuple[tuple[tuple[time, time], ...], ...] | None:
    if not table.has("hours"):
        return None
    days = Table(table.get("hours"), "inbox.hours")
    found = tuple(tuple(_span(text, days.path(day)) for text in days.texts(day)) if days.has(day) else () for day in DAYS)
    days.done()
    return found


def _span(text: str, where: str) -> tuple[time, time]:
    try:
        start, end = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        raise Invalid(where, f"is not a span like 09:00-17:00: {text!r}") from None
    if end != time(0) and end <= start:
        raise Invalid(where, "ends before it starts")
    return start, end


def _source(entry: Mapping[str, object], inbox: Inbox, place: int) -> Json:
    table = Table(entry, f"inbox.sources[{place}]")
    source: Json = {
        "id": table.text("id"),
        "inbox_id": inbox.id,
        "kind": table.text("kind", "native"),
        "secrets": table.texts("secrets"),
        "debounce_s": table.number("debounce_s", 20, least=0, most=600),
        "timezone": table.text("timezone", "UTC"),
        "jwks_url": table.optional_text("jwks_url") or "",
        "currency": table.text("currency", inbox.currency),
        "locale": table.text("locale", inbox.default_locale),
        "shop_url": table.optional_text("shop_url") or "",
    }
    table.done()
    return source


def _delivery(entry: Mapping[str, object], inbox_id: str, zone: str) -> Json:
    table = Table(entry, "inbox.delivery")
    days = table.texts("working_days") if table.has("working_days") else DAYS[:5]
    unknown = [day for day in days if day not in DAYS]
    if unknown or not days:
        raise Invalid(table.path("working_days"), f"lists some of {', '.join(DAYS)}")
    delivery: Json = {
        "inbox_id": inbox_id,
        "timezone": zone,
        "country": table.text("country", "", empty=True),
        "working_days": frozenset(DAYS.index(day) for day in days),
        "watch": table.flag("watch", True),
    }
    table.done()
    return delivery


def _action(entry: Mapping[str, object], inbox_id: str) -> Json:
    table = Table(entry, "inbox.actions")
    action: Json = {
        "inbox_id": inbox_id,
        "url": table.text("url"),
        "secret": table.text("secret"),
        "allow_private": table.flag("allow_private", False),
    }
    table.done()
    return action
