"""What each command does in each status: facts in order at the next places, the state afterwards, the jobs, the reason."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chat_server.core import conversation as core
from chat_server.core.model import AGENTS_ONLY, Agent, Conversation, FactKind, MessageType, Plan, Sender, SenderKind, Status
from tests.core.chat import BOT, DESERTED, NO_BOT, NOW, SHOPPER, STAFFED, agent, conversation, message

AGENT = Sender(SenderKind.AGENT, "agt_1", "Agent agt_1")
LATER = NOW + timedelta(hours=2)
REPLY = message(MessageType.OUTGOING, AGENT, "Good day")
NOTE = message(MessageType.NOTE, AGENT, "Careful")


def kinds(plan: Plan) -> list[str]:
    return [fact.kind.value for fact in plan.facts]


def jobs(plan: Plan) -> list[str]:
    return [job.kind for job in plan.jobs]


@pytest.mark.parametrize(
    ("status", "staffing", "facts", "after", "jobs_", "reason"),
    [
        (Status.BOT, STAFFED, ["message_created"], Status.BOT, ["bot_turn"], "bot_asked"),
        (Status.BOT, NO_BOT, ["message_created"], Status.BOT, [], "bot_unavailable"),
        (Status.BOT, DESERTED, ["message_created"], Status.BOT, [], "bot_unavailable"),
        (Status.QUEUED, STAFFED, ["message_created"], Status.QUEUED, [], "written"),
        (Status.ASSIGNED, STAFFED, ["message_created"], Status.ASSIGNED, [], "written"),
        (Status.SNOOZED, STAFFED, ["message_created", "conversation_assigned"], Status.ASSIGNED, [], "woken"),
        (Status.RESOLVED, STAFFED, ["message_created"], Status.RESOLVED, [], "written"),
    ],
)
def test_a_shopper_writes(status: Status, staffing: object, facts: list[str], after: Status, jobs_: list[str], reason: str) -> None:
    plan = core.shopper_wrote(conversation(status), message(), staffing, NOW)  # type: ignore[arg-type]  # a Staffing of the table
    assert (kinds(plan), plan.conversation.status, jobs(plan), plan.reason) == (facts, after, jobs_, reason)
    assert [fact.seq for fact in plan.facts] == list(range(4, 4 + len(facts)))
    assert plan.conversation.seq == 3 + len(facts)


def test_what_a_shoppers_message_leaves_behind() -> None:
    after = core.shopper_wrote(conversation(shopper_unread=2), message(), NO_BOT, NOW).conversation
    assert (after.preview, after.preview_sender, after.heard, after.agent_unread) == ("Hello", "visitor", 4, 1)
    assert (after.waiting_since, after.shopper_at, after.word_at, after.last_at) == (NOW, NOW, NOW, NOW)
    assert (after.shopper_read, after.shopper_unread) == (4, 0), "who writes has read"
    again = core.shopper_wrote(after, message(id_="msg_2"), NO_BOT, LATER).conversation
    assert (again.waiting_since, again.agent_unread, again.word_at) == (NOW, 2, LATER), "waiting since the first word"


def test_a_bots_turn_is_named_by_its_trigger_and_fenced_by_the_turn() -> None:
    (job,) = core.shopper_wrote(conversation(), message(), STAFFED, NOW).jobs
    assert (job.key, job.due_at) == ("bot_turn:cnv_1:4", NOW)
    assert job.payload == {"conversation": "cnv_1", "trigger_seq": 4, "turn": 2}


def test_a_snoozed_conversation_of_nobody_wakes_into_the_queue() -> None:
    plan = core.shopper_wrote(conversation(Status.SNOOZED, assignee_id=None, assignee_name=None), message(), STAFFED, NOW)
    assert kinds(plan) == ["message_created", "conversation_queued"]
    assert (plan.conversation.status, plan.conversation.queue_reason, jobs(plan)) == (Status.QUEUED, "snooze_ended", ["assign_queue"])


@pytest.mark.parametrize("status", [Status.BOT, Status.QUEUED, Status.ASSIGNED, Status.RESOLVED])
def test_only_what_is_snoozed_wakes(status: Status) -> None:
    plan = Plan(conversation(status))
    assert core.wake(plan, NOW) is plan


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("who", [agent("agt_1"), agent("agt_2")], ids=["the one", "another"])
def test_an_agent_replies(status: Status, who: Agent) -> None:
    sender = Sender(SenderKind.AGENT, who.id, who.name)
    before = conversation(status, waiting_since=NOW, agent_unread=3, shopper_unread=1)
    plan = core.agent_replied(before, who, message(MessageType.OUTGOING, sender), NOW)
    own = status is Status.ASSIGNED and who.id == "agt_1"
    assert kinds(plan) == (["message_created"] if own else ["conversation_assigned", "message_created"])
    after = plan.conversation
    assert (after.status, after.assignee_id, after.turn) == (Status.ASSIGNED, who.id, 2 if own else 3)
    assert (after.waiting_since, after.agent_unread, after.agent_read, after.shopper_unread) == (None, 0, after.seq, 2)
    assert (after.heard, after.word_at, plan.reason) == (after.seq, NOW, "replied")


@pytest.mark.parametrize("status", Status)
def test_an_agent_takes_charge(status: Status) -> None:
    plan = core.assign(conversation(status), agent("agt_2"), AGENT, NOW)
    after = plan.conversation
    assert kinds(plan) == ["conversation_assigned"]
    assert plan.facts[0].data == {"agent": {"id": "agt_2", "name": "Agent agt_2"}, "by": AGENT.wire()}
    assert (after.status, after.assignee_id, after.turn) == (Status.ASSIGNED, "agt_2", 3)
    assert (after.queued_at, after.queue_reason, after.snoozed_until) == (None, None, None)


@pytest.mark.parametrize("status", Status)
def test_a_note_changes_nothing_for_the_shopper(status: Status) -> None:
    before = conversation(status, preview="Hello", preview_sender="visitor", heard=2, agent_unread=1)
    plan = core.add_message(Plan(before), NOTE, NOW)
    assert plan.conversation == before._replace(seq=4, last_at=NOW)
    assert plan.facts[0].private is True


def test_a_bots_message_does_not_make_a_reply_stale_and_the_shops_does() -> None:
    before = conversation(heard=2, waiting_since=NOW)
    said = core.add_message(Plan(before), message(MessageType.OUTGOING, BOT), NOW).conversation
    assert (said.heard, said.shopper_unread, said.waiting_since) == (2, 1, None)
    shop = Sender(SenderKind.INTEGRATION, "order:shipped", "Shop")
    told = core.add_message(Plan(before), message(MessageType.OUTGOING, shop), NOW).conversation
    assert (told.heard, told.shopper_unread, told.waiting_since, told.word_at) == (4, 1, NOW, None)


@pytest.mark.parametrize("status", Status)
def test_put_aside(status: Status) -> None:
    plan = core.snooze(conversation(status), LATER, NOW)
    after = plan.conversation
    assert (kinds(plan), after.status, after.snoozed_until, after.turn) == (["conversation_snoozed"], Status.SNOOZED, LATER, 3)
    (job,) = plan.jobs
    assert (job.kind, job.due_at, job.payload) == ("snooze_end", LATER, {"conversation": "cnv_1", "until": LATER.isoformat()})
    assert plan.facts[0].private is True


@pytest.mark.parametrize("status", Status)
def test_back_to_the_bot(status: Status) -> None:
    plan = core.return_to_bot(conversation(status, contact_asked=True), AGENT, NOW)
    after = plan.conversation
    assert (kinds(plan), after.status, after.turn, after.assignee_id, after.contact_asked) == (
        ["conversation_returned"], Status.BOT, 3, None, False,
    )  # fmt: skip
    assert (after.queued_at, after.queue_reason, after.snoozed_until, plan.jobs) == (None, None, None, ())


@pytest.mark.parametrize("status", Status)
def test_done(status: Status) -> None:
    plan = core.resolve(conversation(status, waiting_since=NOW, agent_unread=2), AGENT, NOW)
    after = plan.conversation
    assert (kinds(plan), after.status, after.resolved_at, after.turn) == (["conversation_resolved"], Status.RESOLVED, NOW, 3)
    assert (after.waiting_since, after.agent_unread, after.queued_at, after.snoozed_until) == (None, 0, None, None)
    assert jobs(plan) == ["reconsider", "assign_queue"], "held messages get a chance, and so does the queue"


@pytest.mark.parametrize(
    ("by", "through", "told", "unread"),
    [
        (SenderKind.VISITOR, 5, 5, 0), (SenderKind.VISITOR, 4, 4, 2), (SenderKind.VISITOR, 99, 6, 0), (SenderKind.VISITOR, 2, None, 2),
        (SenderKind.VISITOR, 1, None, 2), (SenderKind.AGENT, 5, 5, 0), (SenderKind.AGENT, 3, None, 2), (SenderKind.AGENT, 0, None, 2),
    ],
)  # fmt: skip
def test_a_read_marker_only_moves_on(by: SenderKind, through: int, told: int | None, unread: int) -> None:
    before = conversation(Status.ASSIGNED, seq=6, heard=5, shopper_read=2, agent_read=3, shopper_unread=2, agent_unread=2)
    plan = core.read(before, by, "reader", through, NOW)
    shopper = by is SenderKind.VISITOR
    assert (plan.conversation.shopper_unread if shopper else plan.conversation.agent_unread) == unread
    if told is None:
        assert (plan.facts, plan.conversation, plan.reason) == ((), before, "already_read")
        return
    assert plan.facts[0].data == {"by": {"kind": by.value, "id": "reader"}, "through": told}
    assert (plan.conversation.shopper_read, plan.conversation.agent_read) == ((told, 3) if shopper else (2, told))


def test_a_later_rating_replaces_the_first() -> None:
    first = core.rate(conversation(Status.RESOLVED), 2, None, NOW)
    second = core.rate(first.conversation, 5, "Better", NOW)
    assert (second.conversation.rating, second.conversation.seq) == (5, 5)
    assert second.facts[0].data == {"score": 5, "comment": "Better"}


@pytest.mark.parametrize(
    ("status", "turn", "late"),
    [
        (Status.BOT, 2, None), (Status.BOT, 1, "turn_over"), (Status.BOT, 3, "turn_over"), (Status.QUEUED, 2, "person_in_charge"),
        (Status.ASSIGNED, 2, "person_in_charge"), (Status.SNOOZED, 2, "person_in_charge"), (Status.RESOLVED, 2, "resolved"),
    ],
)  # fmt: skip
def test_a_late_bot_is_not_heard(status: Status, turn: int, late: str | None) -> None:
    replies = (message(MessageType.OUTGOING, BOT, "One"), message(MessageType.OUTGOING, BOT, "Two", "msg_2"))
    before: Conversation = conversation(status)
    assert core.late_reason(before, turn) == late
    plan = core.bot_answered(before, turn, 3, replies, NOW)
    if late is None:
        assert (kinds(plan), plan.reason) == (["message_created", "message_created"], "answered")
        return
    assert (kinds(plan), plan.reason) == (["bot_answer_dropped"], late)
    assert plan.facts[0].data == {"reason": late, "trigger_seq": 3}
    assert plan.facts[0].private is True
    assert (plan.conversation.status, plan.conversation.shopper_unread) == (status, 0)


def test_a_reply_of_the_shopper_is_never_private_and_agents_facts_are() -> None:
    assert core.add_message(Plan(conversation()), message(), NOW).facts[0].private is False
    assert core.add_message(Plan(conversation()), REPLY, NOW).facts[0].private is False
    assert {FactKind.CONTEXT_RECORDED, FactKind.CONVERSATION_SNOOZED, FactKind.BOT_ANSWER_DROPPED} == AGENTS_ONLY
    assert SHOPPER.wire() == {"kind": "visitor", "id": "vis_1", "name": ""}
