"""Walk a on the real server: a message there and back, what everybody sees of it, and that nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.conftest import StartServer
from tests.walks.shopper import Shopper, new_client_id
from tests.walks.stage import SECOND, Stage
from tests.walks.wire import CommandFailed, Json


async def code_of(command: Any) -> str:
    with pytest.raises(CommandFailed) as refused:
        await command
    return str(refused.value.code)


def counted(shopper: Shopper) -> list[int]:
    return [fact["seq"] for fact in shopper.thread.facts]


async def test_a_message_there_and_back(stage: Stage) -> None:
    agent, shopper = await stage.agent(), await stage.shopper()
    assert shopper.hello["conversation"] is None
    assert (shopper.hello["epoch"], shopper.hello["start"], shopper.hello["facts"], shopper.hello["complete"]) == (0, 0, [], True)
    assert shopper.hello["inbox"] == {
        "name": "Test shop", "color": "#2f5d50", "locales": ["en", "pl"], "online": True, "promised_minutes": None, "bot": "off",
    }  # fmt: skip

    client_id = new_client_id()
    ack = await shopper.say("Is the green lamp in stock?", client_id)
    conversation = ack["conversation"]
    assert ack == {
        "ok": True, "conversation": conversation, "fact_id": f"{conversation}:1", "seq": 1, "epoch": 1, "message_id": ack["message_id"],
    }  # fmt: skip

    live = await agent.heard("message_created", conversation)
    assert live["message"]["parts"] == [{"type": "text", "text": "Is the green lamp in stock?"}]
    assert live["message"]["sender"] == {"kind": "visitor", "id": shopper.visitor, "name": ""}
    assert live["message"]["client_id"] == client_id
    assert live["message"]["type"] == "incoming"
    assigned = await shopper.saw("conversation_assigned")
    assert assigned["agent"] == {"id": agent.id, "name": "Agent"}
    assert shopper.thread.kinds() == ["message_created", "hidden", "conversation_queued", "conversation_assigned"]

    await shopper.wire.call("set_typing", conversation=conversation, typing=True)
    await agent.wire.until(lambda: agent.wire.passing("typing_changed"), "the shopper types")
    who = {"kind": "visitor", "id": shopper.visitor, "name": ""}
    assert agent.wire.passing("typing_changed") == [{"conversation": conversation, "who": who, "typing": True}]
    await agent.wire.call("set_typing", conversation=conversation, typing=True)
    await shopper.wire.until(lambda: len(shopper.wire.passing("typing_changed")) == 2, "the agent types")
    who = {"kind": "agent", "id": agent.id, "name": "Agent"}
    assert shopper.wire.passing("typing_changed")[1] == {"conversation": conversation, "who": who, "typing": True}

    note = await agent.wire.call("add_note", conversation=conversation, client_id=new_client_id(), text="Asks for the green one")
    reply = await agent.reply(conversation, "Yes, three of them.")
    said = await shopper.read("Yes, three of them.")
    assert said["sender"] == {"kind": "agent", "id": agent.id, "name": "Agent"}
    assert "meta" not in said
    assert reply["seq"] == note["seq"] + 1
    assert shopper.thread.facts[note["seq"] - 1] == {"fact": "hidden", "conversation": conversation, "epoch": 1, "seq": note["seq"]}
    assert "Asks for the green one" not in str(shopper.wire.events)

    await shopper.wire.call("mark_read", conversation=conversation, through=reply["seq"])
    read = await agent.heard("message_read", conversation)
    assert (read["by"], read["through"]) == ({"kind": "visitor", "id": shopper.visitor}, reply["seq"])
    await agent.wire.call("mark_read", conversation=conversation, through=reply["seq"])
    assert await code_of(shopper.wire.call("rate", conversation=conversation, score=5)) == "conflict"

    await agent.wire.call("resolve", conversation=conversation)
    over = await shopper.saw("conversation_resolved")
    assert over["by"] == {"kind": "agent", "id": agent.id, "name": "Agent"}
    rated = await shopper.wire.call("rate", conversation=conversation, score=4, comment="Quick!")
    heard = await agent.heard("conversation_rated", conversation)
    assert (heard["seq"], heard["score"], heard["comment"]) == (rated["seq"], 4, "Quick!")

    await shopper.has(rated["seq"])
    assert counted(shopper) == list(range(1, rated["seq"] + 1))
    assert shopper.syncs == 0
    assert (await shopper.sync())["conversation"]["rated"] is True
    answer = await agent.read(conversation)
    assert [fact["seq"] for fact in answer["facts"]] == counted(shopper)
    assert (answer["row"]["status"], answer["row"]["rating"]) == ("resolved", 4)
    assert agent.threads[conversation].texts() == ["Is the green lamp in stock?", "Asks for the green one", "Yes, three of them."]


async def test_an_older_read_marker_writes_nothing(stage: Stage) -> None:
    agent, shopper = await stage.agent(), await stage.shopper()
    conversation = (await shopper.say("Hello"))["conversation"]
    reply = await agent.reply(conversation, "Good day")
    await shopper.read("Good day")
    first = await shopper.wire.call("mark_read", conversation=conversation, through=reply["seq"])
    again = await shopper.wire.call("mark_read", conversation=conversation, through=1)
    assert again == first
    assert len(shopper.thread.of("message_read")) == 1
    ahead = await shopper.wire.call("mark_read", conversation=conversation, through=10_000)
    await shopper.has(ahead["seq"])
    assert shopper.thread.of("message_read")[-1]["through"] == ahead["seq"] - 1


async def test_two_tabs_stay_in_step(stage: Stage) -> None:
    agent, first = await stage.agent(), await stage.shopper()
    second = await stage.tab(first)
    assert second.visitor == first.visitor
    conversation = (await first.say("From the first tab"))["conversation"]
    await second.read("From the first tab")
    await second.say("From the second tab")
    await agent.reply(conversation, "To both")
    for tab in (first, second):
        await tab.read("To both")
    assert first.thread.facts == second.thread.facts
    assert first.thread.texts() == ["From the first tab", "From the second tab", "To both"]
    await first.wire.call("mark_read", conversation=conversation, through=first.thread.last)
    await second.saw("message_read")
    assert (first.syncs, second.syncs) == (0, 0)


async def test_both_tabs_send_one_and_the_same_message_and_it_stands_once(stage: Stage) -> None:
    first = await stage.shopper()
    second, client_id = await stage.tab(first), new_client_id()
    acks = await asyncio.gather(*(tab.say("Once, please", client_id) for tab in (first, second, first, second)))
    assert all(ack == acks[0] for ack in acks)
    await second.saw("conversation_queued")
    assert second.thread.texts().count("Once, please") == 1


async def test_a_repeat_gets_the_first_ack_and_another_body_is_a_conflict(stage: Stage) -> None:
    agent, shopper = await stage.agent(), await stage.shopper()
    client_id = new_client_id()
    first = await shopper.say("Once", client_id)
    assert await shopper.say("Once", client_id) == first
    assert await code_of(shopper.say("Twice", client_id)) == "conflict"
    await agent.wire.call("resolve", conversation=first["conversation"])
    assert await shopper.say("Once", client_id) == first
    await shopper.saw("conversation_resolved")
    assert shopper.thread.texts() == ["Once"]
    new = await shopper.say("Another day")
    assert new["conversation"] != first["conversation"]
    assert new["seq"] == 1


async def test_a_reload_starts_from_the_token_and_sees_the_same(stage: Stage) -> None:
    agent, before = await stage.agent(), await stage.shopper()
    conversation = (await before.say("Hello"))["conversation"]
    await agent.reply(conversation, "Good day")
    await before.read("Good day")
    await before.leave()
    after = await stage.tab(before)
    assert after.thread.facts == before.thread.facts
    assert after.hello["visitor"] == {"id": before.visitor, "identified": False, "name": None}
    assert after.hello["reset"] is True


async def test_what_was_missed_while_away_comes_with_the_cursor(stage: Stage) -> None:
    agent, shopper = await stage.agent(), await stage.shopper()
    conversation = (await shopper.say("Hello"))["conversation"]
    await shopper.saw("conversation_assigned")
    known = shopper.thread.last
    await shopper.leave()
    for word in ("one", "two", "three"):
        await agent.reply(conversation, word)
    await shopper.open()
    assert (shopper.hello["start"], shopper.hello["reset"], shopper.hello["complete"]) == (known, False, True)
    assert [fact["seq"] for fact in shopper.hello["facts"]] == [known + 1, known + 2, known + 3]
    assert shopper.thread.texts() == ["Hello", "one", "two", "three"]
    assert shopper.thread.dropped == 0


async def test_a_lost_event_is_healed_by_the_next_one(stage: Stage) -> None:
    agent, shopper = await stage.agent(), await stage.shopper()
    conversation = (await shopper.say("Hello"))["conversation"]
    await shopper.saw("conversation_assigned")
    shopper.deaf = True
    await agent.reply(conversation, "lost")
    await shopper.wire.until(lambda: "lost" in str(shopper.wire.events), "the event that is dropped")
    shopper.deaf = False
    assert "lost" not in shopper.thread.texts()
    await agent.reply(conversation, "heard")
    await shopper.read("heard")
    assert shopper.thread.texts() == ["Hello", "lost", "heard"]
    assert counted(shopper) == list(range(1, shopper.thread.last + 1))
    assert shopper.syncs == 1


async def test_the_heartbeat_tells_the_head_within_ten_seconds(stage: Stage) -> None:
    agent, shopper = await stage.agent(), await stage.shopper()
    ack = await shopper.say("Hello")
    await shopper.saw("conversation_assigned")
    await shopper.wire.until(lambda: shopper.wire.passing("heads"), "heads", timeout=12)
    head = {ack["conversation"]: {"epoch": 1, "seq": shopper.thread.last}}
    assert shopper.wire.passing("heads")[-1] == {"heads": head}
    await agent.wire.until(lambda: agent.wire.passing("heads"), "heads of an agent", timeout=12)
    assert agent.wire.passing("heads")[-1]["heads"][ack["conversation"]] == head[ack["conversation"]]


async def test_a_cursor_of_another_epoch_or_far_behind_or_ahead_starts_afresh(stage: Stage) -> None:
    shopper = await stage.shopper()
    ack = await shopper.say("Hello")
    await shopper.has(4)  # and, as nobody is there, the request for contact details
    head = shopper.thread.last

    async def asked(**cursor: int) -> tuple[int, bool, int]:
        answer = await shopper.wire.call("sync", conversation=ack["conversation"], **cursor)
        return answer["start"], answer["reset"], len(answer["facts"])

    assert await asked(epoch=1, after=head) == (head, False, 0)
    assert await asked(epoch=1, after=0) == (0, False, head)
    assert await asked(epoch=2, after=head) == (0, True, head)
    assert await asked(after=head) == (0, True, head)
    assert await asked(epoch=1, after=head + 1) == (0, True, head)
    assert await asked() == (0, True, head)


async def test_more_than_300_behind_gets_the_last_300(stage: Stage) -> None:
    shopper = await stage.shopper()
    conversation = (await shopper.say("0"))["conversation"]
    await shopper.saw("conversation_queued")
    first = shopper.thread.last
    shopper.deaf = True
    for number in range(1, 200):
        last = await shopper.say(str(number))
    await stage.agent()
    for number in range(200, 240):
        last = await shopper.say(str(number))
    for _ in range(40):
        await shopper.wire.call("mark_read", conversation=conversation, through=last["seq"])
    agent = await stage.agent(SECOND)
    for number in range(310 - last["seq"]):
        last = await agent.wire.call("add_note", conversation=conversation, client_id=new_client_id(), text=f"Note {number}")
    assert last["seq"] > first + 300
    answer = await shopper.wire.call("sync", conversation=conversation, epoch=1, after=first)
    assert (answer["reset"], answer["start"], len(answer["facts"]), answer["complete"]) == (True, last["seq"] - 300, 300, True)
    answer = await shopper.wire.call("sync", conversation=conversation, epoch=1, after=last["seq"] - 300)
    assert (answer["reset"], len(answer["facts"])) == (False, 300)


async def test_a_killed_server_has_lost_and_doubled_nothing(start_server: StartServer) -> None:
    server = start_server()
    stage = Stage(server)
    agent, shopper = await stage.agent(), await stage.shopper()
    conversation = (await shopper.say("Before"))["conversation"]
    await shopper.saw("conversation_assigned")
    sent: dict[str, Json | None] = {new_client_id(): None for _ in range(40)}

    async def send_all() -> None:
        for client_id in sent:
            sent[client_id] = await shopper.wire.call("send_message", client_id=client_id, text=client_id)

    sending = asyncio.ensure_future(send_all())
    await shopper.wire.until(lambda: sum(ack is not None for ack in sent.values()) >= 12, "twelve acks")
    server.kill()
    await asyncio.wait([sending], timeout=0.1)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    acked = {client_id: ack for client_id, ack in sent.items() if ack is not None}
    await asyncio.gather(shopper.leave(), agent.leave())
    server.start()
    await shopper.open()
    await agent.open()
    for client_id, before in sent.items():
        ack = await shopper.say(client_id, client_id)
        assert before is None or ack == before, "an acked message keeps its place"
    await shopper.has(ack["seq"])
    assert 12 <= len(acked) < 40
    assert shopper.thread.texts() == ["Before", *sent]
    assert counted(shopper) == list(range(1, shopper.thread.last + 1))
    assert (await agent.read(conversation))["row"]["assignee"] == {"id": agent.id, "name": "Agent"}
    assert agent.threads[conversation].texts() == ["Before", *sent]
    await stage.clear()


async def test_a_restart_tells_everyone_to_come_back(start_server: StartServer) -> None:
    server = start_server()
    stage = Stage(server)
    agent, shopper = await stage.agent(), await stage.shopper()
    await shopper.say("Hello")
    await asyncio.to_thread(server.stop)
    for wire in (shopper.wire, agent.wire):
        await wire.until(lambda wire=wire: wire.closed, "the end of the connection")  # type: ignore[misc]  # bound now
        assert wire.passing("closing") == [{"code": 4001, "retry": True}]
    await asyncio.gather(shopper.leave(), agent.leave())
    await asyncio.to_thread(server.start)
    await shopper.open()
    await agent.open()
    assert shopper.thread.texts() == ["Hello"]
    await stage.clear()


async def test_the_http_twins_say_the_same(stage: Stage) -> None:
    agent, shopper = await stage.agent(), await stage.shopper()
    client_id = new_client_id()
    status, posted = await shopper.post("Over HTTP", client_id)
    assert status == 200
    await shopper.read("Over HTTP")
    assert await shopper.say("Over HTTP", client_id) == posted
    assert await shopper.post("Over HTTP", client_id, posted["conversation"]) == (200, posted)
    status, conflict = await shopper.post("Something else", client_id)
    assert (status, conflict["error"]["code"]) == (409, "conflict")
    await agent.reply(posted["conversation"], "Over the socket")
    await shopper.read("Over the socket")

    status, all_of_it = await shopper.fetch()
    assert status == 200
    assert all_of_it == {
        "ok": True, "epoch": 1, "start": 0, "facts": shopper.thread.facts, "complete": True, "reset": True,
    }  # fmt: skip
    head = shopper.thread.last
    status, none = await shopper.fetch(posted["conversation"], after=head)
    assert none == {"ok": True, "epoch": 1, "start": head, "facts": [], "complete": True, "reset": False}
    status, other = await shopper.fetch(after=head, epoch=9)
    assert (other["reset"], other["facts"]) == (True, shopper.thread.facts)


async def test_waiting_over_http_ends_with_the_news(stage: Stage) -> None:
    agent, shopper = await stage.agent(), await stage.shopper()
    ack = await shopper.say("Hello")
    await shopper.saw("conversation_assigned")
    head = shopper.thread.last
    waiting = asyncio.ensure_future(shopper.fetch(after=head, epoch=1, wait=20))
    await asyncio.sleep(0)
    await agent.reply(ack["conversation"], "Here")
    _, news = await asyncio.wait_for(waiting, 5)
    assert [fact["message"]["parts"][0]["text"] for fact in news["facts"]] == ["Here"]
    _, none = await shopper.fetch(after=head + 1, epoch=1, wait=1)
    assert (none["facts"], none["complete"]) == ([], True)


async def test_a_reply_to_what_has_moved_on_is_stale_once(stage: Stage) -> None:
    agent, shopper = await stage.agent(), await stage.shopper()
    conversation = (await shopper.say("One"))["conversation"]
    await agent.heard("conversation_assigned", conversation)
    seen = (await agent.read(conversation))["row"]["seq"]
    moved = await shopper.say("Two")
    client_id = new_client_id()
    with pytest.raises(CommandFailed) as stale:
        await agent.reply(conversation, "To the first", seen_seq=seen, client_id=client_id)
    assert (stale.value.code, stale.value.error["seq"]) == ("stale", moved["seq"])
    confirmed = await agent.reply(conversation, "To the first", seen_seq=moved["seq"], client_id=client_id)
    assert await agent.reply(conversation, "To the first", seen_seq=seen, client_id=client_id) == confirmed
    await shopper.read("To the first")
    assert shopper.thread.texts() == ["One", "Two", "To the first"]


async def test_a_note_makes_no_reply_stale_and_a_colleague_cannot_answer_over_the_head(stage: Stage) -> None:
    agent, shopper = await stage.agent(), await stage.shopper()
    conversation = (await shopper.say("One"))["conversation"]
    await agent.heard("conversation_assigned", conversation)
    seen = (await agent.read(conversation))["row"]["seq"]
    second = await stage.agent(SECOND)
    await second.wire.call("add_note", conversation=conversation, client_id=new_client_id(), text="Careful")
    assert await code_of(second.reply(conversation, "Mine")) == "conflict"
    await agent.reply(conversation, "Good day", seen_seq=seen)
    await shopper.read("Good day")
    assert shopper.thread.texts() == ["One", "Good day"]


async def test_a_snoozed_conversation_wakes_when_the_shopper_writes(stage: Stage) -> None:
    agent, shopper = await stage.agent(), await stage.shopper()
    conversation = (await shopper.say("One"))["conversation"]
    await agent.heard("conversation_assigned", conversation)
    assert await code_of(agent.wire.call("snooze", conversation=conversation, until="2020-01-01T00:00:00Z")) == "bad_request"
    snoozed = await agent.wire.call("snooze", conversation=conversation, until="2099-01-01T00:00:00Z")
    await shopper.has(snoozed["seq"])
    assert shopper.thread.facts[-1]["fact"] == "hidden"
    await shopper.say("Still there?")
    await agent.heard("conversation_assigned", conversation, 2)
    assert (await agent.read(conversation))["row"]["status"] == "assigned"


async def test_nobody_elses_conversation_is_told_of(stage: Stage) -> None:
    agent, one, other = await stage.agent(), await stage.shopper(), await stage.shopper()
    conversation = (await one.say("Canary"))["conversation"]
    await agent.reply(conversation, "Canary too")
    await one.read("Canary too")
    await other.say("Me")
    await other.saw("conversation_assigned")
    assert "Canary" not in str(other.wire.events)
    for command, body in (
        ("sync", {}), ("mark_read", {"through": 1}), ("set_typing", {"typing": True}), ("rate", {"score": 1}), ("request_agent", {}),
        ("send_message", {"client_id": new_client_id(), "text": "x"}),
    ):  # fmt: skip
        assert await code_of(other.wire.call(command, conversation=conversation, **body)) == "not_found", command
    assert (await other.fetch(conversation))[0] == 404
    assert (await other.post("x", new_client_id(), conversation))[0] == 404
