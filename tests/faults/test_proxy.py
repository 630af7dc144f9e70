"""The proxy does to a connection what it says: nothing, a cut, a reset, a stall or a loss in one direction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.faults.proxy import Proxy


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1024):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """In front of an echo server."""
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    made = Proxy(server.sockets[0].getsockname()[1])
    await made.start()
    yield made
    await made.end()
    server.close()


async def _connect(proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", int(proxy.url.rpartition(":")[2]))


async def _says(reader: asyncio.StreamReader, timeout: float = 0.2) -> bytes | None:
    """What comes back; None when nothing does in time."""
    try:
        return await asyncio.wait_for(reader.read(1024), timeout)
    except TimeoutError:
        return None


async def test_it_passes_everything_on(proxy: Proxy) -> None:
    reader, writer = await _connect(proxy)
    writer.write(b"hello")
    assert await _says(reader, 5) == b"hello"
    writer.close()


async def test_a_cut_is_an_orderly_end(proxy: Proxy) -> None:
    reader, writer = await _connect(proxy)
    writer.write(b"hello")
    assert await _says(reader, 5) == b"hello"
    proxy.cut()
    assert await _says(reader, 5) == b""
    writer.close()


async def test_a_reset_is_a_rude_one(proxy: Proxy) -> None:
    reader, writer = await _connect(proxy)
    writer.write(b"hello")
    assert await _says(reader, 5) == b"hello"
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        await _says(reader, 5)
    writer.close()


@pytest.mark.parametrize("way", ["up", "down"])
async def test_a_stall_holds_back_and_loses_nothing(proxy: Proxy, way: str) -> None:
    reader, writer = await _connect(proxy)
    proxy.stall("up" if way == "up" else "down")
    writer.write(b"hello")
    assert await _says(reader) is None
    proxy.heal()
    assert await _says(reader, 5) == b"hello"
    writer.close()


@pytest.mark.parametrize("way", ["up", "down"])
async def test_a_loss_swallows_and_the_connection_does_not_survive_it(proxy: Proxy, way: str) -> None:
    reader, writer = await _connect(proxy)
    proxy.lose("up" if way == "up" else "down")
    writer.write(b"hello")
    assert await _says(reader) is None
    proxy.heal()
    with pytest.raises(ConnectionResetError):
        await _says(reader, 5)
    writer.close()
