"""Links in the docs: every relative one leads to a file of the tree, every anchor to a heading."""

import posixpath
import re

from tests.house.tree import Tree

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")


def check(tree: Tree, exists: frozenset[str] | None = None) -> list[str]:
    """Links that lead nowhere. `exists` adds files that are not text (pictures)."""
    known = set(tree.files) | set(exists or ())
    folders = {"/".join(path.split("/")[:depth]) for path in known for depth in range(1, path.count("/") + 1)}
    found = []
    for path in tree.paths(".md"):
        for link in _LINK.findall(_without_code(tree.files[path])):
            if re.match(r"[a-z]+:", link):
                continue
            target, _, anchor = link.partition("#")
            full = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else path
            if full not in known and full not in folders and full != ".":
                found.append(f"{path}: link to {link}: there is no {full}")
            elif anchor and full in tree.files and anchor not in _anchors(tree.files[full]):
                found.append(f"{path}: link to {link}: {full} has no such heading")
    return found


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+\s+(.+?)\s*$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
