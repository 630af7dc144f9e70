"""`python -m tests.faults.planted`: the chat server with one bug in it, named by SHOPBELL_TEST_BUG.

It shows that the whole chain of crowd, history and checks sees a bug in a running server, not only in a history made by hand.
"""

from __future__ import annotations

import os
import random
from typing import Any

from chat_server import __main__ as program
from chat_server.core import facts
from chat_server.flows import messages
from chat_server.outbound import announcer

_send, _wire = messages.send_message, facts.wire
_acks: dict[str, Any] = {}


async def _ack_unsaved(context: Any, visitor: Any, draft: Any, conversation: Any) -> Any:
    """Now and then a message is acked, with the ack of the one before, and not stored."""
    if visitor.id in _acks and random.random() < 0.2:
        return _acks[visitor.id]
    _acks[visitor.id] = await _send(context, visitor, draft, conversation)
    return _acks[visitor.id]


def _notes_told(fact: Any, *, agent: bool) -> Any:
    """Shoppers are told what agents are told, notes included."""
    return _wire(fact, agent=True)


def _told_to_all(_visitor: str | None, _contact: str | None) -> list[str]:
    """What one shopper is told, all shoppers of the inbox are told."""
    return ["inbox:demo"]


def plant(bug: str) -> None:
    match bug:
        case "ack unsaved":
            vars(messages)["send_message"] = _ack_unsaved
        case "notes told":
            vars(announcer)["wire"] = _notes_told
        case "told to all":
            vars(announcer)["shopper_rooms"] = _told_to_all
        case _:
            raise SystemExit(f"no such bug: {bug}")


if __name__ == "__main__":
    plant(os.environ["SHOPBELL_TEST_BUG"])
    raise SystemExit(program.main())
