"""Who is there: tokens, the shop's signature, and what moves along when a browser gets its person."""

from datetime import timedelta

from chat_server.core.model import Visitor
from chat_server.flows import messages, people, visits
from chat_server.flows.people import Claims, Hello
from tests.flows.world import NOON, World


def hello(world: World, token: str | None = None, customer: str | None = None, *, expired: bool = False, locale: str = "en") -> Hello:
    claims = Claims(customer, "Demo customer A", None, None, expired) if customer else None
    return Hello(world.inbox, token, claims, locale, "Europe/Warsaw")


async def test_a_new_browser_gets_a_token_and_keeps_it(world: World) -> None:
    visitor, token = await people.recognise(world.context, hello(world, locale="pl-PL"))
    assert token is not None
    assert (visitor.locale, visitor.timezone, visitor.contact_id) == ("pl", "Europe/Warsaw", None)
    again, fresh = await people.recognise(world.context, hello(world, token, locale="pl"))
    assert (again.id, fresh) == (visitor.id, None)
    stranger, other = await people.recognise(world.context, hello(world, "made-up"))
    assert stranger.id != visitor.id
    assert other not in (None, token)


async def test_the_shops_signature_binds_and_rotates_the_token(world: World) -> None:
    visitor, token = await people.recognise(world.context, hello(world))
    bound, fresh = await people.recognise(world.context, hello(world, token, "c-1"))
    assert (bound.id, bound.contact_id is not None) == (visitor.id, True)
    assert fresh not in (None, token)
    assert await people.find(world.context, world.inbox, token or "") is None, "the old token is worth nothing"
    found = await people.find(world.context, world.inbox, fresh or "")
    assert found is not None
    assert found.id == visitor.id


async def test_an_expired_signature_binds_nobody(world: World) -> None:
    _, token = await people.recognise(world.context, hello(world))
    visitor, fresh = await people.recognise(world.context, hello(world, token, "c-1", expired=True))
    assert (visitor.contact_id, fresh) == (None, None)
    bound, fresh = await people.recognise(world.context, hello(world, token, "c-1"))
    known, again = await people.recognise(world.context, hello(world, fresh, "c-1", expired=True))
    assert (known.id, known.contact_id, again) == (bound.id, bound.contact_id, None)


async def test_another_customer_at_the_same_browser_sees_nothing_of_the_first(world: World) -> None:
    first, token = await people.recognise(world.context, hello(world, None, "c-1"))
    await messages.send_message(world.context, first, world.draft("private"), None)
    second, _ = await people.recognise(world.context, hello(world, token, "c-2"))
    assert second.id != first.id
    assert (await messages.catch_up(world.context, second, None, None, None))[0] is None


async def test_budgets_and_what_was_said_move_along(world: World) -> None:
    visitor, token = await people.recognise(world.context, hello(world))
    await visits.beacon(world.context, visitor, world.dwelt())
    bound, _ = await people.recognise(world.context, hello(world, token, "c-1"))
    contact = bound.contact_id or ""
    assert len(await world.touches(contact)) == 1
    assert await world.verdicts(contact) == [("rule:stuck-checkout", "send", "sent")]
    nudge = (await visits.beacon(world.context, bound, world.dwelt()))["nudge"]
    assert nudge is not None
    assert world.ears.texts() == ["Can we help with the checkout?"], "known under the browser, not said again to the person"


async def test_what_both_browsers_were_to_be_told_is_told_once(world: World) -> None:
    """The same rule held for the browser and for its person."""

    async def held(customer: str | None) -> tuple[Visitor, str | None]:
        visitor, token = await people.recognise(world.context, hello(world, None, customer))
        await messages.send_message(world.context, visitor, world.draft(), None)
        await visits.beacon(world.context, visitor, world.dwelt())
        return visitor, token

    await held("c-1")
    _, token = await held(None)
    bound, _ = await people.recognise(world.context, hello(world, token, "c-1"))
    waiting = await world.store.read(lambda tx: tx.proactive.waiting(bound.contact_id or ""))
    assert [candidate.source for candidate in waiting] == ["rule:stuck-checkout"]
    world.clock.now = NOON + timedelta(minutes=16)
    await visits.beacon(world.context, bound, world.dwelt())
    await world.work_off()
    assert world.ears.texts().count("Can we help with the checkout?") == 1
