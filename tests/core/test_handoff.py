"""Into the queue, from every status: with a card, a place or a promise, and the request for an address asked only once."""

from __future__ import annotations

import pytest

from chat_server.core.handoff import REASONS, contact_request, context_card, reason_of, to_queue
from chat_server.core.model import Plan, Sender, SenderKind, Staffing, Status
from tests.core.chat import DESERTED, NOW, STAFFED, conversation

SHOP = Sender(SenderKind.INTEGRATION, "away", "Shop")
CLOSED = Staffing(online=0, promised_minutes=900, bot=True)
OVERTIME = Staffing(online=1, promised_minutes=None, bot=True)
ASK = contact_request("msg_9", "client-9", SHOP, 120, NOW)
CARD = context_card("requested", "en", question="Where is it?")


def queued(status: Status, staffing: Staffing, **changes: object) -> Plan:
    return to_queue(Plan(conversation(status, **changes)), "requested", CARD, staffing, ASK, NOW)


@pytest.mark.parametrize("status", [Status.BOT, Status.SNOOZED, Status.RESOLVED])
def test_with_somebody_there_it_waits_for_a_place(status: Status) -> None:
    plan = queued(status, STAFFED)
    after = plan.conversation
    assert [fact.kind.value for fact in plan.facts] == ["context_recorded", "conversation_queued"]
    assert plan.facts[1].data == {"reason": "requested", "promised_minutes": None}
    assert (after.status, after.queued_at, after.queue_reason, after.turn) == (Status.QUEUED, NOW, "requested", 3)
    assert (after.assignee_id, after.snoozed_until, after.card, after.waiting_since) == (None, None, CARD, NOW)
    assert [(job.kind, job.payload) for job in plan.jobs] == [("assign_queue", {"inbox": "demo"})]
    assert (plan.reason, after.contact_asked) == ("requested", False)


@pytest.mark.parametrize("staffing", [DESERTED, CLOSED], ids=["nobody online", "closed"])
def test_with_nobody_there_it_asks_for_an_address_and_promises(staffing: Staffing) -> None:
    plan = queued(Status.BOT, staffing)
    assert [fact.kind.value for fact in plan.facts] == ["context_recorded", "conversation_queued", "message_created"]
    assert plan.facts[1].data["promised_minutes"] == staffing.promised_minutes
    assert plan.facts[2].message is ASK
    assert plan.conversation.contact_asked is True
    again = to_queue(Plan(plan.conversation._replace(status=Status.BOT)), "requested", None, staffing, ASK, NOW)
    assert [fact.kind.value for fact in again.facts] == ["conversation_queued"], "an address is asked for once"


@pytest.mark.parametrize(("status", "reason"), [(Status.QUEUED, "already_queued"), (Status.ASSIGNED, "already_assigned")])
def test_already_with_people_nothing_changes(status: Status, reason: str) -> None:
    plan = queued(status, DESERTED)
    assert (plan.facts, plan.jobs, plan.reason, plan.conversation) == ((), (), reason, conversation(status))


def test_who_is_online_out_of_hours_answers_all_the_same() -> None:
    assert [fact.kind.value for fact in queued(Status.BOT, OVERTIME).facts] == ["context_recorded", "conversation_queued"]


def test_who_waits_already_waits_since_then() -> None:
    earlier = conversation().created_at
    assert queued(Status.BOT, STAFFED, waiting_since=earlier).conversation.waiting_since == earlier


def test_the_bots_words_are_the_queues_reasons() -> None:
    said = ("asked", "complaint", "not_understood", "offer_accepted", "something new")
    assert [reason_of(word) for word in said] == ["requested", "complaint", "bot_failed", "bot_asked", "bot_asked"]
    assert {reason_of(word) for word in said} <= set(REASONS)


def test_the_card_and_the_request() -> None:
    assert CARD == {
        "reason": "requested", "intent": None, "confidence": None, "locale": "en", "order": None, "tried": [], "mood": None,
        "question": "Where is it?",
    }  # fmt: skip
    assert ASK.parts == ({"type": "contact_request", "fields": ["email", "phone"], "promised_minutes": 120},)
