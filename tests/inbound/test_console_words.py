"""The console's plain pages: what they say stands in every language, and every language of the island is one of theirs."""

from __future__ import annotations

import json
import re

import pytest

from chat_server.inbound.console_words import FOLDER, LANGUAGES, say_in
from tools.places import WIDGET

SAID = re.compile(r"""(?:say|counts)\(["']([^"']+|[^"]*'[^"]*)["'][,)]""")
KEYS = re.compile(r"[a-z]+\.[a-z_]*")


def files() -> dict[str, dict[str, str]]:
    return {file.stem: json.loads(file.read_text("utf-8")) for file in FOLDER.glob("*.json")}


def test_the_pages_speak_the_languages_of_the_island() -> None:
    island = {file.stem for file in (WIDGET / "console" / "locales").glob("*.json")}
    assert set(LANGUAGES) == island == files().keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_templates_say_is_known(language: str) -> None:
    known = files()[language]
    asked = {found[1] for page in FOLDER.parent.glob("*.html") for found in SAID.finditer(page.read_text("utf-8"))}
    assert len(asked) > 60
    assert {text for text in asked if not text.endswith(".") or " " in text} - known.keys() == set()


def test_english_says_its_keys_as_they_stand() -> None:
    assert {key: text for key, text in files()["en"].items() if not KEYS.fullmatch(key) and key != text} == {}


def test_ends_and_spaces_are_those_of_english() -> None:
    """A sentence keeps its end, what is put before a name keeps its space, a place keeps its mark."""
    for language, words in files().items():
        for key, english in files()["en"].items():
            text = words[key]
            assert text.endswith(" ") == english.endswith(" "), (language, key)
            assert text.count("%s") == english.count("%s"), (language, key)
            assert not english.endswith((".", "?")) or text.endswith(english[-1]), (language, key)


def test_a_word_that_no_file_knows_is_said_as_it_stands() -> None:
    assert say_in("te")("quite new") == "quite new"
    assert [say_in(language)("Sources") for language in LANGUAGES] == ["Sources", "Źródła", "Джерела", "Источники", "మూలాలు"]
