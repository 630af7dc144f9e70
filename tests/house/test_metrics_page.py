"""What /metrics tells and the table in docs/operations.md are the same names."""

import re

from tests.house.tree import Tree, the_tree

_COUNTING = ("chat_server/metrics.py", "chat_server/app.py")


def check(tree: Tree) -> list[str]:
    """Names that stand on one side only."""
    told = {name for path in _COUNTING for name in re.findall(r'"(shopbell_[a-z_]+)"', tree.files.get(path, ""))}
    page = {
        name.removesuffix("_total")
        for name in re.findall(r"^\| `(shopbell_[a-z_]+)` \|", tree.files["docs/operations.md"], flags=re.MULTILINE)
    }
    return sorted(told ^ page)


def test_the_page_names_every_metric_and_no_other() -> None:
    assert check(the_tree()) == []


def test_a_name_on_one_side_only_is_seen() -> None:
    files = {
        "chat_server/metrics.py": '"shopbell_sockets" "shopbell_hints"',
        "docs/operations.md": "| `shopbell_hints_total` | | |\n| `shopbell_old` | | |\n",
    }
    assert check(Tree(files)) == ["shopbell_old", "shopbell_sockets"]
