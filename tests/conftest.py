"""Fixtures that start real processes. A test asks for what it needs: `server`, `demo`, `bot`, `browser`.

`server` and `demo` live as long as their test module; `bot`, `postgres` and `redis_server` as long as the session, one for each
worker of the test run; a test makes its own visitors or database and is thereby alone.
Must not know what the product does: builders of domain objects stand beside the tests that use them.
"""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from hypothesis import settings
from playwright.async_api import Browser, async_playwright

from tests.postgres import Postgres
from tests.processes import (
    TEST_INBOX,
    BotProcesses,
    ChatServer,
    Databases,
    DataFolders,
    Demo,
    demo_inbox,
    new_nodes,
    new_stack,
    start_demo,
    stop_together,
)
from tests.redis_server import RedisServer
from tools import bot as bot_tool
from tools.system import find_chromium

_CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

_STARTS = {"data_folders", "start_nodes", "bot", "postgres", "redis_server"}
# For `make test-fast`: generated cases as many as find a slip of today; `make test` has all of them.
settings.register_profile("fast", max_examples=20)

StartServer = Callable[..., ChatServer]
StartNodes = Callable[..., list[ChatServer]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what starts a server, by the fixtures that it or one of its fixtures asks for."""
    for item in items:
        if isinstance(item, pytest.Function) and _STARTS.intersection(item.fixturenames):
            item.add_marker(pytest.mark.starts)


@pytest.fixture(scope="session")
def data_folders(tmp_path_factory: pytest.TempPathFactory) -> DataFolders:
    return DataFolders(tmp_path_factory.mktemp("shopbell"))


@pytest.fixture
def start_server(data_folders: DataFolders) -> Iterator[StartServer]:
    """Starts chat servers that this test may stop, kill and start again: `start_server(inbox=…, bot=…, env={…})`."""
    with_servers = _Servers(data_folders)
    yield with_servers.start
    with_servers.end()


@pytest.fixture(scope="module")
def server(data_folders: DataFolders) -> Iterator[ChatServer]:
    """One chat server for the module, with the test inbox and the logins of processes.LOGINS; no bot."""
    servers = _Servers(data_folders)
    yield servers.start()
    servers.end()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A private PostgreSQL: `postgres.database()` is the URL of an empty database; `stop`, `start`, `restart`, `pause`, `resume`."""
    cluster = Postgres()
    cluster.start()
    yield cluster
    cluster.end()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A private Redis: `url`, `kill`, `start`, `pause`, `resume`, `flush`."""
    redis = RedisServer(tmp_path_factory.mktemp("redis"))
    redis.start()
    yield redis
    redis.end()


@pytest.fixture(scope="session")
def databases(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases(postgres, tmp_path_factory.mktemp("databases"))


@pytest.fixture
def start_nodes(databases: Databases, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartNodes]:
    """`start_nodes(3)` starts chat servers on one fresh database and one Redis: `start_nodes(n, inbox=…, env={…})`. No bot."""
    running: list[ChatServer] = []

    def start(count: int, *, inbox: str = TEST_INBOX, env: dict[str, str] | None = None) -> list[ChatServer]:
        redis_server.heal()
        folder = tmp_path_factory.mktemp("nodes")
        database = databases.fresh()
        databases.copy_secrets(folder / "node-1")
        nodes = new_nodes(count, folder, database=database, redis=redis_server, inbox=inbox, env=env or {})
        running.extend(nodes)
        for node in nodes:
            node.launch()
        for node in nodes:
            node.wait_until_ready()
        return nodes

    yield start
    redis_server.heal()
    databases.heal()
    stop_together(running)


@pytest.fixture(scope="module")
def demo(data_folders: DataFolders) -> Iterator[Demo]:
    """Chat server and demo shop with the shop's inbox, open at all hours; no bot."""
    servers = _Servers(data_folders)
    together = start_demo(servers.start(inbox=demo_inbox()))
    yield together
    together.shop.end()
    servers.end()


@pytest.fixture(scope="session")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BotProcesses]:
    """Rasa and the action server with today's model (trained once, kept by content)."""
    bot_tool.environment()
    bot_tool.train()
    processes = BotProcesses(new_stack(tmp_path_factory.mktemp("bot")))
    processes.start()
    yield processes
    processes.end()


@pytest.fixture(scope="module")
def demo_with_bot(data_folders: DataFolders, bot: BotProcesses) -> Iterator[Demo]:
    """Everything: chat server, demo shop and bot."""
    servers = _Servers(data_folders)
    together = start_demo(servers.start(inbox=demo_inbox(), bot=bot))
    yield together
    together.shop.end()
    servers.end()


@pytest.fixture(scope="session")
def chromium() -> str:
    found = find_chromium()
    if found is None:
        pytest.fail("Chromium is missing: `make test` installs it, or `sudo apt-get install chromium`")
    return found


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """A Chromium of its own. Contexts are cheap: one for each person in the test."""
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=list(_CHROMIUM_FLAGS))
        yield started
        await started.close()


class _Servers:
    def __init__(self, folders: DataFolders) -> None:
        self._folders = folders
        self._running: list[ChatServer] = []

    def start(self, *, inbox: str = TEST_INBOX, bot: BotProcesses | None = None, env: dict[str, str] | None = None) -> ChatServer:
        chat = ChatServer(new_stack(self._folders.fresh(), inbox=inbox, bot=bot), extra_env=env or {})
        self._running.append(chat)
        chat.start()
        return chat

    def end(self) -> None:
        stop_together(self._running)
