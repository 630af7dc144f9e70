"""Saleor: the order of our query, the payloads before it, and signatures by a key of a key set."""

from datetime import UTC, datetime
from typing import Any

import pytest

from order_status.events import Adjustment, Customer, OrderEvent
from order_status.shops import Ignored, Keyed, Malformed, Refused, Translated, Verified, saleor
from order_status.stages import ORDER_RANK, PAYMENTS, SHIPMENT_RANK
from tests.order_status.shops.bodies import NUMBER, saleor_fulfillment, saleor_order
from tests.order_status.shops.senders import KEY, OLDER_SECRET, OTHER_KEY, base64url, body_of, detached, jwks
from tests.order_status.shops.senders import saleor as signed
from tests.order_status.world import NOW

BODY = body_of(saleor_order())
KEYS = jwks(("1", KEY))


def said(document: object, topic: str = "order_updated") -> Translated:
    return saleor.translate(body_of(document), UTC, Verified("", topic=topic))


def order(*told: Any, **changed: Any) -> OrderEvent:
    answer = said(told[0] if told else saleor_order(**changed))
    assert isinstance(answer, Keyed), answer
    assert isinstance(answer.event, OrderEvent)
    return answer.event


def test_an_order() -> None:
    event = order()
    assert (event.head.order_id, event.head.number, event.head.total, event.head.currency) == ("T3JkZXI6MQ==", "1001", 14100, "PLN")
    assert event.head.placed_at == datetime(2026, 11, 20, 9, 12, 0, 461513, tzinfo=UTC)
    assert (event.head.locale, event.status, event.payment) == ("pl", "confirmed", "paid")
    assert event.customer == Customer("VXNlcjo3", "shopper@example.com", None, "Demo Customer")
    assert [(item.name, item.unit_price, item.product_id) for item in event.head.items] == [("Lamp black", 12900, "UHJvZHVjdDoz")]


@pytest.mark.parametrize(("status", "stage"), saleor.ORDER.items())
def test_statuses(status: str, stage: str) -> None:
    assert order(status=status.upper()).status == stage
    assert stage in ORDER_RANK


@pytest.mark.parametrize(("status", "payment"), saleor.PAYMENT.items())
def test_payments(status: str, payment: str) -> None:
    assert order(paymentStatus=status.upper()).payment == payment
    assert payment in PAYMENTS


def test_an_unknown_status_is_named() -> None:
    event = order(status="LOST", paymentStatus="BARTERED", fulfillments=[saleor_fulfillment("SENT_BY_PIGEON")])
    assert event.unknown == ("order:lost", "payment:bartered", "shipment:sent_by_pigeon")
    assert (event.status, event.shipments[0].stage) == ("lost?", "sent_by_pigeon?")


def test_a_draft_is_no_order_yet() -> None:
    assert said(saleor_order("DRAFT")) == Ignored("order.draft")


def test_fulfillments_are_parcels_and_returns_are_not() -> None:
    event = order(
        fulfillments=[saleor_fulfillment(), saleor_fulfillment("RETURNED", id="RnVsOjI="), saleor_fulfillment("REPLACED", id="3")]
    )
    (shipment,) = event.shipments
    assert (shipment.stage, shipment.tracking_number, shipment.item_ids) == ("shipped", NUMBER, ("T3JkZXJMaW5lOjE=",))
    assert event.adjustments == (Adjustment("RnVsOjI=", "return", "completed", 12900, datetime(2026, 11, 20, 9, 40, tzinfo=UTC)),)
    assert {stage for stage in saleor.FULFILLMENT.values() if stage} <= SHIPMENT_RANK.keys()


def test_a_tracking_number_that_is_an_address() -> None:
    (shipment,) = order(fulfillments=[saleor_fulfillment(trackingNumber="https://track.example/1")]).shipments
    assert (shipment.tracking_number, shipment.tracking_url) == (None, "https://track.example/1")


def test_refunds_are_the_transactions_events() -> None:
    at = "2026-11-20T09:50:00+00:00"
    events = [
        {"id": f"e{n}", "type": kind, "createdAt": at, "amount": {"amount": 12.5}} for n, kind in enumerate(["REFUND_SUCCESS", "CHARGE"])
    ]
    assert order(transactions=[{"events": events}]).adjustments == (
        Adjustment("e0", "refund", "completed", 1250, datetime(2026, 11, 20, 9, 50, tzinfo=UTC)),
    )


def test_a_subscription_may_bring_its_wrapping() -> None:
    plain = order()
    for document in ({"data": {"event": saleor_order()}}, {"event": saleor_order()}):
        assert order(document).head.items == plain.head.items


