"""How each process of Shopbell is started: its command, its environment, its ports. For `make run` and for the tests alike.

Knows the names of settings and nothing about what the processes do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.bot import QUIET
from tools.places import BOT_PYTHON, PYTHON, ROOT

DEMO_INBOX = ROOT / "examples" / "demo_shop" / "inbox.toml"


@dataclass(frozen=True)
class Ports:
    chat: int = 8080
    shop: int = 8090
    bot: int = 5005
    actions: int = 5055


@dataclass(frozen=True)
class Stack:
    """One set of processes that know each other. `secrets` is what keys.py made; `inboxes` a TOML file or a folder of them."""

    data: Path
    secrets: Mapping[str, str]
    ports: Ports
    inboxes: Path
    bot: bool
    log: str = "info"

    @property
    def chat_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.chat}"

    @property
    def shop_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.shop}"

    @property
    def bot_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.bot}"

    @property
    def actions_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.actions}"

    def chat(self) -> list[str | Path]:
        return [PYTHON, "-m", "chat_server"]

    def chat_env(self) -> dict[str, str]:
        return {
            **self.secrets,
            "SHOPBELL_HOST": "127.0.0.1",
            "SHOPBELL_PORT": str(self.ports.chat),
            "SHOPBELL_DATA": str(self.data),
            "SHOPBELL_INBOXES": str(self.inboxes),
            "SHOPBELL_PUBLIC_URL": self.chat_url,
            "SHOPBELL_WIDGET_DIST": str(ROOT / "widget" / "dist"),
            "SHOPBELL_BOT_URL": self.bot_url if self.bot else "",
            "SHOPBELL_LOG": self.log,
            "DEMO_ACTION_URL": f"{self.shop_url}/shopbell/actions",
        }

    def agent(self, email: str, name: str, role: str, password_env: str) -> list[str | Path]:
        """Creates or updates one agent; the password is read from the named variable."""
        return [*self.chat(), "agent", "--inbox", "demo", "--email", email, "--name", name, "--role", role, "--password-env", password_env]

    def shop(self) -> list[str | Path]:
        return [PYTHON, "-m", "examples.demo_shop"]

    def shop_env(self) -> dict[str, str]:
        return {
            **{name: value for name, value in self.secrets.items() if name.startswith("DEMO_") and not name.endswith("_PASSWORD")},
            "DEMO_HOST": "127.0.0.1",
            "DEMO_PORT": str(self.ports.shop),
            "DEMO_URL": self.shop_url,
            "DEMO_DATA": str(self.data / "demo_shop"),
            "SHOPBELL_URL": self.chat_url,
            "SHOPBELL_DATA": str(self.data),
        }

    def rasa(self) -> list[str | Path]:
        token = self.secrets["SHOPBELL_BOT_TOKEN"]
        return [
            BOT_PYTHON,
            "-m",
            "rasa",
            "run",
            "--enable-api",
            f"--auth-token={token}",  # in one word: a token may begin with a dash
            "-m",
            "models",
            "--endpoints",
            "endpoints.yml",
            "--credentials",
            "credentials.yml",
            "--interface",
            "127.0.0.1",
            "--port",
            str(self.ports.bot),
        ]

    def actions(self) -> list[str | Path]:
        return [BOT_PYTHON, "-m", "rasa_sdk", "--actions", "actions", "--port", str(self.ports.actions)]

    def bot_env(self) -> dict[str, str]:
        return {
            **QUIET,
            "SHOPBELL_URL": self.chat_url,
            "SHOPBELL_BOT_TOKEN": self.secrets["SHOPBELL_BOT_TOKEN"],
            "SHOPBELL_ACTIONS_URL": f"{self.actions_url}/webhook",
            "SANIC_HOST": "127.0.0.1",  # the action server listens everywhere unless told not to
        }


def inbox_for(shop_url: str, folder: Path) -> Path:
    """The demo shop's inbox file, with the shop's address as the allowed origin; a copy when the address is not the usual one."""
    text = DEMO_INBOX.read_text(encoding="utf-8")
    if re.search(rf'^origins\s*=.*"{re.escape(shop_url)}"', text, flags=re.MULTILINE):
        return DEMO_INBOX
    changed, count = re.subn(r"^origins\s*=.*$", f'origins = ["{shop_url}"]', text, flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"{DEMO_INBOX}: expected one line `origins = […]`")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "demo.toml"
    target.write_text(changed, encoding="utf-8")
    return target
