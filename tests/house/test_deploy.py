"""The deployment files name what exists, and the checker sees each thing that does not."""

import os
import subprocess
import sys

import pytest

from tests.house.deploy import check
from tests.house.tree import ROOT, Tree, the_tree

_COMPOSE = """
x-chat: &chat
  build: {context: ., dockerfile: chat_server/Dockerfile}
  volumes: ["data:/data", "./examples/demo_shop/inbox.toml:/inboxes/demo.toml:ro"]
  depends_on: {redis: {condition: service_healthy}}
  environment:
    SHOPBELL_PORT: "8080"
    SHOPBELL_PROXIES: 10.0.0.2
    SHOPBELL_DRAIN_S: "4"
    DATABASE_URL: postgresql://shopbell:${POSTGRES_PASSWORD:?missing}@postgres:5432/shopbell
    REDIS_URL: redis://shopbell:${REDIS_PASSWORD:?missing}@redis:6379/0
    SHOPBELL_BOT_ACTIONS_SECRET: ${SHOPBELL_BOT_ACTIONS_SECRET:?missing}
  healthcheck: {test: [CMD, ask, /readyz]}
  stop_grace_period: 30s
services:
  chat-1: {<<: *chat, networks: {edge: {aliases: [node-1]}}}
  chat-2: {<<: *chat, networks: {edge: {aliases: [node-2]}}}
  proxy:
    image: caddy:2
    ports: ["127.0.0.1:8080:8080"]
    networks: {edge: {ipv4_address: 10.0.0.2}}
    healthcheck: {test: [CMD, "true"]}
  postgres: {image: "postgres:17", environment: {POSTGRES_PASSWORD: "${POSTGRES_PASSWORD:?missing}"}, healthcheck: {test: [CMD, "true"]}}
  redis: {image: "redis:7", healthcheck: {test: [CMD, "true"]}}
  shop: {build: {context: ., dockerfile: chat_server/Dockerfile}, healthcheck: {test: [CMD, "true"]}}
  bot: {build: {context: bot}, healthcheck: {test: [CMD, "true"]}}
  actions: {build: {context: bot}, healthcheck: {test: [CMD, "true"]}}
volumes: {data: {}}
networks: {edge: {}}
"""
_GOOD = {
    "docker-compose.yml": _COMPOSE,
    "deploy/Caddyfile": ":8080 {\n@inside path /internal/*\nrespond @inside 404\n"
    "reverse_proxy node-1:8080 node-2:8080 {\nhealth_uri /readyz # asks\n}\n}\n",
    "deploy/redis.acl": "user default off\nuser shopbell on >${REDIS_PASSWORD} ~shopbell:* &shopbell:* -@all +@read\n",
    "tools/keys.py": '{"POSTGRES_PASSWORD": 1, "REDIS_PASSWORD": 2, "SHOPBELL_BOT_ACTIONS_SECRET": 3}',
    "chat_server/Dockerfile": "FROM python\nCOPY chat_server chat_server\nUSER shopbell\n",
    "bot/Dockerfile": "FROM python\nCOPY . ./\nUSER bot\n",
    "chat_server/settings.py": '"SHOPBELL_PORT" "SHOPBELL_PROXIES" "SHOPBELL_DRAIN_S" '
    '"DATABASE_URL" "REDIS_URL" "SHOPBELL_BOT_ACTIONS_SECRET"',
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
        ("  chat-2: {<<", "  spare: {<<", "docker-compose.yml"),
        ("  healthcheck: {test: [CMD, ask, /readyz]}\n", "", "docker-compose.yml"),
        ("ask, /readyz", "ask, /healthz", "docker-compose.yml"),
        ("  bot: {build", '  bot: {ports: ["127.0.0.1:5005:5005"], build', "docker-compose.yml"),
        ("  redis: {image", '  redis: {ports: ["127.0.0.1:6379:6379"], image', "docker-compose.yml"),
        ("127.0.0.1:8080:8080", "8080:8080", "docker-compose.yml"),
        ("SHOPBELL_PORT", "SHOPBELL_HARBOUR", "docker-compose.yml"),
        ("${SHOPBELL_BOT_ACTIONS_SECRET:?missing}", "letmein", "docker-compose.yml"),
        ("shopbell:${REDIS_PASSWORD:?missing}", "shopbell:letmein", "docker-compose.yml"),
        ('POSTGRES_PASSWORD: "${POSTGRES_PASSWORD:?missing}"', "POSTGRES_PASSWORD: letmein", "docker-compose.yml"),
        ('"REDIS_PASSWORD": 2', '"REDIS_WORD": 2', "tools/keys.py"),
        ("data:/data", "other:/data", "docker-compose.yml"),
        ("inbox.toml:/inboxes", "none.toml:/inboxes", "docker-compose.yml"),
        ("networks: {edge: {aliases: [node-1]}}", "networks: {back: {}}", "docker-compose.yml"),
        ("depends_on: {redis", "depends_on: {rabbit", "docker-compose.yml"),
        ("service_healthy", "service_started", "docker-compose.yml"),
        ("postgres:17", "postgres", "docker-compose.yml"),
        ("SHOPBELL_PROXIES: 10.0.0.2", "SHOPBELL_PROXIES: 10.0.0.0/8", "docker-compose.yml"),
        ("    SHOPBELL_BOT_ACTIONS_SECRET: ${SHOPBELL_BOT_ACTIONS_SECRET:?missing}\n", "", "docker-compose.yml"),
        ("aliases: [node-2]}}", "aliases: [node-2]}}, environment: {SHOPBELL_PORT: '8080'}", "docker-compose.yml"),
        ("stop_grace_period: 30s", "stop_grace_period: 10s", "docker-compose.yml"),
        ("node-1:8080 node-2:8080", "node-1:8080", "deploy/Caddyfile"),
        ("node-1:8080 node-2:8080", "node-1:8080 node-2:8081", "deploy/Caddyfile"),
        ("health_uri /readyz", "# health_uri /readyz", "deploy/Caddyfile"),
        ("/internal/*", "/nothing/*", "deploy/Caddyfile"),
        ("default off", "default on", "deploy/redis.acl"),
        ("~shopbell:*", "~*", "deploy/redis.acl"),
        ("COPY chat_server chat_server", "COPY server server", "chat_server/Dockerfile"),
        ("USER bot\n", "", "bot/Dockerfile"),
        ("-m chat_server", "-m chat", "Procfile"),
        ("actions: ", "action: ", "Procfile"),
    ],
)
def test_a_wrong_name_is_found(old: str, new: str, path: str) -> None:
    assert old in _GOOD[path]
    assert check(Tree({**_GOOD, path: _GOOD[path].replace(old, new)}))


def test_docker_compose_reads_it_too() -> None:
    """The engine's own reading, where its command is; no container is started."""
    command = ["docker", "compose"]
    try:
        subprocess.run([*command, "version"], check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("no `docker compose` here")
    made = subprocess.run([sys.executable, "-m", "tools.keys"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=30).stdout
    env = {**os.environ, **dict(line.split("=", 1) for line in made.splitlines())}
    read = subprocess.run([*command, "config", "--quiet"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert read.returncode == 0, read.stderr
