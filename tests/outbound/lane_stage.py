"""The same chat on python-socketio as it comes and on the lane, and raw clients that record what is on the wire.

What the two servers say must be equal, frame by frame; ids that differ between runs are replaced by names.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import socketio
from aiohttp import WSMsgType, web
from socketio.exceptions import ConnectionRefusedError as Refused

from chat_server.outbound.lane import Lane, Server

PATIENCE_S = 5.0
QUIET_S = 0.1
KINDS = ("library", "lane")


class Chat(socketio.AsyncNamespace):  # type: ignore[misc]  # the library has no types
    """Every kind of answer a namespace can give."""

    def __init__(self, tell: Any, namespace: str = "/chat") -> None:
        super().__init__(namespace)
        self.tell = tell
        self.environs: list[dict[str, Any]] = []
        self.left: list[str] = []
        self.heard: list[Any] = []

    async def on_connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        """`{refuse: true}` is refused; everybody is in `all`."""
        self.environs.append(dict(environ))
        if isinstance(auth, dict) and auth.get("refuse"):
            raise Refused("not you", {"code": 4003})
        await self.save_session(sid, {"auth": auth})
        await self.enter_room(sid, "all")

    async def on_disconnect(self, sid: str, reason: str) -> None:
        self.left.append(reason)

    async def on_echo(self, sid: str, *bodies: Any) -> Any:
        self.heard.append(bodies)
        return {"ok": True, "bodies": list(bodies)}

    async def on_nothing(self, sid: str, body: Any = None) -> None:
        """Answers nothing: an ack without arguments."""

    async def on_two(self, sid: str, body: Any = None) -> tuple[Any, ...]:
        return "one", {"two": 2}

    async def on_blob(self, sid: str, body: Any = None) -> dict[str, Any]:
        return {"blob": b"\x00\x01", "given": body}

    async def on_boom(self, sid: str, body: Any = None) -> None:
        raise LookupError("on purpose")

    async def on_slow(self, sid: str, body: Any = None) -> str:
        await asyncio.sleep(0.05)
        return "slow"

    async def on_who(self, sid: str, body: Any = None) -> Any:
        return (await self.get_session(sid))["auth"]

    async def on_say(self, sid: str, body: Any) -> str:
        """To two rooms at once: nobody hears it twice."""
        await self.enter_room(sid, "talkers")
        await self.tell("said", body, ["all", "talkers"], self.namespace)
        return "said"

    async def on_say_blob(self, sid: str, body: Any) -> None:
        await self.tell("blob", {"data": b"\x02\x03"}, ["all"], self.namespace)

    async def on_leave(self, sid: str, body: Any = None) -> None:
        await self.leave_room(sid, "all")
        await self.leave_room(sid, "talkers")

    async def on_bye(self, sid: str, body: Any = None) -> str:
        await self.disconnect(sid)
        return "too late"


@dataclass
class Stage:
    """A running server of one kind."""

    kind: str
    url: str
    sio: socketio.AsyncServer
    chat: Chat
    http: aiohttp.ClientSession

    def line(self, **query: str) -> str:
        return f"{self.url}/socket.io/?" + "&".join(f"{name}={value}" for name, value in {"EIO": "4", **query}.items())

    @contextlib.asynccontextmanager
    async def websocket(self, sid: str | None = None) -> AsyncIterator[Line]:
        query = {"transport": "websocket"} | ({"sid": sid} if sid else {})
        async with self.http.ws_connect(self.line(**query), autoclose=True, autoping=True) as ws:
            yield Line(ws)

    async def poll(self, sid: str | None = None) -> list[str]:
        query = {"transport": "polling"} | ({"sid": sid} if sid else {})
        async with self.http.get(self.line(**query)) as response:
            body = await response.text()
            return body.split("\x1e") if response.status == 200 else [f"{response.status} {body}"]

    async def post(self, sid: str, *packets: str) -> str:
        async with self.http.post(self.line(transport="polling", sid=sid), data="\x1e".join(packets)) as response:
            return f"{response.status} {await response.text()}"


@dataclass
class Line:
    """A client's WebSocket; `frames` is everything that came."""

    ws: aiohttp.ClientWebSocketResponse
    frames: list[str | bytes] = field(default_factory=list)
    closed: int | None = None

    async def send(self, *packets: str | bytes) -> None:
        for packet in packets:
            await (self.ws.send_bytes(packet) if isinstance(packet, bytes) else self.ws.send_str(packet))

    async def until(self, start: str) -> str:
        """Read until a frame begins so."""
        while True:
            frame = await self.next()
            if isinstance(frame, str) and frame.startswith(start):
                return frame

    async def next(self) -> str | bytes:
        message = await asyncio.wait_for(self.ws.receive(), PATIENCE_S)
        if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            self.closed = self.ws.close_code
            raise EOFError(message.type)
        self.frames.append(message.data)
        frame: str | bytes = message.data
        return frame

    async def rest(self) -> None:
        """Everything until the end of the connection."""
        with contextlib.suppress(EOFError):
            while True:
                await self.next()

    async def quiet(self) -> None:
        """Nothing more comes for a moment. (A receive that is cancelled loses nothing.)"""
        with contextlib.suppress(TimeoutError, EOFError):
            while True:
                async with asyncio.timeout(QUIET_S):
                    await self.next()

    async def open(self, auth: Any = None, namespace: str = "/chat") -> Line:
        if not self.frames:
            await self.until("0")
        await self.send(f"40{namespace},{'' if auth is None else json.dumps(auth)}")
        await self.until("4")
        return self


def wire(frames: list[str | bytes]) -> list[str | bytes]:
    """Frames with the ids that differ between runs replaced by names, in the order in which they appear.

    The library's JSON escapes what is not ASCII, ours does not: both are read and written the same way.
    """
    names: dict[str, str] = {}

    def name(found: re.Match[str]) -> str:
        return f'"sid":"{names.setdefault(found[1], f"sid{len(names)}")}"'

    return [re.sub(r'"sid":"([^"]+)"', name, plain(frame)) if isinstance(frame, str) else frame for frame in frames]


def plain(frame: str) -> str:
    """The same packet, its JSON written by the standard library."""
    found = re.match(r'([^\[{"]*)([\[{"].*)', frame, re.DOTALL)
    return found[1] + json.dumps(json.loads(found[2]), separators=(",", ":"), ensure_ascii=False) if found else frame


@contextlib.asynccontextmanager
async def stage(kind: str, **options: Any) -> AsyncIterator[Stage]:
    """A server of this kind on a free port."""
    options = {"async_mode": "aiohttp", "cors_allowed_origins": "*", "http_compression": False, "max_http_buffer_size": 20_000} | options
    if kind == "lane":
        sio: socketio.AsyncServer = Server(**options)
        lane = Lane(sio)

        async def tell(event: str, body: Any, rooms: list[str], namespace: str) -> None:
            lane.broadcast(event, body, rooms, namespace)
    else:
        sio = socketio.AsyncServer(async_handlers=False, json=json, **options)  # named, because the library keeps it for the process

        async def tell(event: str, body: Any, rooms: list[str], namespace: str) -> None:
            await sio.emit(event, body, room=rooms, namespace=namespace)

    chat = Chat(tell)
    sio.register_namespace(chat)
    sio.register_namespace(Chat(tell, "/other"))
    app = web.Application()
    sio.attach(app)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with aiohttp.ClientSession() as http:
            yield Stage(kind, f"http://127.0.0.1:{port}", sio, chat, http)
    finally:
        for socket in list(sio.eio.sockets.values()):
            await socket.close(wait=False, abort=True)
        await runner.cleanup()
        await sio.shutdown()
