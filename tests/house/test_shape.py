"""Files stay short and say what they are for; the checker sees those that do not."""

import pytest

from tests.house.shape import check
from tests.house.tree import Tree, the_tree

_OPENING = '"""Says what it is for."""\n'


def test_the_tree_is_in_shape() -> None:
    assert check(the_tree()) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("chat_server/a.py", _OPENING + "x = 1\n" * 401),
        ("chat_server/a.py", _OPENING + "x = 1\n" * 301),
        ("widget/shared/a.ts", "// what\n" + "const x = 1;\n" * 401),
        ("chat_server/a.py", "x = 1\n"),
        ("chat_server/a.py", '"""' + "a line\n" * 6 + '"""\n'),
        ("widget/console/a.tsx", "export const a = 1;\n"),
    ],
)
def test_a_misshapen_file_is_found(path: str, text: str) -> None:
    assert len(check(Tree({path: text}), {})) == 1


def test_a_reason_excuses_up_to_the_hard_limit_only() -> None:
    reasons = {"a.py": "a table that is read as one"}
    assert check(Tree({"a.py": _OPENING + "x = 1\n" * 350}), reasons) == []
    assert len(check(Tree({"a.py": _OPENING + "x = 1\n" * 450}), reasons)) == 1
    assert len(check(Tree({"a.py": _OPENING}), reasons)) == 1
    assert len(check(Tree({}), reasons)) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("chat_server/a.py", _OPENING + "x = 1\n" * 299),
        ("chat_server/__init__.py", ""),
        ("order_status/migrations/0001_first.py", _OPENING + "x = 1\n" * 500),
        ("widget/shared/a.ts", "// what\n"),
    ],
)
def test_a_good_file_is_left_alone(path: str, text: str) -> None:
    assert check(Tree({path: text}), {}) == []
