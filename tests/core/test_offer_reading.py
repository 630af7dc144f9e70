"""The offers of an inbox file: what stands in it is what is meant, and a mistake is told with the field's name."""

from __future__ import annotations

import tomllib

import pytest

from chat_server.core.offer import Choice, Kind, Terms
from chat_server.core.offer_reading import parse_offers
from chat_server.core.order_access import Grade
from chat_server.core.policy_table import Invalid

LEAST = """
id = "o"
kind = "{kind}"
title.en = "T"
accept.en = "Take it"
"""
FULL = """
id = "pickup"
kind = "pickup_point"
expires_hours = 24
undo_minutes = 30
patience_hours = 8
worth = 100
title = { en = "Point", pl = "Punkt" }
text.en = "Which?"
accept.en = "There"
params = { a = 1 }
choices = [{ id = "p-1", title.en = "North", text.en = "day and night" }, { id = "p-2", title.en = "South" }]
[who]
headlines = ["shipped", "delivery_failed"]
before = "delivered"
within_hours = 48
late = true
grade = "signed"
total_least = 100
total_most = 200
per_order = 2
per_contact = { times = 1, days = 30 }
"""


def read(text: str) -> dict[str, object]:
    return tomllib.loads(text)


def test_everything_is_read() -> None:
    offer = parse_offers([read(FULL)])["pickup"]
    assert offer.terms == Terms(("shipped", "delivery_failed"), "delivered", 48, True, Grade.SIGNED, 100, 200, 2, (1, 30), 30, 8)
    assert offer.choices == (Choice("p-1", {"en": "North"}, {"en": "day and night"}), Choice("p-2", {"en": "South"}, {}))
    assert (offer.kind, offer.expires_hours, offer.worth, offer.params, offer.title["pl"]) == (
        Kind.PICKUP_POINT,
        24,
        100,
        {"a": 1},
        "Punkt",
    )


@pytest.mark.parametrize(
    ("kind", "before", "grade"),
    [
        ("voucher", None, "browser"), ("reserve_in_store", None, "browser"), ("refund", None, "link"), ("cancel", "packed", "link"),
        ("split", "packed", "link"), ("change_address", "shipped", "link"), ("pickup_point", "ready_for_pickup", "link"),
    ],
)  # fmt: skip
def test_each_kind_has_its_own_end_and_its_own_proof(kind: str, before: str | None, grade: str) -> None:
    offer = parse_offers([read(LEAST.format(kind=kind))])["o"]
    assert offer.terms == Terms(before=before, grade=Grade(grade))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (LEAST.format(kind="gift"), "inbox.offers.kind"),
        ('id = "o"\nkind = "voucher"', "inbox.offers.title"),
        (LEAST.format(kind="voucher") + 'who = { grade = "friend" }', "inbox.offers.who.grade"),
        (LEAST.format(kind="voucher") + 'who = { before = "placed" }', "inbox.offers.who.before"),
        (LEAST.format(kind="voucher") + 'who = { headlines = ["gone"] }', "inbox.offers.who.headlines"),
        (LEAST.format(kind="voucher") + "who = { per_contact = { times = 1 } }", "inbox.offers.who.per_contact.days"),
        (LEAST.format(kind="voucher") + "who = { nobody = 1 }", "inbox.offers.who.nobody"),
        (LEAST.format(kind="voucher") + 'who = "all"', "inbox.offers.who"),
        (LEAST.format(kind="voucher") + 'choices = [{ id = "a", title.en = "A" }]', "inbox.offers.choices"),
        (LEAST.format(kind="pickup_point") + "choices = []", "inbox.offers.choices"),
        (LEAST.format(kind="pickup_point") + 'choices = [{ id = "a" }]', "inbox.offers.choices.title"),
        (
            LEAST.format(kind="pickup_point") + 'choices = [{ id = "a", title.en = "A" }, { id = "a", title.en = "B" }]',
            "inbox.offers.choices",
        ),
        (LEAST.format(kind="voucher") + "undo_minutes = -1", "inbox.offers.undo_minutes"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, field: str) -> None:
    with pytest.raises(Invalid) as mistake:
        parse_offers([read(text)])
    assert mistake.value.field == field


def test_an_id_stands_once() -> None:
    with pytest.raises(Invalid):
        parse_offers([read(LEAST.format(kind="voucher"))] * 2)
