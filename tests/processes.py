"""Shopbell's real processes, for tests: started on free ports with a folder of their own, ended with everything they started.

Every start waits for readiness with a deadline and shows the child's log when it fails. Nothing here is a stand-in.
PostgreSQL and Redis stand in postgres.py and redis_server.py.
"""

import re
import shutil
import signal
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.guard import GUARD
from tests.postgres import Postgres
from tests.redis_server import RedisServer
from tools import keys
from tools.child import Child
from tools.command import run
from tools.places import BOT, ROOT
from tools.ports import free_ports
from tools.stack import DEMO_INBOX, Ports, Stack

START_S = 60
STOP_S = 25
BOT_START_S = 240

INBOX_KEY = "pk_test"
TEST_INBOX = """
[inbox]
id = "demo"
key = "pk_test"
name = "Test shop"
origins = ["{origin}"]
locales = ["en", "pl"]
default_locale = "en"
timezone = "Europe/Warsaw"
color = "#2f5d50"
identity_secret = "env:DEMO_IDENTITY_SECRET"
consent = "implied"
promised_minutes = 120
currency = "PLN"
capacity = 4

[inbox.budget]
promo_per_7_days = 2
promo_gap_hours = 24
unasked_per_day = 3
cooldown_hours = 24
quiet = ""
hold_out_percent = 0

[[inbox.sources]]
id = "env:DEMO_SOURCE_ID"
kind = "native"
secrets = ["env:DEMO_WEBHOOK_SECRET"]
debounce_s = 0
timezone = "Europe/Warsaw"

[inbox.actions]
url = "env:DEMO_ACTION_URL"
secret = "env:DEMO_ACTION_SECRET"
allow_private = true
"""


@dataclass(frozen=True)
class Login:
    email: str
    name: str
    role: str
    password_env: str


LOGINS = (
    Login("agent@test.example", "Agent", "agent", "DEMO_AGENT_PASSWORD"),
    Login("second@test.example", "Second agent", "agent", "DEMO_AGENT_PASSWORD"),
    Login("supervisor@test.example", "Supervisor", "supervisor", "DEMO_SUPERVISOR_PASSWORD"),
)


def demo_inbox() -> str:
    """The demo shop's inbox file, always open and without quiet hours, so that a test means the same at any time of day."""
    text = DEMO_INBOX.read_text(encoding="utf-8")
    for pattern, new in (
        (r"^\[inbox\.hours\]\n(?:\w+ = .*\n)+", ""),
        (r"^quiet = .*$", 'quiet = ""'),
        (r"^debounce_s = .*$", "debounce_s = 0"),
        (r"^origins = .*$", 'origins = ["{origin}"]'),
    ):
        text, count = re.subn(pattern, new, text, flags=re.MULTILINE)
        assert count == 1, f"{DEMO_INBOX}: {pattern} was expected once"
    return text


def new_stack(folder: Path, *, inbox: str = TEST_INBOX, bot: "BotProcesses | None" = None) -> Stack:
    """A stack on free ports. `inbox` is the text of its inbox file; {origin} becomes the shop's address."""
    chat, shop, rasa, actions = free_ports(4)
    ports = Ports(chat=chat, shop=shop, bot=rasa, actions=actions)
    secrets: Mapping[str, str] = keys.load_or_make(folder)
    if bot is not None:
        secrets = {**secrets, **bot.secrets}
        ports = replace(ports, chat=bot.stack.ports.chat, bot=bot.stack.ports.bot, actions=bot.stack.ports.actions)
    origin = f"http://127.0.0.1:{shop}"
    inboxes = folder / "inbox.toml"
    inboxes.write_text(inbox.replace("{origin}", origin), encoding="utf-8")
    return Stack(data=folder, secrets=secrets, ports=ports, inboxes=inboxes, bot=bot is not None)


class Process(Child):
    """A child that ends with the test run, however the run ends."""

    def __init__(self, name: str, argv: Sequence[str | Path], *, env: Mapping[str, str], log: Path, cwd: Path = ROOT) -> None:
        super().__init__(name, argv, env=env, log=log, cwd=cwd)
        GUARD.watch(self.pid)

    def end(self, seconds: float = 10) -> None:
        super().end(seconds)
        GUARD.forget(self.pid)


@dataclass
class ChatServer:
    """The chat server on its folder. `stop`, `kill` and `start` may follow each other: the folder keeps everything."""

    stack: Stack
    extra_env: Mapping[str, str] = field(default_factory=dict)
    child: Child | None = None

    @property
    def url(self) -> str:
        return self.stack.chat_url

    @property
    def origin(self) -> str:
        """The shop's origin, on the inbox's list."""
        return self.stack.shop_url

    def password(self, login: Login) -> str:
        return self.stack.secrets[login.password_env]

    @property
    def env(self) -> dict[str, str]:
        """Nothing in front of it has to see its drain, unless the test says otherwise."""
        return {**self.stack.chat_env(), "SHOPBELL_DRAIN_S": "0", **self.extra_env}

    def make_agents(self) -> None:
        for login in LOGINS:
            run(self.stack.agent(login.email, login.name, login.role, login.password_env), env=self.env, seconds=60)

    def start(self) -> None:
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Starts it and does not wait, for tests that start several at once."""
        self.child = Process("chat", self.stack.chat(), env=self.env, log=self.stack.data / "chat.log")

    def wait_until_ready(self) -> None:
        assert self.child is not None
        try:
            self.child.wait_for(f"{self.url}/readyz", START_S)
        except BaseException:
            self.child.end()
            raise

    def stop(self) -> None:
        """SIGTERM, as a deploy does it, with the patience of one. Twice does no harm."""
        if self.child is not None:
            self.child.end(STOP_S)

    def kill(self) -> None:
        """SIGKILL: no chance to say good-bye."""
        assert self.child is not None
        self.child.send(signal.SIGKILL)
        self.child.end()

    def restart(self) -> None:
        self.stop()
        self.start()

    def log(self) -> str:
        return (self.stack.data / "chat.log").read_text(errors="replace")


def stop_together(servers: Sequence[ChatServer]) -> None:
    """All at once, each as a deploy does it; those that stand still go on first."""
    for server in servers:
        if server.child is not None:
            server.child.send(signal.SIGCONT)
    with ThreadPoolExecutor(max(1, len(servers))) as threads:
        list(threads.map(ChatServer.stop, servers))


@dataclass
class Demo:
    """Chat server and demo shop that know each other."""

    chat: ChatServer
    shop: Child

    @property
    def stack(self) -> Stack:
        return self.chat.stack

    @property
    def shop_url(self) -> str:
        return self.stack.shop_url

    @property
    def chat_url(self) -> str:
        return self.stack.chat_url

    def end(self) -> None:
        self.shop.end()
        self.chat.stop()


def start_demo(chat: ChatServer) -> Demo:
    """The demo shop beside a chat server that runs already."""
    shop = Process("shop", chat.stack.shop(), env=chat.stack.shop_env(), log=chat.stack.data / "shop.log")
    try:
        shop.wait_for(chat.stack.shop_url, START_S)
    except BaseException:
        shop.end()
        raise
    return Demo(chat, shop)


@dataclass
class BotProcesses:
    """Rasa and its action server with the trained model. They ask the chat server at `stack.chat_url`, whoever listens there then."""

    stack: Stack
    children: list[Child] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.stack.bot_url

    @property
    def secrets(self) -> dict[str, str]:
        return {name: value for name, value in self.stack.secrets.items() if name.startswith("SHOPBELL_BOT_")}

    def start(self) -> None:
        env = self.stack.bot_env()
        self.children.append(Process("actions", self.stack.actions(), env=env, log=self.stack.data / "actions.log", cwd=BOT))
        rasa = Process("bot", self.stack.rasa(), env=env, log=self.stack.data / "bot.log", cwd=BOT)
        self.children.append(rasa)
        try:
            rasa.wait_for(f"{self.url}/status?token={self.stack.secrets['SHOPBELL_BOT_TOKEN']}", BOT_START_S)
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        for child in self.children:
            child.end()


class DataFolders:
    """Folders with a database that has the agents already: made once, copied for each server, because hashing passwords takes time."""

    def __init__(self, home: Path) -> None:
        self._home, self._template = home, home / "template"
        self._count = 0

    def fresh(self) -> Path:
        if not self._template.exists():
            self._make()
        self._count += 1
        folder = self._home / f"data-{self._count}"
        shutil.copytree(self._template, folder)
        return folder

    def _make(self) -> None:
        building = self._home / "building"
        ChatServer(new_stack(building)).make_agents()
        building.rename(self._template)


class Databases:
    """PostgreSQL databases that have the agents already: made once, copied for each test."""

    def __init__(self, postgres: Postgres, home: Path) -> None:
        self._postgres, self._home = postgres, home
        self._template: str | None = None

    def copy_secrets(self, folder: Path) -> None:
        """The passwords of the logins in these databases, for a server's folder."""
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(self._home / "postgres-template" / "secrets.json", folder)

    def heal(self) -> None:
        """PostgreSQL runs again, whatever a test left."""
        self._postgres.heal()

    def fresh(self) -> str:
        """The URL of a database of its own, with the logins of LOGINS."""
        self._postgres.heal()
        if self._template is None:
            url = self._postgres.database()
            ChatServer(new_stack(self._home / "postgres-template"), extra_env={"DATABASE_URL": url}).make_agents()
            self._template = url.rpartition("/")[2]
        return self._postgres.database(self._template)


def new_nodes(count: int, folder: Path, *, database: str, redis: RedisServer, inbox: str, env: Mapping[str, str]) -> list[ChatServer]:
    """Chat servers on one database and one Redis, with the same inbox and secrets; each has its own port and folder. Not started."""
    first = new_stack(folder / "node-1", inbox=inbox)
    shared = {"DATABASE_URL": database, "REDIS_URL": redis.url, **env}
    ports = free_ports(count)
    return [
        ChatServer(replace(first, data=folder / f"node-{number}", ports=replace(first.ports, chat=port)), extra_env=shared)
        for number, port in enumerate(ports, 1)
    ]
