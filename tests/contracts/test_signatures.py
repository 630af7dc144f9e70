"""Signature vectors: our two signers agree with each other, with a fixed vector, and with the senders' own where their folder stands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from examples.demo_shop import webhooks as shop
from order_status.shops.standard_webhooks import Verified, sign, verify
from tools.places import ROOT

VECTORS: Path = ROOT.parent / "shared" / "payloads" / "vectors" / "standard_webhooks.json"
SECRET = "whsec_" + "c2hvcGJlbGwtdGVzdC1zZWNyZXQtb25lLTAwMDE="
AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
BODY = '{"type":"order.updated","data":{"name":"zażółć 👍"}}'.encode()


def test_the_servers_and_the_shops_signer_agree() -> None:
    ours, theirs = sign(SECRET, "msg_1", AT, BODY), shop.sign(SECRET, "msg_1", int(AT.timestamp()), BODY)
    assert ours == theirs
    assert shop.verify(SECRET, ours, BODY, int(AT.timestamp())) == "msg_1"
    assert verify(theirs, BODY, [SECRET], AT) == Verified("msg_1")


def test_a_fixed_vector() -> None:
    signed = sign(SECRET, "msg_1", AT, b'{"type":"order.updated"}')["webhook-signature"]
    assert signed == "v1,e9zIKW4U1aP9ESRq3VGTtatIgi37zGGuDqoYT5rB+SU="


@pytest.mark.skipif(not VECTORS.exists(), reason="the folder of shared payloads does not stand beside the repository")
def test_the_senders_own_vectors() -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    assert len(vectors) >= 4
    for vector in vectors:
        headers = {name: vector[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
        at, body = int(vector["webhook-timestamp"]), vector["body"].encode()
        try:
            said = bool(shop.verify(vector["secret"], headers, body, at))
        except shop.BadSignature:
            said = False
        assert said is vector["valid"], vector["source"]
        if len(vector["secret"]) >= len("whsec_") + 32:
            assert isinstance(verify(headers, body, [vector["secret"]], datetime.fromtimestamp(at, UTC)), Verified) is vector["valid"]
