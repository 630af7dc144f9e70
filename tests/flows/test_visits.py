"""Walk c: what a shopper does on the site makes the shop speak up, once, at the right moment, within its budgets."""

import asyncio
from datetime import timedelta

import pytest

from chat_server.core.model import Json
from chat_server.core.policy import MessageClass, Policy, parse_quiet
from chat_server.errors import ClientError, Code
from chat_server.flows import agents, messages, proactive, visits
from chat_server.flows.visits import Report, Told
from tests.flows.world import NOON, PAGE, QUIET, World, inbox, order, visits_of


async def test_nothing_to_say(world: World) -> None:
    visitor = await world.visitor()
    answer = await visits.beacon(world.context, visitor, QUIET)
    assert answer == {"unread": 0, "nudge": None, "connect": False, "again": None}
    assert world.ears.told == []


async def test_stuck_at_the_checkout_opens_a_conversation(world: World) -> None:
    visitor = await world.visitor()
    assert (await visits.beacon(world.context, visitor, world.dwelt(40)))["nudge"] is None
    answer = await visits.beacon(world.context, visitor, world.dwelt(80))
    assert answer["nudge"]["text"] == "Can we help with the checkout?"
    assert answer["nudge"]["class"] == "help"
    assert "card" not in answer["nudge"]
    assert (answer["unread"], answer["connect"]) == (1, True)
    assert await world.verdicts(visitor.id) == [("rule:stuck-checkout", "send", "sent")]


async def test_a_repeated_beacon_changes_nothing(world: World) -> None:
    visitor = await world.visitor()
    report = world.viewed(times=1)
    for _ in range(5):
        answer = await visits.beacon(world.context, visitor, report)
    assert answer["nudge"] is None, "one look, told five times, is one look"
    assert world.ears.told == []


async def test_the_same_word_is_not_said_again(world: World) -> None:
    visitor = await world.visitor()
    for _ in range(4):
        await visits.beacon(world.context, visitor, world.dwelt())
        world.clock.forward(minutes=3)
    assert world.ears.texts() == ["Can we help with the checkout?"]


async def test_the_nudge_is_repeated_until_it_is_reported(world: World) -> None:
    visitor = await world.visitor()
    first = (await visits.beacon(world.context, visitor, world.dwelt()))["nudge"]
    assert (await visits.beacon(world.context, visitor, QUIET))["nudge"] == first
    reported = Report(PAGE, seen=(first["message_id"],))
    assert (await visits.beacon(world.context, visitor, reported))["nudge"] is None
    assert (await visits.beacon(world.context, visitor, reported))["nudge"] is None
    assert world.ears.kinds() == ["message_created", "proactive_shown"]


async def test_a_dismissal_starts_the_cool_down(world: World) -> None:
    visitor = await world.visitor()
    nudge = (await visits.beacon(world.context, visitor, world.dwelt()))["nudge"]
    world.clock.forward(minutes=5)
    await visits.beacon(world.context, visitor, Report(PAGE, dismissed=(nudge["message_id"],)))
    await visits.beacon(world.context, visitor, world.viewed())
    assert (await world.verdicts(visitor.id))[-1] == ("rule:looked-thrice", "drop", "cool_down")
    world.clock.forward(hours=25)
    await visits.beacon(world.context, visitor, world.viewed())
    assert world.ears.texts() == ["Can we help with the checkout?", "Still thinking about it?"]


async def test_somebody_elses_message_is_passed_over(world: World) -> None:
    mine, other = await world.visitor(), await world.visitor()
    nudge = (await visits.beacon(world.context, mine, world.dwelt()))["nudge"]
    await visits.beacon(world.context, other, Report(PAGE, seen=(nudge["message_id"], "msg_none"), dismissed=(nudge["message_id"],)))
    assert (await visits.beacon(world.context, mine, QUIET))["nudge"] == nudge
    for act in (proactive.seen, proactive.dismiss, proactive.clicked):
        with pytest.raises(ClientError) as refused:
            await act(world.context, other, nudge["message_id"])
        assert refused.value.code is Code.NOT_FOUND


async def test_seen_dismissed_clicked_is_told_once_each_and_never_goes_back(world: World) -> None:
    visitor = await world.visitor()
    nudge = (await visits.beacon(world.context, visitor, world.dwelt()))["nudge"]
    place = {"conversation": nudge["conversation"], "epoch": 1}
    seen = await proactive.seen(world.context, visitor, nudge["message_id"])
    assert seen == {**place, "seq": 2, "fact_id": f"{nudge['conversation']}:2"}
    assert await proactive.seen(world.context, visitor, nudge["message_id"]) == seen
    clicked = await proactive.clicked(world.context, visitor, nudge["message_id"])
    assert clicked["seq"] == 3
    assert await proactive.dismiss(world.context, visitor, nudge["message_id"]) == clicked
    assert [fact.data["state"] for fact in world.ears.told[1:]] == ["seen", "clicked"]


