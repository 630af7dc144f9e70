"""The shape of files: how long they are, and that each says at its top what it is for."""

import ast

from tests.house.tree import Tree

USUAL, HARD = 300, 400
LONG_FOR_A_REASON: dict[str, str] = {}
"""Path to the reason why it stays in one piece between 300 and 400 lines. Tests need none: they are read case by case."""

_NOT_READ_WHOLE = ("/migrations/", "/locales/")
_CODE = (".py", ".ts", ".tsx", ".mjs")


def check(tree: Tree, long_for_a_reason: dict[str, str] = LONG_FOR_A_REASON) -> list[str]:
    """Files that are too long, and files that do not say what they are for."""
    return [*_sizes(tree, long_for_a_reason), *_openings(tree)]


def _sizes(tree: Tree, reasons: dict[str, str]) -> list[str]:
    found = []
    for path in tree.paths(*_CODE):
        lines = tree.files[path].count("\n")
        if any(part in path for part in _NOT_READ_WHOLE):
            continue
        if lines > HARD:
            found.append(f"{path}: {lines} lines, the limit is {HARD}")
        elif lines > USUAL and path not in reasons and not path.startswith("tests/"):
            found.append(f"{path}: {lines} lines; above {USUAL} it needs a reason in tests/house/shape.py")
        elif lines <= USUAL and path in reasons:
            found.append(f"{path}: is short again, its reason can go")
    return found + [f"{path}: has a reason and does not exist" for path in reasons if path not in tree.files]


def _openings(tree: Tree) -> list[str]:
    found = []
    for path, module in tree.modules.items():
        if not tree.files[path].strip():
            continue
        text = ast.get_docstring(module)
        if text is None:
            found.append(f"{path}: no module docstring")
        elif not 1 <= len(text.splitlines()) <= 5:
            found.append(f"{path}: the module docstring has {len(text.splitlines())} lines, one to five are wanted")
    for path in tree.paths(".ts", ".tsx", ".mjs", under="widget/"):
        if not tree.files[path].removeprefix("#!/usr/bin/env node\n").startswith(("//", "/*")):
            found.append(f"{path}: no opening comment that says what it is for")
    return found
