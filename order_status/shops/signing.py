"""What the signatures of foreign backends have in common: one header, HMAC-SHA256 of the raw body, several secrets while they rotate.

Pure. Digests are compared as text in constant time and never decoded, so no header can make it raise. Walk b.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping

SHORTEST_SECRET = 12
LONGEST_HEADER = 4096
_TOPIC = re.compile(r"[A-Za-z0-9_./:-]{1,64}\Z")


def header(headers: Mapping[str, str], name: str) -> str | None:
    """The header's value, its name in any case; None when it is missing or empty."""
    value = headers.get(name)
    if value is None:
        value = next((value for key, value in headers.items() if key.lower() == name.lower()), None)
    return value.strip() or None if value else None


def topic(headers: Mapping[str, str], name: str) -> str:
    """An unsigned hint, or "" when it does not look like one."""
    value = header(headers, name) or ""
    return value if _TOPIC.match(value) else ""


def in_base64(key: bytes, body: bytes) -> str:
    return base64.b64encode(hmac.digest(key, body, "sha256")).decode("ascii")


def in_hex(key: bytes, body: bytes) -> str:
    return hmac.digest(key, body, "sha256").hex()


def fits(offered: str, secrets: Iterable[str], digest: Callable[[bytes, bytes], str], signed: bytes) -> bool:
    """Whether one of the secrets makes this digest. The time it takes does not depend on which one, or on how much of it is right."""
    given, found = offered.encode("utf-8", "replace"), False
    for secret in secrets:
        if secret:
            found |= hmac.compare_digest(digest(secret.encode("utf-8", "replace"), signed).encode("ascii"), given)
    return found


def check_secret(secret: str) -> None:
    """Raises ValueError for a secret that can be guessed."""
    if len(secret) < SHORTEST_SECRET:
        raise ValueError(f"a webhook secret has at least {SHORTEST_SECRET} characters")


def delivery_key(*parts: object) -> str:
    """A key for the first dedupe from what the body says, of one length whatever it says."""
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:48]


def body_digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]
