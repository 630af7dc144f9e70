"""The shopper's door: Socket.IO namespace `/shopper`. Connecting only authenticates; `sync` says hello and catches up.

Walks a, c, d and e come in here. Commands of one connection run in order; none of them waits for the bot or the shop.
"""

from __future__ import annotations

from typing import Any

from chat_server.core.inbox import Inbox
from chat_server.core.model import Json, Visitor
from chat_server.errors import ClientError, Code
from chat_server.flows import handoff, messages, offers, people, proactive
from chat_server.flows.context import Context
from chat_server.inbound import payloads as p
from chat_server.inbound.auth import identity, inbox_for
from chat_server.inbound.commands import Door, answer, refused
from chat_server.inbound.limits import Limits
from chat_server.inbound.sockets import Connections


class ShopperDoor(Door):
    """One method for each command of docs/wire.md."""

    def __init__(self, context: Context, limits: Limits, connections: Connections) -> None:
        super().__init__("/shopper")
        self._context = context
        self._limits = limits
        self._connections = connections

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
        await self.save_session(sid, {"inbox": inbox, "hello": hello, "visitor": None})
        for room in ("everyone", f"inbox:{inbox.id}"):
            await self.enter_room(sid, room)

    async def on_disconnect(self, sid: str, _reason: str = "") -> None:
        """Presence fades by itself."""
        self._connections.forget(sid)

    async def _visitor(self, sid: str) -> Visitor:
        session = await self.get_session(sid)
        visitor: Visitor | None = session["visitor"]
        if visitor is None:
            raise ClientError(Code.BAD_REQUEST, "Send `sync` first.")
        self._limits.take("command", visitor.id)
        return visitor

    async def on_sync(self, sid: str, raw: object = None) -> Json:
        async def flow(told: p.Sync) -> Json:
            session = await self.get_session(sid)
            inbox: Inbox = session["inbox"]
            visitor, token = session["visitor"], None
            if visitor is None:
                visitor, token = await people.recognise(self._context, session["hello"])
                await self.enter_room(sid, f"visitor:{visitor.id}")
                await proactive.arrived(self._context, visitor)
            else:
                visitor = await people.as_it_stands(self._context, await self._visitor(sid))
            if visitor.contact_id is not None:
                await self.enter_room(sid, f"contact:{visitor.contact_id}")
            await self.save_session(sid, {**session, "visitor": visitor})
            self._connections.shopper(sid, visitor)
            state = await handoff.inbox_state(self._context, inbox.id)
            found, caught_up = await messages.catch_up(self._context, visitor, told.conversation, told.epoch, told.after)
            if found is not None:
                self._connections.watch(sid, found.id)
            return {
                "visitor": await people.introduce(self._context, visitor, token),
                "inbox": {"name": inbox.name, "color": inbox.color, "locales": list(inbox.locales), **state},
                **caught_up,
            }

        return await answer("sync", raw, p.Sync, flow)

    async def on_send_message(self, sid: str, raw: object = None) -> Json:
        async def flow(told: p.SendMessage) -> Json:
            visitor = await self._visitor(sid)
            self._limits.take("message", visitor.id)
            draft = messages.Draft(told.client_id, p.parts_of(told.text, told.parts))
            sent = await messages.send_message(self._context, visitor, draft, told.conversation)
            self._connections.watch(sid, sent["conversation"])
            return sent

        return await answer("send_message", raw, p.SendMessage, flow)

    async def on_mark_read(self, sid: str, raw: object = None) -> Json:
        async def flow(told: p.MarkRead) -> Json:
            return await messages.mark_read(self._context, await self._visitor(sid), told.conversation, told.through)

        return await answer("mark_read", raw, p.MarkRead, flow)

    async def on_set_typing(self, sid: str, raw: object = None) -> Json:
        async def flow(told: p.SetTyping) -> None:
            await messages.typing(self._context, await self._visitor(sid), told.conversation, told.typing)

        return await answer("set_typing", raw, p.SetTyping, flow)

    async def on_request_agent(self, sid: str, raw: object = None) -> Json:
        async def flow(told: p.RequestAgent) -> Json:
            visitor = await self._visitor(sid)
            self._limits.take("message", visitor.id)
            queued = await handoff.request_agent(self._context, visitor, told.conversation)
            self._connections.watch(sid, queued["conversation"])
            return queued

        return await answer("request_agent", raw, p.RequestAgent, flow)

    async def on_proactive_seen(self, sid: str, raw: object = None) -> Json:
        async def flow(told: p.AboutMessage) -> Json:
            return await proactive.seen(self._context, await self._visitor(sid), told.message_id)

        return await answer("proactive_seen", raw, p.AboutMessage, flow)

    async def on_dismiss_proactive(self, sid: str, raw: object = None) -> Json:
        async def flow(told: p.AboutMessage) -> Json:
            return await proactive.dismiss(self._context, await self._visitor(sid), told.message_id)

        return await answer("dismiss_proactive", raw, p.AboutMessage, flow)

    async def on_proactive_clicked(self, sid: str, raw: object = None) -> Json:
        async def flow(told: p.AboutMessage) -> Json:
            return await proactive.clicked(self._context, await self._visitor(sid), told.message_id)

        return await answer("proactive_clicked", raw, p.AboutMessage, flow)

    async def on_accept_offer(self, sid: str, raw: object = None) -> Json:
        async def flow(told: p.AcceptOffer) -> Json:
            return await offers.accept(self._context, await self._visitor(sid), told.offer_id)

        return await answer("accept_offer", raw, p.AcceptOffer, flow)

    async def on_rate(self, sid: str, raw: object = None) -> Json:
        async def flow(told: p.Rate) -> Json:
            return await messages.rate(
                self._context, await self._visitor(sid), told.conversation, told.score, told.comment and p.cleaned(told.comment)
            )

        return await answer("rate", raw, p.Rate, flow)
