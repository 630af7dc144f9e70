"""The console's session: idle 8 h, absolute 7 days, only its hash is stored; and the one table of roles."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from chat_server.core.model import Agent, Availability, Role
from chat_server.errors import ClientError, Code
from chat_server.flows.people import token_hash
from chat_server.inbound import auth
from chat_server.inbound.agent_commands import AGENT
from tests.flows.world import World

COMMANDS = set(AGENT)


async def test_a_session_knows_its_agent_and_is_stored_hashed(world: World) -> None:
    agent = await world.agent()
    token = await auth.start_session(world.context, agent.id)
    found = await auth.session(world.context, token)
    assert found is not None
    assert (found[0].id, len(found[1]) >= 32) == (agent.id, True)
    stored = await world.database.read(lambda c: c.execute(text("SELECT token_hash FROM sessions")).all())
    assert stored == [(token_hash(token),)]
    for other in (None, "", token[:-1], token.upper(), "zażółć"):
        assert await auth.session(world.context, other) is None


async def test_idle_for_eight_hours_is_over(world: World) -> None:
    token = await auth.start_session(world.context, (await world.agent()).id)
    world.clock.forward(hours=8)
    assert await auth.session(world.context, token) is not None
    world.clock.forward(hours=8, milliseconds=1)
    assert await auth.session(world.context, token) is None


async def test_use_keeps_it_alive_for_seven_days_and_no_longer(world: World) -> None:
    token = await auth.start_session(world.context, (await world.agent()).id)
    for _ in range(7 * 4 - 1):
        world.clock.forward(hours=6)
        assert await auth.session(world.context, token) is not None
    world.clock.forward(hours=6)
    assert await auth.session(world.context, token) is not None
    world.clock.forward(milliseconds=1)
    assert await auth.session(world.context, token) is None


async def test_an_ended_session_is_over_and_a_new_password_ends_all(world: World) -> None:
    agent = await world.agent()
    first, second = [await auth.start_session(world.context, agent.id) for _ in range(2)]
    await world.store.write(lambda tx: tx.people.end_session(token_hash(first)))
    assert await auth.session(world.context, first) is None
    assert await auth.session(world.context, second) is not None
    await world.store.write(lambda tx: tx.people.put_agent(agent, "new-hash", world.clock()))
    assert await auth.session(world.context, second) is None


@pytest.mark.parametrize("role", Role)
def test_the_table_of_roles(role: Role) -> None:
    agent = Agent("agt_1", "demo", "Somebody", "a@test.example", role, Availability.ONLINE, 4)
    allowed = {"sync"} if role is Role.VIEWER else COMMANDS
    assert len(COMMANDS) == 16
    for command in allowed:
        auth.authorize(agent, command)
    for command in (*(COMMANDS - allowed), "erase", "export", "", "on_sync"):
        with pytest.raises(ClientError) as refused:
            auth.authorize(agent, command)
        assert refused.value.code is Code.FORBIDDEN


def test_a_password_is_right_or_wrong_and_nobody_has_none() -> None:
    stored = auth.HASHER.hash("the right one")
    assert auth.check_password(stored, "the right one") is True
    assert auth.check_password(stored, "the wrong one") is False
    assert auth.check_password(None, "nobody has this password") is False
    assert auth.check_password("not a hash", "x") is False
