"""Standard Webhooks signatures, in and out: HMAC-SHA256 over `id.timestamp.body`, base64, `v1,`.

Pure. `verify` never raises: whatever the headers hold, the answer is Verified or Refused,
and a refusal says nothing about the secret. Walks b and e.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from order_status.shops.answers import Refused as Refused
from order_status.shops.answers import Verified as Verified

TOLERANCE_S = 300
SECRET_PREFIX = "whsec_"
SHORTEST_KEY = 24  # bytes, as the specification asks
MOST_SIGNATURES = 20  # a sender that rotates keys sends two

_ID = re.compile(r"[!-~]{1,200}\Z")
_SECONDS = re.compile(r"[0-9]{1,11}\Z")


def key_of(secret: str) -> bytes:
    """The key in a secret `whsec_<base64>`. Raises ValueError when it is not base64, or shorter than 24 bytes."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX).encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise ValueError("a webhook secret is whsec_ and base64") from error
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"a webhook secret holds at least {SHORTEST_KEY} bytes")
    return key


def sign(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of an outgoing message. Raises ValueError for an unusable secret."""
    seconds = str(int(at.timestamp()))
    signature = _signature(key_of(secret), message_id, seconds, body)
    return {"webhook-id": message_id, "webhook-timestamp": seconds, "webhook-signature": signature}


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> Verified | Refused:
    """Whether one of our secrets signed these raw bytes within five minutes of `now`.

    Header names may be in any case. The time it takes does not depend on which signature or secret fits.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    message_id, seconds, given = (lower.get(name) for name in ("webhook-id", "webhook-timestamp", "webhook-signature"))
    if not message_id or not seconds or not given:
        return Refused("no_signature")
    signatures = given.split(" ")
    if not _ID.match(message_id) or not _SECONDS.match(seconds) or len(signatures) > MOST_SIGNATURES:
        return Refused("bad_header")
    age = now.timestamp() - int(seconds)
    if age > TOLERANCE_S:
        return Refused("too_old")
    if age < -TOLERANCE_S:
        return Refused("too_new")
    offered = [signature.encode("utf-8", "replace") for signature in signatures]
    fits = False
    for secret in secrets:
        try:
            expected = _signature(key_of(secret), message_id, seconds, body).encode("ascii")
        except ValueError:
            continue
        for signature in offered:
            fits |= hmac.compare_digest(expected, signature)
    return Verified(message_id) if fits else Refused("bad_signature")


def _signature(key: bytes, message_id: str, seconds: str, body: bytes) -> str:
    signed = b".".join((message_id.encode("ascii"), seconds.encode("ascii"), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode("ascii")
