"""Walk c on the real server: what a browser reports makes the rules speak, within budgets, each verdict with its reason."""

from __future__ import annotations

from typing import Any

import pytest

from tests.walks.shopper import Shopper, did
from tests.walks.stage import Stage
from tests.walks.wire import Json

CHECKOUT = {"url": "http://shop.example/en/checkout/address", "title": "Checkout"}


def viewed(product: str, times: int = 3) -> list[Json]:
    return [did("view_item", ago_ms=1000 * (times - step), items=[{"id": product, "name": product}]) for step in range(times)]


def stuck(seconds: int = 60) -> Json:
    return did("dwell", url=CHECKOUT["url"], seconds=seconds)


async def nudge_of(shopper: Shopper, *activities: Json, **report: Any) -> Json | None:
    found: Json | None = (await shopper.beacon(*activities, **report))["nudge"]
    return found


@pytest.mark.parametrize(
    ("activities", "source", "class_", "text"),
    [
        ([stuck()], "stuck-checkout", "help", "Can we help with the checkout?"),
        (viewed("lamp"), "viewed-three-times", "promo", "A question about this one?"),
        (
            [did("track", name="size_guide_opened", properties={}), did("track", name="size_guide_opened", properties={})],
            "size-guide", "help", "Between two sizes?",
        ),
    ],
    ids=["stuck at checkout", "viewed three times", "custom event"],
)  # fmt: skip
async def test_a_rule_opens_a_conversation(speaking: Stage, activities: list[Json], source: str, class_: str, text: str) -> None:
    agent = await speaking.agent()
    shopper = await speaking.shopper(open=False)
    *before, last = activities
    first = await shopper.beacon(*before, page=CHECKOUT)
    assert (first["nudge"], first["unread"], first["connect"]) == (None, 0, False)
    assert (await agent.list())["conversations"] == []
    answer = await shopper.beacon(last, page=CHECKOUT)
    nudge = answer["nudge"]
    assert nudge == {"conversation": nudge["conversation"], "message_id": nudge["message_id"], "text": text, "class": class_}
    assert (answer["unread"], answer["connect"]) == (1, True)

    heard = await agent.heard("message_created", nudge["conversation"])
    assert heard["message"]["sender"] == {"kind": "integration", "id": f"rule:{source}", "name": "Test shop"}
    assert heard["message"]["meta"]["proactive"]["class"] == class_
    answer = await agent.read(nudge["conversation"])
    assert answer["row"]["status"] == "bot"
    verdict = answer["panel"]["verdicts"]
    assert [(each["source"], each["class"], each["decision"], each["reason"], each["text"]) for each in verdict] == [
        (f"rule:{source}", class_, "send", "sent", text)
    ]
    assert [each["kind"] for each in answer["panel"]["visit"]["activities"]] == [each["kind"] for each in reversed(activities)]
    await shopper.open()
    assert shopper.thread.texts() == [text]
    assert shopper.thread.last == 1


async def test_the_shoppers_language_is_spoken(speaking: Stage) -> None:
    shopper = await speaking.shopper(open=False, locale="pl-PL")
    nudge = await nudge_of(shopper, stuck())
    assert nudge is not None
    assert nudge["text"] == "Pomóc przy zamówieniu?"


async def test_a_repeated_beacon_says_nothing_twice(speaking: Stage) -> None:
    shopper, activities = await speaking.shopper(open=False), viewed("vase")
    nudge = await nudge_of(shopper, *activities)
    assert nudge is not None
    assert await nudge_of(shopper, *activities) == nudge
    assert await nudge_of(shopper, *activities, *viewed("vase")) == nudge
    await shopper.open()
    assert shopper.thread.texts() == ["A question about this one?"]


async def test_two_times_and_too_short_and_another_page_say_nothing(speaking: Stage) -> None:
    shopper = await speaking.shopper(open=False)
    assert await nudge_of(shopper, *viewed("one", 2), *viewed("two", 2), stuck(59)) is None
    assert await nudge_of(shopper, did("dwell", url="http://shop.example/en/cart", seconds=600)) is None
    await shopper.open()
    assert shopper.hello["conversation"] is None


async def test_three_budgets_and_their_reasons_in_the_panel(speaking: Stage) -> None:
    """Two promos a week and four unasked messages a day; the promo beyond and the help beyond are dropped, and say why."""
    agent, shopper = await speaking.agent(), await speaking.shopper(open=False)
    conversation = ""
    for product in ("a", "b"):
        nudge = await nudge_of(shopper, *viewed(product))
        assert nudge is not None, product
        conversation = nudge["conversation"]
        assert await nudge_of(shopper, seen=[nudge["message_id"]]) is None
    assert await nudge_of(shopper, *viewed("c")) is None
    panel = await agent.panel(conversation)
    assert [(each["subject"], each["decision"], each["reason"]) for each in panel["verdicts"]] == [
        ("c", "drop", "promo_budget"), ("b", "send", "sent"), ("a", "send", "sent"),
    ]  # fmt: skip
    assert panel["verdicts"][0]["text"] == "A question about this one?"
    help_ = await nudge_of(shopper, stuck())
    assert help_ is not None
    assert await nudge_of(shopper, seen=[help_["message_id"]]) is None
    tracked = [did("track", name="size_guide_opened", properties={}) for _ in range(2)]
    last = await nudge_of(shopper, *tracked)
    assert last is not None
    assert last["text"] == "Between two sizes?"
    await shopper.open()
    assert shopper.thread.texts() == ["A question about this one?"] * 2 + ["Can we help with the checkout?", "Between two sizes?"]


