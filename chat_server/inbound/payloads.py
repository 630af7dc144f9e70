"""The only place that reads raw input: what a client may send, field by field. Unknown fields are refused.

Everything behind the doors gets plain data that has passed here; card numbers are masked before anyone sees them.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta, Struct

from chat_server.core.masking import mask_cards
from chat_server.core.model import Availability, Json
from chat_server.errors import ClientError, Code

T = TypeVar("T")
Id = Annotated[str, Meta(min_length=1, max_length=64)]
ClientId = Annotated[str, Meta(min_length=8, max_length=64)]
KEY = r"^[!-~]{8,64}$"
"""an Idempotency-Key, as a header may carry it unharmed"""
Key = Annotated[str, Meta(pattern=KEY)]
Short = Annotated[str, Meta(max_length=300)]
Url = Annotated[str, Meta(max_length=2000)]
Text = Annotated[str, Meta(min_length=1, max_length=4000)]
Seq = Annotated[int, Meta(ge=0, le=2**53)]
AWKWARD = re.compile(rb"\\u([dD][89a-fA-F]|0000)")
"""perhaps half a character, which the fast decoder refuses, or NUL, which no database takes"""


class Strict(Struct, forbid_unknown_fields=True, frozen=True):
    """No field that we do not know."""


class TextPart(Strict, tag="text", tag_field="type", frozen=True):
    text: Text


class ChoicePart(Strict, tag="choice", tag_field="type", frozen=True):
    message_id: Id
    value: Short
    title: Short


class ContactDetailsPart(Strict, tag="contact_details", tag_field="type", frozen=True):
    email: Annotated[str, Meta(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")] | None = None
    phone: Annotated[str, Meta(max_length=32, pattern=r"^\+?[0-9 ()./-]{5,31}$")] | None = None
    name: Annotated[str, Meta(max_length=120)] | None = None


class ProductCardPart(Strict, tag="product_card", tag_field="type", frozen=True):
    product_id: Annotated[str, Meta(min_length=1, max_length=128)]


ShopperPart = TextPart | ChoicePart | ContactDetailsPart
AgentPart = TextPart | ProductCardPart


class ShopperAuth(Strict, frozen=True):
    key: Id
    visitor: Annotated[str, Meta(max_length=128)] | None = None
    identity: Annotated[str, Meta(max_length=4096)] | None = None
    locale: Annotated[str, Meta(max_length=35)] | None = None
    timezone: Annotated[str, Meta(max_length=64)] | None = None


class AgentAuth(Strict, frozen=True):
    csrf: Annotated[str, Meta(max_length=128)]


class Sync(Strict, frozen=True):
    conversation: Id | None = None
    epoch: Seq | None = None
    after: Seq | None = None


class SendMessage(Strict, frozen=True):
    client_id: ClientId
    text: Text | None = None
    parts: Annotated[list[ShopperPart], Meta(min_length=1, max_length=20)] | None = None
    conversation: Id | None = None


class PostMessage(Strict, frozen=True):
    text: Text | None = None
    parts: Annotated[list[ShopperPart], Meta(min_length=1, max_length=20)] | None = None


class MarkRead(Strict, frozen=True):
    conversation: Id
    through: Seq


class SetTyping(Strict, frozen=True):
    conversation: Id
    typing: bool


class RequestAgent(Strict, frozen=True):
    conversation: Id | None = None


class AboutMessage(Strict, frozen=True):
    message_id: Id


class Rate(Strict, frozen=True):
    conversation: Id
    score: Annotated[int, Meta(ge=1, le=5)]
    comment: Annotated[str, Meta(max_length=1000)] | None = None


class AboutConversation(Strict, frozen=True):
    conversation: Id


class SetAvailability(Strict, frozen=True):
    availability: Availability


class Reply(Strict, frozen=True):
    conversation: Id
    client_id: ClientId
    seen_seq: Seq
    text: Text | None = None
    parts: Annotated[list[AgentPart], Meta(min_length=1, max_length=20)] | None = None


class AddNote(Strict, frozen=True):
    conversation: Id
    client_id: ClientId
    text: Text


class Assign(Strict, frozen=True):
    conversation: Id
    agent: Id | None


class Snooze(Strict, frozen=True):
    conversation: Id
    until: Annotated[datetime, Meta(tz=True)]


class Invite(Strict, frozen=True):
    visitor: Id
    client_id: ClientId
    text: Text


class Page(Strict, frozen=True):
    url: Url
    title: Short = ""
    referrer: Url | None = None


class ActivityIn(Strict, frozen=True):
    id: ClientId
    kind: Annotated[str, Meta(max_length=32)]
    ago_ms: Annotated[float, Meta(ge=0, le=86_400_000)]
    data: dict[str, Any]


class Beacon(Strict, frozen=True):
    key: Id
    page: Page
    visitor: Annotated[str, Meta(max_length=128)] | None = None
    identity: Annotated[str, Meta(max_length=4096)] | None = None
    locale: Annotated[str, Meta(max_length=35)] | None = None
    timezone: Annotated[str, Meta(max_length=64)] | None = None
    consent: bool | None = None
    activities: Annotated[list[ActivityIn], Meta(max_length=50)] = []
    seen: Annotated[list[Id], Meta(max_length=20)] = []
    dismissed: Annotated[list[Id], Meta(max_length=20)] = []
    clicked: Annotated[list[Id], Meta(max_length=20)] = []
    opt_outs: Annotated[list[Annotated[str, Meta(max_length=32)]], Meta(max_length=5)] = []


def parse(raw: object, kind: type[T]) -> T:
    """Already decoded input as `kind`, or `bad_request` with the place and the reason."""
    try:
        return msgspec.convert({} if raw is None else _well_formed(raw), kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ClientError(Code.BAD_REQUEST, str(error)) from None


def parse_json(raw: bytes, kind: type[T]) -> T:
    """A JSON body as `kind`, or `bad_request`."""
    try:
        if AWKWARD.search(raw):
            return parse(json.loads(raw, parse_constant=_no_number), kind)
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:  # ValidationError is a DecodeError
        raise ClientError(Code.BAD_REQUEST, str(error)) from None


def parse_object(raw: bytes) -> Json:
    """A JSON object before its fields are read, or `bad_request`. No body at all is an empty one."""
    try:
        if AWKWARD.search(raw):
            return parse(json.loads(raw, parse_constant=_no_number), dict)
        return msgspec.json.decode(raw or b"{}", type=dict)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ClientError(Code.BAD_REQUEST, str(error)) from None


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _well_formed(raw: object) -> object:
    """A browser that cuts a text inside an emoji sends half a character, which nobody can store: a replacement stands in for it.
    NUL goes, which PostgreSQL does not take in any text."""
    match raw:
        case str():
            if "\x00" in raw:
                raw = raw.replace("\x00", "")
            return raw if raw.isascii() else raw.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {_well_formed(name): _well_formed(value) for name, value in raw.items()}
        case list():
            return [_well_formed(value) for value in raw]
        case _:
            return raw


def parts_of(text: str | None, parts: list[Any] | None) -> tuple[Json, ...]:
    """The parts of a message from either form (`text` is short for one text part), cleaned and masked."""
    if (text is None) == (parts is None):
        raise ClientError(Code.BAD_REQUEST, "Send either `text` or `parts`.")
    if text is not None:
        return (_clean({"type": "text", "text": text}),)
    return tuple(_clean(_plain(part)) for part in parts or ())


def _plain(part: Struct) -> Json:
    found: Json = {name: value for name, value in msgspec.to_builtins(part).items() if value is not None}
    if found["type"] == "contact_details":
        if not ("email" in found or "phone" in found):
            raise ClientError(Code.BAD_REQUEST, "Contact details need an e-mail address or a phone number.")
        return {name: value if name == "phone" else cleaned(value) for name, value in found.items()}
    return found


def _clean(part: Json) -> Json:
    if part["type"] != "text":
        return part
    text = cleaned(part["text"])
    if not text:
        raise ClientError(Code.BAD_REQUEST, "A message needs some text.")
    return {**part, "text": text}


def cleaned(text: str) -> str:
    """A text as it may be stored: without outer space, card numbers masked."""
    return mask_cards(text.replace("\x00", "").strip())


def whole_ms(moment: datetime) -> datetime:
    """UTC, cut to the milliseconds that the database keeps."""
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ClientError(Code.BAD_REQUEST, "This time is out of range.") from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def zone_of(name: str | None) -> str | None:
    """A time zone that we know, or None: a browser may name one that this machine's data lacks."""
    if name is None:
        return None
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    return name
