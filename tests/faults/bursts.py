"""Polling bursts: many commands in one POST of the long-polling transport. Every one is acked, in order, and stored once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from time import monotonic
from typing import Any

import aiohttp

from tests.faults import stored
from tests.faults.checks import each_once, nothing_invented, nothing_lost, one_order
from tests.faults.ground import DEMO, KEYS, Ground
from tests.faults.history import History, Operation
from tests.faults.scene import Result
from tests.faults.words import canary, question

SIZES = (17, 40, 200)
PARTED = "\x1e"
PATIENCE_S = 120.0
CHECKED = {"lost": nothing_lost, "invented": nothing_invented, "once": each_once, "order": one_order}


class Poller:
    """One session of the polling transport, by hand, so that a burst is one POST and not what a library makes of it."""

    def __init__(self, http: aiohttp.ClientSession, url: str, origin: str) -> None:
        self._http, self._url, self._headers = http, f"{url}/socket.io/", {"Origin": origin}
        self._session: dict[str, str] = {"EIO": "4", "transport": "polling"}

    async def open(self, auth: dict[str, Any]) -> None:
        hello = await self._get()
        self._session["sid"] = json.loads(hello[0][1:])["sid"]
        await self._post([f"40/shopper,{json.dumps(auth)}"])
        while not any(packet.startswith("40/shopper") for packet in await self._get()):
            pass

    async def burst(self, commands: list[tuple[str, dict[str, Any]]], seconds: float) -> dict[int, dict[str, Any]]:
        """All commands in one POST; their acks by number, as many as have come in that time."""
        packets = [f"42/shopper,{number}{json.dumps([name, body])}" for number, (name, body) in enumerate(commands)]
        acks: dict[int, dict[str, Any]] = {}
        posting = asyncio.create_task(self._post(packets))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while len(acks) < len(commands):
                    for packet in await self._get():
                        if packet == "2":
                            await self._post(["3"])
                        elif packet.startswith("43/shopper,"):
                            number, bracket, body = packet.removeprefix("43/shopper,").partition("[")
                            acks[int(number)] = json.loads(bracket + body)[0]
                await posting
        posting.cancel()
        await asyncio.gather(posting, return_exceptions=True)
        return acks

    async def _get(self) -> list[str]:
        async with self._http.get(self._url, params=self._session, headers=self._headers) as answer:
            assert answer.status == 200, await answer.text()
            return (await answer.text()).split(PARTED)

    async def _post(self, packets: list[str]) -> None:
        async with self._http.post(self._url, params=self._session, headers=self._headers, data=PARTED.join(packets)) as answer:
            assert answer.status == 200, await answer.text()


async def run(ground: Ground, times: int) -> Result:
    """Every size, `times` times, each from a shopper of its own."""
    began, history, odd = monotonic(), History(), []
    history.said = ground.bot.said
    await ground.start()
    try:
        async with aiohttp.ClientSession() as http:
            for size in SIZES * times:
                odd += await _one(http, ground, history, size)
        await stored.read(ground, history)
    finally:
        await ground.end()
    found = {name: check(history) for name, check in CHECKED.items()}
    return Result("polling bursts of 17, 40, 200", "one", len(SIZES) * times, history.counts(), {**found, "acks": odd}, monotonic() - began)


async def _one(http: aiohttp.ClientSession, ground: Ground, history: History, size: int) -> list[str]:
    poller, mark = Poller(http, ground.first.url, ground.first.origin), canary()
    await poller.open({"key": KEYS[DEMO], "locale": "en"})
    keys = [str(uuid.uuid4()) for _ in range(size)]
    operations = [Operation(mark, mark, "send", key, question(key, mark), monotonic()) for key in keys]
    history.operations += operations
    commands: list[tuple[str, dict[str, Any]]] = [("sync", {})]
    commands += [("send_message", {"client_id": each.key, "text": each.text}) for each in operations]
    acks = await poller.burst(commands, PATIENCE_S)
    for number, operation in enumerate(operations, 1):
        answer = acks.get(number, {"ok": False})
        if answer["ok"]:
            operation.outcome, operation.conversation, operation.seq = "ok", answer["conversation"], answer["seq"]
    places = [each.seq for each in operations if each.seq]
    odd = [] if places == sorted(places) else [f"a burst of {size} was stored in another order"]
    odd += [] if len(acks) == len(commands) else [f"{len(acks)} of {len(commands)} were acked within {PATIENCE_S:.0f} s"]
    return odd + [f"{number} was refused: {answer}" for number, answer in acks.items() if not answer["ok"]]
