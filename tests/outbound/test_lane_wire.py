"""The lane says on the wire what python-socketio says: the same sessions on both. An upgrade of the library is seen here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from tests.outbound.lane_stage import KINDS, Line, Stage, stage, wire

Seen = Any
Session = Callable[[Stage], Awaitable[Seen]]
LAST = '42/chat,999["echo","last"]'


async def both(session: Session, **options: Any) -> Seen:
    """What the session saw, after comparing the two servers."""
    seen = {}
    for kind in KINDS:
        async with stage(kind, **options) as stand:
            seen[kind] = await session(stand)
    assert seen["lane"] == seen["library"]
    return seen["lane"]


SCRIPTS: dict[str, list[str | bytes]] = {
    "an ack": ['42/chat,1["echo",{"a":1,"text":"zażółć \\"x\\" 😀"}]'],
    "acks in order, however slow": ['42/chat,1["slow",{}]', '42/chat,2["echo",2]', '42/chat,3["slow",{}]', '42/chat,4["echo",4]'],
    "no ack is asked for": ['42/chat,["echo",1]', '42/chat,["nothing",1]'],
    "answers of every shape": ['42/chat,1["nothing",0]', '42/chat,2["two",0]', '42/chat,3["blob",0]', '42/chat,4["who",0]'],
    "arguments of every number": ['42/chat,1["echo"]', '42/chat,2["echo",1,2]', '42/chat,3["echo",null]', '42/chat,4["echo",[1,[2]]]'],
    "an event that does not exist": ['42/chat,1["nobody",{}]', '42/chat,2["on_echo",{}]'],
    "a handler that fails": ['42/chat,1["boom",{}]', '42/chat,2["echo",2]'],
    "a broadcast to two rooms": ['42/chat,1["say",{"x":"ż"}]', '42/chat,2["leave",0]', '42/chat,3["say",{"x":2}]'],
    "a broadcast of bytes": ['42/chat,1["say_blob",0]', '42/chat,2["say",0]'],
    "numbers that JSON allows": ['42/chat,1["echo",9007199254740993]', '42/chat,2["echo",1.5e300]', '42/chat,3["say",-0.0]'],
    "half a character": ['42/chat,1["echo","\\ud800"]', '42/chat,2["say","\\ud800"]'],
    "NaN, as Python writes it": ['42/chat,1["nothing",NaN]'],
    "numbers of acks": [
        '42/chat,0["echo",0]', '42/chat,007["echo",7]', '42/chat,1234567890123["echo",8]', f'42/chat,{"1" * 101}["echo",9]',
    ],
    "a binary event": ['451-/chat,1["echo",{"_placeholder":true,"num":0}]', b"\x05\x06"],
    "a binary event, interrupted": ['451-/chat,1["echo",{"_placeholder":true,"num":0}]', '42/chat,2["echo",2]', b"\x05"],
    "bytes that nobody waits for": [b"\x05", '42/chat,2["echo",2]'],
    "bytes in base64": ["bAQID"],
    "an ack that nobody waits for": ['43/chat,5["x"]'],
    "a namespace that was not joined": ['42/other,1["echo",1]', '42/nowhere,1["echo",1]', '42["echo",1]'],
    "joining twice": ["40/chat,", '42/chat,2["echo",2]'],
    "a second namespace": ["40/other,", '42/other,1["echo",1]', '42/other,2["say",{}]', "41/other,", '42/other,3["echo",1]'],
    "a namespace that does not exist": ["40/nowhere,", "40"],
    "refused": ['40/other,{"refuse":true}', '42/other,1["echo",1]'],
    "leaving the namespace": ["41/chat,", '42/chat,1["echo",1]', "40/chat,"],
    "thrown out by the server": ['42/chat,1["bye",{}]', '42/chat,2["echo",2]', "40/chat,"],
    "packets without sense": [
        "42/chat,1{}", "42/chat,1[]", '42/chat,1["echo"', "42/chat,1", "42", "4", "49", "44/chat,{}", "42/chat", '42/chat,1[1,2]',
    ],
    "names without sense": [
        '42/chat,1[null,2]', '42/chat,1[{},2]', '42/chat,1["connect",{}]', '42/chat,?["echo",1]', '42/chat?x=1,1["echo",1]',
    ],
    "other digits": ['42/chat,٣["echo",1]', '42/chat,²["echo",1]'],
}  # fmt: skip


@pytest.mark.parametrize("name", SCRIPTS)
async def test_a_script_over_a_websocket(name: str) -> None:
    async def session(stand: Stage) -> Seen:
        async with stand.websocket() as line:
            await line.open({"name": "ada"})
            await line.send(*SCRIPTS[name])
            await line.send("40/chat,", LAST)
            try:
                await line.until("43/chat,999")
            except EOFError:
                pass
            await line.quiet()
        return wire(line.frames), stand.chat.heard

    frames, _ = await both(session)
    assert frames[0].startswith("0{")


@pytest.mark.parametrize("name", SCRIPTS)
async def test_a_script_over_polling(name: str) -> None:
    async def session(stand: Stage) -> Seen:
        opened = json.loads((await stand.poll())[0][1:])
        sid: str = opened["sid"]
        frames: list[str | bytes] = []
        answers = []
        for packet in ['40/chat,{"name":"ada"}', *SCRIPTS[name], LAST]:
            if isinstance(packet, str):
                answers.append((await stand.post(sid, packet)).replace(sid, "sid"))
        while not any(str(each).startswith(("43/chat,999", "400")) for each in frames):
            try:
                frames += await asyncio.wait_for(stand.poll(sid), 1)
            except TimeoutError:
                break
        return [each for each in wire(frames) if each != "2"], answers, stand.chat.heard

    await both(session)


async def test_from_polling_to_a_websocket_nothing_is_lost_or_overtaken() -> None:
    async def session(stand: Stage) -> Seen:
        async with stand.websocket() as other:
            await other.open()
            sid = json.loads((await stand.poll())[0][1:])["sid"]
            await stand.post(sid, "40/chat,", '42/chat,1["echo",1]')
            frames: list[str | bytes] = list(await stand.poll(sid))
            waiting = asyncio.create_task(stand.poll(sid))
            await asyncio.sleep(0.05)
            async with stand.websocket(sid) as line:
                await line.send("2probe")
                await line.until("3probe")
                polled = await waiting
                await other.send(*(f'42/chat,{each}["say",{each}]' for each in range(20)))
                await other.until("43/chat,19")
                held = await stand.poll(sid)
                await line.send("5", '42/chat,2["echo",2]')
                await line.until("43/chat,2")
                await other.send('42/chat,99["say",99]')
                await line.until('42/chat,["said",99]')
                late = await stand.poll(sid)
        return wire([*frames, *line.frames]), polled, held, late

    frames, polled, held, late = await both(session)
    said = [frame for frame in frames if frame.startswith('42/chat,["said"')]
    assert said == [f'42/chat,["said",{each}]' for each in [*range(20), 99]]
    assert (polled, held, late[0][:3]) == (["6"], ["6"], "400")


async def test_engine_packets_out_of_place_are_ignored_on_a_websocket() -> None:
    async def session(stand: Stage) -> Seen:
        async with stand.websocket() as line:
            await line.open()
            await line.send("2probe", "2", "5", "6", "7", "3", "3", LAST)
            await line.until("43/chat,999")
            return wire(line.frames)

    await both(session)


async def test_engine_packets_out_of_place_end_a_poll() -> None:
    """The library's answer waits until somebody polls, forever; here it comes at once."""
    async with stage("lane") as stand:
        sid = json.loads((await stand.poll())[0][1:])["sid"]
        await stand.post(sid, "40/chat,")
        assert await stand.post(sid, "6") == '400 "Bad Request"'
        assert (stand.chat.left, list(stand.sio.eio.sockets)) == (["server disconnect"], [])


