"""Reads a body that somebody else designed: what we need must be there, what else is odd counts as absent.

Pure; raises nothing but Unreadable. Ids become strings whatever their size, money becomes minor units, times become aware UTC. Walk b.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeVar

import msgspec

from order_status.events import Due

LONGEST_ID = 128
LONGEST_TEXT = 500
MOST_MONEY = 10**12
NO_CURRENCY = 3 * "X"  # ISO 4217: no currency involved
_NO_MINOR = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())
_THREE_DIGITS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())
_URL = re.compile(r"https?://[^\s\x00\"'<>]{1,2040}\Z")
_NUMBER = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,20})?\Z")
_TIME = re.compile(r"(20[0-9]{2}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9:]{5,8})(?:[.,]([0-9]{1,9}))?)?\s?(Z|[+-][0-9]{2}:?[0-9]{2})?\Z")
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}\Z")
_EARLIEST = datetime(2000, 1, 2, tzinfo=UTC)
_decoder = msgspec.json.Decoder(float_hook=Decimal)


class Unreadable(ValueError):
    """Names the place, never a value."""


def parse(body: bytes) -> Any:
    """JSON with exact numbers. Raises Unreadable."""
    try:
        body.decode("utf-8")
        return _decoder.decode(body)
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8") from None
    except msgspec.DecodeError:
        raise Unreadable("not JSON") from None
    except RecursionError:
        raise Unreadable("nested too deep") from None


def document(body: bytes) -> "Node":
    """The body's one object. Raises Unreadable."""
    data = parse(body)
    if not isinstance(data, dict):
        raise Unreadable("not an object")
    return Node(data)


def moment(value: object, zone: tzinfo) -> datetime | None:
    """ISO 8601 in its many forms, or seconds (or milliseconds) since 1970. Without an offset it is read in `zone`."""
    try:
        if isinstance(value, str) and (found := _TIME.match(value.strip())):
            day, clock, fraction, offset = found.groups()
            text = f"{day}T{clock or '00:00'}" + (f".{fraction[:6]:0<6}" if fraction and clock and clock.count(":") == 2 else "")
            parsed = datetime.fromisoformat(text + (offset or ""))
            parsed = parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)
        elif (seconds := _exact(value)) is not None and seconds > 0:
            parsed = datetime.fromtimestamp(float(seconds / 1000 if seconds > 10**11 else seconds), UTC)
        else:
            return None
        parsed = parsed.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return parsed if parsed >= _EARLIEST else None


def due(value: object, zone: tzinfo) -> Due | None:
    """A date stays one, and midnight UTC is how many senders write a date."""
    at = moment(value, zone)
    if at is None or not isinstance(value, str):
        return Due(at.astimezone(zone).date(), at) if at else None
    text = value.strip()
    if len(text) == len("2026-11-25") or (at.time() == datetime.min.time() and text.endswith(("Z", "+00:00", "+0000"))):
        return Due(date.fromisoformat(text[:10]))
    return Due(at.astimezone(zone).date(), at)


def minor_units(value: object, currency: str) -> int | None:
    """A decimal amount as it is written in shops ("29.35", 29.35, 29) in minor units of its currency; None when it is not one."""
    amount = _exact(value)
    if amount is None:
        return None
    digits = 0 if currency in _NO_MINOR else 3 if currency in _THREE_DIGITS else 2
    units = int((amount * 10**digits).to_integral_value(ROUND_HALF_UP))
    return units if abs(units) <= MOST_MONEY else None


