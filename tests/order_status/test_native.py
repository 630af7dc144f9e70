"""The native event: what is taken, how it is read, and what is refused with which words."""

import json
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from order_status.events import Customer, Due, OrderEvent, Settlement, Stamp
from order_status.shops.native import Ignored, Malformed, translate
from tests.order_status.world import envelope, order, parcel

WARSAW = ZoneInfo("Europe/Warsaw")
AT = "2026-11-20T10:00:00Z"


def read(data: dict[str, Any], at: str = AT, zone: ZoneInfo = WARSAW) -> OrderEvent:
    event = translate(envelope(data, at), zone)
    assert isinstance(event, OrderEvent), event
    return event


def refused(body: bytes) -> str:
    event = translate(body, WARSAW)
    assert isinstance(event, Malformed), event
    return event.message


def test_the_whole_example_is_read() -> None:
    event = read(
        order(
            7,
            parcel(
                "in_transit",
                "2026-11-21T08:00:00+01:00",
                carrier="inpost",
                tracking_number="630",
                tracking_url="https://track.example/630",
                item_ids=["1"],
                promised="2026-11-23",
                eta="2026-11-25",
                reason=None,
                scans=[{"stage": "shipped", "at": "2026-11-20T20:00:00Z", "place": "Łódź"}],
            ),
            test=False,
            notify=True,
            payment={"status": "paid", "reason": None},
            adjustments=[{"id": "r-1", "kind": "refund", "status": "completed", "amount": 1200, "at": AT}],
            measures=[{"id": "m-1", "text": {"en": "We took the delivery fee off", "pl": "…"}, "worth": 1200, "at": AT}],
        )
    )
    assert event.head.stamp.version == 7
    assert event.head.stamp.at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert event.customer == Customer("c-7", "c7@example.com", None, "Demo customer A")
    (shipment,) = event.shipments
    assert shipment.at == datetime(2026, 11, 21, 7, tzinfo=UTC)
    assert (shipment.promised, shipment.eta) == (Due(date(2026, 11, 23)), Due(date(2026, 11, 25)))
    assert shipment.scans[0].place == "Łódź"
    assert (event.payment, event.adjustments[0].amount, event.measures[0].worth) == ("paid", 1200, 1200)
    assert event.unknown == ()


def test_a_short_order_is_enough() -> None:
    data = {name: order()[name] for name in ("order_id", "number", "placed_at", "currency", "total", "status")}
    event = read(data)
    assert (event.customer, event.payment, event.shipments, event.head.stamp.version) == (None, None, (), -1)
    assert event.head.notify
    assert not event.head.test


def test_a_time_without_an_offset_is_read_in_the_zone_of_the_source() -> None:
    assert read(order(placed_at="2026-11-20 10:12")).head.placed_at == datetime(2026, 11, 20, 9, 12, tzinfo=UTC)
    assert read(order(placed_at="2026-07-20T10:12:00.5")).head.placed_at == datetime(2026, 7, 20, 8, 12, 0, 500000, tzinfo=UTC)
    assert read(order(), at="2026-11-20T10:00:00").head.stamp.at == datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-11-25", "2026-11-25T00:00:00Z", "2026-11-25T00:00:00.000Z", "2026-11-25T00:00:00+00:00"])
def test_midnight_utc_as_an_eta_is_a_date_in_every_zone(text: str) -> None:
    for zone in ("Europe/Warsaw", "America/Los_Angeles", "Asia/Kolkata"):
        assert read(order(1, parcel(eta=text)), zone=ZoneInfo(zone)).shipments[0].eta == Due(date(2026, 11, 25))


def test_any_other_eta_has_a_time_and_its_day_at_the_shop() -> None:
    eta = read(order(1, parcel(eta="2026-11-25T23:30:00Z"))).shipments[0].eta
    assert eta == Due(date(2026, 11, 26), datetime(2026, 11, 25, 23, 30, tzinfo=UTC))


@pytest.mark.parametrize("email", ["", "j***@example.com", "****"])
def test_an_empty_or_masked_address_is_absent(email: str) -> None:
    customer = read(order(customer={"id": "c-7", "email": email, "phone": "+48 *** *** 123"})).customer
    assert customer == Customer("c-7")


@pytest.mark.parametrize("customer", [None, {}, {"id": ""}, {"id": None, "email": ""}])
def test_a_guest_who_left_nothing_is_no_customer(customer: dict[str, Any] | None) -> None:
    assert read(order(customer=customer)).customer is None


def test_a_guest_with_an_address_has_no_id() -> None:
    assert read(order(customer={"email": "g@example.com"})).customer == Customer(None, "g@example.com")


def test_unknown_values_of_a_status_are_taken_and_named() -> None:
    event = read(
        order(
            1,
            parcel("teleported", scans=[{"stage": "beamed", "at": AT}, {"stage": "shipped", "at": AT}]),
            status="dreaming",
            payment={"status": "bartered"},
            adjustments=[{"id": "a", "kind": "gift", "status": "wrapped", "at": AT}],
        )
    )
    assert event.unknown == (
        "order:dreaming",
        "payment:bartered",
        "shipment:beamed",
        "shipment:teleported",
        "adjustment:wrapped",
        "adjustment_kind:gift",
    )


