"""The wire as the code has it, read from the source: commands with their fields, facts, errors, routes."""

import ast
import re
from collections.abc import Iterator

from tests.house.tree import Tree

_TELLING = {"agents", "person", "shopper", "shoppers", "visitors", "socket", "everyone", "_tell", "tell", "_say"}
_METHODS = {"get", "post", "put", "patch", "delete", "add_get", "add_post", "add_put", "add_delete"}


def commands(tree: Tree, path: str) -> dict[str, frozenset[str]]:
    """The rows of a table of commands, `Command("name", p.Payload, …)`, each with the fields of its payload."""
    structs: dict[str, frozenset[str]] = {}
    for place, module in tree.modules.items():  # the payloads of a noun may have a file of their own
        structs |= fields(module) if re.fullmatch(r"chat_server/inbound/payloads(_\w+)?\.py", place) else {}
    found = {}
    for node in ast.walk(tree.modules[path]):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Command":
            name, payload = node.args[:2]
            if isinstance(name, ast.Constant) and isinstance(name.value, str) and isinstance(payload, ast.Attribute):
                found[name.value] = structs[payload.attr]
    return found


def fields(module: ast.Module) -> dict[str, frozenset[str]]:
    """Names of classes with their annotated fields."""
    return {
        node.name: frozenset(each.target.id for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name))
        for node in module.body
        if isinstance(node, ast.ClassDef)
    }


def passing(tree: Tree) -> frozenset[str]:
    """Names of events that are told without being stored."""
    return frozenset(
        argument.value
        for path, module in tree.modules.items()
        if path.startswith("chat_server/")
        for call in ast.walk(module)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _TELLING
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and re.fullmatch(r"[a-z]+(_[a-z]+)*", argument.value)
    )


def close_codes(tree: Tree) -> frozenset[int]:
    """Numbers from 4001 on that stand in the doors."""
    return frozenset(
        node.value
        for path, module in tree.modules.items()
        if path.startswith("chat_server/inbound/")
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, int) and 4000 < node.value < 4096
    )


def routes(tree: Tree) -> frozenset[tuple[str, str]]:
    """Method and path of every route, with `{name:pattern}` cut to `{name}`."""
    return frozenset(
        route
        for path, module in tree.modules.items()
        if path.startswith(("chat_server/inbound/", "order_status/")) or path == "chat_server/app.py"
        for call in ast.walk(module)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        for route in _route(call, call.func.attr)
    )


def _route(call: ast.Call, name: str) -> Iterator[tuple[str, str]]:
    words = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if name in _METHODS and words and words[0].startswith("/"):
        yield name.removeprefix("add_").upper(), _plain(words[0])
    elif name in ("route", "add_route") and len(words) >= 2 and words[1].startswith("/") and words[0] != "*":
        yield words[0].upper(), _plain(words[1])


def _plain(path: str) -> str:
    return re.sub(r"\{(\w+):[^}]*\}", r"{\1}", path)
