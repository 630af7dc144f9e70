"""The socket's fuzzer: many connections send frames (frames.py) to a real server and never wait for what comes back.

WebSockets and long polling, both namespaces, before and after the handshake. Whether the server is well is for the caller to ask.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import aiohttp

from tests.contracts.frames import Frames
from tests.processes import INBOX_KEY, ChatServer

CROWD = 16
MOST = 160
"""frames of one connection"""
DEAD = (aiohttp.ClientError, ConnectionError, TimeoutError)


class Flood:
    """`await run(count)` sends about as many frames; may be called again. `sent` counts them by transport."""

    def __init__(self, server: ChatServer, real: dict[str, list[str]], agent: dict[str, str], cookie: str, seed: int = 1) -> None:
        self.server, self._agent, self._cookie = server, agent, cookie
        self._random = Random(seed)
        self._frames = Frames(self._random, real)
        self.sent: Counter[str] = Counter()
        self.connections = 0

    async def run(self, count: int) -> None:
        """Until `count` more frames are out."""
        goal = self.sent.total() + count
        limits = aiohttp.ClientTimeout(total=20)
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        async with aiohttp.ClientSession(timeout=limits, connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http:
            await asyncio.gather(*(self._client(http, lambda: self.sent.total() < goal) for _ in range(CROWD)))

    async def _client(self, http: aiohttp.ClientSession, more: Callable[[], bool]) -> None:
        while more():
            self.connections += 1
            namespace = self._random.choice(("/shopper", "/shopper", "/agent"))
            talk = self._polling if self._random.random() < 0.25 else self._websocket
            with contextlib.suppress(*DEAD):
                await talk(http, namespace, more)

    def _headers(self, namespace: str) -> dict[str, str]:
        if namespace == "/agent":
            return {"Origin": self.server.url, "Cookie": self._cookie}
        return {"Origin": self.server.origin}

    def _hello(self, namespace: str) -> str | None:
        """The handshake: mostly a good one, sometimes another, sometimes none."""
        luck = self._random.random()
        if luck < 0.1:
            return None
        auth = {"csrf": self._agent["X-CSRF-Token"]} if namespace == "/agent" else {"key": INBOX_KEY}
        return f"40{namespace}," + json.dumps(auth if luck < 0.8 else self._frames.value(2))

    async def _websocket(self, http: aiohttp.ClientSession, namespace: str, more: Callable[[], bool]) -> None:
        url = f"{self.server.url}/socket.io/?EIO=4&transport=websocket"
        async with http.ws_connect(url, headers=self._headers(namespace), max_msg_size=0, autoclose=False) as socket:
            reading = asyncio.create_task(self._read(socket))
            try:
                hello = self._hello(namespace)
                if hello is not None:
                    await socket.send_str(hello)
                    if self._random.random() < 0.8:
                        await socket.send_str(f'42{namespace},0["sync",{{}}]')
                for number in range(self._random.randrange(MOST)):
                    if socket.closed or reading.done() or not more():
                        break
                    frame = self._frames.next(namespace)
                    self.sent["websocket"] += 1
                    if isinstance(frame, bytes):
                        await socket.send_bytes(frame)
                    else:
                        await socket.send_str(frame.encode(errors="replace").decode())
                    if number % 8 == 0:
                        await asyncio.sleep(0)
                if self._random.random() < 0.5:
                    await asyncio.sleep(0.01)
                if self._random.random() < 0.3:
                    socket._writer.transport.abort()  # gone without a word, as a phone in a tunnel
            finally:
                reading.cancel()

    @staticmethod
    async def _read(socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.data == "2":
                await socket.send_str("3")

    async def _polling(self, http: aiohttp.ClientSession, namespace: str, more: Callable[[], bool]) -> None:
        url, headers = f"{self.server.url}/socket.io/", self._headers(namespace)
        async with http.get(url, params={"EIO": "4", "transport": "polling"}, headers=headers) as response:
            opened = await response.text()
        query = {"EIO": "4", "transport": "polling", "sid": json.loads(opened[1:])["sid"]}
        bodies = [hello.encode(errors="replace")] if (hello := self._hello(namespace)) is not None else []
        bodies += [self._frames.post(namespace) for _ in range(self._random.randrange(6))]
        for body in bodies:
            if not more():
                break
            odd = {} if self._random.random() < 0.95 else {"sid": self._random.choice(("", "x", "\x00")), "transport": "smoke"}
            self.sent["polling"] += body.count(b"\x1e") + 1
            async with http.post(url, params={**query, **odd}, data=body, headers=headers) as response:
                await response.read()
        if self._random.random() < 0.5:
            async with http.get(url, params=query, headers=headers, timeout=aiohttp.ClientTimeout(total=1)) as response:
                await response.read()


def rss_mb(pid: int) -> float:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024
