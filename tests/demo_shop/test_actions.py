"""The action endpoint: only Shopbell may call it, an offer has its effect once, and every answer of the switch. Walk e."""

import asyncio
from typing import Any

import pytest

from examples.demo_shop.forms import POINTS
from tests.demo_shop.shop import WEBHOOK_SECRET, Shop, Shopper
from tests.demo_shop.test_webhooks import until

OFFER = "off_0123456789abcdef0123456789abcdef"


async def late_order(shop: Shop, locale: str = "en") -> str:
    """An order of customer A that is late; all its webhooks have arrived."""
    async with shop.shopper() as office:
        base = (await office.post("/backoffice/place", {"who": "customer-a", "locale": locale})).path
        await office.post(f"{base}/move", {"shipment": "s-1", "stage": "in_transit"})
        await office.post(f"{base}/delay", {"shipment": "s-1", "eta": "2099-01-04", "reason": "Snow"})
    await until(lambda: len(shop.receiver.got) == 3)
    return base.rpartition("/")[2]


def offer(order_id: str, kind: str = "voucher", **changes: Any) -> dict[str, Any]:
    return {
        "offer_id": OFFER,
        "kind": kind,
        "conversation": "cnv_0123456789abcdef0123456789abcdef",
        "contact": {"customer_id": "customer-a", "name": "Customer A"},
        "order_id": order_id,
        "order_number": order_id[2:],
        "params": {"worth": 1000} if kind == "voucher" else {},
    } | changes


async def switch(shop: Shop, mode: str) -> None:
    async with shop.shopper() as office:
        await office.post("/backoffice/mode", {"mode": mode})


def vouchers(shop: Shop) -> list[int]:
    return [row["worth"] for row in shop.site.store.vouchers("customer-a")]


async def test_a_voucher_is_made_once_and_shown(shop: Shop) -> None:
    order_id = await late_order(shop)
    answers = await asyncio.gather(*(shop.call_action(offer(order_id)) for _ in range(5)))
    status, answer = answers[0]
    code = shop.site.store.vouchers("customer-a")[0]["code"]
    assert (status, answer) == (200, {"status": "done", "reason": f"Your code is {code}. You also find it under My orders."})
    assert all(each == answers[0] for each in answers)
    assert vouchers(shop) == [1000]
    async with shop.shopper() as shopper:
        await shopper.sign_in("customer-a")
        assert code in await shopper.get("/en/orders")
        await shopper.post("/en/cart/add", {"product": "p-03"})
        cart = await shopper.post("/en/cart/voucher", {"code": code.lower()})
        assert "53.90\u00a0zł" in cart.text  # mug, courier, less ten


async def test_a_voucher_pays_once(shop: Shop) -> None:
    order_id = await late_order(shop)
    await shop.call_action(offer(order_id))
    code = shop.site.store.vouchers("customer-a")[0]["code"]
    async with shop.shopper() as shopper, shop.shopper() as other:
        await shopper.sign_in("customer-a")
        await shopper.post("/en/cart/add", {"product": "p-03"})
        await shopper.post("/en/cart/voucher", {"code": code})
        bought = shop.site.store.order(await shopper.buy("p-14"))
        assert bought is not None
        assert bought["total"] == 4900 + 7900 + 1490 - 1000
        await shopper.post("/en/cart/add", {"product": "p-03"})
        assert "That code is not valid for you." in (await shopper.post("/en/cart/voucher", {"code": code})).text
        await other.post("/en/cart/add", {"product": "p-03"})
        assert "That code is not valid for you." in (await other.post("/en/cart/voucher", {"code": code})).text


async def test_to_a_pickup_point_sends_the_changed_order(shop: Shop) -> None:
    order_id = await late_order(shop, "pl")
    status, answer = await shop.call_action(offer(order_id, "pickup_point"))
    assert (status, answer["status"]) == (200, "done")
    assert POINTS[0] in answer["reason"]
    assert answer["reason"].startswith("Jedzie teraz do")
    await until(lambda: len(shop.receiver.got) == 4)
    parcel = shop.receiver.orders()[-1]["shipments"][0]
    assert parcel["carrier"] == "North Points"
    assert parcel["eta"] < "2099"
    assert (await shop.call_action(offer(order_id, "pickup_point", offer_id=OFFER[:-1] + "0")))[1]["status"] == "refused"
    async with shop.shopper() as shopper:
        await shopper.sign_in("customer-a")
        assert POINTS[0] in await shopper.get(f"/en/orders/{order_id}")


