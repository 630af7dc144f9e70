"""Texts in several languages: every language has every key, with the same places and the plural forms it needs."""

import json
import re
import tomllib
from typing import Any

from tests.house.tree import Tree

_FORMS = {
    "en": {"one", "other"},
    "pl": {"one", "few", "many", "other"},
    "uk": {"one", "few", "many", "other"},
    "ru": {"one", "few", "many", "other"},
    "te": {"one", "other"},
}
_OF_AN_EXAMPLE = {"en", "pl"}
"""A shop that shows how it is done speaks fewer languages than what it uses."""
_ALL_FORMS = {"zero", "one", "two", "few", "many", "other"}
_FILE = re.compile(r"(?P<folder>.*/(?:locales|texts))/(?P<language>[a-z]{2})\.(?:json|toml)")


def check(tree: Tree) -> list[str]:
    """What one language has and another has not, by folder."""
    folders: dict[str, dict[str, dict[str, Any]]] = {}
    for path, text in tree.files.items():
        match = _FILE.fullmatch(path)
        if match:
            folders.setdefault(match["folder"], {})[match["language"]] = _flat(
                json.loads(text) if path.endswith("json") else tomllib.loads(text)
            )
    found = []
    for folder, languages in sorted(folders.items()):
        needed = _OF_AN_EXAMPLE if folder.startswith("examples/") else _FORMS.keys()
        found += [f"{folder}: no {language}" for language in sorted(needed - languages.keys())]
        model = languages.get("en", {})
        for language, texts in sorted(languages.items()):
            found += [f"{folder}: {language} lacks {key}" for key in sorted(model.keys() - texts.keys())]
            found += [f"{folder}: {language} has {key}, which en has not" for key in sorted(texts.keys() - model.keys())]
            for key in sorted(texts.keys() & model.keys()):
                found += [f"{folder}: {language}: {key}: {trouble}" for trouble in _compare(language, texts[key], model[key])]
    return found


def _flat(texts: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted keys; an object of plural forms is one text."""
    flat: dict[str, Any] = {}
    for key, value in texts.items():
        if isinstance(value, dict) and not (value.keys() <= _ALL_FORMS and "other" in value):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _compare(language: str, text: Any, model: Any) -> list[str]:
    found = []
    if isinstance(text, dict):
        missing = _FORMS.get(language, {"other"}) - text.keys()
        found += [f"no plural form {form}" for form in sorted(missing)]
        text = text.get("other", "")
    if isinstance(model, dict):
        model = model.get("other", "")
    if isinstance(text, str) and not text.strip() and model:
        found.append("is empty, en is not")
    if _places(text) != _places(model):
        found.append(f"has the places {sorted(_places(text))}, en has {sorted(_places(model))}")
    return found


def _places(text: Any) -> set[str]:
    return set(re.findall(r"\{(\w+)", text)) if isinstance(text, str) else set()
