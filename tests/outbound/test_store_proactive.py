"""Candidates and their states in the store: what may be opened again, what is never said twice, what is on display."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chat_server.core.model import Conversation, Fact, FactKind, Json, Message, MessageType, Plan, Sender, SenderKind, Status
from chat_server.core.policy import MessageClass
from chat_server.core.proactive import Awaited, Candidate, Drop, Hold, Reason, Send, Verdict, candidate_id
from chat_server.outbound.store import Store, Tx

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def candidate(key: str = "k", *, recipient: str = "con_1", class_: MessageClass = MessageClass.HELP, minutes: int = 30) -> Candidate:
    return Candidate(
        candidate_id(recipient, key), None, recipient, class_, f"about {key}", key, {"en": f"Say {key}", "pl": f"Powiedz {key}"},
        NOW, NOW + timedelta(minutes=minutes), "rule:r", NOW,
    )  # fmt: skip


async def settle(store: Store, verdict: Verdict, at: datetime = NOW) -> bool:
    return await store.write(lambda tx: tx.proactive.settle(verdict, "con_1", at))


async def add(store: Store, each: Candidate, recipient: str = "con_1") -> bool:
    return await store.write(lambda tx: tx.proactive.add("demo", recipient, each))


async def post(store: Store, each: Candidate, *, seq: int = 1, parts: tuple[Json, ...] = (), conversation: str = "cnv_1") -> str:
    """The candidate's message in a conversation."""
    sender = Sender(SenderKind.INTEGRATION, each.source, "Shop")
    text: Json = {"type": "text", "text": each.message["en"]}
    message = Message(f"msg_{each.dedupe_key}", each.id, MessageType.OUTGOING, sender, (text, *parts), NOW, each.id)
    state = Conversation(conversation, "demo", f"vis_{conversation}", "con_1", Status.BOT, "en", NOW, NOW, seq=seq)
    if await store.read(lambda tx: tx.conversations.get(conversation)) is None:
        await store.write(lambda tx: tx.conversations.add(state))
    fact = Fact(conversation, 1, seq, FactKind.MESSAGE_CREATED, NOW, {}, message)
    await store.write(lambda tx: tx.conversations.save(Plan(state, (fact,))))
    await add(store, each)
    await settle(store, Send(each.id))
    await store.write(lambda tx: tx.proactive.sent(each.id, conversation, message.id))
    return message.id


async def nudges(store: Store, now: datetime = NOW) -> list[str]:
    return [nudge["message_id"] for nudge in await store.read(lambda tx: tx.proactive.unseen("con_1", now))]


async def test_comes_back_as_it_went_in(store: Store) -> None:
    assert await add(store, candidate())
    assert await store.read(lambda tx: tx.proactive.waiting("con_1")) == [candidate()]
    assert await store.read(lambda tx: tx.proactive.waiting("con_2")) == []


@pytest.mark.parametrize(
    ("verdict", "again", "said"),
    [
        (None, False, set()),
        (Hold(candidate().id, Reason.ABSENT, NOW, awaited=Awaited.NEXT_VISIT), False, set()),
        (Send(candidate().id), False, {"k"}),
        (Drop(candidate().id, Reason.HOLD_OUT), False, {"k"}),
        (Drop(candidate().id, Reason.DAILY_BUDGET), True, set()),
    ],
)
async def test_only_what_was_dropped_is_opened_again(store: Store, verdict: Verdict | None, again: bool, said: set[str]) -> None:
    await add(store, candidate())
    if verdict is not None:
        await settle(store, verdict)
    later = replace(candidate(), created_at=NOW + timedelta(hours=1), expires_at=NOW + timedelta(hours=2))
    assert await add(store, later) is again
    assert await store.read(lambda tx: tx.proactive.said("con_1")) == said
    waiting = await store.read(lambda tx: tx.proactive.waiting("con_1"))
    held = isinstance(verdict, Hold) or verdict is None
    assert waiting == ([later] if again else [candidate()] if held else [])


async def test_the_same_news_under_another_id_is_the_same_news(store: Store) -> None:
    """A browser's candidate moved to its person; the person's own id for it differs."""
    await add(store, candidate())
    other = replace(candidate(), id=candidate_id("vis_9", "k"))
    assert await add(store, other) is False
    assert await add(store, other, recipient="con_2") is True


