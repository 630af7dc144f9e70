"""The store, table group by table group, on a real database: order, uniqueness, and what a repeat does."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from chat_server.core.model import (
    Agent,
    Availability,
    Contact,
    Conversation,
    Fact,
    FactKind,
    Job,
    Message,
    MessageType,
    Plan,
    Role,
    Sender,
    SenderKind,
    Status,
    Visitor,
)
from chat_server.errors import AlreadySent
from chat_server.outbound.store import Store, Tx

NOW = datetime(2026, 11, 23, 12, 0, 0, 123_000, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SENDER = Sender(SenderKind.VISITOR, "vis_1", "")


def visitor(number: int = 1, **changes: object) -> Visitor:
    made = Visitor(f"vis_{number}", "demo", None, "en", "Europe/Warsaw", None, NOW, NOW)
    return replace(made, **changes)  # type: ignore[arg-type]  # fields are named by the tests


def conversation(number: int = 1, *, minutes: int = 0, **changes: Any) -> Conversation:
    at = NOW + timedelta(minutes=minutes)
    made = Conversation(f"cnv_{number}", "demo", f"vis_{number}", None, Status.BOT, "en", at, at)
    return made._replace(**changes)


def said(seq: int, text: str = "Zażółć 🙂", *, client_id: str | None = None, conversation_id: str = "cnv_1") -> Fact:
    parts = ({"type": "text", "text": text},)
    message = Message(f"msg_{conversation_id}_{seq}", client_id or f"c-{seq}", MessageType.INCOMING, SENDER, parts, NOW, "digest")
    return Fact(conversation_id, 1, seq, FactKind.MESSAGE_CREATED, NOW, {}, message)


async def test_a_conversation_and_its_facts_come_back_equal(store: Store) -> None:
    state = conversation(seq=2, card={"reason": "requested"}, waiting_since=NOW, shopper_at=NOW, rating=4)
    facts = [said(1), Fact("cnv_1", 1, 2, FactKind.MESSAGE_READ, NOW, {"through": 1})]
    await store.write(lambda tx: tx.conversations.add(conversation()))
    await store.write(lambda tx: tx.conversations.save(Plan(state, tuple(facts))))
    assert await store.read(lambda tx: tx.conversations.get("cnv_1")) == state
    assert await store.read(lambda tx: tx.conversations.after("cnv_1", 0)) == facts
    assert await store.read(lambda tx: tx.conversations.after("cnv_1", 1)) == facts[1:]
    assert await store.read(lambda tx: tx.conversations.after("cnv_1", 0, 1)) == facts[:1]
    assert await store.read(lambda tx: tx.conversations.heads(["cnv_1", "cnv_none"])) == {"cnv_1": (1, 2)}


@pytest.mark.parametrize("again", [said(1, client_id="other"), said(2, client_id="c-1")])
async def test_neither_a_place_nor_a_client_id_is_taken_twice(store: Store, again: Fact) -> None:
    await store.write(lambda tx: tx.conversations.add(conversation()))
    await store.write(lambda tx: tx.conversations.save(Plan(conversation(seq=1), (said(1),))))
    with pytest.raises(AlreadySent):
        await store.write(lambda tx: tx.conversations.save(Plan(conversation(seq=2), (again,))))
    found = await store.read(lambda tx: tx.conversations.get("cnv_1"))
    assert found is not None
    assert found.seq == 1, "the state went back with its fact"


async def test_one_unresolved_conversation_per_browser(store: Store) -> None:
    await store.write(lambda tx: tx.conversations.add(conversation()))
    with pytest.raises(IntegrityError):
        await store.write(lambda tx: tx.conversations.add(conversation(2)._replace(visitor_id="vis_1")))
    await store.write(lambda tx: tx.conversations.save(Plan(conversation(status=Status.RESOLVED))))
    await store.write(lambda tx: tx.conversations.add(conversation(2, minutes=1, visitor_id="vis_1")))
    assert await found_ids(store, visitor()) == ("cnv_2", "cnv_2", ["cnv_1"])


async def found_ids(store: Store, who: Visitor) -> tuple[str | None, str | None, list[str]]:
    """(unresolved, latest, earlier) of a shopper."""

    def work(tx: Tx) -> tuple[str | None, str | None, list[str]]:
        unresolved, latest = tx.conversations.unresolved(who), tx.conversations.latest(who)
        earlier = tx.conversations.earlier(who, unresolved.id if unresolved else "")
        return unresolved.id if unresolved else None, latest.id if latest else None, [each.id for each in earlier]

    return await store.read(work)


async def test_a_contacts_conversations_are_found_from_every_browser(store: Store) -> None:
    await store.write(lambda tx: tx.conversations.add(conversation(1)))
    await store.write(lambda tx: tx.conversations.bind("vis_1", "con_1"))
    assert await found_ids(store, visitor(2, contact_id="con_1")) == ("cnv_1", "cnv_1", [])
    assert await found_ids(store, visitor(2, contact_id="con_2")) == (None, None, [])
    assert await found_ids(store, visitor(2)) == (None, None, [])
    assert await found_ids(store, visitor(1, inbox_id="other")) == (None, None, [])


def _add(tx: Tx, each: Conversation) -> None:
    tx.conversations.add(each)


async def test_lists_newest_activity_first(store: Store) -> None:
    for number, minutes, status in ((1, 1, Status.BOT), (2, 3, Status.QUEUED), (3, 2, Status.RESOLVED)):
        each = conversation(number, minutes=minutes, status=status)
        await store.write(partial(_add, each=each))

    def listed(tx: Tx) -> tuple[list[str], ...]:
        of = tx.conversations
        lists = [of.listed(inbox, resolved=resolved, limit=9) for inbox, resolved in (("demo", False), ("demo", True), ("x", False))]
        return (*([each.id for each in found] for found in [*lists, of.queued("demo")]), sorted(of.open_heads("demo", LATER)))

    assert await store.read(listed) == (["cnv_2", "cnv_1"], ["cnv_3"], [], ["cnv_2"], ["cnv_1", "cnv_2"])


async def test_a_repeat_is_found_wherever_it_was_said(store: Store) -> None:
    await store.write(lambda tx: tx.conversations.add(conversation()))
    await store.write(lambda tx: tx.conversations.save(Plan(conversation(seq=1), (said(1),))))
    assert await store.read(lambda tx: tx.conversations.sent("cnv_1", SENDER, "c-1")) == said(1)
    assert await store.read(lambda tx: tx.conversations.sent_anywhere(visitor(), "c-1")) == said(1)
    assert await store.read(lambda tx: tx.conversations.message("msg_cnv_1_1")) == said(1)
    assert await store.read(lambda tx: tx.conversations.sent_anywhere(visitor(2), "c-1")) is None
    assert await store.read(lambda tx: tx.conversations.sent_anywhere(visitor(inbox_id="other"), "c-1")) is None
    await store.write(lambda tx: tx.conversations.bind("vis_1", "con_1"))
    elsewhere = visitor(2, contact_id="con_1")
    assert await store.read(lambda tx: tx.conversations.sent_anywhere(elsewhere, "c-1")) == said(1), "the same person at another browser"


async def test_a_job_is_taken_on_leased_returned_and_ended_once(store: Store) -> None:
    job, soon = Job("k", "kind", NOW, {"n": 1}), NOW + timedelta(seconds=60)
    await store.write(lambda tx: tx.jobs.add([job, replace(job, payload={"n": 2})]))
    assert await store.write(lambda tx: tx.jobs.claim(NOW - timedelta(seconds=1), soon, 9)) == []
    assert await store.write(lambda tx: tx.jobs.claim(NOW, soon, 9)) == [replace(job, attempts=1)]
    assert await store.write(lambda tx: tx.jobs.claim(NOW, soon, 9)) == [], "somebody holds it"
    late = soon + timedelta(seconds=1)
    assert await store.write(lambda tx: tx.jobs.claim(late, late, 9)) == [replace(job, attempts=2)], "the lease ran out"
    await store.write(lambda tx: tx.jobs.again("k", late + timedelta(seconds=5)))
    assert await store.write(lambda tx: tx.jobs.claim(late + timedelta(seconds=4), late, 9)) == [], "it was given back for later"
    assert await store.write(lambda tx: tx.jobs.renew(["k"], late)) == {"k"}
    assert await store.write(lambda tx: tx.jobs.done("k", "fine", late)) is True
    assert await store.write(lambda tx: tx.jobs.done("k", "again", late)) is False
    assert await store.write(lambda tx: tx.jobs.renew(["k"], late)) == set()
    await store.write(lambda tx: tx.jobs.add([job]))
    assert await store.write(lambda tx: tx.jobs.claim(late + timedelta(days=1), late, 9)) == [], "its key is spent"


async def test_two_workers_never_claim_the_same_job(store: Store) -> None:
    await store.write(lambda tx: tx.jobs.add(Job(f"k{number}", "kind", NOW, {}) for number in range(20)))
    lease = NOW + timedelta(seconds=60)
    claims = await asyncio.gather(*(store.write(lambda tx: tx.jobs.claim(NOW, lease, 5)) for _ in range(6)))
    keys = [job.key for claim in claims for job in claim]
    assert (len(keys), len(set(keys))) == (20, 20)


async def test_agents_with_load_presence_and_one_row_per_address(store: Store) -> None:
    agent = Agent("agt_1", "demo", "Agent", "a@shop.example", Role.AGENT, Availability.ONLINE, 4)
    await store.write(lambda tx: tx.people.put_agent(agent, "hash-1", NOW))
    await store.write(lambda tx: tx.people.add_session(b"t", "agt_1", "csrf", NOW))
    assert await store.read(lambda tx: tx.people.session(b"t")) == ("agt_1", "csrf", NOW, NOW)
    renamed = replace(agent, id="agt_2", name="Supervisor", role=Role.SUPERVISOR)
    assert await store.write(lambda tx: tx.people.put_agent(renamed, "hash-2", NOW)) == "agt_1"
    assert await store.read(lambda tx: tx.people.session(b"t")) is None, "a new password ends the sessions"
    assert await store.read(lambda tx: tx.people.login("a@shop.example")) == ("agt_1", "hash-2")
    await store.write(lambda tx: tx.people.agents_seen(["agt_1"], NOW))
    mine = conversation(status=Status.ASSIGNED, assignee_id="agt_1")
    await store.write(lambda tx: tx.conversations.add(mine))
    (found,) = await store.read(lambda tx: tx.people.agents("demo", NOW + timedelta(seconds=44)))
    assert (found.name, found.role, found.load, found.connected) == ("Supervisor", Role.SUPERVISOR, 1, True)
    (gone,) = await store.read(lambda tx: tx.people.agents("demo", NOW + timedelta(seconds=46)))
    assert gone.connected is False
    assert await store.read(lambda tx: tx.people.agents("other", NOW)) == []


async def test_a_contact_is_filled_never_emptied(store: Store) -> None:
    first = Contact("con_1", "demo", "c-1", "Demo customer A", None, None)
    assert await store.write(lambda tx: tx.people.put_contact(first, NOW)) == first
    told = Contact("con_2", "demo", "c-1", None, "a@shop.example", None)
    assert await store.write(lambda tx: tx.people.put_contact(told, NOW)) == replace(first, email="a@shop.example")
    elsewhere = Contact("con_3", "other", "c-1", None, None, None)
    assert await store.write(lambda tx: tx.people.put_contact(elsewhere, NOW)) == elsewhere


async def test_opt_outs_add_up_over_the_browsers_of_a_person(store: Store) -> None:
    await store.write(lambda tx: tx.people.add_visitor(visitor(1, contact_id="con_1"), b"1"))
    await store.write(lambda tx: tx.people.add_visitor(visitor(2, contact_id="con_1"), b"2"))
    await store.write(lambda tx: tx.people.opt_out("vis_1", ["promo"]))
    await store.write(lambda tx: tx.people.opt_out("vis_1", ["help"]))
    await store.write(lambda tx: tx.people.opt_out("vis_2", ["service"]))
    assert await store.read(lambda tx: tx.people.opt_outs("con_1")) == {"promo", "help", "service"}
    assert await store.read(lambda tx: tx.people.opt_outs("vis_2")) == {"service"}
    assert [each.id for each in await store.read(lambda tx: tx.people.browsers("con_1"))] == ["vis_1", "vis_2"]


async def test_activities_are_kept_once_and_not_for_ever(store: Store) -> None:
    await store.write(lambda tx: tx.visits.add("vst_1", "vis_1", {"url": "/"}, None, NOW))

    def record(tx: Tx) -> list[bool]:
        at = [NOW + timedelta(seconds=number) for number in range(210)]
        kept = [tx.visits.record("vis_1", "vst_1", f"a{number}", "page_view", {}, moment) for number, moment in enumerate(at)]
        return [*kept, tx.visits.record("vis_1", "vst_1", "a0", "page_view", {}, NOW)]

    assert await store.write(record) == [True] * 210 + [False]
    assert await store.write(lambda tx: tx.visits.record("vis_2", "vst_1", "a0", "page_view", {}, NOW)), "another browser's id"
    await store.write(lambda tx: tx.visits.prune("vis_1"))
    kept = await store.read(lambda tx: tx.visits.activities("vst_1", 999))
    assert len(kept) == 200 + 1
    assert kept[0][1] == NOW + timedelta(seconds=209)


async def test_what_is_old_goes_some_at_a_time(store: Store) -> None:
    old = [Job(f"old{number}", "kind", NOW, {}) for number in range(1002)]
    await store.write(lambda tx: tx.jobs.add([*old, Job("new", "kind", NOW, {})]))
    await store.write(lambda tx: [tx.jobs.done(job.key, "done", NOW) for job in old])
    later = NOW + timedelta(days=1)
    assert [await store.write(lambda tx: tx.jobs.prune(later)) for _ in range(3)] == [True, False, False]
    assert [job.key for job in await store.write(lambda tx: tx.jobs.claim(later, later, 9))] == ["new"]
