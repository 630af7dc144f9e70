"""The deployment files name what exists, and the checker sees each thing that does not."""

import pytest

from tests.house.deploy import check
from tests.house.tree import Tree, the_tree

_COMPOSE = """
services:
  chat:
    build: {context: ., dockerfile: chat_server/Dockerfile}
    ports: ["127.0.0.1:8080:8080"]
    volumes: ["data:/data", "./examples/demo_shop/inbox.toml:/inboxes/demo.toml:ro"]
    networks: [front]
    environment: {SHOPBELL_PORT: "8080", SHOPBELL_BOT_TOKEN: "${SHOPBELL_BOT_TOKEN:?missing}"}
    healthcheck: {test: [CMD, "true"]}
  shop: {build: {context: ., dockerfile: chat_server/Dockerfile}, depends_on: {chat: {}}, healthcheck: {test: [CMD, "true"]}}
  bot: {build: {context: bot}, healthcheck: {test: [CMD, "true"]}}
  actions: {build: {context: bot}, healthcheck: {test: [CMD, "true"]}}
volumes: {data: {}}
networks: {front: {}}
"""
_GOOD = {
    "docker-compose.yml": _COMPOSE,
    "chat_server/Dockerfile": "FROM python\nCOPY chat_server chat_server\nUSER shopbell\n",
    "bot/Dockerfile": "FROM python\nCOPY . ./\nUSER bot\n",
    "chat_server/settings.py": 'env.get("SHOPBELL_PORT"); env.get("SHOPBELL_BOT_TOKEN")',
    "chat_server/__main__.py": "",
    "examples/demo_shop/inbox.toml": "",
    "Procfile": "chat: python -m chat_server\nshop: python -m chat_server\nbot: python -m rasa run\nactions: python -m rasa_sdk\n",
}


def test_the_deployment_files_name_what_exists() -> None:
    assert check(the_tree()) == []


def test_a_good_deployment_is_left_alone() -> None:
    assert check(Tree(_GOOD)) == []


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("  actions: {build", "  other: {build", "docker-compose.yml"),
        ('    healthcheck: {test: [CMD, "true"]}\n  shop', "  shop", "docker-compose.yml"),
        ("  bot: {build", '  bot: {ports: ["127.0.0.1:5005:5005"], build', "docker-compose.yml"),
        ("127.0.0.1:8080:8080", "8080:8080", "docker-compose.yml"),
        ("SHOPBELL_PORT", "SHOPBELL_HARBOUR", "docker-compose.yml"),
        ("${SHOPBELL_BOT_TOKEN:?missing}", "letmein", "docker-compose.yml"),
        ("data:/data", "other:/data", "docker-compose.yml"),
        ("inbox.toml:/inboxes", "none.toml:/inboxes", "docker-compose.yml"),
        ("networks: [front]", "networks: [back]", "docker-compose.yml"),
        ("depends_on: {chat", "depends_on: {redis", "docker-compose.yml"),
        ("COPY chat_server chat_server", "COPY server server", "chat_server/Dockerfile"),
        ("USER bot\n", "", "bot/Dockerfile"),
        ("-m chat_server", "-m chat", "Procfile"),
        ("actions: ", "action: ", "Procfile"),
    ],
)
def test_a_wrong_name_is_found(old: str, new: str, path: str) -> None:
    assert old in _GOOD[path]
    assert check(Tree({**_GOOD, path: _GOOD[path].replace(old, new)}))
