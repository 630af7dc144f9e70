"""The published JSON Schema says what `translate` does: it is made from the same structs, and both judge alike."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from order_status.shops.native import Malformed, translate
from order_status.shops.native_body import schema
from tests.order_status.world import order, parcel

PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "order-event.schema.json"
AT = "2026-11-20T10:00:00Z"
FULL = order(
    7,
    parcel(
        "in_transit",
        carrier="inpost",
        tracking_number="630",
        tracking_url="https://track.example/630",
        item_ids=["1"],
        promised="2026-11-23",
        eta="2026-11-25T14:00:00Z",
        reason="strike",
        scans=[{"stage": "shipped", "at": AT, "place": "Łódź"}],
    ),
    url="https://shop.example/orders/1001",
    test=False,
    notify=True,
    payment={"status": "paid", "reason": None},
    adjustments=[{"id": "r-1", "kind": "refund", "status": "completed", "amount": 1200, "at": AT}],
    measures=[{"id": "m-1", "text": {"en": "We took the delivery fee off"}, "worth": 1200, "at": AT}],
)
EVENT: dict[str, Any] = {"type": "order.updated", "timestamp": AT, "data": FULL}
SETTLED: dict[str, Any] = {"type": "offer.settled", "timestamp": AT, "data": {"offer_id": "off_1", "status": "done", "reason": None}}


def _published() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    return loaded


VALIDATOR = jsonschema.Draft202012Validator(_published())


def fits(event: object) -> bool:
    return VALIDATOR.is_valid(event)


def taken(event: object) -> bool:
    return not isinstance(translate(json.dumps(event).encode(), ZoneInfo("UTC")), Malformed)


def _places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a document."""
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path, *(place for name, part in inner for place in _places(part, (*path, name)))]


def _changed(event: dict[str, Any], path: tuple[str | int, ...], change: Callable[[Any, str | int], None]) -> dict[str, Any]:
    new: Any = deepcopy(event)
    target = new
    for name in path[:-1]:
        target = target[name]
    change(target, path[-1])
    assert isinstance(new, dict)
    return new


def test_the_published_schema_is_the_one_that_the_structs_make() -> None:
    jsonschema.Draft202012Validator.check_schema(_published())
    assert _published() == json.loads(json.dumps(schema()))


def test_whole_events_fit_and_are_taken() -> None:
    for event in (EVENT, SETTLED, {**EVENT, "data": order(None)}):
        assert fits(event)
        assert taken(event)


@pytest.mark.parametrize("event", [EVENT, SETTLED])
def test_each_field_left_out_is_judged_alike(event: dict[str, Any]) -> None:
    def leave_out(target: Any, name: str | int) -> None:
        del target[name]

    for path in _places(event)[1:]:
        shorter = _changed(event, path, leave_out)
        assert fits(shorter) is taken(shorter), path


@pytest.mark.parametrize("event", [EVENT, SETTLED])
def test_a_field_too_many_is_refused_in_every_object(event: dict[str, Any]) -> None:
    for path in [place for place in _places(event) if not place or place[-1] != "text"]:
        new: Any = deepcopy(event)
        target = new
        for name in path:
            target = target[name]
        if isinstance(target, dict):
            target["surplus"] = "x"
            assert not fits(new), path
            assert not taken(new), path


_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2**60),
    st.sampled_from([1.5, -0.5, [], {}, [1], [""], {"id": "x"}]),
    st.sampled_from(
        ["", "x", "done", "PLN", "pl-PL", "2026-11-20", "2026-11-20T10:00:00", "2026-11-20T10:00:00+02:00", "https://x.example"]
    ),
    st.text(max_size=6),
    st.sampled_from([64, 65, 128, 129, 500, 501]).map(lambda n: "a" * n),
)


@settings(deadline=None)
@given(st.sampled_from([(event, path) for event in (EVENT, SETTLED) for path in _places(event)[1:]]), _values)
def test_any_value_in_any_place_is_judged_alike(place: tuple[dict[str, Any], tuple[str | int, ...]], value: object) -> None:
    event, path = place
    if path == ("type",) or (isinstance(value, float) and value.is_integer()):
        return

    def put(target: Any, name: str | int) -> None:
        target[name] = value

    changed = _changed(event, path, put)
    assert fits(changed) is taken(changed), (path, value)
