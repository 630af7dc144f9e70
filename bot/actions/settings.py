"""Where the chat server is. The only reader of the environment in the action server."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """`SHOPBELL_URL`: the chat server's base URL. `SHOPBELL_BOT_ORDERS_TIMEOUT`: seconds to wait for orders."""

    url: str = "http://127.0.0.1:8080"
    orders_timeout: float = 3.0


def load() -> Settings:
    default = Settings()
    return Settings(
        url=os.environ.get("SHOPBELL_URL", default.url).rstrip("/"),
        orders_timeout=float(os.environ.get("SHOPBELL_BOT_ORDERS_TIMEOUT", default.orders_timeout)),
    )
