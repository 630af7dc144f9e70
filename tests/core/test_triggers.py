"""From what a shopper does to the rules that fire: the visitor's state, every condition, subjects and dedupe keys."""

import json
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_server.core.policy import MessageClass
from chat_server.core.triggers import (
    KINDS,
    ORDER,
    Activity,
    Candidate,
    Shopper,
    VisitorState,
    compile_rules,
    contradicted,
    fold,
    match,
    parse_rule,
)
from chat_server.core.triggers_state import MAX_CART_ITEMS, MAX_PAGES, MAX_RECENT, MAX_WEIGHT

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SHOPPER = Shopper("vis_1", None, "en-GB", identified=False)
SHOP = "https://shop.example"
_ids = count()


def did(kind: str, ago: float = 0, **data: object) -> Activity:
    return Activity(f"act-{next(_ids)}", kind, NOW - timedelta(seconds=ago), data)


def seen(product: str, ago: float = 0) -> Activity:
    return did("view_item", ago, items=[{"id": product, "name": "A thing", "price": 1}])


def after(*activities: Activity) -> VisitorState:
    state = VisitorState()
    for activity in activities:
        state = fold(state, activity)
    return state


def fired(toml: str, *activities: Activity, shopper: Shopper = SHOPPER, now: datetime = NOW) -> tuple[Candidate, ...]:
    """What a rule makes of the last activity."""
    rule = parse_rule({"id": "r", "class": "help", "text": {"en": "Hello"}, "on": [activities[-1].kind], **tomllib.loads(toml)})
    return match(compile_rules([rule]), shopper, after(*activities), activities[-1], now)


THRICE = 'when.count = {kind = "view_item", times = 3, seconds = 1800, same = "items.id"}'


def test_the_same_product_three_times() -> None:
    views = seen("p-1", 900), seen("p-2", 700), seen("p-1", 300), seen("p-1")
    (candidate,) = fired(THRICE, *views)
    assert (candidate.subject, candidate.source, candidate.class_) == ("p-1", "rule:r", MessageClass.HELP)
    assert candidate.message == {"en": "Hello"}
    assert (candidate.visitor_id, candidate.contact_id, candidate.recipient) == ("vis_1", None, "vis_1")
    assert candidate.expires_at == NOW + timedelta(minutes=30)
    assert fired(THRICE, *views[:-1]) == ()
    assert fired(THRICE, seen("p-1", 1801), *views[1:]) == (), "the first view is too long ago"
    assert fired(THRICE, *views[:2], views[0], views[0], views[3]) == (), "a repeated beacon counts once"
    assert fired(THRICE, *views, seen("p-3")) == (), "the product at hand is another one"


def test_the_same_news_is_the_same_candidate_for_a_day() -> None:
    views = seen("p-1", 900), seen("p-1", 300), seen("p-1", 60)
    (first,) = fired(THRICE, *views)
    (again,) = fired(THRICE, *views, seen("p-1"))
    (later,) = fired(THRICE, *views, now=NOW + timedelta(minutes=1))
    assert first.id == again.id == later.id
    (tomorrow,) = fired(THRICE.replace("1800", "90000"), *views, now=NOW + timedelta(days=1))
    assert tomorrow.id != first.id
    (other,) = fired(THRICE, *(replace(view, data={"items": [{"id": "p-9"}]}) for view in views))
    assert other.id != first.id
    assert first.dedupe_key.startswith("rule:r:p-1:")


def test_stuck_at_the_checkout() -> None:
    rule = 'when.all = [{page = "/checkout*"}, {dwell = {path = "/checkout*", at_least = 60}}]'
    checkout, address = f"{SHOP}/checkout?step=1", f"{SHOP}/checkout/address"
    story = [
        did("page_view", 90, url=checkout),
        did("dwell", 75, url=checkout, seconds=15),
        did("dwell", 60, url=checkout, seconds=30),
        did("page_view", 58, url=address),
        did("dwell", 43, url=address, seconds=15),
        did("dwell", 28, url=address, seconds=30),
    ]
    assert len(fired(rule, *story)) == 1
    assert fired(rule, *story[:-1]) == ()
    assert fired(rule, *story[:-1], did("dwell", 0, url=f"{SHOP}/help", seconds=900)) == ()
    bought = did("purchase", 5, order_number="1001")
    assert fired(rule, *story, bought, did("dwell", 0, url=f"{SHOP}/checkout/thanks", seconds=15)) == ()


