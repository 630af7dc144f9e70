"""Order news with two servers: said once, soon, wherever the webhook and the shopper are; and by the other one when a server dies."""

from __future__ import annotations

import asyncio

from order_status.shops.standard_webhooks import sign
from tests.conftest import StartNodes
from tests.nodes.conftest import Pair
from tests.walks.shop import Order, now
from tests.walks.shopper import Shopper
from tests.walks.stage import Stage


async def has_news(shopper: Shopper, order: Order, seconds: float) -> None:
    await shopper.wire.until(lambda: order.number in str(shopper.thread.texts()), "the order's news", timeout=seconds)


async def test_news_is_said_once_wherever_it_comes_in(pair: Pair) -> None:
    people: list[tuple[Shopper, Order]] = []
    for number in range(6):
        stage = (pair.one, pair.other)[number % 2]
        customer = stage.customer()
        people.append((await stage.shopper(customer=customer), Order(customer).moved("shipped")))
    for number, (_, order) in enumerate(people):
        body, delivery = pair.one.shop.event(order.body()), f"msg_{order.id}"
        doors = [pair.one.shop, pair.other.shop] if number % 3 else [pair.other.shop]
        answers = await asyncio.gather(
            *(door.post(body, sign(door.secret, delivery, now(), body)) for door in doors for _ in range(2)),
        )
        assert sorted(answer["outcome"] for _, answer in answers)[0] == "accepted"
        assert sum(answer["outcome"] == "accepted" for _, answer in answers) == 1
    for shopper, order in people:
        await has_news(shopper, order, 5)
    await asyncio.sleep(1.5)
    for shopper, order in people:
        said = [text for text in shopper.thread.texts() if order.number in text]
        assert len(said) == 1, said


async def test_the_other_server_goes_on_when_one_dies(start_nodes: StartNodes) -> None:
    one, other = start_nodes(2)
    there = Stage(other)
    people: list[tuple[Shopper, Order]] = []
    for _ in range(2):
        customer = there.customer()
        people.append((await there.shopper(customer=customer), Order(customer).moved("shipped")))
    (early, first), (late, second) = people
    await there.shop.tell(first)
    await has_news(early, first, 5)
    one.kill()
    await there.shop.tell(second)
    await has_news(late, second, 30)
    await there.clear()
