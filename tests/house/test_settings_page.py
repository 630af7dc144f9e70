"""docs/settings.md names every setting with its default and purpose, and nothing else."""

import re

import pytest

from chat_server.settings import SETTINGS
from tests.house.settings_page import names_read, rows
from tests.house.tree import Tree, the_tree


def _rows(heading: str) -> dict[str, tuple[str, str]]:
    return rows(the_tree().files["docs/settings.md"], heading)


def test_settings_of_the_chat_server_are_those_of_the_page() -> None:
    assert _rows("Chat server") == {setting.name: (setting.default, setting.help) for setting in SETTINGS}


def test_the_chat_server_reads_no_other_name() -> None:
    assert names_read(the_tree(), "chat_server/settings.py") == {setting.name for setting in SETTINGS}


@pytest.mark.parametrize(
    ("heading", "files"),
    [
        ("Demo shop", ["examples/demo_shop/settings.py"]),
        ("`make run`", ["tools/run.py", "tools/places.py"]),
    ],
)
def test_settings_of_the_others_are_those_of_the_page(heading: str, files: list[str]) -> None:
    keys = {"SHOPBELL_BOT_TOKEN"} | set(re.findall(r'"(DEMO_\w+_PASSWORD)"', the_tree().files["tools/run.py"]))
    assert names_read(the_tree(), *files) - (keys if files[0].startswith("tools/") else set()) == _rows(heading).keys()


def test_settings_of_the_bot_are_those_of_the_page() -> None:
    in_files = set(re.findall(r"\$\{(\w+)\}", the_tree().files["bot/endpoints.yml"])) | names_read(the_tree(), "bot/actions/settings.py")
    assert in_files == _rows("Action server and Rasa").keys()


_PAGE = """
## Chat server
| name | default | what it is for |
| --- | --- | --- |
| `SHOPBELL_PORT` | `8080` | Port to listen on. |
| `DATABASE_URL` | empty | Database. |
## Other
| `SHOPBELL_A`, `SHOPBELL_B` | `1`, `2` | Both. |
"""


def test_the_page_is_read_row_by_row() -> None:
    assert rows(_PAGE, "Chat server") == {"SHOPBELL_PORT": ("8080", "Port to listen on."), "DATABASE_URL": ("", "Database.")}
    assert rows(_PAGE, "Other") == {"SHOPBELL_A": ("1", "Both."), "SHOPBELL_B": ("2", "Both.")}
    assert rows(_PAGE, "Missing") == {}


def test_names_are_read_from_the_source() -> None:
    tree = Tree({"a.py": 'env.get("SHOPBELL_PORT", "8080"); env["DATABASE_URL"]; "NOT_OURS"'})
    assert names_read(tree, "a.py") == {"SHOPBELL_PORT", "DATABASE_URL"}
