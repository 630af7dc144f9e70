"""Walk f on the real server: a guest proves an order by the shop's link or by number and contact, and nobody sees another's."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from tests.walks.shop import Order, now
from tests.walks.shopper import Shopper
from tests.walks.stage import SECOND, Stage
from tests.walks.wire import CommandFailed, Json


def link(stage: Stage, about: Order, **claims: Any) -> str:
    """The token of a mail's link."""
    told = {"sub": None, "name": None, "purpose": "order", "order": about.id, "jti": secrets.token_hex(8), **claims}
    return stage.shop.token("nobody", **told)


async def refused(shopper: Shopper, command: str, **body: Any) -> Json:
    with pytest.raises(CommandFailed) as no:
        await shopper.wire.call(command, **body)
    return no.value.error


async def listed(shopper: Shopper) -> list[tuple[str, str]]:
    return [(each["order_id"], each["proof"]) for each in (await shopper.wire.call("list_orders"))["orders"]]


def guests(mail: str) -> Order:
    """An order of somebody without an account, with the contact that the shop was told."""
    order = Order(None)
    order.more = {"customer": {"email": mail, "phone": "+48 600 100 200"}}
    return order.moved("packed")


async def test_a_link_opens_the_order_here_and_its_news_comes(stage: Stage) -> None:
    order = guests("guest@mail.example")
    await stage.shop.tell(order)
    guest, other = await stage.shopper(), await stage.shopper()
    opened = await guest.wire.call("open_order", token=link(stage, order))
    assert (opened["order_id"], opened["order"]["headline"], opened["order"]["proof"]) == (order.id, "packed", "link")
    assert (await listed(guest), await listed(other)) == ([(order.id, "link")], [])
    await stage.shop.tell(order.moved("shipped"))
    await guest.saw("message_created")
    (said,) = guest.thread.messages()
    assert any(part["type"] == "order_card" and part["order"]["order_id"] == order.id for part in said["parts"])
    assert guest.wire.passing("order_changed")[-1] == {"order_id": order.id}
    assert other.thread.messages() == []
    assert order.number not in str(other.wire.events)


@pytest.mark.parametrize(
    "claims",
    [
        {"purpose": None},
        {"purpose": "newsletter"},
        {"sub": "customer-1"},
        {"jti": None},
        {"jti": "short"},
        {"jti": 12345678},
        {"order": ""},
        {"order": ["A-1"]},
        {"exp": 10**11},
        {"exp": "soon"},
        {"iat": 10**11, "exp": 10**11 + 60},
        {"key": "pk_other"},
        {"secret": "another shop's secret of thirty-two letters"},
    ],
    ids=str,
)
async def test_a_link_that_the_shop_did_not_make_for_this_opens_nothing(stage: Stage, claims: Json) -> None:
    order = guests("guest@mail.example")
    await stage.shop.tell(order)
    guest = await stage.shopper()
    assert (await refused(guest, "open_order", token=link(stage, order, **claims)))["code"] == "bad_request"
    assert await listed(guest) == []


async def test_tokens_are_not_taken_for_each_other(stage: Stage) -> None:
    order = guests("guest@mail.example")
    await stage.shop.tell(order)
    guest = await stage.shopper()
    assert (await refused(guest, "open_order", token=stage.shop.token(stage.customer())))["code"] == "bad_request"
    swapped = await stage.shopper(open=False, identity=link(stage, order, sub="customer-1", exp=int(now().timestamp()) + 600))
    answer = await swapped.beacon(expect=401)
    assert answer["error"]["code"] == "unauthenticated"


async def test_a_link_that_is_over_says_so_and_opens_nothing(stage: Stage) -> None:
    order = guests("guest@mail.example")
    await stage.shop.tell(order)
    guest, at = await stage.shopper(), int(now().timestamp())
    assert (await refused(guest, "open_order", token=link(stage, order, iat=at - 900, exp=at - 60)))["code"] == "not_found"


async def test_number_and_contact_over_the_socket_and_over_http(stage: Stage) -> None:
    mail = f"{secrets.token_hex(4)}@mail.example"
    order = guests(mail)
    await stage.shop.tell(order)
    guest, second = await stage.shopper(), await stage.shopper()
    assert (await refused(guest, "find_order", number=order.number, email="x@mail.example"))["code"] == "not_found"
    found = await guest.wire.call("find_order", number=order.number, email=mail.upper())
    assert (found["order_id"], found["order"]["proof"]) == (order.id, "order_and_contact")
    url = f"{stage.server.url}/v1/shopper/find_order"
    async with second.http.post(url, json={"number": order.number, "phone": "600 100 200"}, headers=second.bearer()) as response:
        assert (response.status, (await response.json())["order_id"]) == (200, order.id)
    await stage.shop.tell(order.moved("shipped"))
    await guest.wire.until(lambda: guest.wire.passing("order_changed"), "a hint to look again")
    (seen,) = (await guest.wire.call("list_orders"))["orders"]
    assert seen["headline"] == "shipped"
    assert guest.thread.messages() == []  # it may look; nobody writes to it unasked
    await guest.wire.call("forget_order", order_id=order.id)
    assert (await listed(guest), await listed(second)) == ([], [(order.id, "order_and_contact")])


async def test_the_sixth_try_must_wait_also_over_the_other_door(stage: Stage) -> None:
    guest = await stage.shopper()
    for n in range(5):
        assert (await refused(guest, "find_order", number=f"X{n}", email=f"{n}@mail.example"))["code"] == "not_found"
    no = await refused(guest, "find_order", number="X9", email="y@mail.example")
    assert no["code"] == "rate_limited"
    assert 3_500_000 < no["retry_after_ms"] <= 3_600_000
    url = f"{stage.server.url}/v1/shopper/find_order"
    async with guest.http.post(url, json={"number": "X9", "email": "z@mail.example"}, headers=guest.bearer()) as response:
        assert (response.status, "Retry-After" in response.headers) == (429, True)


async def test_an_agent_finds_the_order_its_people_and_why_it_stands_there(stage: Stage) -> None:
    order = guests("guest@mail.example")
    await stage.shop.tell(order)
    await stage.shop.tell(order.moved("shipped"))
    guest, agent = await stage.shopper(), await stage.agent(SECOND)
    token = link(stage, order)
    await guest.wire.call("open_order", token=token)
    place = (await guest.say("Where is it?"))["conversation"]
    panel = (await agent.read(place))["panel"]
    assert (panel["contact"]["grade"], [each["proof"] for each in panel["orders"]]) == ("link", ["link"])
    (found,) = (await agent.wire.call("find_orders", number=order.number))["orders"]
    assert (found["order"]["order_id"], [each["id"] for each in found["conversations"]]) == (order.id, [place])
    told = await agent.wire.call("explain_order", order_id=order.id)
    assert (told["headline"], told["decided_by"], len(told["events"])) == ("shipped", "shipment", 2)
    assert {each["entity"]: each["verdict"] for each in told["events"][0]["said"]}["shipment:s-1"] == "holds"
    await agent.wire.call("unbind_order", conversation=place, order_id=order.id)
    assert await listed(guest) == []
    assert (await refused(guest, "open_order", token=token))["code"] == "not_found"
    assert (await agent.panel(place))["contact"]["grade"] == "browser"
