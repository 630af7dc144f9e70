"""A parcel that we noticed to be late: a delay with an apology, without a day that has passed, with the next word's time."""

from datetime import timedelta

from chat_server.core.order_news import contradicted, still_true
from chat_server.core.proactive import Candidate
from tests.core.test_order_news import NOW, candidate, news, parcel, read, said, view

OVERDUE = {"step": "in_transit", "next_word": "2026-11-23T13:00:00.000Z"}


def test_the_words_of_a_delay_without_the_broken_promise_and_with_the_next_words_time() -> None:
    told = read(view(parcel("in_transit", delayed=True, overdue=OVERDUE, eta="2026-11-23")), effect_key="shipment:s-1/overdue/in_transit")
    assert said(told).startswith(
        "Your parcel from order 1001 is running late. We are sorry. We do not have a new date yet. "
        "If nothing has changed by Nov 23, 14:00, we will write to you again. If that upsets"
    )
    assert "Przepraszamy. Nowego terminu jeszcze nie znamy. Jeśli nic się nie zmieni, odezwiemy się ponownie: 23 listopada, 14:00." in said(
        told, "pl"
    )


def test_a_next_word_whose_time_has_passed_is_not_named() -> None:
    assert "nothing has changed" not in said(news(expected=None, next_word=NOW - timedelta(minutes=1)))


def test_the_next_word_stands_alone_and_replaces_the_first() -> None:
    assert said(news("still_delayed")).startswith("Your parcel from order 1001 has still not moved on with InPost. We are sorry")
    first = candidate(news(effect_key="shipment:s-1/overdue/in_transit", at=NOW - timedelta(days=1)))
    second = candidate(news("still_delayed", effect_key="shipment:s-1/overdue/in_transit/again"))
    assert isinstance(first, Candidate)
    assert isinstance(second, Candidate)
    assert contradicted([first, second], {}) == {first.dedupe_key}
    assert second.order is not None
    assert still_true(second.order, view(parcel("in_transit", delayed=True, overdue=OVERDUE)))
    assert not still_true(second.order, view(parcel("in_transit")))


def test_a_correction_is_dropped_with_the_word_that_nobody_heard_and_when_the_parcel_has_arrived() -> None:
    delivered, corrected = candidate(news("delivered")), candidate(news("corrected", effect_key="shipment:s-1/corrected/1"))
    assert isinstance(delivered, Candidate)
    assert isinstance(corrected, Candidate)
    assert delivered.order is not None
    ref = delivered.order
    assert contradicted([delivered, corrected], {}) == {corrected.dedupe_key}
    assert contradicted([corrected], {}) == frozenset()
    moving = {ref.order_id: view(parcel("in_transit", corrections=[{"said": "delivered"}]))}
    assert contradicted([delivered, corrected], moving) == {delivered.dedupe_key, corrected.dedupe_key}
    assert contradicted([corrected], moving) == frozenset()
    arrived = {ref.order_id: view(parcel("delivered", corrections=[{"said": "delivered"}]))}
    assert contradicted([corrected], arrived) == {corrected.dedupe_key}
