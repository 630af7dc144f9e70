"""Links in the docs resolve, and the checker sees one that does not."""

import pytest

from tests.house.links import check
from tests.house.tree import ROOT, Tree, the_tree


def test_the_docs_link_to_what_exists() -> None:
    pictures = frozenset(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.png"))
    assert check(the_tree(), pictures) == []


_TREE = {"docs/wire.md": "# The wire\n## Close codes, all\n", "README.md": ""}


@pytest.mark.parametrize("link", ["[a](docs/none.md)", "![a](docs/img/none.png)", "[a](docs/wire.md#nowhere)", "[a](../outside.md)"])
def test_a_dead_link_is_found(link: str) -> None:
    assert len(check(Tree({**_TREE, "README.md": link}))) == 1


@pytest.mark.parametrize(
    "link",
    [
        "[a](docs/wire.md)",
        "[a](docs/wire.md#close-codes-all)",
        "[a](https://shop.example/x)",
        "`[label](no.md)`",
        "[a](docs)",
        "[a](#top)\n# Top",
    ],
)
def test_a_good_link_is_left_alone(link: str) -> None:
    assert check(Tree({**_TREE, "README.md": link})) == []
