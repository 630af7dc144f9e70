"""A lean Socket.IO connection over one WebSocket: hello, events, commands with their acks. Shows every frame that it was told.

Keeps nothing and retries nothing: people (person.py) do. Many of these fit into one test process, and each may be cut at any byte.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Callable
from typing import Any

import aiohttp

Json = dict[str, Any]
HELLO_S = 10.0
_PACKET = re.compile(r"4(\d)(/\w+),?(\d*)(.*)", re.DOTALL)
CONNECT, DISCONNECT, EVENT, ACK, ERROR = "0", "1", "2", "3", "4"


class Refused(Exception):
    """The server said no; `data` is that of the connect error."""

    def __init__(self, data: Json) -> None:
        super().__init__(str(data))
        self.data = data


class NoAnswer(Exception):
    """The command was sent, or perhaps not; nothing came back."""


class Line:
    """One connection, from `open` until `gone`. `on_event(name, body)`; `on_frame(text)` sees everything first."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        on_event: Callable[[str, Json], None],
        on_frame: Callable[[str], None],
        on_gone: Callable[[], None] = lambda: None,
    ) -> None:
        self._http, self._on_event, self._on_frame, self._on_gone = http, on_event, on_frame, on_gone
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._next = 0
        self._namespace = ""
        self._welcome: asyncio.Future[Json | None] | None = None
        self.gone = asyncio.Event()

    async def open(self, url: str, namespace: str, auth: Json, headers: dict[str, str]) -> None:
        """Until the namespace has welcomed us. Raises Refused, OSError, aiohttp.ClientError or TimeoutError."""
        self._namespace = namespace
        async with asyncio.timeout(HELLO_S):
            self._socket = await self._http.ws_connect(
                f"{url}/socket.io/?EIO=4&transport=websocket", headers=headers, max_msg_size=0, autoclose=True
            )
            self._welcome = asyncio.get_running_loop().create_future()
            self._reader = asyncio.create_task(self._read(self._socket))
            try:
                await self._socket.send_str(f"40{namespace},{json.dumps(auth)}")
                refusal = await self._welcome
            except BaseException:
                await self.close()
                raise
        if refusal is not None:
            await self.close()
            raise Refused(refusal)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            async for frame in socket:
                if frame.type is not aiohttp.WSMsgType.TEXT:
                    break
                self._on_frame(frame.data)
                if frame.data == "2":
                    await socket.send_str("3")
                elif frame.data == "1" or not self._take(frame.data):
                    break
        except (OSError, aiohttp.ClientError):
            pass
        finally:
            self.gone.set()
            self._on_gone()
            for future in [*self._waiting.values(), *([self._welcome] if self._welcome else [])]:
                if not future.done():
                    future.set_exception(NoAnswer("the connection is gone"))
            for future in self._waiting.values():
                future.exception()
            if not socket.closed:
                with contextlib.suppress(OSError, aiohttp.ClientError, TimeoutError):
                    async with asyncio.timeout(1):
                        await socket.close()

    def _take(self, text: str) -> bool:
        """One packet; False when the server has closed the namespace."""
        found = _PACKET.fullmatch(text)
        if found is None:
            return True
        kind, _, number, body = found.groups()
        content: Any = json.loads(body) if body else {}
        if kind in (CONNECT, ERROR) and self._welcome is not None and not self._welcome.done():
            self._welcome.set_result(None if kind == CONNECT else content.get("data") or content)
        elif kind == EVENT:
            self._on_event(content[0], content[1] if len(content) > 1 else {})
        elif kind == ACK:
            future = self._waiting.pop(int(number), None)
            if future is not None and not future.done():
                future.set_result(content[0])
        return kind != DISCONNECT

    async def call(self, command: str, body: Json, timeout: float) -> Json:
        """The ack, whatever it says; NoAnswer when there is none in time or the connection goes."""
        if self._socket is None or self.gone.is_set():
            raise NoAnswer("not connected")
        number, self._next = self._next, self._next + 1
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout):
                await self._socket.send_str(f"42{self._namespace},{number}{json.dumps([command, body])}")
                answer: Json = await future
                return answer
        except (TimeoutError, OSError, aiohttp.ClientError) as error:
            raise NoAnswer(type(error).__name__) from None
        finally:
            self._waiting.pop(number, None)
            if future.done() and not future.cancelled():
                future.exception()

    def abort(self) -> None:
        """Gone at once, as when a tab is killed: nothing is said to the server."""
        self.gone.set()
        if self._reader is not None:
            self._reader.cancel()

    async def close(self) -> None:
        self.abort()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)
        if self._socket is not None and not self._socket.closed:
            with contextlib.suppress(OSError, aiohttp.ClientError, TimeoutError):
                async with asyncio.timeout(1):
                    await self._socket.close()
