"""A beacon's content, checked beyond its shape: kinds that exist, data of bounded size and depth, texts cleaned. Walk c comes in here."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

import msgspec

from chat_server.core.model import Json
from chat_server.core.policy import MessageClass
from chat_server.core.triggers import KINDS
from chat_server.errors import ClientError, Code
from chat_server.flows.visits import Report, Told
from chat_server.inbound.payloads import ActivityIn, Beacon, cleaned

TOKEN = re.compile(r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}")


def report_of(told: Beacon) -> Report:
    """A beacon as the flow takes it; classes that nobody knows are refused."""
    try:
        opt_outs = frozenset(MessageClass(each) for each in told.opt_outs)
    except ValueError as error:
        raise ClientError(Code.BAD_REQUEST, f"{error} - at `$.opt_outs`") from None
    page: Json = {"url": without_tokens(told.page.url), "title": cleaned(told.page.title)}
    if told.page.referrer:
        page["referrer"] = without_tokens(told.page.referrer)
    activities = tuple(Told(each.id, each.kind, int(each.ago_ms), _data_of(each)) for each in told.activities)
    return Report(page, activities, tuple(told.seen), tuple(told.dismissed), tuple(told.clicked), opt_outs)


def without_tokens(text: str) -> str:
    """The same without signed tokens: the address of an order's link opens the order for whoever reads it."""
    return TOKEN.sub("…", text)


def _data_of(activity: ActivityIn) -> Json:
    """The data of an activity of a known kind: at most 8 KB, four levels deep, texts cleaned; `properties` flat, at most 20."""
    if activity.kind not in KINDS:
        raise ClientError(Code.BAD_REQUEST, f"{activity.kind!r} is not a kind of activity.")
    if len(msgspec.json.encode(activity.data)) > 8_000:
        raise ClientError(Code.TOO_LARGE, "The data of an activity is at most 8 KB.")
    data: Json = _plain_value(activity.data, 4)
    properties = data.get("properties", {})
    if not isinstance(properties, dict) or len(properties) > 20 or any(isinstance(each, dict | list) for each in properties.values()):
        raise ClientError(Code.BAD_REQUEST, "`properties` are flat and at most 20.")
    return data


def _plain_value(value: object, levels: int) -> Any:
    if levels == 0 and isinstance(value, dict | list):
        raise ClientError(Code.BAD_REQUEST, "The data of an activity is nested too deep.")
    match value:
        case dict():
            return {cleaned(str(name)): _plain_value(each, levels - 1) for name, each in value.items()}
        case list():
            return [_plain_value(each, levels - 1) for each in value]
        case str():
            return without_tokens(cleaned(value))
        case float() if not isfinite(value):
            raise ClientError(Code.BAD_REQUEST, "A number must be finite.")
        case _:
            return value