@pytest.mark.parametrize(
    "change",
    [
        {"order_id": "A-9999"},
        {"contact": {"customer_id": "customer-b", "name": "Customer B"}},
        {"kind": "pony"},
        {"params": {"worth": 500_000}},
        {"params": {"worth": True}},
        {"params": {}},
    ],
)
async def test_what_the_shop_cannot_do_is_refused_with_a_reason(shop: Shop, change: dict[str, Any]) -> None:
    order_id = await late_order(shop)
    status, answer = await shop.call_action(offer(order_id) | change)
    assert (status, answer["status"], bool(answer["reason"])) == (200, "refused", True)
    assert vouchers(shop) == []


async def test_only_shopbell_may_call(shop: Shop) -> None:
    order_id = await late_order(shop)
    now = int(shop.clock().timestamp())
    assert (await shop.call_action(offer(order_id), secret=WEBHOOK_SECRET))[0] == 401
    assert (await shop.call_action(offer(order_id), at=now - 400))[0] == 401
    assert (await shop.call_action(offer(order_id), webhook_id="off_other"))[0] == 400
    assert (await shop.call_action({"offer_id": OFFER}))[0] == 400
    assert vouchers(shop) == []
    assert shop.site.offers.known(OFFER) is None
    assert [call["status"] for call in shop.site.offers.calls()] == [400, 400, 401, 401]


async def test_refused_by_the_switch_stays_refused(shop: Shop) -> None:
    order_id = await late_order(shop)
    await switch(shop, "refused")
    first = await shop.call_action(offer(order_id))
    await switch(shop, "done")
    assert first == await shop.call_action(offer(order_id))
    assert (first[1]["status"], vouchers(shop)) == ("refused", [])


async def test_a_failure_leaves_nothing_and_the_retry_does_it(shop: Shop) -> None:
    order_id = await late_order(shop)
    await switch(shop, "fail")
    assert (await shop.call_action(offer(order_id)))[0] == 500
    assert vouchers(shop) == []
    await switch(shop, "done")
    assert (await shop.call_action(offer(order_id)))[1]["status"] == "done"
    assert vouchers(shop) == [1000]


async def test_slow_answers_only_the_first_time(shop: Shop) -> None:
    order_id = await late_order(shop)
    await switch(shop, "slow")
    loop = asyncio.get_running_loop()
    started = loop.time()
    first = await shop.call_action(offer(order_id))
    between = loop.time()
    assert first == await shop.call_action(offer(order_id))
    assert between - started >= 0.3 > loop.time() - between
    assert vouchers(shop) == [1000]


async def settle(office: Shopper, agree: str, status: int = 200) -> None:
    await office.post(f"/backoffice/settle/{OFFER}", {"agree": agree}, status)


@pytest.mark.parametrize(("agree", "state", "made"), [("yes", "done", [1000]), ("no", "refused", [])])
async def test_later_is_202_and_settled_by_webhook(shop: Shop, agree: str, state: str, made: list[int]) -> None:
    order_id = await late_order(shop)
    await switch(shop, "later")
    assert await shop.call_action(offer(order_id)) == (202, {"status": "pending"})
    assert await shop.call_action(offer(order_id)) == (202, {"status": "pending"})
    assert vouchers(shop) == []
    async with shop.shopper() as office:
        assert OFFER in await office.get("/backoffice/log")
        await settle(office, agree)
        await settle(office, agree, 404)
    await until(lambda: any(event["type"] == "offer.settled" for _, event in shop.receiver.got))
    (settled,) = [event["data"] for _, event in shop.receiver.got if event["type"] == "offer.settled"]
    assert (settled["offer_id"], settled["status"]) == (OFFER, state)
    assert set(settled) == {"offer_id", "status", "reason"}
    assert vouchers(shop) == made
    assert (await shop.call_action(offer(order_id)))[1]["status"] == state


def withdrawn(accepted: dict[str, Any]) -> dict[str, Any]:
    """The same offer, taken back."""
    return {"call": "withdrawn", **accepted}


HOME = {"name": "Customer A", "street": "Nowa 5", "postcode": "00-002", "city": "Warszawa"}
KINDS: dict[str, dict[str, Any]] = {
    "voucher": {"worth": 1000}, "pickup_point": {"point": "krk"}, "split": {}, "refund": {"amount": 500}, "cancel": {},
    "change_address": {"address": HOME}, "reserve_in_store": {"store": "gdn-dluga"},
}  # fmt: skip


async def fresh_order(shop: Shop) -> str:
    async with shop.shopper() as office:
        return (await office.post("/backoffice/place", {"who": "customer-a", "locale": "en"})).path.rpartition("/")[2]


