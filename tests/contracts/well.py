"""Is the server well after all that was thrown at it? Nothing went wrong unseen in its log, and people can still talk."""

from __future__ import annotations

import re

from tests.processes import ChatServer
from tests.walks.shopper import new_client_id
from tests.walks.stage import Stage

ALARM = re.compile(r'Traceback|"level": ?"(error|critical)"|^(ERROR|CRITICAL) |never (retrieved|awaited)')


def alarms(log: str) -> list[str]:
    """Lines of a log that no input of a client may cause."""
    return [line if len(line) < 900 else f"{line[:300]} … {line[-600:]}" for line in log.splitlines() if ALARM.search(line)]


async def people_can_talk(server: ChatServer) -> None:
    """A shopper writes over each transport, and an agent answers."""
    stage = Stage(server)
    try:
        agent = await stage.agent()
        for transport in ("websocket", "polling"):
            shopper = await stage.shopper(open=False)
            await shopper.open(transport=transport)
            sent = await shopper.say("Still there?", new_client_id())
            await agent.reply(sent["conversation"], "Yes.")  # claims it, should nobody be free
            await shopper.read("Yes.")
    finally:
        await stage.clear()
