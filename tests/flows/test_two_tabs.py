"""Walk a where it is hard: tokens that change under a tab, a sign-in elsewhere, another customer at the same browser."""

from __future__ import annotations

import pytest

from chat_server.core.model import Visitor
from chat_server.errors import ClientError, Code
from chat_server.flows import handoff, messages, orders, people
from chat_server.flows.people import Claims, Hello
from tests.flows.world import World


async def hello(world: World, token: str | None, customer: str | None = None, *, expired: bool = False) -> tuple[Visitor, str | None]:
    claims = Claims(customer, None, None, None, expired) if customer else None
    return await people.recognise(world.context, Hello(world.context.inboxes["demo"], token, claims, "en", None))


async def test_a_message_sent_again_after_the_token_was_lost_stands_once(world: World) -> None:
    _, token = await hello(world, None)
    signed_in, _lost = await hello(world, token, "c-1")
    draft = world.draft("Where is it?")
    first = await messages.send_message(world.context, signed_in, draft, None)
    other, _ = await hello(world, token, "c-1")
    assert other.id != signed_in.id
    assert await messages.send_message(world.context, other, draft, None) == first
    assert world.ears.texts() == ["Where is it?"]


async def test_a_tab_that_said_hello_before_the_sign_in_writes_as_the_customer(world: World) -> None:
    early, token = await hello(world, None)
    await hello(world, token, "c-1")
    sent = await messages.send_message(world.context, early, world.draft("From the first tab"), None)
    behind = await orders.behind(world.context, sent["conversation"])
    assert behind["identified"] is True
    assert (await handoff.request_agent(world.context, early, None))["conversation"] == sent["conversation"]


async def test_an_expired_token_of_another_customer_opens_nothing_of_the_first(world: World) -> None:
    _, token = await hello(world, None)
    first, first_token = await hello(world, token, "c-1")
    sent = await messages.send_message(world.context, first, world.draft("Mine"), None)
    second, _ = await hello(world, first_token, "c-2", expired=True)
    assert (second.id != first.id, second.contact_id) == (True, None)
    found, _ = await messages.catch_up(world.context, second, None, None, None)
    assert found is None
    with pytest.raises(ClientError) as refused:
        await messages.catch_up(world.context, second, sent["conversation"], None, None)
    assert refused.value.code is Code.NOT_FOUND


async def test_an_expired_token_of_the_same_customer_changes_nothing(world: World) -> None:
    _, token = await hello(world, None)
    first, first_token = await hello(world, token, "c-1")
    again, fresh = await hello(world, first_token, "c-1", expired=True)
    assert (again.id, again.contact_id, fresh) == (first.id, first.contact_id, None)
