"""What a tree must not hold: paths of one machine, hosts of package registries, secrets in the open, notes to do later."""

import re

from tests.house.tree import Tree

# Written in pieces, so that this file does not hold what it looks for.
_HOSTS = ("pypi" + ".org", "python" + "hosted.org", "registry.npm" + "js.org", "deb.deb" + "ian.org", "crates" + ".io")
_RULES = {
    "a path of one machine": re.compile(r"(?<![\w./~:-])/(?:root|home|work|farm|Users)/\w"),
    "a registry host": re.compile("|".join(map(re.escape, _HOSTS))),
    "a private key": re.compile("-----BEGIN [A-Z ]*PRIVATE " + "KEY-----"),
    "a note to do later": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"),
}


def check(tree: Tree) -> list[str]:
    """Each line that breaks a rule."""
    found = []
    for path, text in tree.files.items():
        for name, pattern in _RULES.items():
            for match in pattern.finditer(text):
                found.append(f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {name}: {match[0]}")
    return found
