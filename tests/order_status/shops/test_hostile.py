"""Every verifier and every translator against what nobody should send: they answer, with a refusal or a place, and never raise."""

import json
from copy import deepcopy
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from order_status.events import OrderEvent, OrderFragment
from order_status.fold import add_fragments, fold, followed, fragments_of
from order_status.shops import SHOPS, Keyed, Malformed, Ping, Refused, Translated, Verified
from order_status.shops.native import translate
from order_status.stages import Fragments, OrderState
from order_status.view import order_view
from tests.order_status.shops import bodies
from tests.order_status.shops.senders import OLDER_SECRET, SECRETS, SIGN, SIGNED, body_of
from tests.order_status.world import NOW, envelope, iso, order, parcel

ZONE = ZoneInfo("Europe/Warsaw")
NAMES = sorted({name for kind in SIGNED for name in SIGN[kind](b"{}")} | {"x"})
BODIES: dict[str, list[Any]] = {
    "native": [json.loads(envelope(order(1, parcel("shipped")), iso(NOW))), bodies.acp_order()],
    "shopify": [
        bodies.shopify_order(fulfillments=[bodies.shopify_fulfillment()], refunds=[bodies.shopify_refund()]),
        bodies.shopify_fulfillment(),
        bodies.shopify_event(),
        bodies.shopify_refund(),
    ],
    "woocommerce": [bodies.woo_order(meta_data=bodies.woo_tracking("630"), refunds=[{"id": 9, "total": "-12.00"}])],
    "saleor": [bodies.saleor_order(fulfillments=[bodies.saleor_fulfillment()])],
    "shopware": [bodies.shopware_event(deliveries=[bodies.shopware_delivery()], transactions=[bodies.shopware_transaction()])],
    "aftership": [bodies.aftership_update(bodies.checkpoint("InTransit", "2026-11-20T10:30:00"))],
    "easypost": [bodies.easypost_event(bodies.detail("in_transit", "2026-11-20T09:00:00Z"))],
    "shippo": [bodies.shippo_update(bodies.shippo_status("TRANSIT", "2026-11-20T09:00:00Z", "package_accepted"))],
    "inpost": [bodies.inpost_event()],
}
ODD: list[Any] = [None, True, 0, -1, 2**63, 1.5, 1e300, "", "\x00", "x" * 600, "9" * 400, "-0", "1e999", "NaN", [], [None], {}, {"a": []}]
ODD += ["0000-00-00 00:00:00", "2026-13-01T00:00:00Z", "2026-11-20T25:61:61", "2099-12-31T23:59:59-23:59", "2000-01-01T00:00:00+23:59", "ż"]

FIRST = translate(envelope(order(1, parcel("shipped")), iso(NOW)), ZONE)
assert isinstance(FIRST, OrderEvent)
STATE = fold(None, FIRST)

_texts = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        ["v1,", "v1,====", "t=1,v1=" + "0" * 64, "t=,v1=", "hmac-sha256-hex=", "hmac-sha256-hex=zz", "..", "a..b", "e30..AA", "\udcff"]
    ),
    st.text("0123456789abcdef", min_size=64, max_size=64),
    st.binary(max_size=40).map(lambda data: data.decode("latin-1")),
)


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(st.sampled_from(NAMES), _texts), st.binary(max_size=60), st.sampled_from(SIGNED))
@example({}, b"webhook_id=7", "woocommerce")
def test_a_verifier_refuses_whatever_comes(hostile: dict[str, str], body: bytes, kind: str) -> None:
    verdict = SHOPS[kind].verify(hostile, body, SECRETS[kind], NOW)
    assert isinstance(verdict, Refused) or (verdict == Ping() and kind == "woocommerce" and body.startswith(b"webhook_id="))


@pytest.mark.parametrize("kind", SIGNED)
def test_what_is_signed_is_verified_and_nothing_else(kind: str) -> None:
    body = body_of(BODIES[kind][0])
    good = SIGN[kind](body)
    verify, secrets = SHOPS[kind].verify, SECRETS[kind]
    assert isinstance(verify(good, body, secrets, NOW), Verified)
    assert isinstance(verify({name.upper(): value for name, value in good.items()}, body, secrets, NOW), Verified)
    for other in (body + b" ", body[:-1], b"", body.replace(b"1", b"2")):
        assert isinstance(verify(good, other, secrets, NOW), Refused), other
    assert isinstance(verify(good, body, [], NOW), Refused) is (kind != "shippo")
    assert isinstance(verify(good, body, ["another secret of another shop"], NOW), Refused)
    assert isinstance(verify({}, body, secrets, NOW), Refused)


