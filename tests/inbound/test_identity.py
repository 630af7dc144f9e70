"""Who may come in: the public key with its exact origins, and what the shop signed about a shopper."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from chat_server.core.inbox import Inbox
from chat_server.errors import ClientError, Code
from chat_server.flows.people import Claims
from chat_server.inbound.auth import identity, inbox_for
from chat_server.inbound.order_links import order_link
from tests.flows.world import inbox

NOW = 1_795_000_000
SECRET = "a-secret-of-the-shop-that-is-long-enough-for-every-kind-of-hash-function"
SHOP = inbox(identity_secret=SECRET)


def token(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    told = {"aud": SHOP.key, "sub": "c-1", "iat": NOW, "exp": NOW + 3600, **claims}
    return jwt.encode({name: value for name, value in told.items() if value is not None}, secret, algorithm=algorithm)


def handmade(header: dict[str, Any], claims: dict[str, Any], key: bytes | None = None) -> str:
    """A token that no library would make."""

    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    signed = f"{part(header)}.{part(claims)}"
    mac = b"" if key is None else hmac.digest(key, signed.encode(), hashlib.sha256)
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def refused(given: str, shop: Inbox = SHOP, now: float = NOW) -> bool:
    with pytest.raises(ClientError) as error:
        identity(shop, given, now)
    assert not given or given not in error.value.message
    return error.value.code is Code.UNAUTHENTICATED


def test_a_good_token_tells_who_it_is() -> None:
    found = identity(SHOP, token(name="Demo customer", email="a@example.com", phone="+48 600 000 000", locale="pl"), NOW)
    assert found == Claims("c-1", "Demo customer", "a@example.com", "+48 600 000 000", expired=False)
    assert identity(SHOP, None, NOW) is None


def test_masked_and_odd_details_are_not_taken() -> None:
    assert identity(SHOP, token(name="A***", email=5, phone=""), NOW) == Claims("c-1", None, None, None, expired=False)
    long = identity(SHOP, token(name="x" * 1000), NOW)
    assert long is not None
    assert long.name == "x" * 254


CLAIMS = {"aud": SHOP.key, "sub": "c-1", "iat": NOW, "exp": NOW + 3600}
FORGED = {
    "another secret": token("another-secret-of-another-shop-that-is-long-enough-for-every-kind-of-hash"),
    "another inbox": token(aud="pk_other"),
    "no aud": token(aud=None),
    "a list without us": token(aud=["pk_other", "pk_third"]),
    "no sub": token(sub=None),
    "empty sub": token(sub=""),
    "long sub": token(sub="c" * 129),
    "sub is a number": handmade({"alg": "HS256"}, {**CLAIMS, "sub": 7}, SECRET.encode()),
    "no exp": token(exp=None),
    "no iat": token(iat=None),
    "longer than an hour": token(exp=NOW + 3601),
    "from the future": token(iat=NOW + 61, exp=NOW + 3600),
    "exp is a word": handmade({"alg": "HS256"}, {**CLAIMS, "exp": "soon"}, SECRET.encode()),
    "exp is no number": handmade({"alg": "HS256"}, {**CLAIMS, "exp": float("nan")}, SECRET.encode()),
    "exp is infinite": handmade({"alg": "HS256"}, {**CLAIMS, "iat": float("inf"), "exp": float("inf")}, SECRET.encode()),
    "alg none": handmade({"alg": "none"}, CLAIMS),
    "alg None": handmade({"alg": "None"}, CLAIMS, SECRET.encode()),
    "alg HS384": token(algorithm="HS384"),
    "no alg": handmade({"typ": "JWT"}, CLAIMS, SECRET.encode()),
    "not yet": token(nbf=10**11),
    "a critical extension": handmade({"alg": "HS256", "crit": ["x"]}, CLAIMS, SECRET.encode()),
    "cut": token()[:-2],
    "empty": "",
    "a word": "x",
    "not ASCII": "zażółć.gęślą.jaźń",
    "dots": "...",
}


@pytest.mark.parametrize("given", FORGED.values(), ids=FORGED)
def test_a_forged_token_is_refused(given: str) -> None:
    assert refused(given)


def test_an_expired_token_says_so_and_is_no_reason_to_refuse_a_chat() -> None:
    assert identity(SHOP, token(), NOW + 3601) == Claims("c-1", None, None, None, expired=True)
    assert identity(SHOP, token(), NOW + 3599) == Claims("c-1", None, None, None, expired=False)


def test_an_inbox_without_a_secret_takes_no_token() -> None:
    for secret in (None, ""):
        shop = inbox(identity_secret=secret)
        assert refused(token(), shop)
        for empty in ("", "\0"):
            assert refused(handmade({"alg": "HS256"}, CLAIMS, empty.encode()), shop), "what anybody could sign"


def test_an_inbox_without_a_secret_takes_no_order_link() -> None:
    claims = {"aud": SHOP.key, "iat": NOW, "exp": NOW + 60, "order": "A-1", "jti": "a-link-of-ours", "purpose": "order"}
    assert order_link(SHOP, handmade({"alg": "HS256"}, claims, SECRET.encode()), NOW).order_id == "A-1"
    for secret in (None, ""):
        with pytest.raises(ClientError) as error:
            order_link(inbox(identity_secret=secret), handmade({"alg": "HS256"}, claims, b""), NOW)
        assert error.value.code is Code.BAD_REQUEST
        assert "identity_secret" in error.value.message


def test_an_ed25519_key_verifies_and_cannot_be_used_as_a_shared_secret() -> None:
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    shop = inbox(identity_secret=public)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert identity(shop, token(pem, "EdDSA"), NOW) == Claims("c-1", None, None, None, expired=False)
    assert refused(handmade({"alg": "HS256"}, CLAIMS, public.encode()), shop), "the public key is no HMAC secret"
    assert refused(token(), shop)
    assert refused(handmade({"alg": "none"}, CLAIMS), shop)


@pytest.mark.parametrize(
    "origin",
    ["https://shop.example.evil.example", "https://shop.example:444", "http://shop.example", "https://sub.shop.example", "null", "",
     "https://SHOP.example", "https://shop.example/", "https://shop.example@evil.example"],
)  # fmt: skip
def test_an_origin_is_exactly_on_the_list(origin: str) -> None:
    with pytest.raises(ClientError) as refused_:
        inbox_for({"demo": SHOP}, SHOP.key, origin)
    assert refused_.value.code is Code.FORBIDDEN


def test_the_listed_origin_and_a_client_that_is_no_browser_come_in() -> None:
    assert inbox_for({"demo": SHOP}, SHOP.key, "https://shop.example") is SHOP
    assert inbox_for({"demo": SHOP}, SHOP.key, None) is SHOP


@pytest.mark.parametrize("key", ["pk_other", "", "pk_demo ", "pk_dem", "zażółć", "\ud800"])
def test_a_key_that_no_inbox_has(key: str) -> None:
    with pytest.raises(ClientError) as refused_:
        inbox_for({"demo": SHOP}, key, None)
    assert refused_.value.code is Code.UNAUTHENTICATED