def _exact(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        return None
    if isinstance(value, Decimal):
        text = f"{value:f}" if -20 < value.adjusted() < 20 else ""
    else:
        text = str(value).strip()
    return Decimal(text) if _NUMBER.match(text) else None


class Node:
    """An object in the body, and where it stands. What is not there, or of another type, is absent."""

    __slots__ = ("_data", "path")

    def __init__(self, data: dict[str, Any], path: str = "$") -> None:
        self._data = data
        self.path = path

    def __contains__(self, name: str) -> bool:
        return name in self._data

    def __bool__(self) -> bool:
        return bool(self._data)

    def get(self, name: str) -> object:
        return self._data.get(name)

    def text(self, *names: str) -> str | None:
        """The first of these fields that holds a text: trimmed, without NUL, at most 500 characters."""
        for name in names:
            value = self._data.get(name)
            if isinstance(value, str) and (clean := value.replace("\x00", "").strip()[:LONGEST_TEXT]):
                return clean
        return None

    def word(self, *names: str) -> str | None:
        """A status: lower case, with underscores."""
        found = self.text(*names)
        return found.lower().replace(" ", "_").replace("-", "_")[:64] if found else None

    def need_event(self, name: str = "event") -> str:
        """The event's name as a word, which says whether the rest is for us. Raises Unreadable."""
        found = self.word(name)
        if found is None:
            raise Unreadable(f"the event's name is missing - at `{self.path}.{name}`")
        return found

    def ident(self, *names: str) -> str | None:
        """The first of these fields that holds an id; 0 is how many senders write none."""
        for name in names:
            value = self._data.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and value != 0:
                return str(value)
            if isinstance(value, str) and (clean := value.replace("\x00", "").strip()) and len(clean) <= LONGEST_ID:
                return clean
        return None

    def need_ident(self, *names: str) -> str:
        found = self.ident(*names)
        if found is None:
            raise Unreadable(f"an id is missing - at `{self.path}.{names[0]}`")
        return found

    def address(self, *names: str) -> str | None:
        """The first of these fields with an e-mail address or a phone number that is not masked with asterisks."""
        for name in names:
            found = self.text(name)
            if found and "*" not in found and len(found) <= 320:
                return found
        return None

    def url(self, *names: str) -> str | None:
        return next((value for name in names if (value := self.text(name)) and _URL.match(value)), None)

    def locale(self, name: str) -> str | None:
        found = self.text(name)
        return found if found and _LOCALE.match(found) else None

    def flag(self, name: str) -> bool:
        return self._data.get(name) is True

    def whole(self, name: str) -> int | None:
        value = _exact(self._data.get(name))
        return int(value) if value is not None and value == value.to_integral_value() and abs(value) <= MOST_MONEY else None

    def money(self, name: str, currency: str) -> int | None:
        return minor_units(self._data.get(name), currency)

    def currency(self, *names: str) -> str | None:
        found = (self.text(*names) or "").upper()
        return found if re.fullmatch(r"[A-Z]{3}", found) else None

    def need_currency(self, *names: str) -> str:
        """Raises Unreadable when there is none: an amount without it says nothing."""
        found = self.currency(*names)
        if found is None:
            raise Unreadable(f"a currency is missing - at `{self.path}.{names[0]}`")
        return found

    def time(self, zone: tzinfo, *names: str) -> datetime | None:
        """The first of these fields that holds a time."""
        return next((at for name in names if (at := moment(self._data.get(name), zone))), None)

    def need_time(self, zone: tzinfo, *names: str) -> datetime:
        found = self.time(zone, *names)
        if found is None:
            raise Unreadable(f"a time is missing - at `{self.path}.{names[0]}`")
        return found

    def due(self, zone: tzinfo, *names: str) -> Due | None:
        return next((found for name in names if (found := due(self._data.get(name), zone))), None)

    def node(self, name: str) -> "Node":
        """The object in this field; an empty one when it is absent."""
        value = self._data.get(name)
        return Node(value if isinstance(value, dict) else {}, f"{self.path}.{name}")

    def nodes(self, name: str, most: int = 500) -> "Iterator[Node]":
        """The objects in this list, at most so many."""
        value = self._data.get(name)
        for place, item in enumerate(value[:most] if isinstance(value, list) else []):
            if isinstance(item, dict):
                yield Node(item, f"{self.path}.{name}[{place}]")


Stage = TypeVar("Stage", str, str | None)


def look_up(table: Mapping[str, Stage], value: str | None, ledger: str, unknown: set[str]) -> Stage | str:
    """What a sender's status means. One that the table does not know is noted and marked with "?", so that it can mean nothing."""
    word = value or "missing"
    if word in table:
        return table[word]
    unknown.add(f"{ledger}:{word}")
    return f"{word}?"
