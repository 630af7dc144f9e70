"""Order facts to messages: every stage in both languages, no day that we do not know, and news that have been overtaken."""

import re
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_server.core.model import Json
from chat_server.core.order_news import (
    PROBLEMS,
    STAGES,
    OrderMessage,
    OrderNews,
    Unsaid,
    compose,
    contradicted,
    news_of,
    words,
)
from chat_server.core.order_news_reading import in_languages, parse_order_messages
from chat_server.core.order_news_text import check, day_text, fill, still_ahead
from chat_server.core.policy import MessageClass
from chat_server.core.policy_table import Invalid
from chat_server.core.proactive import Candidate

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
WARSAW = ZoneInfo("Europe/Warsaw")
FILE = Path(__file__).parents[2] / "chat_server" / "templates" / "order_messages.toml"
BUILT_IN = parse_order_messages(tomllib.loads(FILE.read_text("utf-8"))["order_messages"])


def news(stage: str = "delayed", **changes: object) -> OrderNews:
    told = OrderNews(
        source_id="src_1",
        order_id="A-1001",
        number="1001",
        stage=stage,
        effect_key=f"shipment:s-1/{stage}",
        entity="shipment:s-1",
        at=NOW - timedelta(minutes=1),
        fresh_until=NOW + timedelta(days=2),
        expected=date(2026, 11, 25),
        carrier="inpost",
        measure={"en": "We took the delivery fee off.", "pl": "Zwracamy koszt dostawy"},
    )
    return replace(told, **changes)  # type: ignore[arg-type]  # a builder: the fields are checked where they are used


def candidate(told: OrderNews, messages: dict[str, OrderMessage] = BUILT_IN, contact: str | None = "con_1") -> Candidate | Unsaid:
    return compose(told, messages, visitor_id=None, contact_id=contact, zone=WARSAW, now=NOW)


def said(told: OrderNews, locale: str = "en") -> str:
    return words(told, BUILT_IN[told.stage].text[locale], locale, WARSAW, NOW)


LANGUAGES = ("en", "pl", "uk", "ru", "te", "ar")


def test_every_stage_has_words_in_every_language_and_its_class() -> None:
    assert tuple(BUILT_IN) == STAGES
    for stage, message in BUILT_IN.items():
        assert tuple(message.text) == LANGUAGES
        assert message.class_ is (MessageClass.ORDER_PROBLEM if stage in PROBLEMS else MessageClass.ORDER_PROGRESS)
        assert message.enabled


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("known", [True, False])
def test_the_words_stand_whatever_is_known(stage: str, locale: str, known: bool) -> None:
    told = news(stage) if known else news(stage, expected=None, carrier=None, measure={})
    text = said(told, locale)
    assert "1001" in text
    assert not re.search(r"[\[\]{}|]|None|  |\.\.| [.,]", text), text
    assert not text[0].islower()
    assert text.endswith((".", "?", "!"))
    if not known:
        assert not re.search(r"25|InPost|fee", text)


@pytest.mark.parametrize(
    ("locales", "kept"),
    [
        (("pl", "en"), {"en", "pl"}),
        (("uk",), {"en", "uk"}),
        (("de", "ru-RU"), {"en", "ru"}),
    ],
)
def test_an_inbox_keeps_the_languages_that_it_speaks_and_english(locales: tuple[str, ...], kept: set[str]) -> None:
    messages = in_languages(BUILT_IN, locales)
    assert tuple(messages) == STAGES
    assert {frozenset(message.text) for message in messages.values()} == {frozenset(kept)}


