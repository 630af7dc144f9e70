"""docs/shops against the code: a page for every kind, the tables in use, a configuration that opens, snippets that sign and fit."""

import json
import re
import shutil
import subprocess
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from chat_server.inbox_file import read_inbox
from order_status import SourceConfig
from order_status.events import OrderEvent
from order_status.shops import (
    SHOPS,
    aftership,
    easypost,
    inpost,
    product_body,
    saleor,
    shippo,
    shopify,
    shopware,
    standard_webhooks,
    woocommerce,
)
from order_status.shops.native import translate
from order_status.shops.native_body import cloud_schema, schema
from order_status.sources import open_source
from tests.order_status.shops.senders import SECRETS
from tests.order_status.shops.test_native_shapes import cloud
from tests.order_status.world import SECRET

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((DOCS / "shops").glob("*.md"))}
NATIVE = ("magento", "medusa", "prestashop")
TABLES: dict[str, list[Any]] = {
    "shopify": [shopify.PAYMENT, shopify.FULFILLMENT, shopify.SHIPMENT_STATUS, shopify.EVENT],
    "woocommerce": [woocommerce.STATUS],
    "saleor": [saleor.ORDER, saleor.PAYMENT, saleor.FULFILLMENT],
    "shopware": [shopware.ORDER, shopware.PAYMENT, shopware.DELIVERY],
    "aftership": [aftership.TAG, aftership.SUBTAG],
    "easypost": [easypost.STATUS, easypost.DETAIL],
    "shippo": [shippo.STATUS, shippo.SUBSTATUS],
    "inpost": [inpost.STATUS],
}
_ROW = re.compile(r"^\| `([\w.]+)` \| ((?:`\w+`|nothing)(?:, (?:`\w+`|nothing))*) \|$")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGES[page], flags=re.DOTALL)


def tables(page: str) -> list[dict[str, Any]]:
    """The tables of statuses on a page, as the modules hold them."""
    found: list[dict[str, Any]] = []
    inside = False
    for line in PAGES[page].splitlines():
        row = _ROW.match(line)
        if row:
            if not inside:
                found.append({})
            cells = tuple(None if cell == "nothing" else cell.strip("`") for cell in row[2].split(", "))
            found[-1][row[1]] = cells if len(cells) > 1 else cells[0]
        inside = bool(row)
    return found


def test_every_kind_has_its_page_and_the_orders_page_leads_there() -> None:
    assert set(PAGES) == {*SHOPS, *NATIVE} - {"native"}
    orders = (DOCS / "orders.md").read_text(encoding="utf-8")
    assert all(f"(shops/{page}.md)" in orders for page in PAGES)


@pytest.mark.parametrize("page", TABLES)
def test_the_tables_are_the_ones_in_use(page: str) -> None:
    assert tables(page) == TABLES[page]


@pytest.mark.parametrize("page", PAGES)
def test_the_configuration_on_a_page_opens(page: str, tmp_path: Path) -> None:
    example = blocks(page, "toml")[0]
    path = tmp_path / "inbox.toml"
    head = '[inbox]\nid = "demo"\nkey = "k"\nname = "Demo"\norigins = ["https://shop.example"]\nlocales = ["en"]\n'
    path.write_text(f"{head}{example}", encoding="utf-8")
    (entry,) = read_inbox(path, lambda name: SECRET if page in NATIVE else "a-secret-drawn-at-random-1").sources
    source = SourceConfig(**entry)
    assert source.kind == ("native" if page in NATIVE else page)
    open_source(source)
    for rotation in blocks(page, "toml")[1:]:
        names = tomllib.loads(rotation)["secrets"]
        assert len(names) == 2
        open_source(replace(source, secrets=SECRETS["shopify"]))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([\w./-]+\.md)\)", PAGES[page]):
        assert (DOCS / "shops" / target).resolve().is_file(), target


def test_the_schema_of_the_envelope_is_the_one_in_use() -> None:
    published = json.loads((DOCS / "schemas" / "cloud-event.schema.json").read_text(encoding="utf-8"))
    assert published == json.loads(json.dumps(cloud_schema()))
    flat = json.loads(json.dumps(cloud_schema()).replace("order-event.schema.json#", "#").replace("product-event.schema.json#", "#"))
    flat["$defs"].update(schema()["$defs"] | product_body.schema()["$defs"])
    validator = jsonschema.Draft202012Validator(flat)
    assert validator.is_valid(cloud())
    assert validator.is_valid(cloud({"offer_id": "off_1", "status": "done"}, type="offer.settled", subject="x"))
    for spoiled in (cloud(id=None), cloud(source=""), cloud(specversion="0.3"), cloud({"order_id": "A"}), cloud(time="soon")):
        assert not validator.is_valid(spoiled)


def test_the_saleor_query_asks_for_what_is_read() -> None:
    (query,) = blocks("saleor", "graphql")
    source = Path(saleor.__file__).read_text(encoding="utf-8").partition("def _modern")[0]
    read = set(re.findall(r'"([a-z]+(?:[A-Z][a-zA-Z]*)?)"', source.partition("def _order(")[2]))
    named = set(re.findall(r"\w+", query))
    ours = {"payment", "order", "shipment", "refund", "completed", "return", "url", "status"}  # ledgers and words of ours
    assert {name for name in read if name not in ours and name not in set(saleor.FULFILLMENT) | {"draft", "saleor"}} <= named