@pytest.mark.parametrize("kind", [kind for kind in SIGNED if kind != "native"])
def test_the_secret_before_it_still_opens(kind: str) -> None:
    body = body_of(BODIES[kind][0])
    assert isinstance(SHOPS[kind].verify(SIGN[kind](body, secret=OLDER_SECRET), body, SECRETS[kind], NOW), Verified)


@pytest.mark.parametrize("kind", SIGNED)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_good_signature_that_is_spoiled_is_refused(kind: str, data: st.DataObject) -> None:
    body = body_of(BODIES[kind][0])
    good = SIGN[kind](body)
    (name,) = [name for name in good if "ignature" in name or "hmac" in name.lower()]
    value = good[name]
    place = data.draw(st.integers(0, len(value) - 1))
    spoiled = data.draw(
        st.sampled_from([value[:place], value[:place] + value[place + 1 :], value[:place] + "ż" + value[place + 1 :], value * 2])
    )
    assert isinstance(SHOPS[kind].verify({**good, name: spoiled}, body, SECRETS[kind], NOW), Refused)


@pytest.mark.parametrize("kind", SHOPS)
def test_every_kind_takes_its_own_bodies(kind: str) -> None:
    for document in BODIES[kind]:
        assert not isinstance(SHOPS[kind].translate(body_of(document), ZONE, Verified("x", at=NOW)), Malformed)


@pytest.mark.parametrize("kind", SHOPS)
@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"null", b"[]", b"[[]]", b"7", b'"x"', b"{", b"[" * 50_000, b'{"a":' * 50_000, b'{"x": 1e999}']
)
def test_a_translator_names_what_is_no_event(kind: str, body: bytes) -> None:
    assert isinstance(SHOPS[kind].translate(body, ZONE, Verified("x", at=NOW)), Malformed)


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path, *(place for name, each in inner for place in places(each, (*path, name)))]


def changed(document: Any, path: tuple[str | int, ...], value: object) -> bytes:
    new = deepcopy(document)
    if not path:
        return body_of(value)
    target = new
    for name in path[:-1]:
        target = target[name]
    target[path[-1]] = value
    return body_of(new)


def kept(told: Translated) -> None:
    """What was taken can be folded, saved, read again and shown, and holds nothing that a database refuses."""
    event = told.event if isinstance(told, Keyed) else told
    if isinstance(event, OrderFragment):
        parts = fragments_of(event)
        text = msgspec.json.encode(parts).decode()
        assert msgspec.json.decode(text, type=Fragments) == parts
        state = add_fragments(STATE, parts)
    elif isinstance(event, OrderEvent):
        state = fold(None, event)
        text = msgspec.json.encode(state).decode()
        assert msgspec.json.decode(text, type=OrderState) == state
    else:
        return
    view = json.dumps(order_view(followed(state), "src_1"), ensure_ascii=False)
    assert "\\u0000" not in view + text
    for ident in (state.head.order_id, state.head.number, *(each.facts.id for each in state.parcels)):
        assert 0 < len(ident) <= 128


@pytest.mark.parametrize("kind", SHOPS)
def test_any_odd_value_in_any_place_has_an_answer(kind: str) -> None:
    for document in BODIES[kind]:
        for path in places(document):
            for value in ODD:
                kept(SHOPS[kind].translate(changed(document, path, value), ZONE, Verified("x", at=NOW)))


_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)


@pytest.mark.thorough
@pytest.mark.parametrize("kind", SHOPS)
@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_any_json_in_any_two_places_has_an_answer(kind: str, data: st.DataObject) -> None:
    document = data.draw(st.sampled_from(BODIES[kind]))
    for _ in range(2):
        path = data.draw(st.sampled_from(places(document)))
        document = json.loads(changed(document, path, data.draw(_json)))
    kept(SHOPS[kind].translate(body_of(document), ZONE, Verified("x", at=NOW)))
