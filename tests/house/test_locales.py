"""No language lacks a text; the checker sees a gap, a lost place and a missing plural form."""

import json

import pytest

from tests.house.locales import check
from tests.house.tree import Tree, the_tree

_EN = {"hello": "Hello, {name}", "left": {"one": "{n} left", "other": "{n} left"}, "a": {"b": "c"}}
_PL = {
    "hello": "Cześć, {name}",
    "left": {"one": "został {n}", "few": "zostały {n}", "many": "zostało {n}", "other": "zostało {n}"},
    "a": {"b": "d"},
}


_TE = {"hello": "నమస్కారం, {name}", "left": {"one": "ఇంకా {n}", "other": "ఇంకా {n}"}, "a": {"b": "d"}}
_ALL = {"en": _EN, "pl": _PL, "uk": _PL, "ru": _PL, "te": _TE}


def _tree(pl: object) -> Tree:
    return Tree({f"widget/locales/{language}.json": json.dumps(texts) for language, texts in {**_ALL, "pl": pl}.items()})


def test_every_language_has_every_text() -> None:
    assert check(the_tree()) == []


def test_complete_languages_are_left_alone() -> None:
    assert check(_tree(_PL)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"hello": ""},
        {"hello": "Cześć"},
        {"hello": "Cześć, {imie}"},
        {"more": "więcej"},
        {"left": {"one": "został {n}", "other": "zostało {n}"}},
        {"a": {}},
    ],
)
def test_a_gap_is_found(change: dict[str, object]) -> None:
    assert check(_tree({**_PL, **change}))


def test_a_missing_language_is_found() -> None:
    for folder, missing in {"widget/locales": ["pl", "ru", "te", "uk"], "examples/demo_shop/texts": ["pl"]}.items():
        assert check(Tree({f"{folder}/en.json": json.dumps(_EN)})) == [f"{folder}: no {language}" for language in missing]
