"""The shop's words in its languages, from texts/*.toml. A key that is missing in one language fails at start, not on the page."""

import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

LOCALES = ("en", "pl")
MONTHS = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
    "pl": (
        "stycznia",
        "lutego",
        "marca",
        "kwietnia",
        "maja",
        "czerwca",
        "lipca",
        "sierpnia",
        "września",
        "października",
        "listopada",
        "grudnia",
    ),
}


class Texts:
    def __init__(self, by_locale: dict[str, dict[str, str]]) -> None:
        first = set(by_locale[LOCALES[0]])
        for locale in LOCALES:
            odd = first ^ set(by_locale[locale])
            if odd:
                raise ValueError(f"texts/{locale}.toml: {', '.join(sorted(odd))} not in every language")
        self._by_locale = by_locale

    def say(self, locale: str, key: str, **values: object) -> str:
        """KeyError for a key that nobody wrote; `{name}` in the text takes a value."""
        text = self._by_locale[locale][key]
        return text.format(**values) if values else text

    def count(self, locale: str, key: str, n: int) -> str:
        """The text for a number: `key.one`, `key.few`, `key.many` (English uses one and many)."""
        return self.say(locale, f"{key}.{plural(locale, n)}", n=n)

    def known(self, locale: str, key: str) -> bool:
        return key in self._by_locale[locale]


def load(folder: Path) -> Texts:
    return Texts({locale: _flat(tomllib.loads((folder / f"{locale}.toml").read_text(encoding="utf-8"))) for locale in LOCALES})


def plural(locale: str, n: int) -> str:
    """CLDR's plural class, for whole numbers."""
    if n == 1:
        return "one"
    return "few" if locale == "pl" and n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else "many"


def day(locale: str, iso_text: str) -> str:
    """`24 November` or `24 listopada`, from a date or a time in ISO 8601."""
    when = date.fromisoformat(iso_text[:10])
    return f"{when.day} {MONTHS[locale][when.month - 1]}"


def clock(iso_text: str, zone: Any) -> str:
    """`24.11. 14:05:09` in the shop's zone, for logs."""
    return f"{datetime.fromisoformat(iso_text).astimezone(zone):%d.%m. %H:%M:%S}"


def moment(locale: str, iso_text: str, zone: Any) -> str:
    """`24 November, 14:05` in the shop's zone."""
    when = datetime.fromisoformat(iso_text).astimezone(zone)
    return f"{when.day} {MONTHS[locale][when.month - 1]}, {when:%H:%M}"


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in tree.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat
