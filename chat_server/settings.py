"""Every setting of the chat server, read from the environment once and checked before a port opens.

docs/settings.md is tested against `SETTINGS`. No other file of this room reads the environment.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from chat_server.errors import InvalidConfiguration
from chat_server.inbox_file import InboxFile, read_inbox


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its name, default and what it is for."""

    name: str
    default: str
    help: str


SETTINGS = (
    Setting("SHOPBELL_HOST", "127.0.0.1", "Address to listen on."),
    Setting("SHOPBELL_PORT", "8080", "Port to listen on."),
    Setting("SHOPBELL_DATA", ".shopbell", "Folder of the SQLite database."),
    Setting("DATABASE_URL", "", "`sqlite:///path` or `postgresql://user:password@host:port/name`; empty: SQLite in SHOPBELL_DATA."),
    Setting("REDIS_URL", "", "`redis://user:password@host:port/0`: hints between several servers on one PostgreSQL; empty: one server."),
    Setting("SHOPBELL_INBOXES", "inboxes", "Inbox file (TOML), or a folder of them."),
    Setting("SHOPBELL_PUBLIC_URL", "", "Address at which browsers reach the server; empty: http://host:port."),
    Setting("SHOPBELL_WIDGET_DIST", "widget/dist", "Folder of the built browser code."),
    Setting("SHOPBELL_BOT_URL", "", "Address of Rasa; empty: no bot, shoppers reach people at once."),
    Setting("SHOPBELL_BOT_TOKEN", "", "Rasa's --auth-token."),
    Setting("SHOPBELL_BOT_ACTIONS_SECRET", "", "Signs the tokens with which the bot's actions read orders; empty: made at start."),
    Setting("SHOPBELL_MESSAGES_PER_MINUTE", "240", "Messages of one shopper in a minute; more are refused until there is room."),
    Setting("SHOPBELL_BEACONS_PER_MINUTE", "600", "Beacons of one address in a minute."),
    Setting("SHOPBELL_LOGINS_PER_MINUTE", "20", "Console logins of one address in a minute."),
    Setting("SHOPBELL_HANDSHAKES_PER_MINUTE", "6000", "Socket connections of one address in a minute."),
    Setting("SHOPBELL_HANDSHAKES_PER_SECOND", "250", "Socket connections of all addresses in a second, for each process."),
    Setting("SHOPBELL_COMMANDS_PER_MINUTE", "1200", "Socket commands of one shopper in a minute, of any kind."),
    Setting("SHOPBELL_DRAIN_S", "1", "Seconds between not being ready and closing the port at a stop, so that a proxy sees it."),
    Setting("SHOPBELL_PROXIES", "", "Addresses or networks of our own proxies, by commas; only they are believed about X-Forwarded-For."),
    Setting("SHOPBELL_LOG", "info", "Log level: debug, info, warning, error."),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The environment, checked. See SETTINGS."""

    host: str
    port: int
    database: str
    redis_url: str
    inboxes: tuple[InboxFile, ...]
    public_url: str
    widget_dist: Path
    bot_url: str
    bot_token: str
    bot_actions_secret: str
    messages_per_minute: int
    beacons_per_minute: int
    logins_per_minute: int
    handshakes_per_minute: int
    handshakes_per_second: int
    commands_per_minute: int
    drain_s: float
    proxies: tuple[IPv4Network | IPv6Network, ...]
    log: str

    @property
    def several(self) -> bool:
        """Other processes may serve the same shoppers: what is told here is told to them too."""
        return bool(self.redis_url)


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings, or InvalidConfiguration that names what is wrong."""
    values = {setting.name: environment.get(setting.name, "").strip() or setting.default for setting in SETTINGS}
    host, port = values["SHOPBELL_HOST"], _number(values, "SHOPBELL_PORT", 1, 65535)
    log = values["SHOPBELL_LOG"].lower()
    if log not in ("debug", "info", "warning", "error"):
        raise InvalidConfiguration(f"SHOPBELL_LOG: {log!r} is not a log level")

    def resolve(name: str) -> str:
        found = environment.get(name)
        if not found:
            raise InvalidConfiguration(f"{name} is named in an inbox file and not set")
        return found

    database, redis_url = _database(values), _redis(values)
    if redis_url and values["SHOPBELL_BOT_URL"] and not values["SHOPBELL_BOT_ACTIONS_SECRET"]:
        raise InvalidConfiguration("SHOPBELL_BOT_ACTIONS_SECRET: several servers must share one; set it")
    return Settings(
        host=host,
        port=port,
        database=database,
        redis_url=redis_url,
        inboxes=_inboxes(Path(values["SHOPBELL_INBOXES"]), resolve),
        public_url=_url(values, "SHOPBELL_PUBLIC_URL") or f"http://{host}:{port}",
        widget_dist=Path(values["SHOPBELL_WIDGET_DIST"]),
        bot_url=_url(values, "SHOPBELL_BOT_URL"),
        bot_token=values["SHOPBELL_BOT_TOKEN"],
        bot_actions_secret=values["SHOPBELL_BOT_ACTIONS_SECRET"] or secrets.token_urlsafe(32),
        messages_per_minute=_number(values, "SHOPBELL_MESSAGES_PER_MINUTE", 1, 10**6),
        beacons_per_minute=_number(values, "SHOPBELL_BEACONS_PER_MINUTE", 1, 10**6),
        logins_per_minute=_number(values, "SHOPBELL_LOGINS_PER_MINUTE", 1, 10**6),
        handshakes_per_minute=_number(values, "SHOPBELL_HANDSHAKES_PER_MINUTE", 1, 10**6),
        handshakes_per_second=_number(values, "SHOPBELL_HANDSHAKES_PER_SECOND", 1, 10**6),
        commands_per_minute=_number(values, "SHOPBELL_COMMANDS_PER_MINUTE", 1, 10**6),
        drain_s=_seconds(values, "SHOPBELL_DRAIN_S", 60),
        proxies=_networks(values, "SHOPBELL_PROXIES"),
        log=log,
    )


def _networks(values: Mapping[str, str], name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(each.strip()) for each in values[name].split(",") if each.strip())
    except ValueError as error:
        raise InvalidConfiguration(f"{name}: {error}") from None


def _number(values: Mapping[str, str], name: str, least: int, most: int) -> int:
    try:
        number = int(values[name])
    except ValueError:
        raise InvalidConfiguration(f"{name}: {values[name]!r} is not a whole number") from None
    if not least <= number <= most:
        raise InvalidConfiguration(f"{name}: {number} is not between {least} and {most}")
    return number


def _seconds(values: Mapping[str, str], name: str, most: float) -> float:
    try:
        seconds = float(values[name])
    except ValueError:
        raise InvalidConfiguration(f"{name}: {values[name]!r} is not a number of seconds") from None
    if not 0 <= seconds <= most:
        raise InvalidConfiguration(f"{name}: {seconds:g} is not between 0 and {most:g}")
    return seconds


def _url(values: Mapping[str, str], name: str) -> str:
    url = values[name].rstrip("/")
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc):
        raise InvalidConfiguration(f"{name}: {url!r} is not an address like https://chat.shop.example")
    return url


def _database(values: Mapping[str, str]) -> str:
    url = values["DATABASE_URL"]
    if not url:
        return f"sqlite:///{Path(values['SHOPBELL_DATA']) / 'shopbell.sqlite3'}"
    if url.startswith("postgresql://"):
        _reached(url, "DATABASE_URL")
    elif not url.startswith("sqlite:///") or url == "sqlite:///":
        raise InvalidConfiguration("DATABASE_URL: write sqlite:///path or postgresql://user:password@host:port/name")
    return url


def _redis(values: Mapping[str, str]) -> str:
    url = values["REDIS_URL"]
    if not url:
        return ""
    if not url.startswith(("redis://", "rediss://")):
        raise InvalidConfiguration("REDIS_URL: write redis://user:password@host:port/0")
    _reached(url, "REDIS_URL")
    if not values["DATABASE_URL"].startswith("postgresql://"):
        raise InvalidConfiguration("REDIS_URL: several servers need PostgreSQL, because a SQLite file has one writer; set DATABASE_URL")
    return url


def _reached(url: str, name: str) -> None:
    """A URL that can be dialled. Its password is never told: what is wrong is said without the URL."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname or "host=" in parts.query) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise InvalidConfiguration(f"{name}: host or port cannot be read")


def _inboxes(path: Path, resolve: Callable[[str], str]) -> tuple[InboxFile, ...]:
    files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    if not files:
        raise InvalidConfiguration(f"SHOPBELL_INBOXES: no *.toml in {path}")
    found = tuple(read_inbox(file, resolve) for file in files)
    for what, values in (("id", [each.inbox.id for each in found]), ("key", [each.inbox.key for each in found])):
        twice = {value for value in values if values.count(value) > 1}
        if twice:
            raise InvalidConfiguration(f"two inboxes have the same {what}: {', '.join(sorted(twice))}")
    return found


def password(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """An agent's password from the environment variable that the command line names; at least 10 characters."""
    found = environment.get(name, "")
    if len(found) < 10:
        raise InvalidConfiguration(f"{name}: a password has at least 10 characters")
    return found
