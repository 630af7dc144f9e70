"""What the console's plain pages say, by language; the words of its island are in widget/console/locales.

The templates hold the English words, and so do the keys of templates/locales; a word that no file knows is said as it stands.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "templates" / "locales"
LANGUAGES = ("en", "pl", "uk", "ru", "te")


def say_in(language: str) -> Callable[[str], str]:
    """How a page in this language says an English word or a key; one of `LANGUAGES`."""
    words = _words(language)
    return lambda text: words.get(text, text)


@cache
def _words(language: str) -> Mapping[str, str]:
    read: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return read
