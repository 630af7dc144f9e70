"""A restored database begins every history anew: nobody's cursor from before can mean something else now."""

from functools import partial

from chat_server.core.model import Fact, FactKind, Plan
from chat_server.outbound.store import Store, Tx
from tests.outbound.test_store import NOW, conversation, said


def _fill(tx: Tx, number: int) -> None:
    name = f"cnv_{number}"
    tx.conversations.add(conversation(number))
    facts = (said(1, conversation_id=name), Fact(name, 1, 2, FactKind.MESSAGE_READ, NOW, {"through": 1}))
    tx.conversations.save(Plan(conversation(number, seq=2), facts))


async def test_conversations_and_their_facts_get_the_new_epoch_some_at_a_time(store: Store) -> None:
    names = [f"cnv_{number}" for number in (1, 2, 3)]
    for number in (1, 2, 3):
        await store.write(partial(_fill, number=number))
    assert [await store.write(lambda tx: tx.conversations.new_epoch(9, 2)) for _ in range(3)] == [2, 1, 0]
    assert await store.read(lambda tx: tx.conversations.heads(names)) == dict.fromkeys(names, (9, 2))
    for name in names:
        assert [fact.epoch for fact in await store.read(partial(_facts, name=name))] == [9, 9]


def _facts(tx: Tx, name: str) -> list[Fact]:
    return tx.conversations.after(name, 0)
