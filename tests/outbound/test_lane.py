"""What the lane promises beyond the library: one write a turn in order, each body encoded once, and no memory for who does not read."""

from __future__ import annotations

import asyncio
import json
import socket as sockets
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from engineio.packet import MESSAGE, Packet

from chat_server.outbound import lane as lane_module
from chat_server.outbound.lane_outbox import MAX_BYTES, MAX_PACKETS, Cork, Outbox, frame
from tests.outbound.lane_stage import Line, Stage, stage


class Pipe(asyncio.Transport):
    """A transport whose other end reads only when told."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.stuck = 0
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        self.writes.append(bytes(data))
        self.stuck += len(data)

    def drained(self, keep: int = 0) -> None:
        """The other end has read all but so many bytes."""
        self.stuck = keep

    def get_write_buffer_size(self) -> int:
        return self.stuck

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True


class Slow:
    """Counts how often an outbox reported its reader."""

    def __init__(self) -> None:
        self.told = 0

    def __call__(self) -> None:
        self.told += 1


def outbox(cork: Cork | None = None) -> tuple[Outbox, Pipe, Slow]:
    made, pipe, slow = Outbox(cork or Cork()), Pipe(), Slow()
    made.attach(pipe, slow)
    return made, pipe, slow


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_a_frame_is_headed_by_its_length(size: int) -> None:
    framed = frame(b"x" * size)
    assert framed[0] == 0x81
    head = {True: 2, size > 125: 4, size > 65_535: 10}[True]
    told = framed[1] if head == 2 else int.from_bytes(framed[2:head], "big")
    assert (told, framed[1] & 0x80, framed[head:]) == (size, 0, b"x" * size)


async def test_everything_of_a_turn_is_one_write_in_order() -> None:
    cork = Cork()
    one, first, _ = outbox(cork)
    two, second, _ = outbox(cork)
    for number in range(3):
        one.write(frame(b"%d" % number))
        two.write(frame(b"x%d" % number))
        await one.put(Packet(MESSAGE, f"library {number}"))
    assert first.writes == second.writes == []
    await asyncio.sleep(0)
    assert first.writes == [b"".join(frame(b"%d" % n) + frame(b"4library %d" % n) for n in range(3))]
    assert second.writes == [b"".join(frame(b"x%d" % n) for n in range(3))]
    one.write(frame(b"next"))
    await asyncio.sleep(0)
    assert first.writes[1:] == [frame(b"next")]


async def test_what_waited_for_a_poll_goes_first() -> None:
    made, pipe = Outbox(Cork()), Pipe()
    for number in range(3):
        made.put_nowait(Packet(MESSAGE, str(number)))
    made.put_nowait(Packet(MESSAGE, b"\x07"))
    assert (await made.get()).data == "0"
    made.attach(pipe, Slow())
    made.write(frame(b"4last"))
    await asyncio.sleep(0)
    assert pipe.writes == [frame(b"41") + frame(b"42") + frame(b"\x07", 0x82) + frame(b"4last")]


async def test_a_reader_is_behind_after_so_many_packets() -> None:
    made, pipe, slow = outbox()
    for _ in range(MAX_PACKETS):
        made.write(frame(b"x"))
        made.flush()
    assert slow.told == 0
    made.write(frame(b"x"))
    made.flush()
    assert slow.told == 1
    assert len(pipe.writes) == MAX_PACKETS + 1


async def test_a_burst_in_one_turn_is_not_behind() -> None:
    made, pipe, slow = outbox()
    for _ in range(3):
        for _ in range(10 * MAX_PACKETS):
            made.write(frame(b"x" * 100))
        made.flush()
        pipe.drained()
    assert slow.told == 0


async def test_a_slow_reader_that_keeps_reading_stays() -> None:
    made, pipe, slow = outbox()
    for _ in range(20 * MAX_PACKETS):
        made.write(frame(b"x" * 10))
        made.flush()
        pipe.drained(keep=min(pipe.stuck, 12 * (MAX_PACKETS - 10)))
    assert slow.told == 0


async def test_a_reader_is_behind_after_so_many_bytes() -> None:
    made, _, slow = outbox()
    for _ in range(11):
        assert slow.told == 0
        made.write(frame(b"x" * (MAX_BYTES // 10 - 20)))
        made.flush()
    assert slow.told == 1


async def test_after_the_last_packet_nothing_is_taken() -> None:
    made, pipe, _ = outbox()
    made.write(frame(b"dropped"))
    made.shut([Packet(MESSAGE, "last")])
    made.write(frame(b"late"))
    await made.put(Packet(MESSAGE, "late"))
    await asyncio.sleep(0)
    assert pipe.writes == [frame(b"4last")]
    polled = Outbox(Cork())
    polled.put_nowait(Packet(MESSAGE, "dropped"))
    polled.shut([Packet(MESSAGE, "last")])
    polled.put_nowait(Packet(MESSAGE, "late"))
    assert (polled.qsize(), polled.get_nowait().data) == (1, "last")


class Counted:
    """orjson, counting what is encoded."""

    loads, JSONDecodeError = staticmethod(orjson.loads), orjson.JSONDecodeError

    def __init__(self) -> None:
        self.dumped: list[Any] = []

    def dumps(self, value: Any) -> bytes:
        if isinstance(value, list):  # an event's packet
            self.dumped.append(value)
        return orjson.dumps(value)


async def test_a_body_is_encoded_once_for_all_its_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted()
    monkeypatch.setattr(lane_module, "orjson", counted)
    async with stage("lane") as stand:
        lines = [await Line(await stand.http.ws_connect(stand.line(transport="websocket"))).open() for _ in range(5)]
        counted.dumped.clear()
        lane = lane_module.Lane(stand.sio)
        body = {"seq": 1}
        lane.broadcast("fact", body, ["all"], "/chat")
        lane.broadcast("fact", body, ["nobody"], "/chat")
        for line in lines:
            assert await line.until("42/chat") == '42/chat,["fact",{"seq":1}]'
        await lines[0].open(namespace="/other")
        assert counted.dumped == [["fact", body]]
        lane.broadcast("fact", body, ["all"], "/other")
        assert await lines[0].until("42/other") == '42/other,["fact",{"seq":1}]'
        assert counted.dumped == [["fact", body]]
        lane.broadcast("news", body, ["all"], "/other")
        lane.broadcast("news", {"seq": 1}, ["all"], "/other")
        assert len(counted.dumped) == 3
        assert lane.anyone(["nobody", "all"], "/chat")
        assert not lane.anyone(["nobody"], "/chat")
        assert not lane.anyone(["all"], "/none")
        for line in lines:
            await line.ws.close()


async def test_ack_and_echo_are_one_write() -> None:
    """Both reach the client in one segment, the fact before the ack."""
    async with stage("lane") as stand, stand.websocket() as line:
        await line.open()
        (socket,) = stand.sio.eio.sockets.values()
        line_out, socket.queue._transport = socket.queue._transport, Pipe()  # what is one write is seen nowhere else
        await line.send('42/chat,1["say",{"x":1}]')
        await asyncio.sleep(0.1)
        assert socket.queue._transport.writes == [frame(b'42/chat,["said",{"x":1}]') + frame(b'43/chat,1["said"]')]
        socket.queue._transport = line_out


async def _deaf(stand: Stage) -> sockets.socket:
    """A client that has joined and reads nothing any more."""
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    host, port = stand.url.removeprefix("http://").split(":")
    await asyncio.to_thread(raw.connect, (host, int(port)))
    head = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    raw.sendall(f"{head}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
    await asyncio.sleep(0.1)
    raw.sendall(b"\x81\x88\0\0\0\0" + b"40/chat,")
    for _ in range(100):
        if stand.sio.manager.rooms.get("/chat", {}).get("all"):
            break
        await asyncio.sleep(0.02)
    return raw


@pytest.mark.thorough
@pytest.mark.parametrize("size", [100, 40_000])
async def test_who_never_reads_is_cut_off_and_the_others_hear_everything(size: int) -> None:
    async with stage("lane", max_http_buffer_size=200_000) as stand:
        lane = lane_module.Lane(stand.sio)
        raw = await _deaf(stand)
        (deaf,) = stand.sio.eio.sockets.values()
        deaf.queue._transport.get_extra_info("socket").setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, 4096)
        async with stand.websocket() as other:
            await other.open()
            most, sent = 0, 0
            while not lane.slow_closed and sent < 5_000:
                lane.broadcast("fact", {"n": sent, "text": "x" * size}, ["all"], "/chat")
                sent += 1
                raw.sendall(b"\x81\x81\0\0\0\0" + b"3")
                await other.until("42/chat")
                most = max(most, deaf.queue._transport.get_write_buffer_size())
            assert lane.slow_closed == 1
            assert most <= MAX_BYTES + 200_000
            told = [json.loads(each[8:])[1]["n"] for each in other.frames if str(each).startswith("42/chat,")]
            assert told == list(range(sent))
            for _ in range(100):
                if len(stand.sio.eio.sockets) == 1:
                    break
                await asyncio.sleep(0.03)
            assert (len(stand.sio.eio.sockets), stand.chat.left) == (1, ["transport error"])
        raw.close()


@pytest.mark.thorough
async def test_who_never_polls_is_told_and_cut_off() -> None:
    async with stage("lane") as stand:
        lane = lane_module.Lane(stand.sio)
        sid = json.loads((await stand.poll())[0][1:])["sid"]
        await stand.post(sid, "40/chat,")
        await stand.poll(sid)
        for number in range(MAX_PACKETS):
            lane.broadcast("fact", {"n": number}, ["all"], "/chat")
        assert lane.slow_closed == 0
        assert len(await stand.poll(sid)) == MAX_PACKETS
        for number in range(MAX_PACKETS + 10):
            lane.broadcast("fact", {"n": number}, ["all"], "/chat")
        assert lane.slow_closed == 1
        assert await stand.poll(sid) == ['42/chat,["closing",{"code":4008,"retry":true}]']
        await asyncio.sleep(2.3)
        assert (stand.chat.left, list(stand.sio.eio.sockets)) == (["transport error"], [])


@pytest.mark.thorough
async def test_acks_that_nobody_polls_for_are_seen_too() -> None:
    """The library's own packets: the periodic look finds them."""
    async with stage("lane", max_http_buffer_size=400_000) as stand:
        sid = json.loads((await stand.poll())[0][1:])["sid"]
        await stand.post(sid, "40/chat,")
        for number in range(4):
            await stand.post(sid, f'42/chat,{number}["echo","{"x" * 300_000}"]')
        await asyncio.sleep(2.3)
        assert (stand.sio.eio.slow_closed, stand.chat.left) == (1, ["transport error"])