def test_dwell_counts_a_page_again_when_it_is_viewed_again() -> None:
    rule = 'when.dwell = {path = "/", at_least = 50}'
    home = f"{SHOP}/"
    first = [did("page_view", 500, url=home), did("dwell", 480, url=home, seconds=20)]
    again = [did("page_view", 100, url=home), did("dwell", 70, url=home, seconds=30)]
    assert len(fired(rule, *first, *again)) == 1
    assert fired(rule, *first, did("dwell", 470, url=home, seconds=30)) == (), "the seconds of a page view are a running total"
    assert fired(rule, *first, *(replace(late, at=late.at + timedelta(hours=1)) for late in again)) == (), "another visit"


def test_a_custom_event_by_name_and_properties() -> None:
    rule = 'when.track = {name = "size_guide", properties = {size = "42", own = true}, times = 2, seconds = 60}'
    opened = [did("track", ago, name="size_guide", properties={"size": "42", "own": True, "more": 1}) for ago in (50, 0)]
    assert len(fired(rule, *opened)) == 1
    assert fired(rule, opened[0]) == ()
    assert fired(rule, opened[0], did("track", name="size_guide", properties={"size": "42", "own": 1})) == (), "true is not 1"
    assert fired(rule, opened[0], did("track", name="other", properties={"size": "42", "own": True})) == ()
    assert len(fired('when.track = "size_guide"', opened[0])) == 1


CART = did("view_cart", 700, items=[{"id": "p-1", "price": 5_000, "quantity": 2}], value=10_000, currency="PLN")


@pytest.mark.parametrize(
    ("rule", "activities", "holds"),
    [
        ("when.cart_value = 10000", [CART], True),
        ("when.cart_value = {at_most = 9999}", [CART], False),
        ("when.cart_value = {at_most = 9999}", [did("page_view", url=SHOP)], False),
        ("when.cart_idle = 600", [CART, did("page_view", url=SHOP)], True),
        ("when.cart_idle = 600", [CART, did("add_to_cart", 599, items=[{"id": "p-2"}]), did("page_view", url=SHOP)], False),
        ("when.cart_idle = 600", [CART, did("purchase", 650), did("page_view", url=SHOP)], False),
        ("when.empty_search = 2", [did("search", 9, term="tent", results=0), did("search", term="tents", results=0)], True),
        ("when.empty_search = 2", [did("search", 9, term="tent", results=0), did("search", term="tents", results=3)], False),
        ("when.empty_search = true", [did("search", term="tent")], False),
        ('when.form_errors = {times = 1, form = "pay"}', [did("form_error", form="pay", field="card")], True),
        ('when.form_errors = {times = 1, form = "pay"}', [did("form_error", form="news", field="email")], False),
        ("when.exit_intent = true", [did("exit_intent", url=SHOP)], True),
        ("when.exit_intent = true", [did("page_view", url=SHOP)], False),
        ('when.scroll = {path = "/blog/*", at_least = 75}', [did("scroll", url=f"{SHOP}/blog/x", depth=75)], True),
        ('when.scroll = {path = "/blog/*", at_least = 75}', [did("scroll", url=f"{SHOP}/blog/x", depth=50)], False),
        ("when.scroll = 50", [did("scroll", url=f"{SHOP}/x", depth=50)], True),
        ("when.visits = {at_least = 2}", [did("page_view", 1801, url=SHOP), did("page_view", url=SHOP)], True),
        ("when.visits = 2", [did("page_view", 1800, url=SHOP), did("page_view", url=SHOP)], False),
        ("when.identified = false", [did("page_view", url=SHOP)], True),
        ("when.identified = true", [did("page_view", url=SHOP)], False),
        ('when.locale = ["pl", "en"]', [did("page_view", url=SHOP)], True),
        ('when.locale = "pl"', [did("page_view", url=SHOP)], False),
        ('when.page = {url = "*?utm=*"}', [did("page_view", url=f"{SHOP}/?utm=x")], True),
        ('when.page = "/a"', [did("page_view", 5, url=f"{SHOP}/a"), seen("p-1")], True),
        ("when.any = [{identified = true}, {exit_intent = true}]", [did("exit_intent", url=SHOP)], True),
        ("when.not.page = '/a'", [did("page_view", url=f"{SHOP}/a")], False),
        ('when.order_stage = ["delivered"]', [did(ORDER, order_id="A-1", stage="delivered")], True),
        ('when.order_stage = "delivered"', [did(ORDER, order_id="A-1", stage="shipped")], False),
        ('audience = {locale = "en"}', [did("page_view", url=SHOP)], True),
        ("audience = {identified = true}", [did("page_view", url=SHOP)], False),
        ("enabled = false", [did("page_view", url=SHOP)], False),
        ('on = "search"', [did("page_view", url=SHOP)], False),
    ],
)
def test_conditions(rule: str, activities: list[Activity], holds: bool) -> None:
    assert bool(fired(rule, *activities)) is holds


