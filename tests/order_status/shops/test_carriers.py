"""The four that tell of parcels only: histories become marks, details beat statuses, tests are quiet, nothing is guessed."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from order_status.events import Due, OrderFragment, Track
from order_status.shops import Ignored, Keyed, Malformed, Refused, Translated, Verified, aftership, easypost, inpost, shippo
from order_status.stages import SHIPMENT_RANK, number_key
from tests.order_status.shops.bodies import (
    PLAIN_NUMBER,
    aftership_update,
    checkpoint,
    detail,
    easypost_event,
    inpost_event,
    shippo_status,
    shippo_update,
)
from tests.order_status.shops.senders import PLAIN_SECRET, body_of
from tests.order_status.shops.senders import easypost as easypost_signed
from tests.order_status.world import NOW

ZONE = ZoneInfo("Europe/Warsaw")
SHOPS: dict[str, Any] = {"aftership": aftership, "easypost": easypost, "shippo": shippo, "inpost": inpost}
TABLES = [aftership.TAG, aftership.SUBTAG, easypost.STATUS, easypost.DETAIL, shippo.STATUS, shippo.SUBSTATUS, inpost.STATUS]


def said(kind: str, document: object) -> Translated:
    answer: Translated = SHOPS[kind].translate(body_of(document), ZONE, Verified(""))
    return answer


def part(kind: str, document: object) -> OrderFragment:
    told = said(kind, document)
    assert isinstance(told, Keyed), told
    assert isinstance(told.event, OrderFragment)
    return told.event


def track(kind: str, document: object) -> Track:
    (found,) = part(kind, document).tracks
    assert (found.key, found.teller) == (number_key(PLAIN_NUMBER), kind)
    return found


def marks(kind: str, document: object) -> list[tuple[str, str]]:
    return [(mark.stage, mark.at.strftime("%d %H:%M")) for mark in track(kind, document).marks]


def test_aftership_tells_a_history_in_the_sources_zone() -> None:
    update = aftership_update(
        checkpoint("InfoReceived", "2026-11-20T09:00:00"),
        checkpoint("InTransit", "2026-11-20T10:30:00", "InTransit_002"),
        checkpoint("OutForDelivery", "2026-11-21T07:00:00+01:00"),
        checkpoint("AttemptFail", "2026-11-21T12:00:00+01:00"),
        checkpoint("Exception", "2026-11-22T08:00:00", "Exception_010"),
        expected_delivery="2026-11-24",
        courier_tracking_link="https://track.example/a",
    )
    assert marks("aftership", update) == [
        ("preparing", "20 08:00"),
        ("shipped", "20 09:30"),
        ("out_for_delivery", "21 06:00"),
        ("delivery_failed", "21 11:00"),
        ("returning", "22 07:00"),
    ]
    found = track("aftership", update)
    assert (found.carrier, found.tracking_url, found.eta) == (
        "inpost",
        "https://track.example/a",
        Due(datetime(2026, 11, 24, tzinfo=UTC).date()),
    )
    assert found.stamp.at == datetime.fromtimestamp(1795168200, UTC)


def test_aftership_without_checkpoints_tells_of_now() -> None:
    assert marks("aftership", aftership_update(tag="Delivered")) == [("delivered", "20 09:50")]
    assert marks("aftership", aftership_update(tag="Exception", subtag="Exception_013")) == [("lost", "20 09:50")]
    exception = track("aftership", aftership_update(tag="Exception", subtag="Exception_004", subtag_message="customs"))
    assert (exception.marks, exception.reason) == ((), "customs")


def test_easypost_tells_a_history() -> None:
    event = easypost_event(
        detail("pre_transit", "2026-11-20T08:00:00Z"),
        detail("in_transit", "2026-11-20T09:00:00Z", "received_at_origin_facility"),
        detail("in_transit", "2026-11-20T09:30:00Z"),
        detail("failure", "2026-11-20T09:45:00Z", "unable_to_deliver"),
        status="failure",
    )
    assert marks("easypost", event) == [
        ("preparing", "20 08:00"),
        ("shipped", "20 09:00"),
        ("in_transit", "20 09:30"),
        ("delivery_failed", "20 09:45"),
    ]
    found = track("easypost", event)
    assert (found.reason, found.eta) == ("said", Due(datetime(2026, 11, 24, tzinfo=UTC).date()))
    assert {mark.place for mark in found.marks} == {"Łódź, PL"}


def test_shippo_tells_a_history_and_repeats_its_last_line() -> None:
    update = shippo_update(
        shippo_status("PRE_TRANSIT", "2026-11-20T08:00:00Z", "information_received"),
        shippo_status("TRANSIT", "2026-11-20T09:00:00Z", "package_accepted"),
        shippo_status("TRANSIT", "2026-11-20T09:45:00Z", "notice_left", action=True),
    )
    assert sorted(set(marks("shippo", update))) == [("delivery_failed", "20 09:45"), ("preparing", "20 08:00"), ("shipped", "20 09:00")]
    assert track("shippo", update).reason == "said"


def test_inpost_tells_one_status() -> None:
    assert marks("inpost", inpost_event("ready_to_pickup")) == [("ready_for_pickup", "20 09:45")]
    assert marks("inpost", {**inpost_event(), "event": "shipment_confirmed"}) == [("preparing", "20 09:45")]
    assert marks("inpost", inpost_event("pickup_reminder_sent")) == []
    assert track("inpost", inpost_event("delay_in_delivery")).reason == "delay"


def test_tests_are_quiet() -> None:
    last = shippo_status("DELIVERED", "2026-11-20T09:45:00Z")
    assert part("easypost", easypost_event(mode="test")).quiet
    assert part("shippo", shippo_update(last, test=True)).quiet
    assert not part("easypost", easypost_event()).quiet
    assert not part("shippo", shippo_update(last)).quiet


@pytest.mark.parametrize(
    ("kind", "document", "unknown"),
    [
        ("aftership", aftership_update(tag="Teleported"), "teleported"),
        ("easypost", easypost_event(status="lost"), "lost"),
        ("shippo", shippo_update(shippo_status("DELIVERED_TWICE", "2026-11-20T09:45:00Z")), "delivered_twice"),
        ("inpost", inpost_event("in_transit"), "in_transit"),
    ],
)
def test_an_unknown_status_is_named_and_marks_nothing(kind: str, document: object, unknown: str) -> None:
    """Also when it is spelt like a stage of ours."""
    event = part(kind, document)
    assert (event.unknown, event.tracks[0].marks) == ((f"shipment:{unknown}",), ())


@pytest.mark.parametrize(
    ("kind", "document", "again", "other"),
    [
        ("aftership", aftership_update(ident="a"), aftership_update(ident="a", tag="Delivered"), aftership_update(ident="b")),
        ("easypost", easypost_event(ident="evt_1"), easypost_event(ident="evt_1", status="delivered"), easypost_event(ident="evt_2")),
        (
            "shippo",
            shippo_update(shippo_status("TRANSIT", "2026-11-20T09:45:00Z")),
            shippo_update(shippo_status("TRANSIT", "2026-11-20T09:45:00Z"), eta="2026-11-25T00:00:00Z"),
            shippo_update(shippo_status("TRANSIT", "2026-11-20T09:46:00Z")),
        ),
        ("inpost", inpost_event("avizo"), inpost_event("avizo"), inpost_event("avizo", at="2026-11-21 10:45:00 +0100")),
    ],
)
def test_the_key_of_a_delivery_stands_in_the_body(kind: str, document: object, again: object, other: object) -> None:
    keys = [told.key for told in (said(kind, each) for each in (document, again, other)) if isinstance(told, Keyed)]
    assert len(keys) == 3
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    ("kind", "document", "answer"),
    [
        ("aftership", {"event": "edd_updated", "msg": {}}, Ignored("edd_updated")),
        ("aftership", {}, Malformed("the event's name is missing - at `$.event`")),
        ("aftership", aftership_update(tracking_number=None), Malformed("an id is missing - at `$.msg.tracking_number`")),
        ("aftership", aftership_update(tracking_number="--"), Malformed("not a tracking number")),
        ("easypost", {"object": "Event", "description": "batch.created"}, Ignored("batch.created")),
        ("easypost", {"object": "Event", "description": "tracker.updated"}, Ignored("tracker.updated")),
        ("easypost", {"description": "tracker.updated"}, Malformed("not an event - at `$.object`")),
        ("shippo", {"event": "transaction_created"}, Ignored("transaction_created")),
        ("shippo", shippo_update(), Ignored("track_without_status")),
        ("shippo", {"data": {}}, Malformed("the event's name is missing - at `$.event`")),
        ("inpost", {"event": "offers_prepared", "payload": {"shipment_id": 349}}, Ignored("offers_prepared")),
        ("inpost", inpost_event(tracking_number=None), Ignored("no_tracking_number")),
        ("inpost", inpost_event(at="soon"), Malformed("a time is missing - at `$.event_ts`")),
    ],
)
def test_what_is_not_taken_and_what_cannot_be_read(kind: str, document: object, answer: Translated) -> None:
    assert said(kind, document) == answer


def test_tables_speak_of_our_stages() -> None:
    for table in TABLES:
        assert {stage for stage in table.values() if stage is not None} <= SHIPMENT_RANK.keys()


def test_easyposts_key_is_normalised() -> None:
    body = body_of(easypost_event())
    composed, decomposed = "s\u00e9cret of a shop", "se\u0301cret of a shop"
    assert easypost.verify(easypost_signed(body, secret=composed), body, [decomposed], NOW) == Verified("")


def test_shippo_without_a_secret_is_known_by_its_address() -> None:
    assert shippo.verify({}, b"{}", [], NOW) == Verified("")
    assert shippo.verify({}, b"{}", [PLAIN_SECRET], NOW) == Refused("no_signature")
