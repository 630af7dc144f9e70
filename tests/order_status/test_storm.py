"""A storm of webhooks, many at once, in disorder, doubled and partly forged: every effect exactly once. No timing here (see benchmarks)."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from benchmarks.shop_events import storm
from chat_server.outbound.database import Database
from chat_server.outbound.migrations import migrate
from order_status import OrderStatus
from order_status import migrate as migrate_orders
from order_status.tables import changes, deliveries, orders
from tests.order_status.world import SECRET, SOURCE, Clock

MANY = 1500
AT_ONCE = 60


@pytest.mark.thorough
async def test_a_storm_leaves_every_effect_exactly_once(tmp_path: Path, database_url: str) -> None:
    clock = Clock()
    database = Database(database_url if not database_url.startswith("sqlite") else f"sqlite:///{tmp_path / 'storm.db'}")
    try:
        await database.at_length(migrate)
        await database.at_length(migrate_orders)
        status = OrderStatus(database, [SOURCE], [], clock)
        sent, made = storm(MANY, clock.now)
        assert Counter((each.forged, each.repeat) for each in sent) == {(False, False): 975, (False, True): 450, (True, False): 75}
        gate, outcomes = asyncio.Semaphore(AT_ONCE), Counter[tuple[bool, object]]()

        async def send(place: int) -> None:
            async with gate:
                receipt = await status.ingest("src_1", sent[place].headers(SECRET, clock.now), sent[place].body)
            outcomes[(sent[place].forged, receipt.body.get("outcome", receipt.status))] += 1

        await asyncio.gather(*map(send, range(len(sent))))
        assert outcomes == {(True, 401): 75, (False, "accepted"): made.deliveries, (False, "duplicate"): 450}
        assert await status.fold(), "more than the writer takes at once is recorded first"
        while await status.fold():
            continue
        told = Counter[tuple[str, str]]()
        clock.pass_(minutes=5)
        while due := await status.due_changes():
            told.update((change.order_id, effect.key) for change in due for effect in change.effects)
            await status.taken([change_id for change in due for change_id in change.change_ids])

        def work(conn: Connection) -> tuple[int, dict[str, str], list[tuple[str, str]]]:
            stored = conn.execute(select(func.count()).select_from(deliveries)).scalar_one()
            heads = {row.order_id: row.headline for row in conn.execute(select(orders.c.order_id, orders.c.headline))}
            return stored, heads, [(row.order_id, row.effect_key) for row in conn.execute(select(changes.c.order_id, changes.c.effect_key))]

        stored, heads, keys = await database.read(work)
        assert stored == made.deliveries
        assert heads == made.headlines
        assert sorted(keys) == sorted(made.effects)
        assert told == Counter(made.effects)
        numbers = (await status.health())[0]
        assert (numbers["accepted"], numbers["duplicates"], numbers["refused"]) == (made.deliveries, 450, {"bad_signature": 75})
    finally:
        await database.close()