def test_an_order_fact_gives_a_message_about_that_order() -> None:
    delivered = did(ORDER, order_id="A-1", number="1001", stage="delivered")
    (candidate,) = fired('class = "service"\nwhen.order_stage = "delivered"', delivered)
    assert candidate.order is not None
    assert (candidate.order.number, candidate.subject) == ("1001", "A-1")


def test_the_cart_follows_what_is_put_in_and_taken_out() -> None:
    things = [{"id": "p-1", "price": 500, "quantity": 3}, {"id": "p-2", "price": 100}]
    put = did("add_to_cart", 9, items=things, value=1_600, currency="PLN")
    taken = did("remove_from_cart", 8, items=[{"id": "p-1", "quantity": 2}])
    cart = after(put, taken).cart
    assert cart is not None
    assert (cart.value, cart.currency, cart.items) == (600, "PLN", (("p-2", 1, 100), ("p-1", 1, 500)))
    assert after(put, taken, did("remove_from_cart", items=[{"id": "p-1"}, {"id": "p-2"}])).cart is None
    assert after(put, did("view_cart", items=[], value=0)).cart is None


def test_a_purchase_contradicts_the_help_that_waits() -> None:
    (candidate,) = fired("", did("exit_intent", 60, url=SHOP))
    assert contradicted([candidate], after(did("purchase", 10))) == {candidate.dedupe_key}
    assert contradicted([candidate], after(did("purchase", 100))) == frozenset()
    assert contradicted([replace(candidate, class_=MessageClass.SERVICE)], after(did("purchase", 10))) == frozenset()


def test_a_rule_on_other_kinds_is_not_looked_at() -> None:
    rules = [parse_rule({"id": f"r{n}", "class": "help", "text": {"en": "x"}, "on": [kind]}) for n, kind in enumerate(sorted(KINDS))]
    index = compile_rules(rules)
    assert {kind: len(found) for kind, found in index.by_kind.items()} == dict.fromkeys(KINDS, 1)


scalars = st.one_of(st.text(max_size=300), st.integers(-(10**15), 10**15), st.floats(allow_nan=False), st.booleans(), st.none())
entries = st.dictionaries(st.sampled_from(["id", "name", "price", "quantity", "category"]), scalars, max_size=5)
bodies = st.dictionaries(
    st.sampled_from(["url", "seconds", "items", "value", "term", "results", "properties", "depth", "name", "title", "currency"]),
    st.one_of(scalars, st.lists(entries, max_size=60), st.dictionaries(st.text(max_size=90), scalars, max_size=30)),
    max_size=8,
)


@pytest.mark.thorough
@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(KINDS)), bodies, st.integers(0, 9_000)), max_size=40), st.integers(1, 5))
def test_whatever_a_page_reports_the_state_stays_small_and_survives_the_store(
    told: list[tuple[str, dict[str, object], int]], times: int
) -> None:
    state, now = VisitorState(), NOW
    for number, (kind, body, gap) in enumerate(told * times):
        now += timedelta(seconds=gap)
        before = state
        activity = Activity(f"{number}", kind, now, body)
        state = fold(state, activity)
        assert fold(state, activity) is state
        assert before is not state
    assert len(state.recent) <= MAX_RECENT
    assert sum(entry.weight for entry in state.recent[:-1]) <= MAX_WEIGHT
    assert len(state.dwell) <= MAX_PAGES
    assert state.cart is None or len(state.cart.items) <= MAX_CART_ITEMS
    saved = json.dumps(state.to_json())
    assert len(saved) < 120_000
    assert VisitorState.from_json(json.loads(saved)) == state
    assert VisitorState.from_json({}) == VisitorState()
