"""Who may import whom: the table of the house, applied to every import that stands in the code.

The first room whose pattern fits a file rules it. Names are absolute: `chat_server.outbound` covers everything below it.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from tests.house.tree import Tree

OURS = ("chat_server", "order_status", "examples", "bot", "benchmarks", "tools", "tests")
EFFECTS = frozenset(
    ["asyncio", "os", "time", "random", "logging", "secrets", "threading", "multiprocessing", "subprocess", "socket", "ssl"]
    + ["sqlite3", "http", "select", "signal", "shutil", "tempfile", "concurrent", "urllib.request"]
)
VALIDATION_AND_TOKENS = ("msgspec", "jwt", "argon2", "markupsafe", "cryptography")
WEB = ("aiohttp", "yarl", "multidict", "socketio", "engineio", "jinja2")


@dataclass(frozen=True)
class Room:
    """`may`: what its files may import beside the standard library; `never`: parts of the standard library they may not."""

    pattern: str
    may: tuple[str, ...]
    never: frozenset[str] = frozenset()

    def rules(self, path: str) -> bool:
        return re.fullmatch(self.pattern, path) is not None

    def allows(self, name: str) -> bool:
        if any(name == each or name.startswith(f"{each}.") for each in self.never):
            return False
        if name.split(".")[0] in sys.stdlib_module_names:
            return True
        return any(name == each or name.startswith(f"{each}.") for each in self.may)


ROOMS = (
    Room(r"chat_server/core/.*", ("chat_server.core",), EFFECTS),
    Room(r"chat_server/flows/.*", ("chat_server.core", "chat_server.flows", "chat_server.errors", "structlog")),
    Room(
        r"chat_server/inbound/.*",
        (
            "chat_server.inbound",
            "chat_server.flows",
            "chat_server.core",
            "chat_server.errors",
            "structlog",
            "limits",
            *WEB,
            *VALIDATION_AND_TOKENS,
        ),
    ),
    Room(
        r"chat_server/outbound/.*",
        (
            "asyncpg.exceptions",
            "chat_server.outbound",
            "chat_server.core",
            "chat_server.errors",
            "order_status:face",
            "sqlalchemy",
            "alembic",
            "redis",
            "orjson",
            "structlog",
        )
        + (*WEB, *VALIDATION_AND_TOKENS),
    ),
    Room(r"chat_server/errors\.py", ()),
    Room(r"chat_server/(settings|inbox_file)\.py", ("chat_server.core", "chat_server.errors", "chat_server.inbox_file")),
    Room(
        # What a process is: composed, served, drained, counted, and started several times.
        r"chat_server/(app|serving|drain|workers|metrics|__main__|__init__)\.py",
        ("chat_server", "order_status:face", "structlog", "prometheus_client", "uvloop", *WEB, *VALIDATION_AND_TOKENS),
    ),
    Room(
        r"order_status/(stages|events|products|shops)(\.py|/.*)",
        ("order_status.stages", "order_status.events", "order_status.products", "order_status.shops", "cryptography", "msgspec"),
        EFFECTS,
    ),
    Room(
        r"order_status/(workdays|expected)\.py",
        ("order_status.workdays", "order_status.events", "order_status.news", "order_status.stages"),
        EFFECTS,
    ),
    Room(r"order_status/calendars\.py", ("order_status.workdays", "holidays")),
    Room(r"order_status/.*", ("order_status", "aiohttp", "yarl", "sqlalchemy", "alembic", "msgspec", "structlog")),
    Room(r"bot/actions/.*", ("rasa_sdk", "actions", "aiohttp")),
    Room(
        r"bot/.*",
        ("rasa", "rasa_sdk", "actions", "nlu", "train", "numpy", "scipy", "sklearn", "skops", "yaml", "ruamel", "pytest", "aiohttp"),
    ),
    Room(r"examples/.*", ("examples", "aiohttp", "yarl", "jinja2", "jwt", "structlog", "markupsafe")),
    Room(r"tools/.*", ("tools",)),
)


def check(tree: Tree) -> list[str]:
    """Every import that the table does not allow."""
    found = []
    for path, module in tree.modules.items():
        room = next((room for room in ROOMS if room.rules(path)), None)
        if room is None:
            continue
        found += [f"{path}:{line}: may not import {name}" for line, name in imports(path, module, tree) if not _allows(room, name, tree)]
    return found + _check_browser(tree)


def _allows(room: Room, name: str, tree: Tree) -> bool:
    """A face is the package itself and the names in its __init__; its modules are not."""
    for face in (each.removesuffix(":face") for each in room.may if each.endswith(":face")):
        if name == face or (name.startswith(f"{face}.") and not tree.has_module(name)):
            return True
    return room.allows(name)


def imports(path: str, module: ast.Module, tree: Tree) -> Iterator[tuple[int, str]]:
    """Absolute names of all imports of a file, also those inside functions and under TYPE_CHECKING."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(path, node)
            ours = base.split(".")[0] in OURS
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}" if ours and (tree.has_module(f"{base}.{alias.name}") or "." not in base) else base


def _absolute(path: str, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    folder = path.removesuffix(".py").split("/")[: -node.level]
    return ".".join([*folder, *([node.module] if node.module else [])])


_SCRIPT_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']""")
_BROWSER_ROOMS = {"shared": ("shared",), "shopper": ("shared", "shopper"), "console": ("shared", "console")}


def _check_browser(tree: Tree) -> list[str]:
    found = []
    for path in tree.paths(".ts", ".tsx", under="widget/"):
        room = path.split("/")[1]
        if room not in _BROWSER_ROOMS or "/test/" in path or "/gallery/" in path:
            continue
        for match in _SCRIPT_IMPORT.finditer(tree.files[path]):
            line = tree.files[path].count("\n", 0, match.start()) + 1
            target = _browser_room(path, match[1])
            if target is not None and target not in _BROWSER_ROOMS[room]:
                found.append(f"{path}:{line}: widget/{room} may not import from widget/{target}")
    return found


def _browser_room(path: str, name: str) -> str | None:
    """The room a relative import leads to; None for packages and for locales, which are data."""
    if not name.startswith("."):
        return None
    parts = path.split("/")[:-1]
    for step in name.split("/"):
        if step == "..":
            parts = parts[:-1]
        elif step != ".":
            parts.append(step)
    return parts[1] if len(parts) > 1 and parts[0] == "widget" and parts[1] in _BROWSER_ROOMS else None