async def test_one_at_a_time_until_the_first_is_seen(speaking: Stage) -> None:
    agent, shopper = await speaking.agent(), await speaking.shopper(open=False)
    first = await nudge_of(shopper, *viewed("rug"), stuck())
    assert first is not None
    assert first["class"] == "help", "help goes before a promo"
    verdicts = (await agent.panel(first["conversation"]))["verdicts"]
    assert {(each["source"], each["decision"], each["reason"]) for each in verdicts} == {
        ("rule:stuck-checkout", "send", "sent"), ("rule:viewed-three-times", "hold", "one_at_a_time"),
    }  # fmt: skip
    second = await nudge_of(shopper, seen=[first["message_id"]])
    assert second is not None
    assert second["class"] == "promo"


async def test_a_dismissal_starts_the_cool_down(speaking: Stage) -> None:
    agent, shopper = await speaking.agent(), await speaking.shopper()
    nudge = await nudge_of(shopper, stuck())
    assert nudge is not None
    await shopper.wire.call("dismiss_proactive", message_id=nudge["message_id"])
    assert (await shopper.saw("proactive_shown"))["state"] == "dismissed"
    assert await nudge_of(shopper, *viewed("chair")) is None
    verdict = (await agent.panel(nudge["conversation"]))["verdicts"][0]
    assert (verdict["source"], verdict["decision"], verdict["reason"]) == ("rule:viewed-three-times", "drop", "cool_down")


async def test_no_rule_speaks_into_a_talk_with_a_person(speaking: Stage) -> None:
    agent, shopper = await speaking.agent(), await speaking.shopper()
    conversation = (await shopper.say("Hello"))["conversation"]
    await shopper.saw("conversation_assigned")
    assert await nudge_of(shopper, stuck()) is None
    verdict = (await agent.panel(conversation))["verdicts"][0]
    assert (verdict["source"], verdict["decision"], verdict["reason"]) == ("rule:stuck-checkout", "drop", "live_conversation")
    assert shopper.thread.texts() == ["Hello"]


async def test_who_refuses_a_class_never_gets_it(speaking: Stage) -> None:
    shopper = await speaking.shopper(open=False)
    assert await nudge_of(shopper, *viewed("bowl"), opt_outs=["promo"]) is None
    assert await nudge_of(shopper, *viewed("cup")) is None
    other = await nudge_of(shopper, stuck())
    assert other is not None
    assert other["class"] == "help"


async def test_a_purchase_makes_help_with_the_checkout_pointless(speaking: Stage) -> None:
    shopper = await speaking.shopper(open=False)
    bought = did("purchase", items=[{"id": "lamp", "name": "Lamp"}], value=12900, currency="PLN", order_number="1")
    assert await nudge_of(shopper, {**stuck(), "ago_ms": 5000}, bought) is None


async def test_the_cart_stands_in_the_list_and_the_panel(speaking: Stage) -> None:
    agent, shopper = await speaking.agent(), await speaking.shopper()
    items = [{"id": "lamp", "name": "Lamp", "price": 12900, "quantity": 2}]
    await shopper.beacon(
        did("page_view", url=CHECKOUT["url"], title="Checkout"), did("view_cart", items=items, value=25800, currency="PLN"), page=CHECKOUT
    )
    conversation = (await shopper.say("Hello"))["conversation"]
    answer = await agent.read(conversation)
    assert answer["row"]["cart"] == {"value": 25800, "currency": "PLN"}
    assert answer["row"]["page"] == {"title": "Checkout", "url": CHECKOUT["url"]}
    assert answer["row"]["online"] is True
    assert answer["panel"]["visit"]["cart"] == {
        "value": 25800, "currency": "PLN", "items": [{"id": "lamp", "quantity": 2, "price": 12900}],
    }  # fmt: skip


async def test_an_agent_invites_who_is_there(speaking: Stage) -> None:
    agent, shopper = await speaking.agent(), await speaking.shopper()
    answer = await agent.wire.call("invite", visitor=shopper.visitor, client_id="invite-0001", text="May I help you choose?")
    assert (answer["decision"], answer["reason"]) == ("send", "sent")
    said = await shopper.read("May I help you choose?")
    assert said["id"] == answer["message_id"]
    again = await agent.wire.call("invite", visitor=shopper.visitor, client_id="invite-0001", text="May I help you choose?")
    assert again == answer
    assert shopper.thread.texts() == ["May I help you choose?"]
