"""A bot that we script: Rasa's REST webhook and status over real HTTP, well-behaved, slow, silent, talking garbage, or down.

Every bubble names the question and the request that it belongs to, and is remembered, so that a bubble posted twice is seen.
"""

from __future__ import annotations

import asyncio
import json
import random
from typing import Literal

from aiohttp import web

from tests.faults.words import CANARY, bot_answer, key_in

Mood = Literal["well", "slow", "garbage", "silent", "error", "halting"]
GARBAGE = (b"", b"{", b"null", b"[1, 2]", b'{"text": "x"}', b'[{"text": 7}]', b'[{"buttons": "x"}]', b"\xff\xfe", b"[" * 2000, b"[{}]")


class ScriptedRasa:
    """`mood` may change at any time. `said` is every text that it answered well; `asked` how often it was asked."""

    def __init__(self, port: int) -> None:
        self.port, self.slow_s = port, 9.0
        self.mood: Mood = "well"
        self.said: set[str] = set()
        self.asked = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        app = web.Application()
        app.add_routes([web.get("/status", self._status), web.post("/webhooks/rest/webhook", self._answer)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        """Down: connections are refused."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _status(self, _request: web.Request) -> web.Response:
        return web.json_response({"model_file": "scripted"})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        ask, mood = self.asked, self.mood
        text = (await request.json())["message"]
        asked, marks = key_in(text) or "", CANARY.findall(text)
        if mood == "slow":
            await asyncio.sleep(self.slow_s)
        elif mood == "garbage":
            return web.Response(body=random.choice(GARBAGE), content_type="application/json")
        elif mood == "silent":
            return web.json_response([])
        elif mood == "error":
            return web.Response(status=500, text="Traceback")
        parts = [bot_answer(asked, ask, part, marks[0] if marks else "") for part in range(random.choice((1, 1, 2, 3)))]
        self.said.update(parts)
        body = json.dumps([{"recipient_id": "x", "text": part} for part in parts]).encode()
        if mood == "halting":
            response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
            await response.prepare(request)
            await response.write(body[: len(body) // 2])
            await asyncio.sleep(0.05)
            if request.transport is not None:
                request.transport.abort()
            return response
        return web.Response(body=body, content_type="application/json")
