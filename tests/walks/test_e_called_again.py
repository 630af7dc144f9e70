"""The late half of walk e: the shop gave no answer that it means, and a supervisor has it called again from the sources page."""

from __future__ import annotations

import re

from tests.walks.receiver import Receiver
from tests.walks.shop import Order
from tests.walks.stage import SUPERVISOR, Stage

SOURCES = "/console/sources"


async def test_a_supervisor_has_the_shop_called_again(speaking: Stage) -> None:
    receiver = Receiver(speaking.server)
    receiver.answers = [(403, {})]
    await receiver.start()
    try:
        customer = speaking.customer()
        shopper, order = await speaking.shopper(customer=customer), Order(customer).late()
        await speaking.shop.tell(order)
        await shopper.wire.until(lambda: shopper.thread.messages(), "the message about the delay")
        offer = shopper.thread.messages()[0]["parts"][2]["offer"]
        await shopper.wire.call("accept_offer", offer_id=offer["id"])
        await shopper.wire.until(lambda: "refused" in [each["state"] for each in shopper.thread.of("offer_settled")], "it ends", timeout=15)
        boss = await speaking.agent(SUPERVISOR, availability=None)
        async with boss.http.get(speaking.server.url + SOURCES) as page:
            text = await page.text()
        assert "Offers without the shop" in text
        assert order.number in text
        assert re.search(rf'name="offer" value="{offer["id"]}"', text)
        form = {"csrf": boss.csrf, "offer": offer["id"]}
        for says in ("called", "conflict"):
            async with boss.http.post(f"{speaking.server.url}{SOURCES}/call", data=form, allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"]) == (303, f"{SOURCES}?said={says}")
        await shopper.wire.until(lambda: "done" in [each["state"] for each in shopper.thread.of("offer_settled")], "it is done", timeout=15)
        assert [call["key"] for call in receiver.calls] == [offer["id"]] * 2
        async with boss.http.get(speaking.server.url + SOURCES) as page:
            text = await page.text()
        assert offer["id"] in text, "who had it called stands in the record"
        assert 'action="/console/sources/call"' not in text
    finally:
        await receiver.stop()
