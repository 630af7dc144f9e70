"""Walks a and d: the bot's turn is fenced, posted once, and turns into people when it fails."""

import asyncio

from chat_server.core.model import Job, Status
from chat_server.flows import agents, bot_turns, clocks, messages, proactive
from tests.flows.world import World, news, order


async def asked(world: World, text: str = "Where is my order?") -> tuple[str, Job]:
    """A shopper wrote; the bot's job, claimed."""
    sent = await messages.send_message(world.context, await world.visitor(), world.draft(text), None)
    (job,) = await world.jobs("bot_turn")
    world.ears.told.clear()
    return sent["conversation"], job


async def test_answers_in_one_commit_with_the_jobs_end(world: World) -> None:
    conversation, job = await asked(world)
    world.bot.says("On its way.", "Anything else?")
    assert await bot_turns.run(world.context, job) == "answered"
    assert world.ears.texts() == ["On its way.", "Anything else?"]
    question = world.bot.questions[0]
    assert (question.sender, question.text, question.payload, question.turn_token) == (
        conversation, "Where is my order?", None, f"turn:{conversation}",
    )  # fmt: skip
    typing = [body["typing"] for _, event, body in world.ears.passing if event == "typing_changed"]
    assert typing == [True, False]
    assert (await world.conversation(conversation)).waiting_since is None


async def test_a_retried_job_posts_once(world: World) -> None:
    conversation, job = await asked(world)
    world.bot.says("On its way.")
    world.bot.says("On its way.")
    await bot_turns.run(world.context, job)
    assert await bot_turns.run(world.context, job) == "done_elsewhere"
    assert [fact.kind for fact in await world.facts(conversation)] == ["message_created", "message_created"]


async def test_two_workers_on_one_job_post_once(world: World) -> None:
    conversation, job = await asked(world)
    world.bot.says("On its way.")
    world.bot.says("On its way.")
    outcomes = await asyncio.gather(bot_turns.run(world.context, job), bot_turns.run(world.context, job))
    assert sorted(outcomes) == ["answered", "done_elsewhere"]
    assert len(await world.facts(conversation)) == 2


async def test_a_late_answer_after_a_claim_is_dropped_with_its_reason(world: World) -> None:
    conversation, job = await asked(world)
    agent = await world.agent()

    async def claim() -> None:
        await agents.claim(world.context, agent, conversation)

    world.bot.meanwhile = claim
    world.bot.says("On its way.")
    assert await bot_turns.run(world.context, job) == "person_in_charge"
    assert world.ears.kinds() == ["conversation_assigned", "bot_answer_dropped"]
    dropped = world.ears.told[-1]
    assert dropped.data == {"reason": "person_in_charge", "trigger_seq": 1}
    assert dropped.private
    assert "On its way." not in world.ears.texts()


async def test_a_late_answer_after_the_bot_got_it_back_is_of_another_turn(world: World) -> None:
    conversation, job = await asked(world)
    agent = await world.agent()

    async def there_and_back() -> None:
        await agents.claim(world.context, agent, conversation)
        await agents.return_to_bot(world.context, agent, conversation)

    world.bot.meanwhile = there_and_back
    world.bot.says("On its way.")
    assert await bot_turns.run(world.context, job) == "turn_over"
    assert world.ears.texts() == []
    assert (await world.conversation(conversation)).status is Status.BOT


async def test_a_turn_that_is_over_is_not_even_asked(world: World) -> None:
    conversation, job = await asked(world)
    await agents.resolve(world.context, await world.agent(), conversation)
    assert await bot_turns.run(world.context, job) == "resolved"
    assert world.bot.questions == []


async def test_a_silent_bot_hands_over_to_people(world: World) -> None:
    conversation, job = await asked(world)
    await world.agent()
    assert await bot_turns.run(world.context, job) == "bot_unavailable"
    assert world.ears.kinds() == ["context_recorded", "conversation_queued"]
    card = (await world.conversation(conversation)).card
    assert card is not None
    assert (card["reason"], card["question"]) == ("bot_unavailable", "Where is my order?")


async def test_who_reads_what_the_bot_does_not_speak_comes_to_people_at_once(world: World) -> None:
    sent = await messages.send_message(world.context, await world.visitor(locale="uk"), world.draft("Де моє замовлення?"), None)
    (job,) = await world.jobs("bot_turn")
    world.bot.says("I did not understand.")
    assert await bot_turns.run(world.context, job) == "bot_unavailable"
    assert world.bot.questions == []
    found = await world.conversation(sent["conversation"])
    assert (found.status, found.queue_reason, found.locale) == (Status.QUEUED, "bot_unavailable", "uk")


async def test_the_bot_hands_over_after_its_last_words(world: World) -> None:
    conversation, job = await asked(world)
    world.bot.says("I will get somebody.", handoff="asked")
    assert await bot_turns.run(world.context, job) == "asked"
    assert world.ears.kinds() == ["message_created", "context_recorded", "conversation_queued", "message_created"]
    assert (await world.conversation(conversation)).status is Status.QUEUED


async def test_a_late_handoff_does_not_take_it_from_a_person(world: World) -> None:
    conversation, job = await asked(world)
    agent = await world.agent()

    async def claim() -> None:
        await agents.claim(world.context, agent, conversation)

    world.bot.meanwhile = claim
    world.bot.says("I will get somebody.", handoff="asked")
    await bot_turns.run(world.context, job)
    found = await world.conversation(conversation)
    assert (found.status, found.assignee_id) == (Status.ASSIGNED, agent.id)


async def test_the_order_that_the_shop_spoke_of_is_hinted(world: World) -> None:
    visitor = await world.visitor("c-1")
    world.shop.views["c-1"] = [order("shipped")]
    await proactive.order_changed(world.context, "demo", news("shipped"), order("shipped"))
    await messages.send_message(world.context, visitor, world.draft("And when?"), None)
    world.bot.says("On Tuesday.")
    await world.work_off()
    assert world.bot.questions[0].order_hint == {"order_id": "A-1", "number": "A-1", "headline": "shipped"}
    assert world.ears.texts()[-1] == "On Tuesday."


async def test_a_job_that_raises_is_given_back_and_its_neighbours_run(world: World) -> None:
    conversation, _ = await asked(world)
    broken = Job("bot_turn:none:1", "bot_turn", world.clock(), {"conversation": "cnv_none", "trigger_seq": 1, "turn": 1})
    await world.store.write(lambda tx: tx.jobs.add([broken]))
    world.bot.says("On its way.")
    world.clock.forward(seconds=61)
    await world.work_off()
    assert "On its way." in world.ears.texts()
    assert conversation
    assert await world.jobs("bot_turn") == [], "it waits for a later try"
    world.clock.forward(minutes=6)
    (again,) = await world.jobs("bot_turn")
    assert (again.key, again.attempts) == (broken.key, 2)


async def test_the_loop_wakes_ends_and_goes_on(world: World) -> None:
    woken = asyncio.Event()
    loop = clocks.Clocks(world.context, woken, poll_s=0.01)
    task = asyncio.create_task(loop.run())
    world.bot.says("On its way.")
    await messages.send_message(world.context, await world.visitor(), world.draft(), None)
    woken.set()
    async with asyncio.timeout(5):
        while "On its way." not in world.ears.texts():
            world.ears.heard.clear()
            await world.ears.heard.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await loop.idle()
