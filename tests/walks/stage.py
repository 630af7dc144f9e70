"""Brings people onto a server and sees them off: a test asks for shoppers, agents and the shop, and leaves no conversation open."""

from __future__ import annotations

import secrets
from typing import Any

from tests.processes import LOGINS, ChatServer, Login
from tests.walks.agent import Agent
from tests.walks.shop import Shop
from tests.walks.shopper import Shopper

AGENT, SECOND, SUPERVISOR = LOGINS


class Stage:
    """Everyone of one test."""

    def __init__(self, server: ChatServer) -> None:
        self.server = server
        self.shop = Shop(server)
        self._shoppers: list[Shopper] = []
        self._agents: list[Agent] = []

    async def shopper(self, *, customer: str | None = None, open: bool = True, **more: Any) -> Shopper:
        """A tab; of a customer whom the shop has signed, with `customer`."""
        identity = self.shop.token(customer) if customer else None
        made = Shopper(self.server, identity=more.pop("identity", identity), **more)
        self._shoppers.append(made)
        if open:
            await made.open()
        return made

    async def tab(self, of: Shopper) -> Shopper:
        """Another tab of the same browser."""
        return await self.shopper(token=of.token, identity=of.identity, key=of.key)

    async def agent(self, login: Login = AGENT, *, availability: str | None = "online", fresh: bool = False) -> Agent:
        """At the console. `fresh`: with a session of its own, which this test may end."""
        made = Agent(self.server, login)
        self._agents.append(made)
        if fresh:
            await made.fresh_sign_in()
        return await made.open(availability)

    def customer(self) -> str:
        """A customer whom nobody knows yet."""
        return f"customer-{secrets.token_hex(4)}"

    async def clear(self) -> None:
        """Nobody online, nothing open: the next test starts alone."""
        try:
            if self.server.child is not None and self.server.child.ended() is None:
                await self._sweep()
        finally:
            for shopper in self._shoppers:
                await shopper.close()
            for agent in self._agents:
                await agent.close()
            await self.shop.close()

    async def _sweep(self) -> None:
        sweeper = next((agent for agent in self._agents if agent.wire.open), None)
        if sweeper is None:
            sweeper = Agent(self.server, SUPERVISOR)
            self._agents.append(sweeper)
            await sweeper.open(availability=None)
        for row in (await sweeper.list())["conversations"]:
            await sweeper.wire.call("resolve", conversation=row["id"])