async def test_a_deep_body_ends_nothing() -> None:
    """The library drops what is nested so deeply; here a handler may see it."""
    async with stage("lane") as stand, stand.websocket() as line:
        await line.open()
        for command, depth in (("echo", 200), ("echo", 300), ("nothing", 900), ("nothing", 4000)):
            await line.send(f'42/chat,1["{command}",' + "[" * depth + "]" * depth + "]")
        await line.send(LAST)
        await line.until("43/chat,999")
        assert stand.chat.left == []


@pytest.mark.parametrize("steps", [["2probe", "4x"], ["hello"], ["2probe"], []])
async def test_an_upgrade_that_fails_leaves_the_poll_alive(steps: list[str]) -> None:
    async with stage("lane") as stand:
        sid = json.loads((await stand.poll())[0][1:])["sid"]
        await stand.post(sid, "40/chat,")
        await stand.poll(sid)
        async with stand.websocket(sid) as line:
            await line.send(*steps)
            await line.quiet()
        await asyncio.sleep(0.05)
        await stand.post(sid, '42/chat,1["echo",1]')
        packets: list[str] = []
        while not any(each.startswith("43") for each in packets):
            packets += await stand.poll(sid)
        assert [each for each in packets if each != "6"] == ['43/chat,1[{"ok":true,"bodies":[1]}]']


