"""Everything that comes from outside is pinned by hash; the checker sees what is not."""

import json

import pytest

from tests.house.pins import check
from tests.house.tree import Tree, the_tree

_HASH = "    --hash=sha256:" + "0" * 64 + "\n"
_GOOD = {
    "pyproject.toml": '[project]\ndependencies = [\n    "aiohttp>=3",   # HTTP\n]\n',
    "requirements.txt": "aiohttp==3.14.5 \\\n" + _HASH + "    # via shopbell\n",
    "widget/package.json": json.dumps({"dependencies": {"preact": "11.2.0"}}),
    "widget/package-lock.json": json.dumps({"packages": {"": {}, "node_modules/preact": {"version": "11.2.0", "integrity": "sha512-x"}}}),
}


def test_the_tree_is_pinned() -> None:
    assert check(the_tree()) == []


def test_good_pins_are_left_alone() -> None:
    assert check(Tree(_GOOD)) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements.txt", "aiohttp==3.14.5\n"),
        ("requirements.txt", "--index-url https://packages.example/simple\naiohttp==3.14.5 \\\n" + _HASH),
        ("requirements.txt", "aiohttp>=3.14.5 \\\n" + _HASH),
        ("requirements.txt", "yarl==1.25.1 \\\n" + _HASH),
        ("pyproject.toml", '[project]\ndependencies = [\n    "aiohttp>=3",\n]\n'),
        ("pyproject.toml", '[project]\ndependencies = []\n[dependency-groups]\ndev = [\n    "pytest",   # runs the tests\n]\n'),
        ("widget/package.json", json.dumps({"devDependencies": {"esbuild": "^0.28.2"}})),
        (
            "widget/package-lock.json",
            json.dumps({"packages": {"node_modules/a": {"integrity": "sha512-x", "resolved": "https://a.example"}}}),
        ),
        ("widget/package-lock.json", json.dumps({"packages": {"node_modules/a": {"version": "1.0.0"}}})),
    ],
)
def test_a_loose_pin_is_found(path: str, text: str) -> None:
    assert check(Tree({**_GOOD, path: text}))
