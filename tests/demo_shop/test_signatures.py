"""Webhook signatures against vectors that were computed with openssl, and everything that must be refused."""

import pytest

from examples.demo_shop.webhooks import BadSignature, sign, verify

SECRET = "whsec_a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
BODY = '{"type":"order.updated","data":{"number":"1001","name":"Żółw"}}'.encode()
NOW = 1764000000
# printf '%s' "msg_1.1764000000.$BODY" | openssl dgst -sha256 -mac HMAC -macopt hexkey:… -binary | base64
GOOD = {"webhook-id": "msg_1", "webhook-timestamp": "1764000000", "webhook-signature": "v1,PGs3v7ZV+u8vfW/UmmQ0nNPbdmc5VHbpRYm8c8KoPVY="}


def test_signs_as_openssl_does() -> None:
    assert sign(SECRET, "msg_1", NOW, BODY) == GOOD


def test_signs_another_key_and_an_empty_object() -> None:
    headers = sign("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "off_0123", 1764000001, b"{}")
    assert headers["webhook-signature"] == "v1,tPo9p9stsrSKKlyQLBXedrzQtjF3Ke558OoFSlKlpl8="


def test_accepts_its_own_and_one_of_several() -> None:
    assert verify(SECRET, GOOD, BODY, NOW) == "msg_1"
    several = "v1,AAAA v2," + GOOD["webhook-signature"][3:] + " " + GOOD["webhook-signature"]
    assert verify(SECRET, GOOD | {"webhook-signature": several}, BODY, NOW + 299) == "msg_1"


@pytest.mark.parametrize(
    ("headers", "body", "now"),
    [
        (GOOD, BODY + b" ", NOW),
        (GOOD | {"webhook-id": "msg_2"}, BODY, NOW),
        (GOOD | {"webhook-timestamp": "1764000001"}, BODY, NOW),
        (GOOD | {"webhook-timestamp": "soon"}, BODY, NOW),
        (GOOD | {"webhook-timestamp": "²"}, BODY, NOW),
        (GOOD | {"webhook-timestamp": ""}, BODY, NOW),
        (GOOD | {"webhook-signature": ""}, BODY, NOW),
        (GOOD | {"webhook-signature": GOOD["webhook-signature"].replace("v1", "v2")}, BODY, NOW),
        (GOOD | {"webhook-signature": "v1,not base64 ż"}, BODY, NOW),
        (GOOD, BODY, NOW + 301),
        (GOOD, BODY, NOW - 301),
        ({}, BODY, NOW),
    ],
)
def test_refuses(headers: dict[str, str], body: bytes, now: int) -> None:
    with pytest.raises(BadSignature):
        verify(SECRET, headers, body, now)
