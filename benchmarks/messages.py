"""How many shoppers' messages a server commits and acknowledges in a second, and how long one waits for its ack.

The real server on SQLite with FULL synchronous commits, real socket clients on the same machine: quote the ratios, not the figures.
"""

import asyncio
import statistics
import tempfile
import time
import uuid
from pathlib import Path

import socketio

from tools import keys
from tools.child import Child
from tools.ports import free_ports
from tools.stack import Ports, Stack, inbox_for

SHOPPERS = 40
MESSAGES = 50
UNLIMITED = {"SHOPBELL_MESSAGES_PER_MINUTE": "1000000", "SHOPBELL_HANDSHAKES_PER_MINUTE": "1000000", "SHOPBELL_LOG": "error"}


async def talk(url: str, origin: str) -> list[float]:
    """One shopper: connects, says hello, sends one message after the other; seconds from sending to the ack of each."""
    client = socketio.AsyncClient(reconnection=False)
    await client.connect(url, auth={"key": "pk_demo"}, namespaces=["/shopper"], transports=["websocket"], headers={"Origin": origin})
    await client.call("sync", {}, namespace="/shopper")
    waited = []
    for number in range(MESSAGES):
        began = time.perf_counter()
        ack = await client.call("send_message", {"client_id": str(uuid.uuid4()), "text": f"Message {number}"}, namespace="/shopper")
        if not ack["ok"]:
            raise SystemExit(f"refused: {ack}")
        waited.append(time.perf_counter() - began)
    await client.disconnect()
    return waited


async def measure(url: str, origin: str) -> None:
    began = time.perf_counter()
    waited = sorted(each for shopper in await asyncio.gather(*(talk(url, origin) for _ in range(SHOPPERS))) for each in shopper)
    seconds = time.perf_counter() - began
    p50, p99 = statistics.median(waited) * 1000, waited[int(len(waited) * 0.99)] * 1000
    print(f"messages: {len(waited)} from {SHOPPERS} shoppers, {len(waited) / seconds:.0f} acknowledged a second")
    print(f"          an ack takes {p50:.1f} ms (median), {p99:.1f} ms (99 of 100)")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chat, shop = free_ports(2)
        stack = Stack(
            folder, keys.load_or_make(folder), Ports(chat, shop), inbox_for(f"http://127.0.0.1:{shop}", folder / "inboxes"), bot=False
        )
        server = Child("chat", stack.chat(), env={**stack.chat_env(), **UNLIMITED}, log=folder / "chat.log")
        try:
            server.wait_for(f"{stack.chat_url}/readyz", 60)
            asyncio.run(measure(stack.chat_url, stack.shop_url))
        finally:
            server.end()


if __name__ == "__main__":
    main()
