"""What the house tests read: the files of a tree by their path, the real one or a small planted one."""

import ast
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Tree:
    """Text files: path from the root, with slashes, to content."""

    files: Mapping[str, str]

    def paths(self, *suffixes: str, under: str = "") -> list[str]:
        return [path for path in self.files if path.endswith(suffixes or ("",)) and path.startswith(under)]

    @cached_property
    def modules(self) -> dict[str, ast.Module]:
        """Every Python file, parsed."""
        return {path: ast.parse(self.files[path], path) for path in self.paths(".py")}

    def has_module(self, name: str) -> bool:
        """True when `a.b` is a file or folder of the tree."""
        path = name.replace(".", "/")
        return f"{path}.py" in self.files or any(each.startswith(f"{path}/") for each in self.files)


@cache
def the_tree() -> Tree:
    """Everything that git knows or would add, as text."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    return Tree(dict(_texts(sorted(set(listed.split("\0")) - {""}))))


def _texts(paths: list[str]) -> Iterator[tuple[str, str]]:
    for path in paths:
        file = ROOT / path
        if file.is_file():
            try:
                yield path, file.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