def older(**more: Any) -> dict[str, Any]:
    return {
        "id": "T3JkZXI6MQ==",
        "number": 53,
        "status": "partially fulfilled",
        "language_code": "pl",
        "currency": "PLN",
        "created": "2026-11-20 09:12:00.461513+00:00",
        "total_gross_amount": "141.00",
        "email": "shopper@example.com",
        "lines": [{"id": "L1", "product_name": "Lamp", "variant_name": "", "quantity": 1, "unit_price_gross_amount": "129.00"}],
        **more,
    }


def test_the_payloads_from_before_queries() -> None:
    told = {"notify_event": "order_fulfillment_confirmation", "payload": {"order": older(), "fulfillment": {"tracking_number": NUMBER}}}
    event = order(told)
    assert (event.head.order_id, event.head.number, event.head.total, event.status) == ("T3JkZXI6MQ==", "53", 14100, "confirmed")
    assert [(each.id, each.tracking_number, each.stage) for each in event.shipments] == [(NUMBER, NUMBER, "shipped")]
    parcel = {"id": "F1", "status": "fulfilled", "created": "2026-11-20T09:40:00+00:00", "tracking_number": NUMBER}
    listed = order([older(type="Order", fulfillments=[parcel], meta={"issued_at": "2026-11-20T09:41:00+00:00"})])
    assert [(each.id, each.stage) for each in listed.shipments] == [("F1", "shipped")]
    assert listed.head.stamp.at == datetime(2026, 11, 20, 9, 41, tzinfo=UTC)


@pytest.mark.parametrize(
    ("document", "topic", "answer"),
    [
        ({"product": {"id": "1"}}, "product_updated", Ignored("product_updated")),
        ({"order": {"id": "1"}}, "order_updated", Malformed("not an order with its lines - at `$.order`")),
        ({}, "", Malformed("not an order with its lines - at `$.order`")),
        ([], "order_updated", Malformed("not an object")),
        (saleor_order(total={}), "", Malformed("a currency is missing - at `$.order.total.gross.currency`")),
    ],
)
def test_what_is_not_taken_and_what_cannot_be_read(document: object, topic: str, answer: Translated) -> None:
    assert said(document, topic) == answer


def test_a_key_of_the_set_signs() -> None:
    assert saleor.verify(signed(BODY), BODY, [KEYS], NOW) == Verified("")
    assert saleor.verify(
        {"Saleor-Signature": detached(BODY, kid="2", key=OTHER_KEY)}, BODY, [jwks(("1", KEY), ("2", OTHER_KEY))], NOW
    ) == Verified("")
    assert saleor.verify({"saleor-signature": detached(BODY)}, BODY, [jwks(("2", OTHER_KEY)), KEYS], NOW) == Verified("")


def test_the_older_secret_signs_too() -> None:
    assert saleor.verify(signed(BODY, secret=OLDER_SECRET), BODY, [KEYS, OLDER_SECRET], NOW) == Verified("")
    assert saleor.verify(signed(BODY, secret=OLDER_SECRET), BODY, [KEYS], NOW) == Refused("bad_signature")
    assert saleor.verify(signed(BODY, secret=KEYS), BODY, [KEYS], NOW) == Refused("bad_signature")  # a public text is no secret


@pytest.mark.parametrize(
    ("signature", "reason"),
    [
        (detached(BODY, kid="9"), "unknown_key"),
        (detached(BODY, key=OTHER_KEY), "bad_signature"),
        (detached(BODY + b" "), "bad_signature"),
        (detached(BODY, b64=True, crit=None), "bad_signature"),
        (detached(BODY, alg="none"), "bad_header"),
        (detached(BODY, alg="HS256"), "bad_header"),
        (detached(BODY, crit=["b64", "exp"]), "bad_header"),
        (detached(BODY, crit=None), "bad_header"),
        (detached(BODY, crit=7), "bad_header"),
        (detached(BODY).replace("..", "."), "bad_header"),
        (detached(BODY).replace("..", ".e30."), "bad_header"),
        ("..", "bad_header"),
        ("a..b", "bad_header"),
        (base64url(b"[" * 1000) + ".." + base64url(b"x"), "bad_header"),
        ("ż..ó", "bad_header"),
        ("0" * 63, "bad_header"),
    ],
)
def test_other_signatures_are_refused_with_their_reason(signature: str, reason: str) -> None:
    assert saleor.verify({"Saleor-Signature": signature}, BODY, [KEYS], NOW) == Refused(reason)  # type: ignore[arg-type]  # parametrized as text


def test_what_is_no_key_set_signs_nothing() -> None:
    for text in (
        "{",
        "{}",
        '{"keys": 7}',
        '{"keys": [7, {}, {"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}',
        '{"keys": [{"kty": "RSA", "n": "!", "e": 1}]}',
    ):
        assert saleor.verify(signed(BODY), BODY, [text], NOW) == Refused("unknown_key")
        with pytest.raises(ValueError, match="RSA key"):
            saleor.check_secret(text)
    saleor.check_secret(KEYS)
