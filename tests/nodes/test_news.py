"""The order of one conversation's facts at one server, whoever committed them: once each and in order, also when hints are late or lie."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chat_server.core.model import Conversation, Fact, FactKind, Plan, Status
from chat_server.outbound import news as module
from chat_server.outbound.database import Database
from chat_server.outbound.hint import Facts
from chat_server.outbound.migrations import migrate
from chat_server.outbound.news import News
from chat_server.outbound.store import Store

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class Here:
    """One server's news over a real database, what it told, and a gate before its reads."""

    store: Store
    told: list[tuple[str, int]] = field(default_factory=list)
    reads: int = 0
    fail: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()
        self.news = News(self._read, self.hear)

    async def _read(self, work: Callable[[Any], Any]) -> Any:
        self.reads += 1
        if self.fail:
            self.fail -= 1
            raise RuntimeError("away")
        found = await self.store.read(work)
        await self.open.wait()
        return found

    def hear(self, conversation: Conversation, facts: Sequence[Fact]) -> None:
        self.told += [(conversation.id, fact.seq) for fact in facts]

    async def commit(self, upto: int, conversation_id: str = "cnv_1") -> list[Fact]:
        """Facts up to this seq, somewhere in the fleet."""

        def work(tx: Any) -> list[Fact]:
            found = tx.conversations.get(conversation_id)
            if found is None:
                found = Conversation(conversation_id, "demo", f"vis_{conversation_id}", None, Status.BOT, "en", NOW, NOW)
                tx.conversations.add(found)
            facts = [Fact(conversation_id, 1, seq, FactKind.MESSAGE_READ, NOW, {}) for seq in range(found.seq + 1, upto + 1)]
            tx.conversations.save(Plan(found._replace(seq=upto), tuple(facts)))
            return facts

        return await self.store.write(work)

    async def own(self, upto: int) -> None:
        """Committed here: announced at once."""
        facts = await self.commit(upto)
        self.announce(facts)

    def announce(self, facts: Sequence[Fact]) -> None:
        conversation = Conversation("cnv_1", "demo", "vis_1", None, Status.BOT, "en", NOW, NOW, seq=facts[-1].seq)
        self.hear(conversation, self.news.own(conversation, facts))

    def hint(self, seq: int, after: int | None = None, *, epoch: int = 1, conversation_id: str = "cnv_1") -> None:
        self.news.foreign(Facts(conversation_id, "demo", "vis_1", None, epoch, seq - 1 if after is None else after, seq))

    async def has(self, *seqs: int) -> None:
        for _ in range(300):
            if [seq for _, seq in self.told] == list(seqs) and not self.news._behind and not self.news._reading:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"expected {seqs}, told {self.told}")


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Here]:
    monkeypatch.setattr(module, "AGAIN_S", 0.01)
    database = Database(f"sqlite:///{tmp_path / 'chat.sqlite'}")
    await database.write(migrate)
    made = Here(Store(database))
    running = asyncio.create_task(made.news.run())
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await database.close()


async def test_own_facts_are_told_at_once(here: Here) -> None:
    await here.own(2)
    await here.own(3)
    await here.has(1, 2, 3)
    assert here.reads == 0


async def test_foreign_facts_are_read_after_what_was_told(here: Here) -> None:
    await here.own(2)
    await here.commit(5)
    here.hint(5, 2)
    await here.has(1, 2, 3, 4, 5)
    here.hint(4)
    here.hint(5)
    await here.has(1, 2, 3, 4, 5)
    assert here.reads == 1, "what was told is not read again"


async def test_a_lost_hint_is_made_good_by_the_next(here: Here) -> None:
    await here.own(1)
    await here.commit(7)
    here.hint(7, 6)
    await here.has(*range(1, 8))


async def test_an_own_fact_waits_for_the_foreign_one_before_it(here: Here) -> None:
    await here.own(1)
    await here.commit(2)
    third = await here.commit(3)
    here.announce(third)
    await here.has(1, 2, 3)
    here.hint(2)
    await here.has(1, 2, 3)


async def test_what_a_hint_brought_is_not_told_again_by_its_author(here: Here) -> None:
    await here.own(1)
    second = await here.commit(2)
    await here.commit(3)
    here.hint(3)
    await here.has(1, 2, 3)
    here.announce(second)
    await here.has(1, 2, 3)
    here.announce([*second, *await here.commit(4)])
    await here.has(1, 2, 3, 4)


async def test_own_facts_during_a_read_follow_it(here: Here) -> None:
    await here.own(1)
    await here.commit(2)
    here.open.clear()
    here.hint(2)
    await asyncio.sleep(0.1)
    await here.own(3)
    await here.own(4)
    assert here.told == [("cnv_1", 1)]
    here.open.set()
    await here.has(1, 2, 3, 4)


async def test_a_forged_place_changes_nothing(here: Here) -> None:
    await here.own(2)
    for seq, epoch in ((5, 9), (10**9, 1), (5, 9), (2**53, 1)):
        here.hint(seq, 0, epoch=epoch)
        await asyncio.sleep(0.1)
    here.hint(5, conversation_id="cnv_none")
    await asyncio.sleep(0.2)
    await here.commit(3)
    here.hint(3)
    await here.own(4)
    await here.has(1, 2, 3, 4)


async def test_another_epoch_is_shown_by_one_fact(here: Here) -> None:
    await here.own(4)

    def renew(tx: Any) -> None:
        found = tx.conversations.get("cnv_1")
        tx.conversations.save(Plan(found._replace(epoch=2, seq=5), (Fact("cnv_1", 2, 5, FactKind.MESSAGE_READ, NOW, {}),)))

    await here.store.write(renew)
    here.hint(5, 4, epoch=2)
    await here.has(1, 2, 3, 4, 5)


async def test_a_database_that_is_away_delays_and_loses_nothing(here: Here) -> None:
    await here.own(1)
    await here.commit(3)
    here.fail = 3
    here.hint(3)
    await here.has(1, 2, 3)
    assert here.reads == 4


async def test_compared_heads_tell_what_is_known_and_name_what_is_not(here: Here) -> None:
    await here.own(2)
    await here.commit(4)
    await here.commit(3, "cnv_2")
    assert here.news.compare({"cnv_1": (1, 4), "cnv_2": (1, 3)}) == {"cnv_2"}
    await here.has(1, 2, 3, 4)
    assert here.news.compare({"cnv_1": (1, 4)}) == set()
    here.news.forget("cnv_1")
    assert here.news.compare({"cnv_1": (1, 4)}) == {"cnv_1"}


async def test_of_many_facts_the_last_are_told(here: Here) -> None:
    await here.own(1)
    await here.commit(1 + module.FURTHEST + 50)
    here.hint(1 + module.FURTHEST + 50)
    await here.has(1, *range(52, 352))
