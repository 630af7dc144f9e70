"""Words about an order: fills a shop's text with what is known, and says nothing that is not.

`[with {expected}|without]` is the whole language: what stands in brackets is said only when everything in it is known,
else the half after the bar is. A day that has passed is not known. No promise is made up here. Walk b.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo

from chat_server.core.policy_table import Invalid

ALWAYS_KNOWN = frozenset({"number"})
SOMETIMES_KNOWN = frozenset({"expected", "carrier", "measure", "next_word", "offer"})

_OPTIONAL = re.compile(r"\[([^\[\]|]*)(?:\|([^\[\]|]*))?\](?!\()")
_PLACEHOLDER = re.compile(r"\{(\w*)\}")

_MONTHS = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(),
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia".split(),
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня".split(),
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря".split(),
    "te": "జనవరి ఫిబ్రవరి మార్చి ఏప్రిల్ మే జూన్ జులై ఆగస్టు సెప్టెంబర్ అక్టోబర్ నవంబర్ డిసెంబర్".split(),
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر".split(),
}
"""As they stand beside a day."""
_MONTH_FIRST = frozenset({"en", "te"})

_CARRIERS = {
    "dhl": "DHL",
    "dpd": "DPD",
    "fedex": "FedEx",
    "gls": "GLS",
    "inpost": "InPost",
    "orlen_paczka": "ORLEN Paczka",
    "poczta_polska": "Poczta Polska",
    "ups": "UPS",
}


def check(text: str, field: str) -> None:
    """Refuse a text that could promise what we do not know. Raises Invalid, naming the field."""
    outside = _OPTIONAL.sub(lambda found: "" if _PLACEHOLDER.search(found[1]) else found[0], text)
    for name in _PLACEHOLDER.findall(text):
        if name not in ALWAYS_KNOWN | SOMETIMES_KNOWN:
            known = ", ".join(f"{{{each}}}" for each in sorted(ALWAYS_KNOWN | SOMETIMES_KNOWN))
            raise Invalid(field, f"{{{name}}} is not known here; known: {known}")
    for name in _PLACEHOLDER.findall(outside):
        if name in SOMETIMES_KNOWN:
            raise Invalid(field, f"{{{name}}} is not always known: put it in square brackets, like [ It comes on {{{name}}}.]")
    for found in _OPTIONAL.finditer(text):
        for name in _PLACEHOLDER.findall(found[2] or ""):
            if name in SOMETIMES_KNOWN:
                raise Invalid(field, f"{{{name}}} is not always known, so it cannot stand after the bar")


def fill(text: str, values: Mapping[str, str | None]) -> str:
    """The text with what is known. A bracket without a placeholder (a link's label) stays as it is."""

    def chosen(found: re.Match[str]) -> str:
        names = _PLACEHOLDER.findall(found[1])
        if not names:
            return found[0]
        return found[1] if all(values.get(name) for name in names) else found[2] or ""

    return _PLACEHOLDER.sub(lambda found: values.get(found[1]) or "", _OPTIONAL.sub(chosen, text)).strip()


def day_text(expected: date | datetime, locale: str, zone: tzinfo) -> str:
    """`Nov 25`, `25 listopada`, with the time where one is known (`Nov 25, 14:00`); in languages not known here `2026-11-25`."""
    day = day_of(expected, zone)
    language = locale.split("-")[0]
    clock = f"{'،' if language == 'ar' else ','} {expected.astimezone(zone):%H:%M}" if isinstance(expected, datetime) else ""
    if language not in _MONTHS:
        return f"{day.isoformat()}{clock}"
    month = _MONTHS[language][day.month - 1]
    return f"{month} {day.day}{clock}" if language in _MONTH_FIRST else f"{day.day} {month}{clock}"


def day_of(moment: date | datetime, zone: tzinfo) -> date:
    """The local day of a moment; a plain date is its own."""
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment


def still_ahead(expected: date | datetime | None, now: datetime, zone: tzinfo, *, not_today: bool = False) -> date | datetime | None:
    """`expected`, unless it has passed; `not_today` also refuses today (an attempt has just failed)."""
    if expected is None:
        return None
    if isinstance(expected, datetime) and expected <= now:
        return None
    first = day_of(now, zone) + timedelta(days=1 if not_today else 0)
    return expected if day_of(expected, zone) >= first else None


def carrier_name(code: str | None) -> str | None:
    """How a carrier writes its own name; an unknown code as the shop gave it."""
    return _CARRIERS.get(code.strip().lower().replace(" ", "_").replace("-", "_"), code.strip()) if code and code.strip() else None


def spoken_measure(text: str | None) -> str | None:
    """A measure's text without its full stop: our sentence sets its own."""
    return text.strip().rstrip(".") or None if text else None
