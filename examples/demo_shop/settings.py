"""The shop's settings, read once from the environment. Nothing else in the shop reads the environment.

Secrets have no default: a shop that signs with a well-known secret would be worse than one that does not start.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class BadSettings(ValueError):
    """A setting is missing or malformed; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    host: str
    port: int
    data: Path  # folder of the shop's database
    url: str  # where shoppers find the shop: goes into links inside webhooks
    shopbell_url: str  # base of the chat server, as browsers reach it: the widget script
    shopbell_internal_url: str  # the same, as our backend reaches it: webhooks
    widget_key: str  # public key of the inbox
    identity_secret: str  # signs the identity token (HS256)
    source_id: str  # unguessable last part of the webhook address
    webhook_secret: str  # whsec_…, signs what we send
    action_secret: str  # whsec_…, signs what Shopbell sends to /shopbell/actions
    backoffice_password: str  # empty: the back office answers on loopback only


def from_environment(env: Mapping[str, str] = os.environ) -> Settings:
    """Raises BadSettings with the name of the first setting that is missing or malformed."""
    host = env.get("DEMO_HOST", "127.0.0.1")
    port = _port(env.get("DEMO_PORT", "8090"))
    data = env.get("DEMO_DATA") or str(Path(env.get("SHOPBELL_DATA", ".shopbell")) / "demo_shop")
    shopbell_url = env.get("SHOPBELL_URL", "http://127.0.0.1:8080").rstrip("/")
    identity_secret = _required(env, "DEMO_IDENTITY_SECRET")
    if len(identity_secret) < 32:
        raise BadSettings("DEMO_IDENTITY_SECRET: at least 32 characters, as HS256 asks for")
    return Settings(
        host=host,
        port=port,
        data=Path(data),
        url=env.get("DEMO_URL", f"http://{host}:{port}").rstrip("/"),
        shopbell_url=shopbell_url,
        shopbell_internal_url=env.get("SHOPBELL_INTERNAL_URL", "").rstrip("/") or shopbell_url,
        widget_key=env.get("DEMO_WIDGET_KEY", "pk_demo"),
        identity_secret=identity_secret,
        source_id=_required(env, "DEMO_SOURCE_ID"),
        webhook_secret=_signing_secret(env, "DEMO_WEBHOOK_SECRET"),
        action_secret=_signing_secret(env, "DEMO_ACTION_SECRET"),
        backoffice_password=env.get("DEMO_BACKOFFICE_PASSWORD", ""),
    )


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise BadSettings(f"{name} is not set")
    return value


def _port(value: str) -> int:
    if not value.isdigit() or int(value) > 65535:
        raise BadSettings("DEMO_PORT: a number from 0 to 65535")
    return int(value)


def _signing_secret(env: Mapping[str, str], name: str) -> str:
    value = _required(env, name)
    try:
        key = base64.b64decode(value.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise BadSettings(f"{name}: whsec_ and base64") from error
    if not value.startswith("whsec_") or len(key) < 24:
        raise BadSettings(f"{name}: whsec_ and at least 24 bytes in base64")
    return value
