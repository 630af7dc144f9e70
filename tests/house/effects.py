"""One place for each effect: emitting, SQL, the environment, the wall clock, the browser's socket."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.house.imports import imports
from tests.house.tree import Tree

_PRODUCT = ("chat_server/", "order_status/", "examples/", "bot/actions/")


@dataclass(frozen=True)
class Effect:
    """`seen` finds it in a parsed file; `places` are the only files that may have it."""

    name: str
    places: str
    seen: Callable[[str, ast.Module, Tree], Iterator[int]]


def _calls(*names: str) -> Callable[[str, ast.Module, Tree], Iterator[int]]:
    def seen(path: str, module: ast.Module, tree: Tree) -> Iterator[int]:
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names:
                yield node.lineno

    return seen


def _speaks_sql(path: str, module: ast.Module, tree: Tree) -> Iterator[int]:
    passed_through = {node.lineno for node in ast.walk(module) if isinstance(node, ast.ImportFrom) and _only_names_a_connection(node)}
    for line, name in imports(path, module, tree):
        if name.split(".")[0] in ("sqlalchemy", "sqlite3", "alembic", "asyncpg", "aiosqlite") and line not in passed_through:
            yield line


def _only_names_a_connection(node: ast.ImportFrom) -> bool:
    """Work for the single writer gets a connection and hands it to a store: it needs the type's name, and speaks no SQL."""
    return node.module == "sqlalchemy" and [alias.name for alias in node.names] == ["Connection"]


def _reads_environment(path: str, module: ast.Module, tree: Tree) -> Iterator[int]:
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and _dotted(node) in ("os.environ", "os.getenv", "os.putenv"):
            yield node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module == "os" and {"environ", "getenv"} & {alias.name for alias in node.names}:
            yield node.lineno


_CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns", "time.localtime", "time.gmtime"}


def _reads_clock(path: str, module: ast.Module, tree: Tree) -> Iterator[int]:
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute):
            dotted = _dotted(node)
            if dotted in _CLOCKS or dotted.removeprefix("datetime.") in _CLOCKS:
                yield node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module == "time" and {"time", "time_ns"} & {alias.name for alias in node.names}:
            yield node.lineno


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


EFFECTS = (
    # The announcer tells, by the lane, which alone writes packets; the library's own emit would overtake or lag behind what the lane wrote.
    Effect("telling", r"chat_server/outbound/announcer\.py", _calls("emit", "broadcast")),
    Effect("writing packets", r"chat_server/outbound/lane(_\w+)?\.py", _calls("send_packet", "_send_packet", "send_str", "send_bytes")),
    # history.py is the store of what the watch remembers, catalogue.py of the products: their tables are asked for by nobody else.
    # lookup.py only reads, for people.
    Effect(
        "SQL",
        r"chat_server/outbound/((store|tables|tables_orders|tables_offers|migrations)(\.py|/.*)|(database|engines)\.py)"
        r"|order_status/((store|history|lookup|catalogue|tables|tables_operations|migrations)(\.py|/.*))|examples/demo_shop/store\.py",
        _speaks_sql,
    ),
    Effect("the environment", r"(chat_server|order_status|examples/demo_shop|bot/actions)/settings\.py", _reads_environment),
    # The demo shop is a shop's own program, and the bot's actions have no composition root of ours: both may look at the clock.
    Effect("the wall clock", r"(chat_server|order_status)/(app|__main__)\.py|(examples|bot)/.*", _reads_clock),
)


def check(tree: Tree) -> list[str]:
    """Every effect that stands outside its place."""
    found = []
    for path, module in tree.modules.items():
        if not path.startswith(_PRODUCT):
            continue
        for effect in EFFECTS:
            if re.fullmatch(effect.places, path) is None:
                lines = sorted(set(effect.seen(path, module, tree)))
                found += [f"{path}:{line}: {effect.name} belongs into {effect.places}" for line in lines]
    return found + _browser_socket(tree)


def _browser_socket(tree: Tree) -> list[str]:
    return [
        f"{path}: socket.io-client belongs into widget/shared/socket.ts"
        for path in tree.paths(".ts", ".tsx", under="widget/")
        if re.search(r"""["']socket\.io-client["']""", tree.files[path]) and path != "widget/shared/socket.ts" and "/test/" not in path
    ]
