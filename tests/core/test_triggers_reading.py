"""Rules in an inbox file: what can be written, and that each mistake names its field."""

import re
import tomllib
from datetime import UTC, datetime

import pytest

from chat_server.core.policy import Cap, MessageClass
from chat_server.core.triggers import Audience, Invalid, Rule, parse_rule, parse_rules
from chat_server.core.triggers_condition import AllOf, Count, Dwell, NotOf, OnPage, Pattern, Visits

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

WHOLE = """
id = "stuck-checkout"
class = "help"
on = ["dwell", "form_error"]
text.en = "Can we help?"
text.pl = "Pomóc?"
audience = {locale = ["en", "pl"], identified = true}
offer = "voucher"
cap = {times = 2, days = 7}
hold_out_percent = 10
value = 5
expires_minutes = 15
enabled = false
[when]
all = [
  {page = {path = "/checkout*", url = "https://*"}},
  {dwell = {path = "/checkout*", at_least = 90}},
  {not = {visits = {at_least = 3, at_most = 9}}},
  {form_errors = {times = 2, seconds = 300, form = "pay"}},
]
"""


def test_everything_a_rule_can_say() -> None:
    checkout = Pattern(path="/checkout*")
    assert parse_rule(tomllib.loads(WHOLE)) == Rule(
        id="stuck-checkout",
        class_=MessageClass.HELP,
        on=frozenset({"dwell", "form_error"}),
        text={"en": "Can we help?", "pl": "Pomóc?"},
        when=AllOf(
            (
                OnPage(Pattern("/checkout*", "https://*")),
                Dwell(checkout, 90),
                NotOf(Visits(3, 9)),
                Count("form_error", 2, 300, None, {"form": "pay"}),
            )
        ),
        audience=Audience(("en", "pl"), identified=True),
        offer="voucher",
        cap=Cap(2, 7),
        hold_out_percent=10,
        value=5,
        expires_minutes=15,
        enabled=False,
    )


def test_what_a_rule_need_not_say() -> None:
    rule = parse_rule({"id": "a", "class": "promo", "on": "page_view", "text": {"en": "x"}})
    assert rule == Rule("a", MessageClass.PROMO, frozenset({"page_view"}), {"en": "x"}, AllOf(), Audience(), None, Cap(1, 1))
    assert rule.enabled


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ('id = ""', "trigger.id: must not be empty"),
        ('id = "A b"', "trigger.id: must be small letters, digits, - and _, at most 64 of them"),
        ('class = "advert"', "trigger.class: 'advert' is not a class; known: help, promo"),
        ('class = "order_problem"', "trigger.class: order_problem is for rules on order facts"),
        ("on = []", "trigger.on: names no kind of activity"),
        ("on = 5", "trigger.on: must be a text or a list of texts"),
        ('on = ["click"]', "trigger.on: 'click' is not a kind of activity; known: add_payment_info"),
        ("text = {}", "trigger.text: has no text"),
        ('text = "Hello"', "trigger.text: must be a table"),
        ("text.en = 5", "trigger.text.en: must be a text"),
        ('text.en = "Only {price}!"', "trigger.text.en: has a {placeholder}"),
        ("audience = {city = 'Kraków'}", "trigger.audience.city: is not known here; known: identified, locale"),
        ("cap = {times = 0}", "trigger.cap.times: must lie between 1 and 50"),
        ("cap = {days = 31}", "trigger.cap.days: must lie between 1 and 30"),
        ("hold_out_percent = 60", "trigger.hold_out_percent: must lie between 0 and 50"),
        ("expires_minutes = 1.5", "trigger.expires_minutes: must be a whole number"),
        ("enabled = 1", "trigger.enabled: must be true or false"),
        ("txt = 1", "trigger.txt: is not known here"),
        ("when = {}", "trigger.when: has 0 conditions"),
        ("when = {page = '/', identified = true}", "trigger.when: has 2 conditions; put several into all"),
        ("when = {weather = 'rain'}", "trigger.when.weather: is not a condition; known: all, any, not, cart_idle"),
        ("when.all = []", "trigger.when.all: must be a list of conditions"),
        ("when.any = [{page = '/'}, {page = 5}]", "trigger.when.any[1].page: must be a table"),
        ("when.page = 'checkout'", "trigger.when.page.path: must begin with / or *"),
        ("when.page = {}", "trigger.when.page: needs path or url"),
        ("when.count = {kind = 'view'}", "trigger.when.count.kind: 'view' is not a kind of activity"),
        ("when.count = {kind = 'search', times = 99}", "trigger.when.count.times: must lie between 1 and 50"),
        ("when.count = {kind = 'search', where = {term = [1]}}", "trigger.when.count.where.term: must be a text, a number"),
        ("when.dwell = {path = '/'}", "trigger.when.dwell.at_least: is missing"),
        ("when.cart_value = {}", "trigger.when.cart_value: needs at_least or at_most"),
        ("when.cart_value = true", "trigger.when.cart_value.at_least: must be a whole number"),
        ("when.cart_idle = 0", "trigger.when.cart_idle: must lie between 1 and"),
        ("when.identified = 'yes'", "trigger.when.identified: must be true or false"),
        ("when.locale = []", "trigger.when.locale: names nothing"),
        ("when.track = {properties = {}}", "trigger.when.track.name: is missing"),
        ("when.scroll = 101", "trigger.when.scroll.at_least: must lie between 1 and 100"),
        ("when.exit_intent = 'now'", "trigger.when.exit_intent: must be a table"),
        ("when" + ".not" * 8 + ".identified = true", "trigger.when" + ".not" * 7 + ": is nested more than 6 deep"),
    ],
)
def test_a_mistake_names_its_field(change: str, error: str) -> None:
    good: dict[str, object] = {"id": "a", "class": "help", "on": ["page_view"], "text": {"en": "x"}}
    with pytest.raises(Invalid, match="^" + re.escape(error)):
        parse_rule({**good, **tomllib.loads(change)})


def test_two_rules_of_one_name_are_refused() -> None:
    good: dict[str, object] = {"id": "a", "class": "help", "on": ["page_view"], "text": {"en": "x"}}
    assert [rule.id for rule in parse_rules([good, {**good, "id": "b"}])] == ["a", "b"]
    with pytest.raises(Invalid, match=re.escape("triggers[1].id: 'a' is taken by an earlier rule")):
        parse_rules([good, good])
