"""Lock files and dependencies: pinned with hashes, without any registry address, and each with its purpose."""

import json
import re
import tomllib

from tests.house.tree import Tree

_ADDRESS = re.compile(r"(?:index-url|find-links|https?://|file:|git\+)")


def check(tree: Tree) -> list[str]:
    """Everything that is not pinned, tells an address, or does not say what it is for."""
    found = []
    for path in tree.files:
        name = path.rsplit("/", 1)[-1]
        if re.fullmatch(r"requirements.*\.txt", name):
            found += _requirements(path, tree.files[path])
        elif name == "package-lock.json":
            found += _package_lock(path, tree.files[path])
        elif name == "package.json":
            found += _package(path, tree.files[path])
        elif name == "pyproject.toml":
            found += _pyproject(path, tree.files[path])
            found += _all_pinned(path, tree)
    return found


def _requirements(path: str, text: str) -> list[str]:
    blocks = re.split(r"\n(?=\S)", re.sub(r"^\s*#.*\n?", "", text, flags=re.MULTILINE).strip())
    found = [f"{path}: {block.split()[0]} has no hash" for block in blocks if block and "--hash=sha256:" not in block]
    found += [f"{path}: {block.split()[0]} is not pinned" for block in blocks if block and not re.match(r"[\w.-]+==", block)]
    return found + [f"{path}: tells an address: {match[0]}" for match in _ADDRESS.finditer(text)]


def _package_lock(path: str, text: str) -> list[str]:
    packages: dict[str, dict[str, object]] = json.loads(text).get("packages", {})
    found = [f"{path}: {name} has a resolved address" for name, package in packages.items() if "resolved" in package]
    return found + [f"{path}: {name} has no hash" for name, package in packages.items() if name and "integrity" not in package]


def _package(path: str, text: str) -> list[str]:
    package = json.loads(text)
    asked = {**package.get("dependencies", {}), **package.get("devDependencies", {})}
    return [f"{path}: {name} is not pinned: {version}" for name, version in asked.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)]


def _pyproject(path: str, text: str) -> list[str]:
    asked = _asked_for(text)
    return [
        f"{path}: {name} does not say what it is for"
        for name in asked
        if not re.search(rf'^\s*"{re.escape(name)}[^"]*",\s+# \w', text, flags=re.MULTILINE)
    ]


def _all_pinned(path: str, tree: Tree) -> list[str]:
    folder = path.removesuffix("pyproject.toml")
    locks = "\n".join(text for each, text in tree.files.items() if re.fullmatch(rf"{re.escape(folder)}requirements[^/]*\.txt", each))
    pinned = {name.lower().replace("_", "-") for name in re.findall(r"^([\w.-]+)==", locks, flags=re.MULTILINE)}
    return [f"{path}: {name} is not in the pins; run `make lock`" for name in _asked_for(tree.files[path]) if name.lower() not in pinned]


def _asked_for(text: str) -> list[str]:
    project = tomllib.loads(text)
    lines = [
        *project.get("project", {}).get("dependencies", []),
        *(each for group in project.get("dependency-groups", {}).values() for each in group),
    ]
    return [re.split(r"[<>=!~;\[ ]", line, maxsplit=1)[0] for line in lines]
