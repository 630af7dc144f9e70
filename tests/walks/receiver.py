"""The shop's action endpoint as a small real web server: verifies the signature as a shop would, and answers as it is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

from aiohttp import web

from examples.demo_shop.webhooks import BadSignature, verify
from tests.processes import ChatServer
from tests.walks.wire import Json

Answer = tuple[int, Json]
DONE: Answer = (200, {"status": "done"})


class Receiver:
    """`calls` are the verified ones, in order; `answers` are given one by one, then `done`."""

    def __init__(self, server: ChatServer) -> None:
        self._secret = server.stack.secrets["DEMO_ACTION_SECRET"]
        self._address = urlsplit(server.stack.chat_env()["DEMO_ACTION_URL"])
        self.calls: list[Json] = []
        self.refused: list[str] = []
        self.answers: list[Answer] = []
        self.effects: set[str] = set()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.add_routes([web.post(self._address.path, self._accepted)])
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._address.hostname, self._address.port, reuse_address=True).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _accepted(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            webhook_id = verify(self._secret, request.headers, body, int(datetime.now(UTC).timestamp()))
        except BadSignature as reason:
            self.refused.append(str(reason))
            return web.json_response({}, status=401)
        event: Json = json.loads(body)
        self.calls.append({"id": webhook_id, "key": request.headers.get("Idempotency-Key"), **event})
        status, answer = self.answers.pop(0) if self.answers else DONE
        if status < 300:
            self.effects.add(webhook_id)
        return web.json_response(answer, status=status)