@pytest.mark.parametrize("kind", list(KINDS))
async def test_every_kind_is_carried_out_and_shown(shop: Shop, kind: str) -> None:
    order_id = await fresh_order(shop)
    before = shop.site.store.order(order_id)
    status, answer = await shop.call_action(offer(order_id, kind, params=KINDS[kind]))
    after = shop.site.store.order(order_id)
    assert before is not None
    assert after is not None
    assert (status, answer["status"], bool(answer["reason"])) == (200, "done", True)
    assert after["version"] > before["version"]
    changed = {
        "pickup_point": after["shop"]["pickup_point"] == POINTS[2], "split": len(after["shipments"]) == 2,
        "refund": [each["amount"] for each in after["adjustments"]] == [500], "voucher": vouchers(shop) == [1000],
        "cancel": (after["status"], sum(each["amount"] for each in after["adjustments"])) == ("cancelled", after["total"]),
        "change_address": after["shop"]["address"] == {name: HOME[name] for name in ("street", "postcode", "city")},
        "reserve_in_store": "Gda\u0144sk" in after["shop"]["timeline"][-1]["note"],
    }  # fmt: skip
    assert changed[kind]
    async with shop.shopper() as office:
        assert kind in await office.get(f"/backoffice/orders/{order_id}")


@pytest.mark.parametrize("kind", ["voucher", "pickup_point", "split", "change_address", "reserve_in_store"])
async def test_what_can_be_taken_back_is_put_back_once(shop: Shop, kind: str) -> None:
    order_id = await fresh_order(shop)
    accepted = offer(order_id, kind, params=KINDS[kind])
    before = shop.site.store.order(order_id)
    await shop.call_action(accepted)
    first = await shop.call_action(withdrawn(accepted))
    assert first == (200, {"status": "done", "reason": "It is as it was before."})
    assert await shop.call_action(withdrawn(accepted)) == first
    after = shop.site.store.order(order_id)
    assert before is not None
    assert after is not None
    assert vouchers(shop) == []
    way = [(order["shop"]["delivery"], order["shop"]["pickup_point"], order["shop"]["address"]) for order in (before, after)]
    assert way[0] == way[1]
    open_parcels = [parcel for parcel in after["shipments"] if parcel["stage"] != "cancelled"]
    assert [(parcel["id"], parcel["item_ids"]) for parcel in open_parcels] == [(p["id"], p["item_ids"]) for p in before["shipments"]]
    assert len(after["shipments"]) == (2 if kind == "split" else 1), "a parcel that the shop has told of is not left out"
    assert after["shop"]["timeline"][-1]["stage"] == "undone"


async def test_what_went_on_or_never_was_stays(shop: Shop) -> None:
    order_id = await fresh_order(shop)
    accepted = offer(order_id, "change_address", params=KINDS["change_address"])
    assert (await shop.call_action(withdrawn({**accepted, "offer_id": OFFER[:-1] + "1"})))[1]["reason"] == "This cannot be taken back."
    await shop.call_action(accepted)
    async with shop.shopper() as office:
        await office.post(f"/backoffice/orders/{order_id}/move", {"shipment": "s-1", "stage": "packed"})
    answer = (await shop.call_action(withdrawn(accepted)))[1]
    assert answer == {"status": "refused", "reason": "The order went on meanwhile, so this stays."}
    cancel = offer(order_id, "cancel", offer_id=OFFER[:-1] + "2")
    await shop.call_action(cancel)
    assert (await shop.call_action(withdrawn(cancel)))[1]["reason"] == "This cannot be taken back."


async def test_a_used_voucher_is_not_taken_back(shop: Shop) -> None:
    order_id = await fresh_order(shop)
    await shop.call_action(offer(order_id))
    shop.site.store.use_voucher(shop.site.store.vouchers("customer-a")[0]["code"], "A-9")
    assert (await shop.call_action(withdrawn(offer(order_id))))[1] == {"status": "refused", "reason": "The voucher was used already."}
    assert vouchers(shop) == [1000]


async def test_a_withdrawal_that_is_settled_later_names_its_own_call(shop: Shop) -> None:
    order_id = await fresh_order(shop)
    await shop.call_action(offer(order_id))
    await switch(shop, "later")
    assert await shop.call_action(withdrawn(offer(order_id))) == (202, {"status": "pending"})
    async with shop.shopper() as office:
        await office.post(f"/backoffice/settle/{OFFER}_undo", {"agree": "yes"})
    await until(lambda: any(event["type"] == "offer.settled" for _, event in shop.receiver.got))
    (settled,) = [event["data"] for _, event in shop.receiver.got if event["type"] == "offer.settled"]
    assert (settled["offer_id"], settled["status"]) == (f"{OFFER}_undo", "done")
    assert vouchers(shop) == []