@pytest.mark.parametrize("stage", STAGES)
def test_every_language_tells_as_much_as_english(stage: str) -> None:
    def places(locale: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", BUILT_IN[stage].text[locale]))

    assert {locale: places(locale) for locale in LANGUAGES} == dict.fromkeys(LANGUAGES, places("en"))


def test_a_delay_tells_what_happened_the_time_what_was_done_and_the_way_out() -> None:
    assert said(news()) == (
        "Your parcel from order 1001 is running late. We are sorry. The new delivery date is Nov 25. We took the delivery fee off. "
        "If that upsets your plans, write to us here and we will look for another way."
    )
    assert "Nowy termin dostawy: 25 listopada. Zwracamy koszt dostawy." in said(news(), "pl")
    assert "We do not have a new date yet." in said(news(expected=None))


def test_a_day_that_has_passed_is_not_promised() -> None:
    assert "Nov" not in said(news(expected=date(2026, 11, 19)))
    assert "Nov 20" in said(news(expected=date(2026, 11, 20)))
    assert "Nov" not in said(news("delivery_failed", expected=date(2026, 11, 20))), "today's attempt has just failed"
    assert "Nov 21" in said(news("delivery_failed", expected=date(2026, 11, 21)))


def test_today_is_the_shops_today() -> None:
    late_evening = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert still_ahead(date(2026, 11, 20), late_evening, WARSAW) is None
    assert still_ahead(date(2026, 11, 20), late_evening, UTC) == date(2026, 11, 20)
    assert still_ahead(NOW, NOW, WARSAW) is None


@pytest.mark.parametrize(
    ("expected", "locale", "text"),
    [
        (date(2026, 11, 25), "en", "Nov 25"),
        (date(2026, 11, 25), "en-GB", "Nov 25"),
        (date(2026, 11, 25), "pl", "25 listopada"),
        (date(2026, 5, 3), "pl", "3 maja"),
        (date(2026, 11, 25), "uk", "25 листопада"),
        (date(2026, 11, 25), "ru-RU", "25 ноября"),
        (date(2026, 11, 25), "te", "నవంబర్ 25"),
        (date(2026, 11, 25), "ar", "25 نوفمبر"),
        (datetime(2026, 11, 25, 13, 30, tzinfo=UTC), "ar", "25 نوفمبر، 14:30"),
        (date(2026, 11, 25), "cs", "2026-11-25"),
        (datetime(2026, 11, 25, 13, 30, tzinfo=UTC), "en", "Nov 25, 14:30"),
        (datetime(2026, 11, 25, 23, 30, tzinfo=UTC), "pl", "26 listopada, 00:30"),
    ],
)
def test_days_in_words(expected: date, locale: str, text: str) -> None:
    assert day_text(expected, locale, WARSAW) == text


def test_the_candidate() -> None:
    found = candidate(news())
    assert isinstance(found, Candidate)
    assert found.class_ is MessageClass.ORDER_PROBLEM
    assert found.dedupe_key == "order:src_1:A-1001:shipment:s-1/delayed"
    assert (found.source, found.subject, found.expires_at) == ("order:delayed", "order:A-1001", NOW + timedelta(days=2))
    assert (found.contact_id, found.visitor_id, found.offer_id, found.cap) == ("con_1", None, None, None)
    assert found.order is not None
    assert (found.order.order_id, found.order.number, found.order.stage, found.order.entity) == (
        "A-1001",
        "1001",
        "delayed",
        "shipment:s-1",
    )
    assert tuple(found.message) == LANGUAGES
    assert found == candidate(news())
    assert Candidate.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (news(silent=True), Unsaid.SILENT),
        (news("on_hold"), Unsaid.NO_TEXT),
        (news(fresh_until=NOW), Unsaid.STALE),
    ],
)
def test_why_there_is_none(told: OrderNews, why: Unsaid) -> None:
    assert candidate(told) is why


def test_nobody_to_tell_and_nothing_wanted() -> None:
    assert candidate(news(), contact=None) is Unsaid.NO_RECIPIENT
    off = parse_order_messages([{"on": "delayed", "enabled": False}], BUILT_IN)
    assert candidate(news(), off) is Unsaid.SWITCHED_OFF


def test_a_shop_changes_what_it_names_and_keeps_the_rest() -> None:
    entry = {
        "on": "delayed",
        "offer": "voucher",
        "text": {"en": "Order {number} is late[, until {expected}].", "de": "Bestellung {number} kommt später."},
    }
    changed = parse_order_messages([entry], BUILT_IN)
    found = candidate(news(), changed)
    assert isinstance(found, Candidate)
    assert found.message["en"] == "Order 1001 is late, until Nov 25."
    assert found.message["de"] == "Bestellung 1001 kommt später."
    assert found.message["pl"] == said(news(), "pl")
    assert (found.offer_id, found.class_) == ("voucher", MessageClass.ORDER_PROBLEM)
    assert BUILT_IN["delayed"].offer is None


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ({"on": "exploded"}, "order_messages[0].on: 'exploded' is not a stage that is told"),
        ({"on": "shipped", "class": "promo"}, "order_messages[0].class: must be one of order_problem, order_progress, service"),
        ({"on": "shipped", "text": {"en": "It comes {expected}."}}, "order_messages[0].text.en: {expected} is not always known: put it in"),
        ({"on": "shipped", "text": {"en": "[{carrier}|by {expected}]"}}, "order_messages[0].text.en: {expected} is not always known, so"),
        ({"on": "shipped", "text": {"en": "Only {price}"}}, "order_messages[0].text.en: {price} is not known here; known: {carrier}"),
        ({"on": "shipped", "words": {}}, "order_messages[0].words: is not known here"),
    ],
)
def test_a_mistake_names_its_field(entry: dict[str, object], error: str) -> None:
    with pytest.raises(Invalid, match="^" + re.escape(error)):
        parse_order_messages([entry], BUILT_IN)
    with pytest.raises(Invalid, match="set twice"):
        parse_order_messages([{"on": "shipped"}, {"on": "shipped"}], BUILT_IN)


def test_links_are_left_alone() -> None:
    text = "See [our page](https://shop.example/x) [with {carrier}](no) for {number}."
    assert fill(text, {"number": "7", "carrier": None}) == "See [our page](https://shop.example/x) [with ](no) for 7."
    with pytest.raises(Invalid):
        check(text, "text")