def test_ids_longer_than_a_double_keep_every_digit() -> None:
    assert read(order(order_id="820982911946154508123")).head.order_id == "820982911946154508123"


def test_a_settled_offer_is_read() -> None:
    body = envelope({"offer_id": "off_1", "status": "refused", "reason": "too late"}, AT, "offer.settled")
    assert translate(body, WARSAW) == Settlement("off_1", "refused", "too late", datetime(2026, 11, 20, 10, tzinfo=UTC))


def test_known_topics_that_are_not_taken_yet() -> None:
    assert translate(envelope({"anything": [1]}, AT, "contact.updated"), WARSAW) == Ignored("contact.updated")


def test_the_same_body_has_the_same_stamp() -> None:
    assert read(order()).head.stamp == read(order()).head.stamp
    assert isinstance(read(order()).head.stamp, Stamp)
    assert read(order()).head.stamp != read(order(total=1)).head.stamp


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (order(colour="red"), "Object contains unknown field `colour` - at `$.data`"),
        (order(order_id=1001), "Expected `str`, got `int` - at `$.data.order_id`"),
        (order(order_id=""), "Expected `str` of length >= 1 - at `$.data.order_id`"),
        (order(order_id="a\x00b"), "Expected `str` matching regex '^[^\\\\u0000]*$' - at `$.data.order_id`"),
        (order(total="14100"), "Expected `int`, got `str` - at `$.data.total`"),
        (order(total=141.5), "Expected `int`, got `float` - at `$.data.total`"),
        (order(total=-1), "Expected `int` >= 0 - at `$.data.total`"),
        (order(status=None), "Expected `str`, got `null` - at `$.data.status`"),
        (order(currency="zł"), "Expected `str` matching regex '^[A-Z]{3}$' - at `$.data.currency`"),
        (order(placed_at="2026-02-31T10:00:00Z"), "a time that does not exist - at `$.data.placed_at`"),
        (order(placed_at="2026-11-20T24:00:00Z"), "a time that does not exist - at `$.data.placed_at`"),
        (order(1, parcel(eta="2026-02-31")), "a date that does not exist - at `$.data.shipments[...].eta`"),
        (order(1, parcel(), parcel()), "two shipments with one id - at `$.data.shipments`"),
        (order(1, parcel(colour="red")), "Object contains unknown field `colour` - at `$.data.shipments[0]`"),
        ({}, "Object missing required field `order_id` - at `$.data`"),
    ],
)
def test_a_refusal_names_the_place(data: dict[str, Any], message: str) -> None:
    assert refused(envelope(data, AT)) == message


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//x", "https://x y", "https://", "ftp://x", 'https://x"onload=']
)
def test_only_web_addresses_are_addresses(url: str) -> None:
    assert "$.data.shipments[0].tracking_url" in refused(envelope(order(1, parcel(tracking_url=url)), AT))


@pytest.mark.parametrize("when", ["yesterday", "1795168800", "2026-11-20", "2026-W47-5T10:00", "0001-01-01T00:00:00Z", "20261120T1000", ""])
def test_only_plain_times_are_times(when: str) -> None:
    assert "$.timestamp" in refused(envelope(order(), when))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[]", "Expected `object`, got `array`"),
        (b"[" * 200_000, "Expected `object`, got `array`"),
        (b'{"type":"contact.updated","timestamp":"2026-11-20T10:00:00Z","data":' + b"[" * 100_000, "nested too deep"),
        (b'{"type":"contact.updated","timestamp":"2026-11-20T10:00:00Z","data":3}', "Expected `object`, got `int` - at `$.data`"),
        (b'{"type":"order.created","timestamp":"2026-11-20T10:00:00Z","data":{}}', "unknown type - at `$.type`"),
        (b'{"type":"order.updated","data":{}}', "Object missing required field `timestamp`"),
        (b'{"type":"order.updated","timestamp":"2026-11-20T10:00:00Z","data":{},"x":1}', "Object contains unknown field `x`"),
        (b'{"type":"order.updated","timestamp":"2026-11-20T10:00:00Z","data":{"order_id":"\\ud800"}}', "not JSON"),
    ],
)
def test_what_is_no_event_is_refused(body: bytes, message: str) -> None:
    assert refused(body) == message


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "stage", "at", "order_id", "x"]), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.sampled_from(sorted(order())), _json)
def test_whatever_stands_in_a_field_there_is_an_answer(field: str, value: object) -> None:
    body = json.dumps({"type": "order.updated", "timestamp": AT, "data": {**order(), field: value}}).encode()
    assert isinstance(translate(body, WARSAW), OrderEvent | Malformed)


@settings(deadline=None)
@given(st.binary())
def test_whatever_bytes_come_there_is_an_answer(body: bytes) -> None:
    assert isinstance(translate(body, WARSAW), Malformed)
