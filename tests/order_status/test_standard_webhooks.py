"""Signatures in and out: our own vectors, the senders' where their folder stands, and headers that nobody should send."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from order_status.shops.standard_webhooks import Refused, Verified, key_of, sign, verify
from tests.order_status.world import NOW, OLD_SECRET, SECRET

BODY = b'{"type":"order.updated"}'
SHARED = Path(__file__).resolve().parents[3] / "shared" / "payloads" / "vectors" / "standard_webhooks.json"


def headers(**changed: str | None) -> dict[str, str]:
    made: dict[str, str | None] = dict(sign(SECRET, "msg_1", NOW, BODY))
    made.update({name.replace("_", "-"): value for name, value in changed.items()})
    return {name: value for name, value in made.items() if value is not None}


def test_a_signature_is_what_the_specification_says() -> None:
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    digest = hmac.new(key, b"msg_1." + str(int(NOW.timestamp())).encode() + b"." + BODY, hashlib.sha256).digest()
    assert sign(SECRET, "msg_1", NOW, BODY) == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1795168800",
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def test_our_vector() -> None:
    """Fixed, so that a change of the algorithm on both sides is seen."""
    assert sign(SECRET, "msg_1", NOW, BODY)["webhook-signature"] == "v1,e9zIKW4U1aP9ESRq3VGTtatIgi37zGGuDqoYT5rB+SU="


def test_a_signed_body_is_verified_with_any_of_our_secrets_and_any_case_of_header_names() -> None:
    assert verify(headers(), BODY, [SECRET], NOW) == Verified("msg_1")
    assert verify(headers(), BODY, [OLD_SECRET, SECRET], NOW) == Verified("msg_1")
    assert verify({name.upper(): value for name, value in headers().items()}, BODY, [SECRET], NOW) == Verified("msg_1")


def test_one_fitting_signature_of_several_is_enough() -> None:
    good = headers()["webhook-signature"]
    several = f"v1,AAAA v1a,{good[3:]} {good} v1,BBBB"
    assert verify(headers(webhook_signature=several), BODY, [SECRET], NOW) == Verified("msg_1")


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_five_minutes_either_way_are_inside(seconds: int) -> None:
    assert verify(headers(), BODY, [SECRET], NOW + timedelta(seconds=seconds)) == Verified("msg_1")


def test_later_or_earlier_is_outside() -> None:
    assert verify(headers(), BODY, [SECRET], NOW + timedelta(seconds=301)) == Refused("too_old")
    assert verify(headers(), BODY, [SECRET], NOW - timedelta(seconds=301)) == Refused("too_new")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"webhook_id": None}, "no_signature"),
        ({"webhook_timestamp": None}, "no_signature"),
        ({"webhook_signature": None}, "no_signature"),
        ({"webhook_id": ""}, "no_signature"),
        ({"webhook_id": "msg 1"}, "bad_header"),
        ({"webhook_id": "msg_1\n"}, "bad_header"),
        ({"webhook_id": "msg_ł"}, "bad_header"),
        ({"webhook_id": "m" * 201}, "bad_header"),
        ({"webhook_timestamp": "now"}, "bad_header"),
        ({"webhook_timestamp": "1795168800.0"}, "bad_header"),
        ({"webhook_timestamp": "+1795168800"}, "bad_header"),
        ({"webhook_timestamp": "1_795_168_800"}, "bad_header"),
        ({"webhook_timestamp": "١٧٩٥١٦٨٨٠٠"}, "bad_header"),
        ({"webhook_timestamp": "9" * 5000}, "bad_header"),
        ({"webhook_timestamp": "-1"}, "bad_header"),
        ({"webhook_timestamp": "0"}, "too_old"),
        ({"webhook_signature": "v1," + "A" * 44 + " v1,A" * 40}, "bad_header"),
        ({"webhook_signature": "v1"}, "bad_signature"),
        ({"webhook_signature": "v1,"}, "bad_signature"),
        ({"webhook_signature": "v1,\udcff\udc80"}, "bad_signature"),
        ({"webhook_signature": "v1,żółć"}, "bad_signature"),
        ({"webhook_signature": "v1,===="}, "bad_signature"),
        ({"webhook_id": "msg_2"}, "bad_signature"),
        ({"webhook_timestamp": "1795168801"}, "bad_signature"),
    ],
)
def test_headers_that_do_not_fit_are_refused_with_their_reason(changed: dict[str, str | None], reason: str) -> None:
    assert verify(headers(**changed), BODY, [SECRET], NOW) == Refused(reason)  # type: ignore[arg-type]  # parametrized as text


def test_another_version_of_a_fitting_signature_is_not_one() -> None:
    good = headers()["webhook-signature"]
    for spoiled in (good.replace("v1,", "v2,"), good.replace("v1,", "v1a,"), good.replace("v1,", "V1,"), good[3:], good[:-1], good + "="):
        assert verify(headers(webhook_signature=spoiled), BODY, [SECRET], NOW) == Refused("bad_signature")


def test_another_byte_in_the_body_is_refused() -> None:
    for body in (BODY + b" ", BODY[:-1], b"", BODY.replace(b"order", b"0rder"), b"\xff" * 20):
        assert verify(headers(), body, [SECRET], NOW) == Refused("bad_signature")


def test_without_a_usable_secret_nothing_is_verified() -> None:
    for secrets in ([], [""], ["whsec_"], ["whsec_not base64!"], ["whsec_żółć"], ["whsec_c2hvcnQ="]):
        assert verify(headers(), BODY, secrets, NOW) == Refused("bad_signature")


def test_a_secret_is_base64_and_long_enough() -> None:
    assert len(key_of(SECRET)) >= 24
    for secret in ("", "whsec_", "whsec_c2hvcnQ=", "whsec_!", "plain", "whsec_" + "ł" * 40):
        with pytest.raises(ValueError, match="webhook secret"):
            key_of(secret)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "x"]), st.text()), st.binary())
def test_verify_answers_whatever_comes(hostile: dict[str, str], body: bytes) -> None:
    assert isinstance(verify(hostile, body, [SECRET], NOW), Refused)


def _vectors() -> list[dict[str, Any]]:
    return json.loads(SHARED.read_text(encoding="utf-8")) if SHARED.exists() else []


@pytest.mark.skipif(not SHARED.exists(), reason="the senders' vectors do not stand beside the project")
def test_the_vectors_of_the_specification() -> None:
    vectors = _vectors()
    assert len(vectors) > 3
    for vector in vectors:
        now = datetime.fromtimestamp(int(vector["webhook-timestamp"]), UTC)
        verdict = verify(vector, vector["body"].encode(), [vector["secret"]], now)
        assert (verdict == Verified(vector["webhook-id"])) is vector["valid"], vector