async def test_no_promo_while_a_person_talks(world: World) -> None:
    visitor, agent = await world.visitor(), await world.agent()
    sent = await messages.send_message(world.context, visitor, world.draft(), None)
    await agents.claim(world.context, agent, sent["conversation"])
    world.ears.told.clear()
    await visits.beacon(world.context, visitor, world.viewed())
    await visits.beacon(world.context, visitor, world.dwelt())
    assert world.ears.told == []
    assert await world.verdicts(visitor.id) == [
        ("rule:looked-thrice", "drop", "live_conversation"),
        ("rule:stuck-checkout", "drop", "live_conversation"),
    ]


async def test_with_the_bot_it_waits_and_a_resolve_releases_it(world: World) -> None:
    visitor, agent = await world.visitor(), await world.agent()
    sent = await messages.send_message(world.context, visitor, world.draft(), None)
    answer = await visits.beacon(world.context, visitor, world.dwelt())
    assert (answer["nudge"], answer["again"]) == (None, 20)
    assert await world.verdicts(visitor.id) == [("rule:stuck-checkout", "hold", "live_conversation")]
    await agents.resolve(world.context, agent, sent["conversation"])
    await world.work_off()
    assert world.ears.texts()[-1] == "Can we help with the checkout?"
    assert world.ears.told[-1].conversation_id != sent["conversation"]


async def test_two_beacons_at_once_cannot_take_the_last_slot(world: World) -> None:
    world.use(inbox(policy=Policy(unasked_per_day=1, spacing_seconds=0)))
    one, two = await world.visitor("c-1"), await world.visitor("c-1")
    assert one.contact_id == two.contact_id
    await asyncio.gather(
        visits.beacon(world.context, one, world.dwelt()),
        visits.beacon(world.context, two, world.viewed()),
    )
    assert len(world.ears.texts()) == 1
    assert len(await world.touches(one.contact_id or "")) == 1
    decisions = [decision for _, decision, _ in await world.verdicts(one.contact_id or "")]
    assert sorted(decisions) == ["drop", "send"]


async def test_many_beacons_of_one_browser_at_once_say_it_once(world: World) -> None:
    visitor = await world.visitor()
    await asyncio.gather(*(visits.beacon(world.context, visitor, world.dwelt()) for _ in range(12)))
    assert world.ears.texts() == ["Can we help with the checkout?"]
    assert len(await world.touches(visitor.id)) == 1


async def test_the_promo_budget_holds(world: World) -> None:
    world.use(inbox(policy=Policy(promo_per_7_days=2, promo_gap_hours=1)))
    visitor = await world.visitor()
    for day in range(5):
        await visits.beacon(world.context, visitor, world.viewed(f"p-{day}"))
        nudge = (await visits.beacon(world.context, visitor, QUIET))["nudge"]
        if nudge:
            await proactive.seen(world.context, visitor, nudge["message_id"])
        world.clock.forward(hours=24)
    assert len(world.ears.texts()) == 2
    assert (await world.verdicts(visitor.id))[-1] == ("rule:looked-thrice", "drop", "promo_budget")


async def test_budgets_follow_the_person_from_browser_to_browser(world: World) -> None:
    world.use(inbox(policy=Policy(unasked_per_day=1)))
    one, two = await world.visitor("c-1"), await world.visitor("c-1")
    await visits.beacon(world.context, one, world.dwelt())
    world.clock.forward(minutes=5)
    await visits.beacon(world.context, two, world.viewed())
    assert world.ears.texts() == ["Can we help with the checkout?"]


async def test_a_purchase_makes_held_help_pointless(world: World) -> None:
    visitor, agent = await world.visitor(), await world.agent()
    sent = await messages.send_message(world.context, visitor, world.draft(), None)
    await visits.beacon(world.context, visitor, world.dwelt())
    world.clock.forward(seconds=30)
    bought = Report(PAGE, (Told("bought", "purchase", 0, {"items": [], "order_number": "7"}),))
    await visits.beacon(world.context, visitor, bought)
    assert (await world.verdicts(visitor.id))[-1] == ("rule:stuck-checkout", "drop", "contradicted")
    await agents.resolve(world.context, agent, sent["conversation"])
    await world.work_off()
    assert "Can we help with the checkout?" not in world.ears.texts()


