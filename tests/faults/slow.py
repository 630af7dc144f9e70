"""Slow consumers: sockets that join a busy conversation, answer pings blindly and never read. The server cuts them off and stays small."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import socket
from pathlib import Path
from time import monotonic

from tests.faults.scene import Fault, Scene
from tests.faults.tab import Tab

MOST_S = 90.0
MOST_GROWTH_MB = 100
_COUNT = re.compile(r'^shopbell_sockets\{namespace="/?shopper"\} ([\d.]+)$', re.MULTILINE)


class Deaf:
    """A WebSocket by hand, with the smallest of buffers. `join` reads what must be read; after that nothing is read ever again."""

    def __init__(self) -> None:
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def join(self, port: int, origin: str, auth: dict[str, object]) -> None:
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.setblocking(False)
        await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", port))
        self._reader, self._writer = await asyncio.open_connection(sock=raw, limit=4096)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = ["GET /socket.io/?EIO=4&transport=websocket HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Origin: {origin}", "Upgrade: websocket"]
        lines += ["Connection: Upgrade", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}"]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        await self._reader.readuntil(b"\r\n\r\n")
        self._say(f"40/shopper,{json.dumps(auth)}")
        await self._reader.readuntil(b'40/shopper,{"sid"')
        # The answer of `sync` is not waited for: who has been welcomed and asked is in the rooms, and reading is over.
        self._say('42/shopper,0["sync",{}]')

    def _say(self, text: str) -> None:
        """One masked text frame below 64 KB; the mask is zero, which the protocol allows."""
        data = text.encode()
        size = bytes([0x80 | len(data)]) if len(data) < 126 else bytes([0x80 | 126]) + len(data).to_bytes(2, "big")
        self._writer.write(b"\x81" + size + b"\0\0\0\0" + data)

    def pong(self) -> None:
        """Without having seen a ping."""
        if not self._writer.is_closing():
            self._say("3")

    def close(self) -> None:
        self._writer.transport.abort()


async def slow_consumers(scene: Scene) -> None:
    """`times` of them at once, in the conversation of one shopper who writes long messages meanwhile."""
    tab = next(person for person in scene.crowd.people if isinstance(person, Tab))
    node = scene.ground.first
    before, memory = await _sockets(scene), _megabytes(scene)
    deaf = [Deaf() for _ in range(scene.times)]
    try:
        auth: dict[str, object] = {"key": tab.browser.key, "visitor": tab.browser.token}
        await asyncio.gather(*(each.join(node.stack.ports.chat, node.origin, auth) for each in deaf))
        await _until_cut(scene, tab, deaf, before)
        left = await _sockets(scene) - before
        scene.injected = scene.times - max(0, left)
        grown = _megabytes(scene) - memory
        if left > 0:
            scene.findings.append(f"{left} sockets that do not read are still served after {MOST_S:.0f} s")
        if grown > MOST_GROWTH_MB:
            scene.findings.append(f"the server grew by {grown:.0f} MB")
    finally:
        for each in deaf:
            each.close()


async def _until_cut(scene: Scene, tab: Tab, deaf: list[Deaf], before: int) -> None:
    began, ponged = monotonic(), 0.0
    await asyncio.sleep(1.0)
    while monotonic() - began < MOST_S and await _sockets(scene) > before:
        until = monotonic() + 0.5
        while monotonic() < until:
            if len(tab.outbox.waiting) < 4:
                tab.say(" " + "\N{BELL}" * 3800)
            await asyncio.sleep(0.002)
        if monotonic() - ponged > 5:
            ponged = monotonic()
            for each in deaf:
                each.pong()


async def _sockets(scene: Scene) -> int:
    """Shoppers' sockets that the first node counts."""
    async with scene.crowd.http.get(f"{scene.ground.first.url}/metrics") as answer:
        found = _COUNT.search(await answer.text())
        assert found is not None, "the metric has another name"
        return int(float(found[1]))


def _megabytes(scene: Scene) -> float:
    child = scene.ground.first.child
    assert child is not None
    pages = int(Path(f"/proc/{child.pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


FAULTS = (Fault("slow consumers", slow_consumers, short=20, full=100, people={"bot": 2, "person": 2, "second": 1}),)
