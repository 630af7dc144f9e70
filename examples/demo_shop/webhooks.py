"""Standard Webhooks, both ways: sign what the shop sends, verify what it receives. Copy this file.

Signed is `id.timestamp.body` with HMAC-SHA256. It must see the raw bytes of the body: parsing and dumping JSON again breaks the signature.
Walks b (order events out) and e (accepted offers in) pass here.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

TOLERANCE_S = 300  # older or newer than this is a replay


class BadSignature(Exception):
    """The delivery is not from who it claims to be, or not from now. Answer 401 and do nothing."""


def sign(secret: str, webhook_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a delivery. Keep `webhook_id` the same over retries; take a fresh `timestamp` (seconds) for each."""
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": "v1," + base64.b64encode(_mac(secret, webhook_id, str(timestamp), body)).decode(),
    }


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: int) -> str:
    """Returns the webhook id, or raises BadSignature. `now` is in seconds. Several signatures may be sent while keys rotate."""
    webhook_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not webhook_id or not timestamp.isascii() or not timestamp.isdigit():
        raise BadSignature("headers are missing")
    if abs(now - int(timestamp)) > TOLERANCE_S:
        raise BadSignature("outside the time window")
    expected = _mac(secret, webhook_id, timestamp, body)
    for candidate in headers.get("webhook-signature", "").split():
        version, _, value = candidate.partition(",")
        if version == "v1" and hmac.compare_digest(_decoded(value), expected):
            return webhook_id
    raise BadSignature("no signature fits")


def _mac(secret: str, webhook_id: str, timestamp: str, body: bytes) -> bytes:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return hmac.new(key, f"{webhook_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""
