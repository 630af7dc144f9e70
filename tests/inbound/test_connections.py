"""Who is connected: nobody is thought to be here who was refused, and what a failed look-up missed is made up for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from socketio.exceptions import ConnectionRefusedError as Refused
from sqlalchemy import text

from chat_server.core.model import Json, Visitor
from chat_server.errors import ClientError
from chat_server.flows.messages import send_message
from chat_server.flows.people import token_hash
from chat_server.inbound.agent_socket import AgentDoor
from chat_server.inbound.sockets import TURNS, Connections
from chat_server.outbound.lane import Server
from chat_server.outbound.store import Tx
from tests.flows.world import World, inbox
from tests.two_databases import sqlite_url


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(sqlite_url(tmp_path), inbox())
    yield made
    await made.database.close()


class Here:
    """The connections of a world, what they were told, and the rooms they are in."""

    def __init__(self, world: World) -> None:
        self.told: list[tuple[str, str, Json]] = []
        self.rooms: list[tuple[str, str]] = []
        self.connections = Connections(world.context, self.tell, self.enter, lambda _environ: None)

    def tell(self, sid: str, _namespace: str, event: str, body: Json) -> None:
        self.told.append((sid, event, body))

    async def enter(self, sid: str, room: str, _namespace: str) -> None:
        self.rooms.append((sid, room))


async def rename(world: World, before: str, after: str) -> None:
    """A table is away, or back."""
    await world.store.write(lambda tx: tx.connection.execute(text(f"ALTER TABLE {before} RENAME TO {after}")))


async def test_an_agent_whose_presence_cannot_be_written_is_not_here(world: World) -> None:
    agent = await world.agent(online=False)
    await world.store.write(lambda tx: tx.people.add_session(token_hash("t"), agent.id, "csrf", world.clock()))
    here, server = Here(world), Server(async_mode="aiohttp")
    door = AgentDoor(world.context, here.connections, "session", lambda _origin: True)
    server.register_namespace(door)
    server.environ["engine"] = {}
    environ = {"HTTP_COOKIE": "session=t"}

    sid = await server.manager.pre_connect("engine", "/agent")
    await rename(world, "presence", "away")
    with pytest.raises(Refused):
        await door.on_connect(sid, environ, {"csrf": "csrf"})
    assert here.connections.counts["agent"] == 0
    assert door._tokens == {}
    await rename(world, "away", "presence")
    await door.on_connect(sid, environ, {"csrf": "csrf"})
    assert here.connections.counts["agent"] == 1


async def test_heads_are_told_when_presence_cannot_be_written(world: World) -> None:
    visitor = await world.visitor()
    ack = await send_message(world.context, visitor, world.draft(), None)
    here = Here(world)
    here.connections.shopper("s-1", visitor)
    world.database._closed = True  # its writer takes nothing more
    for turn in range(TURNS):
        await here.connections.beat(turn)
    world.database._closed = False
    assert [list(body["heads"]) for _, event, body in here.told if event == "heads"] == [[ack["conversation"]]]


async def test_a_browser_that_became_a_contacts_joins_without_a_hint(world: World) -> None:
    signed, guest = await world.visitor("c-1"), await world.visitor()
    ack = await send_message(world.context, signed, world.draft(), None)
    here = Here(world)
    here.connections.shopper("s-1", guest)
    here.connections.shopper("s-2", guest)
    await bind(world, guest, signed)
    for turn in range(TURNS):
        await here.connections.beat(turn)
    assert sorted(here.rooms) == [("s-1", f"contact:{signed.contact_id}"), ("s-2", f"contact:{signed.contact_id}")]
    assert {sid: list(body["heads"]) for sid, _, body in here.told} == {"s-1": [ack["conversation"]], "s-2": [ack["conversation"]]}


async def test_a_hint_whose_read_failed_is_kept(world: World) -> None:
    signed, guest = await world.visitor("c-1"), await world.visitor()
    here = Here(world)
    here.connections.shopper("s-1", guest)
    await bind(world, guest, signed)
    here.connections.bound(guest.id)
    await rename(world, "visitors", "away")
    with pytest.raises(ClientError):
        await here.connections._join_contacts()
    await rename(world, "away", "visitors")
    await here.connections._join_contacts()
    assert here.rooms == [("s-1", f"contact:{signed.contact_id}")]


async def bind(world: World, guest: Visitor, signed: Visitor) -> None:
    """The guest's browser turns out to be the contact's."""

    def work(tx: Tx) -> None:
        assert signed.contact_id is not None
        tx.people.bind(guest.id, signed.contact_id)

    await world.store.write(work)