async def _ends(stand: Stage, line: Line) -> Seen:
    await line.rest()
    for _ in range(50):
        if stand.chat.left:
            break
        await asyncio.sleep(0.02)
    return wire(line.frames), stand.chat.left, list(stand.sio.eio.sockets), dict(stand.sio.manager.rooms)


@pytest.mark.parametrize("leave", ["close frame", "engine close", "abort"])
async def test_a_client_that_goes(leave: str) -> None:
    async def session(stand: Stage) -> Seen:
        async with stand.websocket() as line:
            await line.open()
            if leave == "close frame":
                await line.ws.close()
            elif leave == "engine close":
                await line.send("1")
                await line.quiet()
                await line.ws.close()
            else:
                line.ws._response.connection.transport.abort()  # type: ignore[union-attr]  # no public way to pull the cable
            await asyncio.sleep(0.1)
            return await _ends(stand, line)

    _, left, sockets, rooms = await both(session)
    assert (left, sockets, rooms) == (["client disconnect" if leave == "engine close" else "transport close"], [], {})


async def test_a_packet_that_is_too_large_ends_the_connection() -> None:
    async def session(stand: Stage) -> Seen:
        async with stand.websocket() as line:
            await line.open()
            await line.send('42/chat,1["echo","' + "x" * 30_000 + '"]')
            ended = await _ends(stand, line)
            return *ended, line.closed

    _, left, sockets, rooms, code = await both(session)
    assert (left, sockets, rooms, code) == (["transport close"], [], {}, aiohttp.WSCloseCode.MESSAGE_TOO_BIG)


@pytest.mark.parametrize("packet", ["", "x", "x42"])
async def test_what_is_no_packet_ends_the_connection(packet: str) -> None:
    """The library leaves such a connection to the ping timeout: here it is told at once."""
    async with stage("lane") as stand, stand.websocket() as line:
        await line.open()
        await line.send(packet)
        _, left, sockets, _ = await _ends(stand, line)
        assert (left, sockets) == (["transport close"], [])


@pytest.mark.thorough
async def test_pings_are_answered_and_missed() -> None:
    async def session(stand: Stage) -> Seen:
        async with stand.websocket() as line:
            await line.open()
            for _ in range(3):
                assert await line.until("2") == "2"
                await line.send("3")
            assert await line.until("2") == "2"
            return await _ends(stand, line)

    seen = {}
    for kind in KINDS:
        async with stage(kind, ping_interval=0.2, ping_timeout=0.3) as stand:
            frames, seen[kind], sockets, rooms = await session(stand)
            assert (frames[1:], sockets, rooms) == (['40/chat,{"sid":"sid1"}', "2", "2", "2", "2"], [], {})
    assert seen["lane"] == ["ping timeout"]
    assert seen["library"] in (["ping timeout"], ["transport close"])


async def test_a_long_patience_does_not_delay_the_next_ping() -> None:
    async with stage("lane", ping_interval=0.1, ping_timeout=60) as stand, stand.websocket() as line:
        await line.open()
        async with asyncio.timeout(2):
            for _ in range(4):
                await line.until("2")
                await line.send("3")


async def test_an_integer_beyond_64_bits_arrives_as_a_float() -> None:
    """As in a browser; the library keeps it."""
    async with stage("lane") as stand, stand.websocket() as line:
        await line.open()
        await line.send(f'42/chat,1["echo",{2**70}]')
        await line.until("43/chat,1")
        assert stand.chat.heard == [(float(2**70),)]


@pytest.mark.thorough
async def test_a_poll_that_never_comes_is_missed() -> None:
    async with stage("lane", ping_interval=0.2, ping_timeout=0.2) as stand:
        sid = json.loads((await stand.poll())[0][1:])["sid"]
        await stand.post(sid, "40/chat,")
        await asyncio.sleep(1.6)
        assert (stand.chat.left, list(stand.sio.eio.sockets)) == (["ping timeout"], [])


async def test_closed_by_the_server_the_client_is_told() -> None:
    async def session(stand: Stage) -> Seen:
        async with stand.websocket() as line:
            await line.open()
            for socket in list(stand.sio.eio.sockets.values()):
                await socket.close(wait=False)
            assert await line.until("1") == "1"
            await line.ws.close()
            await asyncio.sleep(0.05)
            return await _ends(stand, line)

    _, left, sockets, _ = await both(session)
    assert (left, sockets) == (["server disconnect"], [])
