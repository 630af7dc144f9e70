"""docs/catalogue.md and the published schema against the code: the example is taken, and both judge alike."""

import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from order_status.products import Product
from order_status.shops.native import Malformed, translate
from order_status.shops.product_body import ProductBody, schema
from tests.order_status.shops.product_bodies import native
from tests.order_status.test_schema import _changed, _places, _values

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "catalogue.md").read_text(encoding="utf-8")
PUBLISHED: dict[str, Any] = json.loads((DOCS / "schemas" / "product-event.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(PUBLISHED)
AT = "2026-11-20T10:00:00Z"
EVENT = {"type": "product.updated", "timestamp": AT, "data": native(version=7, price_to=14900, available=True)}
GONE = {"type": "product.updated", "timestamp": AT, "data": {"product_id": "p-3", "deleted": True}}


def taken(event: object) -> bool:
    return not isinstance(translate(json.dumps(event).encode(), ZoneInfo("UTC")), Malformed)


def test_the_published_schema_is_the_one_that_the_structs_make() -> None:
    jsonschema.Draft202012Validator.check_schema(PUBLISHED)
    assert json.loads(json.dumps(schema())) == PUBLISHED


def test_the_example_is_taken_and_the_table_names_every_field() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)
    told = translate(example.encode(), ZoneInfo("UTC"))
    assert isinstance(told, Product)
    assert set(told.texts) == {"en", "pl"}
    assert VALIDATOR.is_valid(json.loads(example))
    named = {name for cell in re.findall(r"^\| (`.*?`) \|", PAGE, flags=re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)}
    assert named == {field for field in ProductBody.__struct_fields__ if field != "currency"}


@pytest.mark.parametrize("event", [EVENT, GONE])
def test_each_field_left_out_is_judged_alike(event: dict[str, Any]) -> None:
    def leave_out(target: Any, name: str | int) -> None:
        del target[name]

    for path in _places(event)[1:]:
        if path[-1] != "price":  # the schema cannot say that `price_to` is nothing without it
            shorter = _changed(event, path, leave_out)
            assert VALIDATOR.is_valid(shorter) is taken(shorter), path


@settings(deadline=None)
@given(st.sampled_from([(event, path) for event in (EVENT, GONE) for path in _places(event)[1:]]), _values)
def test_any_value_in_any_place_is_judged_alike(place: tuple[dict[str, Any], tuple[str | int, ...]], value: object) -> None:
    event, path = place
    if path[-1] in ("type", "price", "price_to") or (isinstance(value, float) and value.is_integer()):
        return

    def put(target: Any, name: str | int) -> None:
        target[name] = value

    changed = _changed(deepcopy(event), path, put)
    assert VALIDATOR.is_valid(changed) is taken(changed), (path, value)
