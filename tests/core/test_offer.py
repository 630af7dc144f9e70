"""Who may get an offer, until when, what the shopper chooses, and which states follow: by cases, and whatever the order is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_server.core.offer import (
    ADDRESS,
    BEFORE,
    UNANSWERED,
    WAY,
    Chosen,
    Kind,
    No,
    Standing,
    Terms,
    Wrong,
    after_call,
    asks,
    chosen,
    moved_on,
    refused,
)
from chat_server.core.order_access import Grade

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ANYBODY = Terms()
POINTS = [{"id": "p-1", "title": "North Point"}, {"id": "p-2", "title": "South Point"}]
HOME = {"name": "Test", "street": "Long 1", "postcode": "00-001", "city": "Town"}


def order(*stages: str, headline: str = "placed", **more: Any) -> dict[str, Any]:
    parcels = [{"id": f"s-{n}", "stage": stage} for n, stage in enumerate(stages)]
    return {"order_id": "A-1", "headline": headline, "placed_at": "2026-11-23T10:00:00.000Z", "total": 5000, "shipments": parcels, **more}


def ask(kind: Kind = Kind.VOUCHER, terms: Terms = ANYBODY, of: dict[str, Any] | None = None, **more: Any) -> No | None:
    return refused(kind, terms, of, more.get("grade", Grade.SIGNED), more.get("standing", Standing()), more.get("now", NOON))


@pytest.mark.parametrize("grade", Grade)
@pytest.mark.parametrize("wanted", Grade)
def test_a_weaker_proof_is_not_enough(grade: Grade, wanted: Grade) -> None:
    enough = list(Grade).index(grade) <= list(Grade).index(wanted)  # the strongest is the first
    assert ask(terms=Terms(grade=wanted), grade=grade) == (None if enough else No.NOT_PROVEN)


def test_stage_lateness_and_total() -> None:
    assert ask(terms=Terms(headlines=("shipped",)), of=order()) is No.WRONG_STAGE
    assert ask(terms=Terms(headlines=("placed",)), of=order()) is None
    assert ask(terms=Terms(late=True), of=order()) is No.NOT_LATE
    assert ask(terms=Terms(late=True)) is No.NOT_LATE
    assert ask(terms=Terms(late=True), of=order(delayed=True)) is None
    assert ask(terms=Terms(total_least=5000, total_most=5000), of=order()) is None
    assert ask(terms=Terms(total_least=5001), of=order()) is No.ORDER_TOTAL
    assert ask(terms=Terms(total_most=4999), of=order()) is No.ORDER_TOTAL
    assert ask(terms=Terms(total_most=4999), of=order(total=None)) is No.ORDER_TOTAL


@pytest.mark.parametrize("kind", list(Kind))
def test_without_an_order_only_what_is_not_about_one(kind: Kind) -> None:
    wanted = None if kind in (Kind.VOUCHER, Kind.RESERVE_IN_STORE) else No.NO_ORDER
    assert ask(kind) == wanted
    assert ask(kind, Terms(total_least=1)) is No.NO_ORDER


@pytest.mark.parametrize(
    ("kind", "stages", "late"),
    [
        (Kind.CANCEL, ("preparing",), False), (Kind.CANCEL, ("preparing", "packed"), True), (Kind.CANCEL, (), False),
        (Kind.SPLIT, ("preparing",), False), (Kind.SPLIT, ("packed",), True),
        (Kind.CHANGE_ADDRESS, ("packed",), False), (Kind.CHANGE_ADDRESS, ("packed", "shipped"), False),
        (Kind.CHANGE_ADDRESS, ("shipped",), True),
        (Kind.PICKUP_POINT, ("delivery_failed",), False), (Kind.PICKUP_POINT, ("ready_for_pickup",), True),
        (Kind.PICKUP_POINT, ("lost",), True),
        (Kind.CANCEL, ("cancelled", "preparing"), False),
    ],
)  # fmt: skip
def test_until_a_parcel_has_come_too_far(kind: Kind, stages: tuple[str, ...], late: bool) -> None:
    assert moved_on(kind, Terms(before=BEFORE[kind]), order(*stages), NOON) == (No.TOO_LATE if late else None)


@pytest.mark.parametrize("headline", ["cancelled", "refunded", "returned", "delivered", "lost"])
def test_what_is_over_is_not_changed_any_more(headline: str) -> None:
    for kind in BEFORE:
        assert moved_on(kind, ANYBODY, order(headline=headline), NOON) is No.TOO_LATE
    assert moved_on(Kind.VOUCHER, ANYBODY, order(headline=headline), NOON) is None
    assert moved_on(Kind.REFUND, ANYBODY, order(headline=headline), NOON) == (No.TOO_LATE if headline == "refunded" else None)


def test_some_hours_after_the_order() -> None:
    terms = Terms(within_hours=2)
    assert ask(terms=terms, of=order(), now=NOON - timedelta(seconds=1)) is None
    assert ask(terms=terms, of=order(), now=NOON) is No.TOO_LATE
    assert ask(terms=terms, of=order(placed_at=None)) is No.TOO_LATE


def test_how_often() -> None:
    assert ask(standing=Standing(of_order=1)) is No.ALREADY_MADE
    assert ask(terms=Terms(per_order=2), standing=Standing(of_order=1)) is None
    assert ask(terms=Terms(per_contact=(2, 30)), standing=Standing(0, 2)) is No.TOO_OFTEN
    assert ask(terms=Terms(per_contact=(2, 30)), standing=Standing(0, 1)) is None


@given(st.sampled_from(list(BEFORE)), st.lists(st.sampled_from(WAY), max_size=4), st.sampled_from(WAY[1:]))
def test_who_was_too_late_stays_too_late(kind: Kind, stages: list[str], before: str) -> None:
    """A parcel that goes on never makes possible again what was too late."""
    terms = Terms(before=before)
    if moved_on(kind, terms, order(*stages), NOON) is not None:
        further = [WAY[min(WAY.index(stage) + 1, len(WAY) - 1)] for stage in stages]
        assert moved_on(kind, terms, order(*further), NOON) is No.TOO_LATE


def test_what_is_chosen() -> None:
    assert asks(Kind.PICKUP_POINT, POINTS) == "point"
    assert asks(Kind.PICKUP_POINT, ()) is None
    assert asks(Kind.CHANGE_ADDRESS, ()) == "address"
    assert chosen(Kind.VOUCHER, (), {}) == Chosen({}, None)
    assert chosen(Kind.PICKUP_POINT, POINTS, {"point": "p-2"}) == Chosen({"point": "p-2"}, "South Point")
    assert chosen(Kind.RESERVE_IN_STORE, POINTS, {"store": "p-1"}) == Chosen({"store": "p-1"}, "North Point")
    assert chosen(Kind.CHANGE_ADDRESS, (), {"address": HOME}) == Chosen({"address": HOME}, "Long 1, 00-001 Town")


@pytest.mark.parametrize(
    ("kind", "given_"),
    [
        (Kind.VOUCHER, {"point": "p-1"}), (Kind.PICKUP_POINT, {}), (Kind.PICKUP_POINT, {"point": "p-3"}),
        (Kind.PICKUP_POINT, {"store": "p-1"}),
        (Kind.PICKUP_POINT, {"point": "p-1", "address": HOME}), (Kind.RESERVE_IN_STORE, {"point": "p-1"}), (Kind.CHANGE_ADDRESS, {}),
        *((Kind.CHANGE_ADDRESS, {"address": {**HOME, name: ""}}) for name in ADDRESS),
    ],
)  # fmt: skip
def test_what_was_not_asked_for_is_refused(kind: Kind, given_: dict[str, Any]) -> None:
    assert isinstance(chosen(kind, POINTS if kind is not Kind.VOUCHER else (), given_), Wrong)


def test_the_shops_word() -> None:
    assert [after_call("accepted", None, "accepted", status) for status in ("pending", "done", "refused")] == ["pending", "done", "refused"]
    assert [after_call("pending", None, "accepted", status) for status in ("pending", "done", "refused")] == [None, "done", "refused"]
    assert [after_call("undoing", None, "withdrawn", status) for status in ("pending", "done", "refused")] == [None, "undone", "done"]
    for state in ("open", "done", "expired", "undone", "undoing"):
        assert all(after_call(state, None, "accepted", status) is None for status in ("pending", "done", "refused"))
    assert after_call("refused", "sold out", "accepted", "done") is None
    for reason in UNANSWERED:
        assert after_call("refused", reason, "accepted", "done") == "done"
        assert after_call("refused", reason, "accepted", "refused") is None
        assert after_call("done", reason, "withdrawn", "done") == "undone"
        assert after_call("done", reason, "withdrawn", "refused") is None


def test_terms_are_kept_as_they_are() -> None:
    terms = Terms(("placed",), "packed", 3, True, Grade.LINK, 1, 2, 3, (4, 5), 6, 7)
    assert Terms.from_json(terms.to_json()) == terms
    assert Terms.from_json(replace(terms, per_contact=None).to_json()) == replace(terms, per_contact=None)
    assert Terms.from_json(None) == Terms()
