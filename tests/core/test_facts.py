"""Facts on the wire, and what each reader may see: a shopper gets `hidden` and its place for what is private, and nothing more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chat_server.core.facts import alike, assignee, iso, listed, shopper_view, wire
from chat_server.core.model import AGENTS_ONLY, Fact, FactKind, Json, Message, MessageType, Sender, SenderKind, Status
from tests.core.chat import NOW, conversation

AGENT = Sender(SenderKind.AGENT, "agt_1", "Agent")
META = {"intent": "track_order", "confidence": 0.9}


def fact(kind: FactKind, type_: MessageType = MessageType.OUTGOING) -> Fact:
    message = Message("msg_1", "client-1", type_, AGENT, ({"type": "text", "text": "secret"},), NOW, "digest", META)
    return Fact("cnv_1", 2, 7, kind, NOW, {"word": "secret"}, message if kind is FactKind.MESSAGE_CREATED else None)


@pytest.mark.parametrize("kind", FactKind)
def test_an_agent_sees_all(kind: FactKind) -> None:
    name, body = wire(fact(kind, MessageType.NOTE), agent=True)
    assert name == kind.value
    assert {name: body[name] for name in ("conversation", "epoch", "seq", "at", "word")} == {
        "conversation": "cnv_1", "epoch": 2, "seq": 7, "at": "2026-11-23T12:00:00.000Z", "word": "secret",
    }  # fmt: skip
    if kind is FactKind.MESSAGE_CREATED:
        assert body["message"]["meta"] == META


@pytest.mark.parametrize("kind", FactKind)
def test_a_shopper_sees_what_is_theirs(kind: FactKind) -> None:
    name, body = wire(fact(kind), agent=False)
    if kind in AGENTS_ONLY:
        assert (name, body) == ("hidden", {"conversation": "cnv_1", "epoch": 2, "seq": 7})
    else:
        assert name == kind.value
        assert body["word"] == "secret"
        assert "meta" not in body.get("message", {})


@pytest.mark.parametrize(("type_", "hidden"), [(MessageType.NOTE, True), (MessageType.INCOMING, False), (MessageType.OUTGOING, False)])
def test_a_note_is_hidden_from_the_shopper(type_: MessageType, hidden: bool) -> None:
    told = fact(FactKind.MESSAGE_CREATED, type_)
    name, body = wire(told, agent=False)
    assert (name == "hidden") is hidden
    assert ("secret" in str(body)) is not hidden
    assert listed(told, agent=False) == {"fact": name, **body}


def test_a_message_without_meta_has_none_for_anybody() -> None:
    message = Message("msg_1", "client-1", MessageType.OUTGOING, AGENT, ({"type": "text", "text": "x"},), NOW, "digest")
    _, body = wire(Fact("cnv_1", 1, 1, FactKind.MESSAGE_CREATED, NOW, {}, message), agent=True)
    assert body["message"] == {
        "id": "msg_1", "client_id": "client-1", "type": "outgoing", "sender": {"kind": "agent", "id": "agt_1", "name": "Agent"},
        "parts": [{"type": "text", "text": "x"}], "created_at": "2026-11-23T12:00:00.000Z",
    }  # fmt: skip


@pytest.mark.parametrize("kind", FactKind)
@pytest.mark.parametrize("type_", MessageType)
@pytest.mark.parametrize("meta", [None, META])
def test_alike_is_what_both_are_told_the_same(kind: FactKind, type_: MessageType, meta: Json | None) -> None:
    told = fact(kind, type_)
    told = replace(told, message=told.message and replace(told.message, meta=meta))
    assert alike(told) is (wire(told, agent=False) == wire(told, agent=True))


@pytest.mark.parametrize(("micro", "shown"), [(0, "000"), (1_000, "001"), (999_999, "999"), (120_400, "120")])
def test_times_are_cut_to_milliseconds(micro: int, shown: str) -> None:
    assert iso(datetime(2026, 1, 2, 3, 4, 5, micro, tzinfo=UTC)) == f"2026-01-02T03:04:05.{shown}Z"


@pytest.mark.parametrize("status", Status)
def test_a_shoppers_view(status: Status) -> None:
    found = conversation(status, shopper_read=1, agent_read=2, shopper_unread=3, rating=4 if status is Status.RESOLVED else None)
    view = shopper_view(found, 2 if status is Status.QUEUED else None)
    person = {"id": "agt_1", "name": "Agent agt_1"} if status in (Status.ASSIGNED, Status.SNOOZED) else None
    assert assignee(found) == person
    assert view == {
        "id": "cnv_1", "epoch": 1, "seq": 3, "status": status.value, "assignee": person,
        "queue_position": 2 if status is Status.QUEUED else None, "read": {"shopper": 1, "agent": 2},
        "rated": status is Status.RESOLVED, "unread": 3,
    }  # fmt: skip
