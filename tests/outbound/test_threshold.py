"""A connection before its first namespace: it may be turned away, and it does not stay for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from chat_server.errors import ClientError, Code
from chat_server.outbound import lane
from tests.outbound.lane_stage import stage


@pytest.mark.thorough
async def test_who_names_no_namespace_in_time_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "NAMESPACE_S", 0.4)
    async with stage("lane") as here, here.websocket() as silent, here.websocket() as guest:
        await guest.open()
        await silent.until("0")
        polling = (await here.poll())[0]
        assert polling.startswith("0")
        await asyncio.wait_for(silent.rest(), 5)
        assert silent.closed is not None
        await guest.send('42/chat,1["echo",1]')
        await guest.until("43/chat,1")
        await asyncio.sleep(1.5)
        assert len(here.sio.eio.sockets) == 1, "the guest's"


async def test_who_knocks_too_often_does_not_come_in() -> None:
    async with stage("lane") as here:
        assert isinstance(here.sio, lane.Server)

        def refuse(_environ: dict[str, Any]) -> None:
            raise ClientError(Code.RATE_LIMITED, "Too many at once.")

        here.sio.knock = refuse
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with here.websocket():
                pass
        assert refused.value.status == 401
        assert (await here.poll())[0].startswith("401")
        assert (here.sio.eio.sockets, here.sio.environ) == ({}, {})