async def test_a_post_in_many_segments_is_read_to_its_end() -> None:
    """The library takes what has come so far for the whole, and loses the rest."""
    async with stage("lane", max_http_buffer_size=400_000) as stand:
        sid = json.loads((await stand.poll())[0][1:])["sid"]
        await stand.post(sid, "40/chat,")
        body = "\x1e".join(f'42/chat,["echo",{number}]' for number in range(10)).encode()

        async def segments() -> AsyncIterator[bytes]:
            for start in range(0, len(body), 50):
                yield body[start : start + 50]
                await asyncio.sleep(0.01)

        headers = {"Content-Length": str(len(body))}
        async with stand.http.post(stand.line(transport="polling", sid=sid), data=segments(), headers=headers) as response:
            assert await response.text() == "OK"
        assert stand.chat.heard == [(number,) for number in range(10)]


async def test_rooms_are_small_and_come_and_go() -> None:
    async with stage("lane") as stand, stand.websocket() as line:
        await line.open()
        manager = stand.sio.manager
        (sid,) = manager.rooms["/chat"][None]
        (engine_sid,) = stand.sio.eio.sockets
        assert manager.rooms["/chat"] == {None: {sid: engine_sid}, sid: {sid: engine_sid}, "all": {sid: engine_sid}}
        assert {name for name, room in manager.rooms["/chat"].items() if isinstance(room, lane_module.Room)} == {sid, "all"}
        assert list(manager.get_participants("/chat", ["all", sid])) == [(sid, engine_sid)]
        await stand.sio.leave_room(sid, "all", namespace="/chat")
        assert set(stand.sio.rooms(sid, namespace="/chat")) == {sid}
        with pytest.raises(ValueError, match="not connected"):
            await stand.sio.enter_room("nobody", "all", namespace="/none")
        with pytest.raises(KeyError):
            await stand.sio.enter_room("nobody", "empty", namespace="/chat")
        await stand.sio.close_room(sid + "x", namespace="/chat")


async def test_the_environ_is_there_for_every_connect_handler_and_not_kept() -> None:
    async with stage("lane") as stand, stand.websocket() as line:
        await line.open({"name": "ada"})
        await line.send("41/chat,", "40/chat,")
        await line.until("40/chat,")
        for environ in stand.chat.environs:
            assert (environ["HTTP_HOST"], environ["HTTP_UPGRADE"]) == (stand.url.removeprefix("http://"), "websocket")
        assert len(stand.chat.environs) == 2
        assert [list(kept) for kept in stand.sio.environ.values()] == [["aiohttp.request"]]


async def test_the_kernel_forgets_who_acknowledges_nothing() -> None:
    async with stage("lane") as stand, stand.websocket() as line:
        await line.open()
        (socket,) = stand.sio.eio.sockets.values()
        raw = socket.queue._transport.get_extra_info("socket")
        assert raw.getsockopt(sockets.IPPROTO_TCP, sockets.TCP_USER_TIMEOUT) == 20_000
