"""The end of a server, seen from its connections: each is told when to go, then why, has its answers, and is closed in order.

Not `sio.disconnect()`: clients do not come back from that. What is told goes through the engine's own queue. All walks end here.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection
from typing import Any

import structlog
from engineio.async_socket import AsyncSocket

from chat_server.core.model import Json
from chat_server.inbound.commands import SHUTDOWN
from chat_server.outbound.lane import Server
from chat_server.outbound.lane_outbox import frame

PER_SECOND = 2_000
SHORTEST_S, LONGEST_S = 0.3, 3.0
"""over how long the connections are spread"""
GONE_S = 0.15
"""a client that leaves by itself when its time has come has so long for it"""
ANSWER_S = 3.0
"""how long a command in hand may take"""
CLOSE = frame((1000).to_bytes(2, "big"), 0x88)
NAMESPACES = ("/shopper", "/agent")
log = structlog.get_logger("drain")


class Drain:
    """`tell(sid, namespace, event, body)` is the announcer's, `busy` the connections with a command in hand."""

    def __init__(self, sio: Server, tell: Callable[[str, str, str, Json], None], busy: Callable[[], Collection[str]]) -> None:
        self._sio = sio
        self._tell = tell
        self._busy = busy

    async def run(self) -> None:
        """Returns when every connection is closed, or has had its time."""
        sockets: list[AsyncSocket] = list(self._sio.eio.sockets.values())
        spread = min(LONGEST_S, max(SHORTEST_S, len(sockets) / PER_SECOND))
        log.info("drain", flow="drain", connections=len(sockets), seconds=round(spread, 1))
        if not sockets:
            return
        leaving = [asyncio.create_task(self._see_off(socket, random.uniform(0, spread))) for socket in sockets]
        _, late = await asyncio.wait(leaving, timeout=spread + GONE_S + ANSWER_S + 1.0)
        for task in late:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)

    async def _see_off(self, socket: AsyncSocket, seconds: float) -> None:
        self._say(socket, "drain", {"in_ms": round(seconds * 1000)})
        await asyncio.sleep(seconds + GONE_S)
        if socket.closed:
            return
        self._say(socket, "closing", {"code": SHUTDOWN, "retry": True})
        until = asyncio.get_running_loop().time() + ANSWER_S
        while self._in_hand(socket) and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110  the library tells nobody
            await asyncio.sleep(0.02)
        if not socket.closed:
            await socket.close(wait=False, reason=self._sio.eio.reason.SERVER_DISCONNECT)
        if socket.queue.attached:
            socket.queue.write(CLOSE)
        end = asyncio.get_running_loop().time() + 1.0
        while socket.sid in self._sio.eio.sockets and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110  nor of this
            await asyncio.sleep(0.02)

    def _sids(self, socket: AsyncSocket) -> list[tuple[str, str]]:
        known: Any = self._sio.manager.sid_from_eio_sid
        return [(sid, namespace) for namespace in NAMESPACES if (sid := known(socket.sid, namespace)) is not None]

    def _say(self, socket: AsyncSocket, event: str, body: Json) -> None:
        for sid, namespace in self._sids(socket):
            self._tell(sid, namespace, event, body)

    def _in_hand(self, socket: AsyncSocket) -> bool:
        busy = self._busy()
        return any(sid in busy for sid, _ in self._sids(socket))
