"""The Rasa client has a conversation forgotten: against a real HTTP server that plays Rasa. The real one: test_bot_real.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from chat_server.core.bot_turn import BotUnavailable
from chat_server.outbound.bot import RasaBot

NOW = datetime(2026, 11, 20, 9, 12, tzinfo=UTC)


@dataclass
class Rasa:
    """Keeps what its trackers were replaced with."""

    session: aiohttp.ClientSession
    status: int = 200
    hangs: bool = False
    replaced: list[tuple[str, Any, str | None]] = field(default_factory=list)
    url: str = ""

    async def replace(self, request: web.Request) -> web.Response:
        self.replaced.append((request.match_info["conversation"], await request.json(), request.query.get("token")))
        if self.hangs:
            await asyncio.sleep(5)
        return web.json_response({}, status=self.status)

    def bot(self, url: str | None = None) -> RasaBot:
        return RasaBot(self.session, url or self.url, "secret", lambda: NOW, timeout_s=0.4)


@pytest.fixture
async def rasa() -> AsyncIterator[Rasa]:
    async with aiohttp.ClientSession() as session:
        made, app = Rasa(session), web.Application()
        app.router.add_put("/conversations/{conversation}/tracker/events", made.replace)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield made
        await runner.cleanup()


async def test_by_its_id_and_with_the_token(rasa: Rasa) -> None:
    for conversation in ("cnv_1", "a/b?c#d"):
        await rasa.bot().forget(conversation)
    assert rasa.replaced == [("cnv_1", [], "secret"), ("a/b?c#d", [], "secret")]


@pytest.mark.parametrize("status", [401, 404, 409, 500, 302])
async def test_what_was_not_forgotten_is_told(rasa: Rasa, status: int) -> None:
    rasa.status = status
    with pytest.raises(BotUnavailable, match=f"status {status}"):
        await rasa.bot().forget("cnv_1")


async def test_a_bot_that_hangs_or_is_away_has_not_forgotten(rasa: Rasa) -> None:
    rasa.hangs = True
    with pytest.raises(BotUnavailable, match=r"connection: .*Timeout"):
        await rasa.bot().forget("cnv_1")
    with pytest.raises(BotUnavailable, match="connection: ClientConnector"):
        await rasa.bot("http://127.0.0.1:9").forget("cnv_1")
