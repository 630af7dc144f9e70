"""What operators see and do: health, dead letters, replays, retention, secrets, and orders whose state cannot be read."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select, update

from order_status import OrderStatus
from order_status.commit import LATER
from order_status.masked import laid_out
from order_status.shops.standard_webhooks import sign
from order_status.sources import fingerprint
from order_status.store.operations import STANDS
from order_status.tables import deliveries, orders
from tests.order_status.world import OLD_SECRET, SECRET, SOURCE, Json, World, envelope, iso, order, parcel

HANDLE = fingerprint("src_1")


async def source(world: World) -> Json:
    found = await world.status.operations.sources("demo", await world.status.health())
    return next(each for each in found if each["source"] == HANDLE)


async def broken(world: World, order_id: str = "A-1001", state: str = '{"head":') -> None:
    def work(conn: Connection) -> None:
        conn.execute(update(orders).where(orders.c.order_id == order_id).values(state=state))

    await world.writer.write(work)


async def test_a_source_that_is_silent_for_longer_than_usual_is_seen(world: World) -> None:
    for version in range(1, 31):
        await world.accept(order(version))
        world.clock.pass_(minutes=30)
    seen = await source(world)
    assert (seen["usual"], seen["silence"], seen["silent"]) == (timedelta(minutes=30), timedelta(minutes=30), False)
    world.clock.pass_(minutes=61)
    assert (await source(world))["silent"]
    assert "source_id" not in seen


async def test_which_secret_verified_last(world: World) -> None:
    await world.accept(order(1))
    body = envelope(order(2), iso(world.clock.now))
    at = world.clock.pass_(minutes=1)
    assert (await world.status.ingest("src_1", sign(OLD_SECRET, "msg_old", at, body), body)).status == 200
    assert (await source(world))["secrets"] == [
        {"fingerprint": fingerprint(SECRET), "verified": 1, "last_at": at - timedelta(minutes=1)},
        {"fingerprint": fingerprint(OLD_SECRET), "verified": 1, "last_at": at},
    ]


async def test_bodies_go_when_their_time_is_over_and_the_summary_stays(world: World) -> None:
    await world.accept(order(1, parcel("shipped")))
    world.clock.pass_(days=29)
    await world.accept(order(2, parcel("delivered", iso(world.clock.now))))
    await world.status.look()
    stored = {each["said"]: each["stored"] for each in await world.status.operations.deliveries("demo")}
    assert stored == {"order placed · shipment s-1 shipped": True, "order placed · shipment s-1 delivered": True}
    world.clock.pass_(days=2)
    await world.status.look()
    found = await world.status.operations.deliveries("demo")
    assert [(each["said"].split()[-1], bool(each["stored"]), len(each["digest"])) for each in found] == [
        ("delivered", True, 64),
        ("shipped", False, 64),
    ]
    assert await world.status.operations.replay("demo", HANDLE, found[1]["delivery_id"], "agent:agt_1") == "no_body"
    one = await world.status.operations.delivery("demo", HANDLE, found[1]["delivery_id"])
    assert one is not None
    assert one["body"] is None
    assert (await world.view())["headline"] == "delivered"


async def test_bodies_of_a_source_that_is_configured_no_more_go_too(world: World) -> None:
    await world.accept(order(1, parcel("shipped")))
    assert (await world.send(order(2, colour="red"))).status == 400
    await world.send(order(1, order_id="A-2"), source="src_2")
    left = OrderStatus(world.writer, [replace(SOURCE, id="src_3")], (), world.clock)
    await left.look()
    assert [each["stored"] for each in await left.operations.deliveries("demo")] == [1, 1]
    world.clock.pass_(days=31)
    await left.look()
    assert [each["stored"] for each in await left.operations.deliveries("demo")] == [0, 0]
    assert (await left.operations.waiting("demo"))["letters"] == []


async def test_what_cannot_be_folded_is_seen_and_given_up_when_its_time_is_over(world: World) -> None:
    await world.accept(order(1, parcel("shipped")))
    await broken(world)
    await world.accept(order(2, parcel("delivered")))
    numbers = await world.numbers()
    assert (numbers["unfolded"], numbers["put_off"]) == (0, 1)
    world.clock.pass_(days=29)
    await world.status.look()
    assert (await world.status.fold(), (await world.numbers())["put_off"]) == (1, 1)
    world.clock.pass_(days=2)
    await world.status.look()
    assert (await world.status.fold(), (await world.numbers())["put_off"]) == (0, 0)
    assert not any(each["stored"] for each in await world.status.operations.deliveries("demo"))


async def test_what_a_newer_version_cannot_read_any_more_is_a_dead_letter(world: World) -> None:
    await world.accept(order(1, parcel("shipped")))
    await broken(world)
    await world.accept(order(2, parcel("delivered")))
    await world.writer.write(
        lambda conn: conn.execute(update(deliveries).where(deliveries.c.fold_at.is_not(None)).values(body=b"{")).close()
    )
    world.clock.pass_(seconds=LATER.total_seconds())
    assert (await world.status.fold(), await world.status.fold()) == (1, 0)
    (letter,) = (await world.status.operations.waiting("demo"))["letters"]
    assert (letter["error"], (await world.numbers())["put_off"]) == ("malformed", 0)


async def test_a_replay_changes_nothing_that_is_known_and_is_counted(world: World) -> None:
    await world.send(order(1, parcel("shipped")), delivery="msg_x")
    assert await world.heard() == ["shipped"]
    before = await world.view()
    assert await world.status.operations.replay("demo", HANDLE, "msg_x", "agent:agt_1") == "accepted"
    assert await world.heard() == []
    assert await world.view() == before
    assert await world.status.operations.replay("other", HANDLE, "msg_x", "agent:agt_1") == "not_found"
    numbers = await world.numbers()
    assert (numbers["accepted"], numbers["replayed"]) == (1, 1)
    (done,) = (await world.status.operations.waiting("demo"))["done"]
    assert (done["by"], done["action"], done["object"], done["outcome"]) == ("agent:agt_1", "replay", "msg_x", "accepted")


async def test_a_body_is_shown_covered_and_in_full_only_to_who_asks(world: World) -> None:
    await world.send(
        order(1, customer={"id": "c-7", "email": "c7@example.com", "phone": "+48 600 100 200", "name": "Demo customer A"}), delivery="m"
    )
    shown = await world.status.operations.delivery("demo", HANDLE, "m")
    assert shown is not None
    for hidden in ("c7@example.com", "600 100", "Demo customer A"):
        assert hidden not in shown["body"]
    assert '"number": "1001"' in shown["body"]
    full = await world.status.operations.delivery("demo", HANDLE, "m", "agent:agt_1")
    assert full is not None
    assert "c7@example.com" in full["body"]
    assert [each["action"] for each in (await world.status.operations.waiting("demo"))["done"]] == ["look"]


def test_what_is_no_json_is_covered_by_its_look() -> None:
    assert laid_out(b"write to a.b@example.com or +48 600 100 200 now", covered=True) == "write to ••• or ••• now"
    assert laid_out(b"\xff{", covered=True) == "\ufffd{"
    assert laid_out(b"[" * 100_000, covered=True) == "[" * 100_000


def test_what_other_shops_call_an_address_is_covered() -> None:
    home = {"name": "N", "city": "C", "street1": "S", "streetAddress1": "S", "post_code": "P", "companyName": "F", "building_number": "7"}
    for name in ("default_address", "address_to", "to_address", "address", "shipping_address"):
        shown = json.loads(laid_out(json.dumps({"order": {name: {**home, "country": "PL"}}}).encode(), covered=True))["order"][name]
        assert shown == {**dict.fromkeys(home, "•••"), "country": "PL"}, name


async def test_a_dead_letter_is_read_again_when_we_understand_it(world: World) -> None:
    body = envelope(order(1), iso(world.clock.now)).replace(b'"type"', b'"event": "other_topic", "type"')
    headers = sign(SECRET, "msg_1", world.clock.now, body)
    assert [(await world.status.ingest("src_1", headers, body)).status for _ in range(2)] == [400, 400]
    (letter,) = (await world.status.operations.waiting("demo"))["letters"]
    assert (letter["n"], letter["source"], "event" in letter["error"]) == (2, HANDLE, True)
    assert await world.status.operations.read_letter("demo", HANDLE, letter["digest"], "agent:agt_1") == "malformed"
    mended = OrderStatus(world.writer, [replace(SOURCE, kind="aftership", secrets=(SECRET,))], [], world.clock)
    assert await mended.operations.read_letter("demo", HANDLE, letter["digest"], "agent:agt_1") == "ignored"
    assert (await world.status.operations.waiting("demo"))["letters"] == []


async def test_a_dead_letter_is_thrown_away_once(world: World) -> None:
    assert (await world.send(order(1, colour="red"))).status == 400
    (letter,) = (await world.status.operations.waiting("demo"))["letters"]
    shown = await world.status.operations.letter("demo", HANDLE, letter["digest"])
    assert shown is not None
    assert "c7@example.com" not in shown["body"]
    assert await world.status.operations.drop_letter("other", HANDLE, letter["digest"], "agent:agt_1") == "not_found"
    assert await world.status.operations.drop_letter("demo", HANDLE, letter["digest"], "agent:agt_1") == "dropped"
    assert await world.status.operations.drop_letter("demo", HANDLE, letter["digest"], "agent:agt_1") == "not_found"


@pytest.mark.parametrize("state", ['{"head":', "[]", '{"head": {"order_id": 7}}'])
async def test_a_state_that_cannot_be_read_holds_up_no_other_order(world: World, state: str) -> None:
    await world.accept(order(1, parcel("shipped"), order_id="A-bad"))
    await world.accept(order(1, parcel("shipped"), order_id="A-good"))
    await broken(world, "A-bad", state)
    told = await world.told(seconds=21)
    assert [change.order_id for change in told] == ["A-good"]
    assert [each["order_id"] for each in await world.status.orders("demo", "c-7")] == ["A-good"]
    assert await world.status.order("demo", "A-bad") is None
    assert [found.view["order_id"] for found in await world.status.search("demo", "1001")] == ["A-good"]
    assert (await world.send(order(2, parcel("delivered"), order_id="A-bad"), delivery="again")).body["outcome"] == "accepted"
    assert (await world.send(order(2, parcel("delivered"), order_id="A-bad"), delivery="again")).body["outcome"] == "duplicate"
    assert (await world.send(order(2, parcel("delivered"), order_id="A-good"))).body["outcome"] == "accepted"
    await world.status.look()
    assert [change.order_id for change in await world.told(seconds=21)] == ["A-good"]
    (row,) = (await world.status.operations.waiting("demo"))["unreadable"]
    assert (row["order_id"], row["number"]) == ("A-bad", "1001")

    assert await world.status.operations.rebuild("demo", "A-bad", "agent:agt_1") == "rebuilt"
    assert await world.status.operations.rebuild("demo", "A-bad", "agent:agt_1") == "settled", "what can be read is left as it is"
    assert (await world.status.operations.waiting("demo"))["unreadable"] == []
    assert (await world.view("A-bad"))["headline"] == "delivered", "also what came while it could not be read"
    assert [(change.order_id, change.stage) for change in await world.told(seconds=21)] == [("A-bad", "delivered")]
    assert (await world.send(order(2, parcel("delivered"), order_id="A-bad"), delivery="again")).body["outcome"] == "duplicate"
    world.clock.pass_(seconds=LATER.total_seconds())
    assert (await world.status.fold(), await world.heard()) == (0, [])


async def test_what_came_for_a_state_that_cannot_be_read_is_folded_when_it_can_be_again(world: World) -> None:
    await world.accept(order(1, parcel("shipped")))
    before = await world.writer.read(lambda conn: conn.execute(select(orders.c.state)).scalar_one())
    await broken(world)
    await world.accept(order(2, parcel("delivered")))
    world.clock.pass_(seconds=LATER.total_seconds())
    assert await world.status.fold() == 1, "and it waits again"
    await broken(world, state=before)
    assert await world.status.fold() == 0
    world.clock.pass_(seconds=LATER.total_seconds())
    assert await world.status.fold() == 1
    assert (await world.view())["headline"] == "delivered"
    assert (await world.status.fold(), (await world.numbers())["accepted"]) == (0, 2)


async def test_an_order_without_bodies_cannot_be_made_anew(world: World) -> None:
    await world.accept(order(1))
    await broken(world)
    await world.writer.write(lambda conn: conn.execute(update(deliveries).values(body=b"")).close())
    assert await world.status.operations.rebuild("demo", "A-1001", "agent:agt_1") == "no_body"


async def test_what_was_decided_stays_decided_when_an_order_is_made_anew(world: World) -> None:
    await world.accept(order(1, parcel("delivered", "2026-11-20T09:30:00Z")))
    await world.accept(order(2, parcel("in_transit", "2026-11-20T09:40:00Z")))
    world.clock.pass_(seconds=STANDS.total_seconds())
    await world.status.look()
    assert (await world.view())["headline"] == "shipped"
    await broken(world)
    assert await world.status.operations.rebuild("demo", "A-1001", "agent:agt_1") == "rebuilt"
    assert (await world.view())["headline"] == "shipped"
    rows = await world.writer.read(lambda conn: conn.execute(select(deliveries.c.digest)).scalars().all())
    assert len(set(rows)) == 2
