"""The shopper's door: Socket.IO namespace `/shopper`. Connecting only authenticates; `sync` says hello and catches up.

Walks a, c, d and e come in here; what each command is stands in shopper_commands.py. Commands of one connection run in order,
and none of them waits for the bot or the shop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chat_server.core.model import Json
from chat_server.errors import ClientError, Code
from chat_server.flows import people, proactive
from chat_server.flows.context import Context
from chat_server.inbound import payloads as p
from chat_server.inbound.auth import identity, inbox_for
from chat_server.inbound.commands import Command, Door, refused
from chat_server.inbound.limits import Limits
from chat_server.inbound.shopper_commands import SHOPPER, Shopper
from chat_server.inbound.sockets import Connections


@dataclass(slots=True)
class Guest:
    """One connection: what the browser said of itself, and who it is since its first `sync`."""

    hello: people.Hello
    address: str = ""
    who: Shopper | None = None


class ShopperDoor(Door[Shopper]):
    """Who is behind each socket, and what else a socket needs: rooms, and the head of what it looks at."""

    def __init__(self, context: Context, limits: Limits, connections: Connections) -> None:
        super().__init__("/shopper", SHOPPER)
        self._context = context
        self._limits = limits
        self._connections = connections
        self._guests: dict[str, Guest] = {}

    async def on_connect(self, sid: str, environ: dict[str, Any], auth: object = None) -> None:
        """Refuses, or remembers who says hello. Creates nothing."""
        try:
            self._connections.admit(environ)
            told = p.parse(auth, p.ShopperAuth)
            inbox = inbox_for(self._context.inboxes, told.key, environ.get("HTTP_ORIGIN"))
            claims = identity(inbox, told.identity, self._context.clock().timestamp())
        except ClientError as error:
            raise refused(error) from None
        hello = people.Hello(inbox, told.visitor, claims, told.locale, p.zone_of(told.timezone))
        self._guests[sid] = Guest(hello, self._limits.peers.of_handshake(environ))
        for room in ("everyone", f"inbox:{inbox.id}"):
            await self.enter_room(sid, room)

    async def on_disconnect(self, sid: str, _reason: str = "") -> None:
        """Presence fades by itself."""
        self._guests.pop(sid, None)
        self._connections.forget(sid)

    async def perform(self, command: Command[Shopper], sid: str, told: Any) -> Json | None:
        """Run one command; its conversation is what this tab looks at from now on."""
        guest = self._guests.get(sid)
        if guest is None:
            raise ClientError(Code.BAD_REQUEST, "This connection has ended.")
        if guest.who is not None:
            for bucket in command.limits:
                self._limits.take(bucket, guest.who.visitor.id)
        elif command.name != "sync":
            raise ClientError(Code.BAD_REQUEST, "Send `sync` first.")
        if command.name == "sync":
            await self._arrive(sid, guest)
        who = guest.who
        assert who is not None, "a command other than `sync` comes after it"
        answer = await command.flow(self._context, who, told)
        if command.name == "sync":
            guest.who = Shopper(who.visitor, address=guest.address)  # its new token has been told
        if answer is not None and sid in self._guests and (place := answer.get("conversation")):
            self._connections.watch(sid, place if isinstance(place, str) else place["id"])
        return answer

    async def _arrive(self, sid: str, guest: Guest) -> None:
        """Says hello, and joins the rooms before the facts are read, so that nothing falls between the two."""
        if guest.who is None:
            visitor, token = await people.recognise(self._context, guest.hello)
            guest.who = Shopper(visitor, token, guest.address)
            await self.enter_room(sid, f"visitor:{visitor.id}")
            await proactive.arrived(self._context, visitor)
        else:
            visitor = await people.as_it_stands(self._context, guest.who.visitor)
            guest.who = Shopper(visitor, guest.who.token, guest.address)
        if visitor.contact_id is not None:
            await self.enter_room(sid, f"contact:{visitor.contact_id}")
        if sid in self._guests:
            self._connections.shopper(sid, visitor)
