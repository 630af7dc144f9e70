"""Walk a, the shopper's side: stored once, answered after the commit, and never anybody else's."""

import asyncio

import pytest

from chat_server.core.model import Json, Status
from chat_server.errors import ClientError, Code
from chat_server.flows import agents, messages
from chat_server.flows.messages import Draft
from tests.flows.world import World


async def refusal(act: object) -> Code:
    with pytest.raises(ClientError) as refused:
        await act  # type: ignore[misc]  # any coroutine of a flow
    return refused.value.code


async def test_a_first_message_opens_a_conversation_and_asks_the_bot(world: World) -> None:
    visitor = await world.visitor()
    answer = await messages.send_message(world.context, visitor, world.draft("Hello", "c-1"), None)
    conversation = answer["conversation"]
    assert answer == {
        "conversation": conversation, "fact_id": f"{conversation}:1", "seq": 1, "epoch": 1, "message_id": answer["message_id"],
    }  # fmt: skip
    assert world.ears.kinds() == ["message_created"]
    assert (await world.conversation(conversation)).status is Status.BOT
    assert [job.payload["trigger_seq"] for job in await world.jobs("bot_turn")] == [1]


async def test_a_repeat_gets_the_first_ack_even_after_the_end(world: World) -> None:
    visitor, agent = await world.visitor(), await world.agent()
    draft = world.draft()
    first = await messages.send_message(world.context, visitor, draft, None)
    assert await messages.send_message(world.context, visitor, draft, None) == first
    await agents.resolve(world.context, agent, first["conversation"])
    assert await messages.send_message(world.context, visitor, draft, None) == first
    assert world.ears.kinds() == ["message_created", "conversation_resolved"]


