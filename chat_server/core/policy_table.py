"""A table of an inbox file being read: typed access to its keys, and errors that name the field. No defaults of its own.

Unknown keys are errors, so that a typing mistake in a shop's file is told before a port opens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Invalid(ValueError):
    """A field that cannot be used. `field` is its dotted path, `problem` a sentence without it."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class Table:
    """Reads one mapping. Call `done` at the end: it refuses the keys that nobody asked for."""

    def __init__(self, mapping: object, field: str) -> None:
        if not isinstance(mapping, Mapping):
            raise Invalid(field, "must be a table")
        self._mapping: Mapping[str, object] = mapping
        self._field = field
        self._asked: set[str] = set()

    def path(self, key: str) -> str:
        """Dotted path of a key, for messages."""
        return f"{self._field}.{key}" if self._field else key

    def has(self, key: str) -> bool:
        """Whether the file sets the key."""
        self._asked.add(key)
        return key in self._mapping

    def get(self, key: str) -> object:
        """The raw value, or None."""
        self._asked.add(key)
        return self._mapping.get(key)

    def text(self, key: str, default: str | None = None, *, empty: bool = False, most: int = 4000) -> str:
        """A string; required when there is no default."""
        value = self.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise Invalid(self.path(key), "is missing" if value is None else "must be a text")
        if not value.strip() and not empty:
            raise Invalid(self.path(key), "must not be empty")
        if len(value) > most:
            raise Invalid(self.path(key), f"is longer than {most} characters")
        return value

    def optional_text(self, key: str) -> str | None:
        """A string, or None when the file does not set it."""
        return self.text(key) if self.has(key) else None

    def number(self, key: str, default: int | None = None, *, least: int, most: int) -> int:
        """A whole number within bounds; required when there is no default."""
        value = self.get(key)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            raise Invalid(self.path(key), "is missing" if value is None else "must be a whole number")
        if not least <= value <= most:
            raise Invalid(self.path(key), f"must lie between {least} and {most}")
        return value

    def optional_number(self, key: str, *, least: int, most: int) -> int | None:
        """A whole number, or None when the file does not set it."""
        return self.number(key, least=least, most=most) if self.has(key) else None

    def flag(self, key: str, default: bool | None = None) -> bool:
        """true or false; required when there is no default."""
        value = self.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, bool):
            raise Invalid(self.path(key), "is missing" if value is None else "must be true or false")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """One string or a list of strings; empty when the file does not set it."""
        value = self.get(key)
        if value is None:
            return ()
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, Sequence):
            raise Invalid(self.path(key), "must be a text or a list of texts")
        found: list[str] = []
        for item in items:
            if not isinstance(item, str) or not item.strip():
                raise Invalid(self.path(key), "must be a text or a list of texts")
            found.append(item)
        return tuple(found)

    def by_locale(self, key: str) -> dict[str, str]:
        """Texts by locale (`text.en = "…"`); empty when the file does not set it."""
        if not self.has(key):
            return {}
        inner = Table(self.get(key), self.path(key))
        return {locale: inner.text(locale) for locale in inner._mapping}

    def scalars(self, key: str) -> dict[str, str | int | float | bool]:
        """A flat table of texts, numbers and flags; empty when the file does not set it."""
        if not self.has(key):
            return {}
        value = self.get(key)
        if not isinstance(value, Mapping):
            raise Invalid(self.path(key), "must be a table")
        found: dict[str, str | int | float | bool] = {}
        for name, item in value.items():
            if not isinstance(item, str | int | float | bool):
                raise Invalid(f"{self.path(key)}.{name}", "must be a text, a number, true or false")
            found[str(name)] = item
        return found

    def done(self) -> None:
        """Refuse keys that nobody asked for."""
        for key in sorted(set(self._mapping) - self._asked):
            raise Invalid(self.path(key), f"is not known here; known: {', '.join(sorted(self._asked))}")
