"""How each backend signs and sends, written from its description and not from our modules; and one source of each kind for the tests."""

import base64
import hashlib
import hmac
import json
import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from order_status import SourceConfig
from order_status.shops.standard_webhooks import sign
from tests.order_status.world import NOW
from tests.order_status.world import SECRET as NATIVE_SECRET

Json = dict[str, Any]
PLAIN_SECRET = "a plain secret of a shop"
OLDER_SECRET = "the plain secret before it"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def body_of(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _mac(secret: str, body: bytes) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).digest()


def _base64(secret: str, body: bytes) -> str:
    return base64.b64encode(_mac(secret, body)).decode()


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwks(*keys: tuple[str, rsa.RSAPrivateKey]) -> str:
    """A key set as Saleor publishes it."""

    def number(value: int) -> str:
        return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))

    numbers = [(kid, key.public_key().public_numbers()) for kid, key in keys]
    entries = [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": kid, "n": number(key.n), "e": number(key.e)} for kid, key in numbers]
    return json.dumps({"keys": entries})


def detached(body: bytes, kid: str = "1", key: rsa.RSAPrivateKey = KEY, **changed: Any) -> str:
    """A detached JWS over the raw body. A changed header field of None is left out."""
    fields = {"alg": "RS256", "kid": kid, "b64": False, "crit": ["b64"], "typ": "JWT", **changed}
    head = base64url(json.dumps({name: value for name, value in fields.items() if value is not None}).encode())
    return f"{head}..{base64url(key.sign(head.encode() + b'.' + body, padding.PKCS1v15(), SHA256()))}"


def shopify(body: bytes, topic: str = "orders/updated", ident: str | None = None, secret: str = PLAIN_SECRET) -> dict[str, str]:
    ident = ident or hashlib.sha256(body).hexdigest()[:20]
    return {"X-Shopify-Hmac-Sha256": _base64(secret, body), "X-Shopify-Topic": topic, "X-Shopify-Webhook-Id": ident}


def woocommerce(body: bytes, topic: str = "order.updated", secret: str = PLAIN_SECRET) -> dict[str, str]:
    return {"X-WC-Webhook-Signature": _base64(secret, body), "X-WC-Webhook-Topic": topic, "X-WC-Webhook-Delivery-ID": "d-1"}


def saleor(body: bytes, topic: str = "order_updated", secret: str = "") -> dict[str, str]:
    return {"Saleor-Signature": _mac(secret, body).hex() if secret else detached(body), "Saleor-Event": topic}


def shopware(body: bytes, topic: str = "", secret: str = PLAIN_SECRET) -> dict[str, str]:
    return {"shopware-shop-signature": _mac(secret, body).hex()}


def aftership(body: bytes, topic: str = "", secret: str = PLAIN_SECRET) -> dict[str, str]:
    return {"aftership-hmac-sha256": _base64(secret, body)}


def easypost(body: bytes, topic: str = "", secret: str = PLAIN_SECRET) -> dict[str, str]:
    return {"X-Hmac-Signature": "hmac-sha256-hex=" + _mac(unicodedata.normalize("NFKD", secret), body).hex()}


def shippo(body: bytes, topic: str = "", secret: str = PLAIN_SECRET, at: datetime = NOW) -> dict[str, str]:
    seconds = str(int(at.timestamp()))
    return {"Shippo-Auth-Signature": f"t={seconds},v1={_mac(secret, seconds.encode() + b'.' + body).hex()}"}


def inpost(body: bytes, topic: str = "") -> dict[str, str]:
    return {}


def native(body: bytes, topic: str = "", secret: str = NATIVE_SECRET) -> dict[str, str]:
    return sign(secret, "msg_" + hashlib.sha256(body).hexdigest()[:20], NOW, body)


Sign = Callable[..., dict[str, str]]
SIGN: dict[str, Sign] = {
    "native": native,
    "shopify": shopify,
    "woocommerce": woocommerce,
    "saleor": saleor,
    "shopware": shopware,
    "aftership": aftership,
    "easypost": easypost,
    "shippo": shippo,
    "inpost": inpost,
}
SIGNED = [kind for kind in SIGN if kind != "inpost"]
SECRETS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(SIGN, (PLAIN_SECRET, OLDER_SECRET)),
    "native": (NATIVE_SECRET,),
    "saleor": (jwks(("1", KEY)), OLDER_SECRET),
    "inpost": (),
}


def source(kind: str, **changed: Any) -> SourceConfig:
    """A source with an address that nobody guesses."""
    fields: Json = {
        "id": f"{kind}-0123456789abcdefghijklmn",
        "inbox_id": "demo",
        "kind": kind,
        "secrets": SECRETS[kind],
        "debounce_s": 20,
        "timezone": "Europe/Warsaw",
    }
    return SourceConfig(**{**fields, **changed})