async def test_twenty_repeats_at_once_are_one_message(world: World) -> None:
    visitor, draft = await world.visitor(), world.draft()
    answers = await asyncio.gather(*(messages.send_message(world.context, visitor, draft, None) for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
    assert world.ears.kinds() == ["message_created"]


async def test_another_text_under_the_same_id_is_a_conflict(world: World) -> None:
    visitor = await world.visitor()
    await messages.send_message(world.context, visitor, world.draft("One", "same"), None)
    assert await refusal(messages.send_message(world.context, visitor, world.draft("Two", "same"), None)) is Code.CONFLICT
    assert world.ears.texts() == ["One"]


async def test_many_at_once_get_places_without_a_gap(world: World) -> None:
    visitor = await world.visitor()
    drafts = [world.draft(f"Message {number}") for number in range(30)]
    answers = await asyncio.gather(*(messages.send_message(world.context, visitor, draft, None) for draft in drafts))
    assert sorted(answer["seq"] for answer in answers) == list(range(1, 31))
    assert len({answer["conversation"] for answer in answers}) == 1
    assert [fact.seq for fact in world.ears.told] == list(range(1, 31)), "announced in the order of the commits"


async def test_after_the_end_a_new_conversation_begins(world: World) -> None:
    visitor, agent = await world.visitor(), await world.agent()
    first = await messages.send_message(world.context, visitor, world.draft(), None)
    await agents.resolve(world.context, agent, first["conversation"])
    second = await messages.send_message(world.context, visitor, world.draft(), first["conversation"])
    assert second["conversation"] != first["conversation"]
    assert second["seq"] == 1


async def test_not_yours_is_not_found(world: World) -> None:
    mine, other = await world.visitor(), await world.visitor()
    sent = await messages.send_message(world.context, mine, world.draft(), None)
    conversation = sent["conversation"]
    assert await refusal(messages.send_message(world.context, other, world.draft(), conversation)) is Code.NOT_FOUND
    assert await refusal(messages.mark_read(world.context, other, conversation, 1)) is Code.NOT_FOUND
    assert await refusal(messages.rate(world.context, other, conversation, 5, None)) is Code.NOT_FOUND
    assert await refusal(messages.catch_up(world.context, other, conversation, None, None)) is Code.NOT_FOUND
    assert await refusal(messages.typing(world.context, other, conversation, True)) is Code.NOT_FOUND


async def test_a_contact_sees_the_conversation_from_another_browser(world: World) -> None:
    one, two = await world.visitor("c-1"), await world.visitor("c-1")
    sent = await messages.send_message(world.context, one, world.draft(), None)
    again = await messages.send_message(world.context, two, world.draft(), None)
    assert again["conversation"] == sent["conversation"]


async def test_a_choice_must_have_been_offered(world: World) -> None:
    visitor = await world.visitor()
    sent = await messages.send_message(world.context, visitor, world.draft(), None)
    choice: Json = {"type": "choice", "message_id": sent["message_id"], "value": "/steal", "title": "Steal"}
    assert await refusal(messages.send_message(world.context, visitor, Draft("c-2", (choice,)), None)) is Code.BAD_REQUEST
    unknown = {**choice, "message_id": "msg_none"}
    assert await refusal(messages.send_message(world.context, visitor, Draft("c-3", (unknown,)), None)) is Code.NOT_FOUND


async def test_without_a_bot_it_goes_to_people_at_once(world: World) -> None:
    world.bot.state = "loading"
    visitor = await world.visitor()
    sent = await messages.send_message(world.context, visitor, world.draft(), None)
    assert world.ears.kinds() == ["message_created", "context_recorded", "conversation_queued", "message_created"]
    assert world.ears.told[-1].message is not None
    part = world.ears.told[-1].message.parts[0]
    assert part == {"type": "contact_request", "fields": ["email", "phone"], "promised_minutes": 120}
    assert sent["seq"] == 1
    await messages.send_message(world.context, visitor, world.draft(), None)
    assert len(world.ears.told) == 5, "the address is asked for once"


async def test_an_older_read_marker_writes_nothing(world: World) -> None:
    visitor, agent = await world.visitor(), await world.agent()
    sent = await messages.send_message(world.context, visitor, world.draft(), None)
    reply = await agents.reply(world.context, agent, sent["conversation"], world.draft("Hi"), 1)
    assert (await world.conversation(sent["conversation"])).shopper_unread == 1
    read = await messages.mark_read(world.context, visitor, sent["conversation"], reply["seq"])
    assert read["seq"] == reply["seq"] + 1
    assert (await world.conversation(sent["conversation"])).shopper_unread == 0
    for through in (1, reply["seq"]):
        assert (await messages.mark_read(world.context, visitor, sent["conversation"], through))["seq"] == read["seq"]


async def test_rated_once_it_is_over(world: World) -> None:
    visitor, agent = await world.visitor(), await world.agent()
    sent = await messages.send_message(world.context, visitor, world.draft(), None)
    assert await refusal(messages.rate(world.context, visitor, sent["conversation"], 5, None)) is Code.CONFLICT
    await agents.resolve(world.context, agent, sent["conversation"])
    await messages.rate(world.context, visitor, sent["conversation"], 4, "Fine")
    assert (await world.conversation(sent["conversation"])).rating == 4
    assert world.ears.told[-1].data == {"score": 4, "comment": "Fine"}


async def test_catching_up_from_a_cursor_and_afresh(world: World) -> None:
    visitor, agent = await world.visitor(), await world.agent()
    assert (await messages.catch_up(world.context, visitor, None, None, None))[1]["conversation"] is None
    sent = await messages.send_message(world.context, visitor, world.draft(), None)
    conversation = sent["conversation"]
    await agents.add_note(world.context, agent, conversation, world.draft("secret"))
    await agents.reply(world.context, agent, conversation, world.draft("Hi"), 1)

    _, fresh = await messages.catch_up(world.context, visitor, None, None, None)
    assert (fresh["reset"], fresh["start"], fresh["complete"]) == (True, 0, True)
    assert [fact["fact"] for fact in fresh["facts"]] == ["message_created", "hidden", "conversation_assigned", "message_created"]
    assert "secret" not in str(fresh)
    _, tail = await messages.catch_up(world.context, visitor, conversation, 1, 3)
    assert (tail["reset"], tail["start"], [fact["seq"] for fact in tail["facts"]]) == (False, 3, [4])
    for epoch, after in ((2, 3), (1, 99)):
        _, afresh = await messages.catch_up(world.context, visitor, conversation, epoch, after)
        assert (afresh["reset"], afresh["start"], len(afresh["facts"])) == (True, 0, 4)


async def test_a_repeat_from_another_browser_of_the_same_person_gets_the_first_ack(world: World) -> None:
    """The browser lost its token between the two: the outbox went on under a new one."""
    first, second = await world.visitor("c-1"), await world.visitor("c-1")
    opened = await messages.send_message(world.context, first, world.draft("Hello"), None)
    draft = world.draft("Where is it?")
    sent = await messages.send_message(world.context, first, draft, opened["conversation"])
    assert await messages.send_message(world.context, second, draft, opened["conversation"]) == sent
    assert [fact.message.preview for fact in await world.facts(opened["conversation"]) if fact.message] == ["Hello", "Where is it?"]


async def test_a_message_sent_twice_at_the_same_moment_is_stored_once(world: World) -> None:
    visitor = await world.visitor()
    opened = await messages.send_message(world.context, visitor, world.draft("Hello"), None)
    drafts = [world.draft(f"Message {number}") for number in range(5)]
    sending = [messages.send_message(world.context, visitor, draft, opened["conversation"]) for draft in (*drafts, drafts[2], drafts[2])]
    answers = await asyncio.gather(*sending)
    assert answers[2] == answers[5] == answers[6]
    assert sorted(answer["seq"] for answer in answers[:5]) == [2, 3, 4, 5, 6]
    other = messages.Draft(drafts[2].client_id, ({"type": "text", "text": "Something else"},))
    with pytest.raises(ClientError) as refused:
        await messages.send_message(world.context, visitor, other, opened["conversation"])
    assert refused.value.code is Code.CONFLICT


async def test_messages_that_name_no_conversation_go_into_the_open_one_together(world: World) -> None:
    visitor = await world.visitor()
    opened = await messages.send_message(world.context, visitor, world.draft("Hello"), None)
    drafts = [world.draft(f"Message {number}") for number in range(4)]
    sending = [messages.send_message(world.context, visitor, draft, None) for draft in drafts]
    named = [messages.send_message(world.context, visitor, world.draft("Named"), opened["conversation"])]
    answers = await asyncio.gather(*sending, *named)
    assert sorted(answer["seq"] for answer in answers) == [2, 3, 4, 5, 6]
    assert {answer["conversation"] for answer in answers} == {opened["conversation"]}
    assert await messages.send_message(world.context, visitor, drafts[1], None) == answers[1]
