"""The secrets of `make run`: made once, kept in `.shopbell/secrets.json` for the owner alone.

Names are those of the environment variables that carry them. `python3 -m tools.keys` prints a fresh set as NAME=value
lines, for the `.env` of docker compose, with the passwords of its database and Redis; `make run` prints none but the two demo logins.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path


def _signing() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _token() -> str:
    return secrets.token_urlsafe(32)


def _password() -> str:
    return secrets.token_urlsafe(9)


def _in_an_address() -> str:
    """A password that may stand in a URL or in a command as it is."""
    return secrets.token_hex(24)


_MAKERS: dict[str, Callable[[], str]] = {
    "DEMO_SOURCE_ID": lambda: "src_" + secrets.token_hex(16),
    "DEMO_WEBHOOK_SECRET": _signing,
    "DEMO_ACTION_SECRET": _signing,
    "DEMO_IDENTITY_SECRET": _token,
    "SHOPBELL_BOT_TOKEN": _token,
    "SHOPBELL_BOT_ACTIONS_SECRET": _token,
    "DEMO_AGENT_PASSWORD": _password,
    "DEMO_SUPERVISOR_PASSWORD": _password,
    "DEMO_BACKOFFICE_PASSWORD": _password,
}
_OF_CONTAINERS: dict[str, Callable[[], str]] = {"POSTGRES_PASSWORD": _in_an_address, "REDIS_PASSWORD": _in_an_address}


def load_or_make(folder: Path) -> dict[str, str]:
    """The secrets of this folder; whatever is missing is made and saved. The file is readable for its owner only."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "secrets.json"
    have: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    made = {name: make() for name, make in _MAKERS.items() if name not in have}
    if made:
        have.update(made)
        new = path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(have, file, indent=1)
        new.replace(path)
    return have


if __name__ == "__main__":
    print("\n".join(f"{name}={make()}" for name, make in {**_MAKERS, **_OF_CONTAINERS}.items()))
