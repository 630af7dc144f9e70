"""A short run of the socket's fuzzer; `make fuzz` sends 100,000 frames. The reader of the log is shown to notice a failure."""

import asyncio

from tests.conftest import StartServer
from tests.contracts.flood import Flood, rss_mb
from tests.contracts.openapi_cases import ROOM, People
from tests.contracts.well import alarms, people_can_talk


async def test_whatever_comes_the_server_is_well(start_server: StartServer) -> None:
    server = start_server(env=ROOM)
    assert server.child is not None
    people = await asyncio.to_thread(People, server)
    cookie = "; ".join(f"{name}={value}" for name, value in people.cookies.items())
    flood = Flood(server, people.real, people.agent, cookie)
    await flood.run(1_500)
    warm = rss_mb(server.child.pid)
    await flood.run(1_500)
    assert {"websocket", "polling"} <= set(flood.sent)
    assert alarms(server.log()) == []
    await people_can_talk(server)
    assert rss_mb(server.child.pid) < warm + 40


def test_the_log_is_read_for_what_must_not_be() -> None:
    for line in (
        '{"flow": "sync", "event": "command failed", "level": "error", "exception": "Traceback (most recent call last): …"}',
        "ERROR asyncio: Task exception was never retrieved",
        "  File x\nTraceback (most recent call last):",
        "RuntimeWarning: coroutine 'x' was never awaited",
    ):
        assert alarms(line) != []
    assert alarms('{"flow": "send_message", "decision": "unavailable", "event": "refused", "level": "warning"}') == []
