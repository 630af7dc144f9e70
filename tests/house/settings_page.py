"""docs/settings.md read as data, and the names that a room's settings file reads."""

import re

from tests.house.tree import Tree

_NAME = re.compile(r"""["']((?:SHOPBELL|DEMO)_[A-Z_]+|DATABASE_URL|REDIS_URL|VERBOSE)["']""")


def rows(page: str, heading: str) -> dict[str, tuple[str, str]]:
    """Name to default and purpose, of the table under a heading. A row may name several, with as many defaults."""
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page, flags=re.MULTILINE | re.DOTALL)
    found: dict[str, tuple[str, str]] = {}
    for line in section[1].splitlines() if section else []:
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        names = re.findall(r"`([A-Z_]+)`", cells[0])
        if line.startswith("|") and len(cells) == 3 and names:
            defaults = [each.strip("` ").replace("empty", "") for each in cells[1].split(", ")]
            found |= {name: (default, cells[2]) for name, default in zip(names, defaults, strict=True)}
    return found


def names_read(tree: Tree, *paths: str) -> set[str]:
    """Names of variables that stand in these files as strings."""
    return {name for path in paths for name in _NAME.findall(tree.files[path])}