async def test_without_consent_behaviour_is_neither_kept_nor_used(world: World) -> None:
    world.use(inbox(consent_required=True))
    visitor = await world.visitor()
    await visits.beacon(world.context, visitor, world.dwelt())
    assert world.ears.told == []
    assert await world.store.read(lambda tx: visits_of(tx, visitor.id)) == 0
    assert await world.store.read(lambda tx: tx.people.state(visitor.id)) == {}
    agreed = await world.visitor(consent=True)
    await visits.beacon(world.context, agreed, world.dwelt())
    assert world.ears.texts() == ["Can we help with the checkout?"]


async def test_a_refusal_counts_even_where_nobody_asks(world: World) -> None:
    visitor = await world.visitor(consent=False)
    await visits.beacon(world.context, visitor, world.dwelt())
    assert world.ears.told == []
    assert await world.store.read(lambda tx: visits_of(tx, visitor.id)) == 0


async def test_opt_outs_in_the_beacon_take_effect_at_once(world: World) -> None:
    visitor = await world.visitor()
    await visits.beacon(world.context, visitor, world.dwelt(opt_outs=frozenset({MessageClass.HELP})))
    assert world.ears.told == []
    assert await world.verdicts(visitor.id) == [("rule:stuck-checkout", "drop", "opted_out")]


async def test_activities_are_kept_at_their_time_of_our_clock(world: World) -> None:
    visitor = await world.visitor()
    ancient, future = timedelta(days=3) // timedelta(milliseconds=1), -5_000
    told = (
        Told("a", "page_view", ancient, {"url": "/a"}),
        Told("b", "page_view", future, {"url": "/b"}),
        Told("c", "search", 1_500, {"term": "x"}),
    )
    await visits.beacon(world.context, visitor, Report(PAGE, told))
    visit = await world.store.read(lambda tx: tx.visits.current(visitor.id, NOON))
    assert visit is not None
    assert visit["page"] == {"url": PAGE["url"], "title": "Checkout"}
    kept = await world.store.read(lambda tx: tx.visits.activities(str(visit["id"])))
    assert [(kind, NOON - at) for kind, at, _ in kept] == [
        ("page_view", timedelta()),
        ("search", timedelta(seconds=1.5)),
        ("page_view", timedelta(hours=24)),
    ]


async def test_a_visit_goes_on_for_half_an_hour(world: World) -> None:
    visitor = await world.visitor()
    for minutes in (0, 29, 29, 31):
        world.clock.forward(minutes=minutes)
        await visits.beacon(world.context, visitor, QUIET)
    assert await world.store.read(lambda tx: visits_of(tx, visitor.id)) == 2


@pytest.mark.parametrize(
    ("views", "again"),
    [([], None), ([order("delivered")], None), ([order("cancelled")], None), ([order("shipped")], 20), ([order("placed")], 20)],
)
async def test_comes_again_while_an_order_is_open(world: World, views: list[Json], again: int | None) -> None:
    visitor = await world.visitor("c-1")
    world.shop.views["c-1"] = views
    assert (await visits.beacon(world.context, visitor, QUIET))["again"] == again


async def test_comes_again_after_a_purchase_whose_order_is_not_here_yet(world: World) -> None:
    visitor, guest = await world.visitor("c-1"), await world.visitor()
    bought = Report(PAGE, (Told("bought", "purchase", 0, {"items": []}),))
    assert (await visits.beacon(world.context, visitor, bought))["again"] == 20
    assert (await visits.beacon(world.context, guest, bought))["again"] is None
    world.clock.forward(minutes=16)
    assert (await visits.beacon(world.context, visitor, QUIET))["again"] is None


async def test_no_promo_to_the_unhappy(world: World) -> None:
    visitor, agent = await world.visitor(), await world.agent()
    sent = await messages.send_message(world.context, visitor, world.draft(), None)
    await agents.resolve(world.context, agent, sent["conversation"])
    await messages.rate(world.context, visitor, sent["conversation"], 1, "Never again")
    await visits.beacon(world.context, visitor, world.viewed())
    assert await world.verdicts(visitor.id) == [("rule:looked-thrice", "drop", "unhappy")]
    await visits.beacon(world.context, visitor, world.dwelt())
    assert world.ears.texts()[-1] == "Can we help with the checkout?"


async def test_quiet_hours_are_the_shoppers(world: World) -> None:
    world.use(inbox(policy=Policy(quiet=parse_quiet("21:00-08:00"))))
    tokyo, strange = await world.visitor(timezone="Asia/Tokyo"), await world.visitor(timezone="Mars/Base")
    await visits.beacon(world.context, tokyo, world.dwelt())
    assert world.ears.told == [], "it is nine in the evening there"
    await visits.beacon(world.context, strange, world.dwelt())
    assert world.ears.texts() == ["Can we help with the checkout?"]