@given(
    st.dictionaries(st.sampled_from(["expected", "carrier", "measure"]), st.text(min_size=1, max_size=9)),
    st.sampled_from([text for message in BUILT_IN.values() for text in message.text.values()]),
)
def test_what_is_not_known_is_never_said(known: dict[str, str], text: str) -> None:
    told = fill(text, {"number": "1001", **dict.fromkeys(("expected", "carrier", "measure")), **{name: f"<{name}>" for name in known}})
    assert "1001" in told
    for name in ("expected", "carrier", "measure"):
        assert (f"<{name}>" in told) is (name in known and f"{{{name}}}" in text)


def parcel(stage: str, id_: str = "s-1", **more: object) -> Json:
    return {"id": id_, "stage": stage, "carrier": "inpost", "promised": "2026-11-23", "eta": None, "delayed": False, **more}


def view(*parcels: Json, headline: str = "shipped", **more: object) -> Json:
    return {"order_id": "A-1001", "headline": headline, "shipments": list(parcels), "measures": [], "payment": "paid", **more}


def read(order: Json, **changes: object) -> OrderNews:
    fields = {name: getattr(news(), name) for name in OrderNews.__dataclass_fields__}
    for taken in ("delayed", "expected", "carrier", "next_word", "measure"):
        del fields[taken]
    return news_of(**{**fields, **changes}, order=order)


def test_day_carrier_and_measure_are_read_from_the_order() -> None:
    measures = [
        {"id": "m-1", "text": {"en": "old"}, "worth": 1, "at": "2026-11-01T00:00:00.000Z"},
        {"id": "m-2", "text": {"en": "Fee off"}, "worth": 1200, "at": "2026-11-20T10:00:00.000Z"},
    ]
    order = view(parcel("in_transit", eta="2026-11-25", delayed=True), parcel("packed", "s-2", carrier="dpd"), measures=measures)
    told = read(order)
    assert (told.expected, told.carrier, told.delayed, told.measure) == (date(2026, 11, 25), "inpost", True, {"en": "Fee off"})
    assert read(order, entity="shipment:s-2").expected == date(2026, 11, 23)
    assert read(order, entity="order").expected is None, "two parcels, two days"
    assert read(view(parcel("packed")), entity="order").expected == date(2026, 11, 23)
    assert read(view()).carrier is None


@pytest.mark.parametrize(
    ("eta", "expected"),
    [
        ("2026-11-25T13:30:00.000Z", datetime(2026, 11, 25, 13, 30, tzinfo=UTC)),
        ("2026-11-25T00:00:00Z", date(2026, 11, 25)),
        ("soon", None),
    ],
)
def test_a_day_or_a_time(eta: str, expected: date | None) -> None:
    assert read(view(parcel("in_transit", eta=eta))).expected == expected


@pytest.mark.parametrize(
    ("stage", "order", "true"),
    [
        ("shipped", view(parcel("in_transit")), True),
        ("shipped", view(parcel("in_transit"), parcel("out_for_delivery", "s-2"), headline="out_for_delivery"), True),
        ("shipped", view(parcel("out_for_delivery"), headline="out_for_delivery"), False),
        ("packed", view(parcel("shipped")), False),
        ("delayed", view(parcel("in_transit", delayed=True)), True),
        ("delayed", view(parcel("in_transit")), False),
        ("delayed", view(parcel("delivered", delayed=True), headline="delivered"), False),
        ("delivery_failed", view(parcel("out_for_delivery"), headline="out_for_delivery"), False),
        ("delivered", view(parcel("delivered"), headline="delivered"), True),
        ("placed", view(headline="paid"), True),
        ("placed", view(parcel("preparing"), headline="paid"), True),
        ("placed", view(parcel("shipped")), False),
        ("placed", view(headline="cancelled"), False),
        ("cancelled", view(headline="cancelled"), True),
        ("payment_failed", view(headline="payment_failed", payment="failed"), True),
        ("payment_failed", view(headline="paid"), False),
        ("refunded", view(parcel("delivered"), headline="delivered"), True),
        ("lost", view(parcel("lost"), headline="lost"), True),
    ],
)
def test_news_that_the_order_no_longer_bears_out(stage: str, order: Json, true: bool) -> None:
    found = candidate(news(stage))
    assert isinstance(found, Candidate)
    assert contradicted([found], {"A-1001": order}) == (frozenset() if true else {found.dedupe_key})
    assert contradicted([found], {}) == frozenset()


def test_of_two_delays_only_the_later_day_is_told() -> None:
    first, second = (
        candidate(news(effect_key=f"shipment:s-1/delayed/{day}", at=NOW - ago))
        for day, ago in (("25", timedelta(hours=5)), ("27", timedelta()))
    )
    assert isinstance(first, Candidate)
    assert isinstance(second, Candidate)
    assert contradicted([first, second], {}) == {first.dedupe_key}
