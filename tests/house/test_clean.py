"""Nothing of one machine is in the tree, and the checker would see it."""

import pytest

from tests.house.clean import check
from tests.house.tree import Tree, the_tree


def test_the_tree_is_clean() -> None:
    assert check(the_tree()) == []


@pytest.mark.parametrize(
    "line",
    [
        'DATA = "/' + 'root/data"',
        "see /" + "work/main/x.py",
        "cd /" + "home/someone",
        "--index-url https://py" + "pi.org/simple",
        '"resolved": "https://registry.npm' + 'js.org/a/-/a-1.tgz"',
        "-----BEGIN EC PRIVATE " + "KEY-----",
        "# TO" + "DO: later",
    ],
)
def test_a_stain_is_found(line: str) -> None:
    assert len(check(Tree({"docs/a.md": f"first\n{line}\n"}))) == 1


@pytest.mark.parametrize(
    "line", ["https://shop.example/home/sale", "../shop/plan", "installed from PyPI", "the root/home page", "/v1/visits"]
)
def test_a_clean_line_is_left_alone(line: str) -> None:
    assert check(Tree({"docs/a.md": line})) == []