MEDUSA: dict[str, Any] = {
    "id": "order_1",
    "display_id": 1001,
    "created_at": "2026-11-20T09:12:00.000Z",
    "currency_code": "pln",
    "total": 141,
    "email": "shopper@example.com",
    "status": "pending",
    "customer": {"id": "cus_7", "has_account": True},
    "shipping_address": {"first_name": "Demo", "last_name": "Customer"},
    "items": [{"id": "it_1", "product_id": "prod_3", "title": "Lamp", "quantity": 1, "unit_price": 129, "thumbnail": None}],
    "fulfillments": [
        {
            "id": "ful_1",
            "created_at": "2026-11-20T09:30:00Z",
            "packed_at": "2026-11-20T09:31:00Z",
            "shipped_at": "2026-11-20T09:40:00Z",
            "delivered_at": None,
            "canceled_at": None,
            "labels": [{"tracking_number": "630", "tracking_url": "https://track.example/630"}],
            "items": [{"line_item_id": "it_1"}],
        }
    ],
    "payment_collections": [
        {"status": "completed", "payments": [{"refunds": [{"id": "ref_1", "amount": 12, "created_at": "2026-11-20T09:50:00Z"}]}]}
    ],
}


def run_node(script: str, tmp_path: Path) -> Any:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node here")
    path = tmp_path / "run.mjs"
    path.write_text(script, encoding="utf-8")
    return json.loads(subprocess.run([node, path], capture_output=True, text=True, check=True, timeout=30).stdout)


def test_medusas_subscriber_makes_our_event_and_signs_it(tmp_path: Path) -> None:
    (module,) = blocks("medusa", "javascript")
    (tmp_path / "shopbell.mjs").write_text(module, encoding="utf-8")
    script = f"""
        import shopbell, {{ config }} from "./shopbell.mjs";
        process.env.SHOPBELL_SECRET = {json.dumps(SECRET)};
        process.env.SHOPBELL_ADDRESS = "https://chat.example/webhooks/x";
        const sent = [];
        globalThis.fetch = async (address, call) => {{ sent.push({{ address, ...call }}); return {{ status: 200 }}; }};
        const graph = async ({{ entity }}) => ({{ data: [entity === "order" ? {json.dumps(MEDUSA)} : {{ order: {{ id: "order_1" }} }}] }});
        const container = {{ resolve: () => ({{ graph }}) }};
        await shopbell({{ event: {{ name: "order.placed", data: {{ id: "order_1" }} }}, container }});
        await shopbell({{ event: {{ name: "shipment.created", data: {{ id: "ful_1", no_notification: true }} }}, container }});
        console.log(JSON.stringify({{ sent, events: config.event }}));
    """
    told = run_node(script, tmp_path)
    assert "order.placed" in told["events"]
    notifies = []
    for call in told["sent"]:
        body = call["body"].encode()
        assert isinstance(standard_webhooks.verify(call["headers"], body, [SECRET], datetime.now(UTC)), standard_webhooks.Verified)
        event = translate(body, UTC)
        assert isinstance(event, OrderEvent), event
        notifies.append(event.head.notify)
        assert (event.head.number, event.head.total, event.payment, event.status) == ("1001", 14100, "paid", "placed")
        assert [(each.stage, each.tracking_number, len(each.scans)) for each in event.shipments] == [("shipped", "630", 3)]
        assert [(each.kind, each.amount) for each in event.adjustments] == [("refund", 1200)]
        assert event.unknown == ()
        assert event.customer is not None
        assert event.customer.id == "cus_7"
    assert notifies == [True, False]


@pytest.mark.parametrize("page", ["magento", "prestashop"])
def test_php_can_be_read(page: str, tmp_path: Path) -> None:
    php = shutil.which("php")
    if php is None:
        pytest.skip("no PHP here")
    for place, block in enumerate(blocks(page, "php")):
        path = tmp_path / f"{place}.php"
        path.write_text(block, encoding="utf-8")
        subprocess.run([php, "-l", path], capture_output=True, check=True, timeout=30)


@pytest.mark.parametrize("page", ["magento", "prestashop"])
def test_php_names_only_fields_of_our_event(page: str) -> None:
    """Where no interpreter is here, at least its words are ours."""
    code = "\n".join(blocks(page, "php"))
    event = code[code.index("return ['type'") :]
    definitions = schema()["$defs"]
    known = {name for shape in definitions.values() for name in shape.get("properties", {})} | {"data"}
    keys = set(re.findall(r"'(\w+)' =>", event[: event.index("]];")]))
    assert {"order_id", "number", "placed_at", "currency", "total", "status", "customer"} <= keys <= known
    for pair in ("[]", "()", "{}"):
        assert code.count(pair[0]) == code.count(pair[1]), pair
