"""Detached JWS signatures (RFC 7515, 7797) with RS256 and a JSON Web Key Set. Pure: the key set is handed in as text.

`verify` never raises: whatever the header holds, the answer is Verified or Refused. Only RS256 is taken, whatever the header asks for.
Walk b.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from order_status.shops.answers import Refused, Verified

_BASE64URL = re.compile(r"[A-Za-z0-9_-]{1,2048}\Z")
_SHORTEST, _LONGEST = 2048, 8192  # bits of a modulus


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str | None = None
    b64: bool = True
    crit: tuple[str, ...] = ()


_header = msgspec.json.Decoder(_Header)
_any = msgspec.json.Decoder(Any)


def verify(signature: str, body: bytes, key_sets: Sequence[str]) -> Verified | Refused:
    """Whether a key of these sets signed these raw bytes. A signature that names no known key is `unknown_key`."""
    parts = signature.split(".")
    if len(parts) != 3 or parts[1] or not _BASE64URL.match(parts[0]) or not _BASE64URL.match(parts[2]):
        return Refused("bad_header")
    try:
        header, given = _header.decode(_decoded(parts[0])), _decoded(parts[2])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, binascii.Error):
        return Refused("bad_header")
    if header.alg != "RS256" or not set(header.crit) <= {"b64"} or (not header.b64 and "b64" not in header.crit):
        return Refused("bad_header")
    keys = [key for text in key_sets for kid, key in keys_of(text) if header.kid is None or kid == header.kid]
    payload = base64.urlsafe_b64encode(body).rstrip(b"=") if header.b64 else body
    signed = parts[0].encode("ascii") + b"." + payload
    if any(_fits(key, given, signed) for key in keys):
        return Verified("")
    return Refused("bad_signature" if keys and header.kid is not None else "unknown_key")


def is_key_set(text: str) -> bool:
    return text.lstrip().startswith("{")


@lru_cache(maxsize=64)
def keys_of(text: str) -> tuple[tuple[str | None, RSAPublicKey], ...]:
    """The RSA keys of a set that may sign, with their ids; what cannot be read is left out."""
    try:
        document = _any.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return ()
    entries = document.get("keys") if isinstance(document, dict) else None
    found = (_key(entry) for entry in (entries if isinstance(entries, list) else [])[:20])
    return tuple(key for key in found if key is not None)


def _key(entry: object) -> tuple[str | None, RSAPublicKey] | None:
    if not isinstance(entry, dict) or entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
        return None
    try:
        modulus, exponent = (int.from_bytes(_decoded(entry[name]), "big") for name in ("n", "e"))
        if not _SHORTEST <= modulus.bit_length() <= _LONGEST or exponent.bit_length() > 64:
            return None
        kid = entry.get("kid")
        return kid if isinstance(kid, str) else None, RSAPublicNumbers(exponent, modulus).public_key()
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _fits(key: RSAPublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