async def test_a_verdict_is_a_new_line_only_when_it_differs(store: Store) -> None:
    await add(store, candidate())
    first = Hold(candidate().id, Reason.DAILY_BUDGET, NOW + timedelta(hours=9), until=NOW + timedelta(hours=1))
    assert await settle(store, first)
    assert not await settle(store, replace(first, until=NOW + timedelta(hours=2)), NOW + timedelta(minutes=5))
    assert await settle(store, Send(candidate().id), NOW + timedelta(hours=2))
    told = await store.read(lambda tx: tx.proactive.verdicts("con_1", locale="pl"))
    assert told == [
        {"id": "2", "at": "2026-11-23T14:00:00.000Z", "class": "help", "subject": "about k", "source": "rule:r",
         "decision": "send", "reason": "sent", "until": None, "text": "Powiedz k"},
        {"id": "1", "at": "2026-11-23T12:00:00.000Z", "class": "help", "subject": "about k", "source": "rule:r",
         "decision": "hold", "reason": "daily_budget", "until": "2026-11-23T14:00:00.000Z", "text": "Powiedz k"},
    ]  # fmt: skip
    assert len(await store.read(lambda tx: tx.proactive.verdicts("con_1", limit=1))) == 1


async def test_on_display_until_read_reported_or_pointless(store: Store) -> None:
    help_, problem = candidate("help"), candidate("late", class_=MessageClass.ORDER_PROBLEM, minutes=600)
    one = await post(store, help_, seq=1)
    card: Json = {"type": "order_card", "order": {"number": "A-1"}}
    two = await post(store, problem, seq=2, parts=(card,))
    assert await nudges(store) == [two, one], "the most important first"
    shown = await store.read(lambda tx: tx.proactive.unseen("con_1", NOW))
    assert shown[0] == {
        "conversation": "cnv_1", "message_id": two, "text": "Say late", "class": "order_problem", "card": {"kind": "order", "title": "A-1"},
    }  # fmt: skip
    assert await nudges(store, NOW + timedelta(hours=1)) == [two]
    assert await nudges(store, NOW + timedelta(hours=11)) == []
    assert await store.write(lambda tx: tx.proactive.shown(two, "seen", NOW))
    assert await nudges(store) == [one]
    found = await store.read(lambda tx: tx.conversations.get("cnv_1"))
    assert found is not None
    await store.write(lambda tx: tx.conversations.save(Plan(found._replace(shopper_read=2))))
    assert await nudges(store) == [], "read in the open chat"


async def test_shown_never_goes_back(store: Store) -> None:
    message = await post(store, candidate())
    at = [NOW + timedelta(minutes=minute) for minute in range(6)]
    steps = [("seen", True), ("seen", False), ("dismissed", True), ("seen", False), ("clicked", True), ("dismissed", False)]
    for moment, (state, expected) in zip(at, steps, strict=True):
        assert await store.write(lambda tx, s=state, m=moment: tx.proactive.shown(message, s, m)) is expected  # type: ignore[misc]
        if state == "dismissed" and expected:
            assert await store.read(lambda tx: tx.proactive.dismissed_at("con_1")) == at[2]
    assert await store.read(lambda tx: tx.proactive.dismissed_at("con_1")) is None, "clicked in the end"
    row = await store.read(lambda tx: tx.proactive.by_message(message))
    assert row is not None
    assert (row["shown"], row["shown_at"]) == ("clicked", at[4])
    assert await store.write(lambda tx: tx.proactive.shown("msg_none", "seen", NOW)) is False


async def test_touches_since(store: Store) -> None:
    await store.write(lambda tx: tx.proactive.touch("demo", "con_1", candidate("a"), shadow=False, now=NOW - timedelta(days=2)))
    await store.write(lambda tx: tx.proactive.touch("demo", "con_1", candidate("b"), shadow=True, now=NOW))
    found = await store.read(lambda tx: tx.proactive.touches("con_1", NOW - timedelta(days=1)))
    assert [(touch.class_, touch.at, touch.source, touch.shadow) for touch in found] == [(MessageClass.HELP, NOW, "rule:r", True)]


async def test_offers_newest_first_with_their_state(store: Store) -> None:
    def put(tx: Tx) -> None:
        for number in (1, 2):
            row: Json = {
                "id": f"off_{number}", "inbox_id": "demo", "conversation_id": "cnv_1", "message_id": "msg_1", "kind": "voucher",
                "title": "V", "order_id": None, "order_number": None, "params": {}, "state": "open", "reason": None,
                "expires_at": NOW, "at": NOW + timedelta(minutes=number),
            }  # fmt: skip
            tx.offers.add(row)

    await store.write(put)
    await store.write(lambda tx: tx.offers.settle("off_1", "refused", "no", NOW + timedelta(hours=1)))
    found = await store.read(lambda tx: tx.offers.of("cnv_1"))
    assert [(each["id"], each["state"], each["reason"]) for each in found] == [("off_1", "refused", "no"), ("off_2", "open", None)]
    assert await store.read(lambda tx: tx.offers.get("off_none")) is None
