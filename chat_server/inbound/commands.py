"""A command as the tables have it, and the frame that runs one for a socket: parse, run one flow, always ack.

The tables are shopper_commands.py and agent_commands.py. The HTTP twins (http_commands.py) run from the same rows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

import socketio
import structlog
from aiohttp import web
from socketio.exceptions import ConnectionRefusedError as Refused

from chat_server.core.model import Json, Role
from chat_server.errors import ClientError, Code, WidgetDisabled
from chat_server.flows.context import Context
from chat_server.inbound.payloads import parse

Who = TypeVar("Who")
log = structlog.get_logger("door")

CLOSE = {Code.UNAUTHENTICATED: 4003, Code.FORBIDDEN: 4003, Code.RATE_LIMITED: 4029, Code.UNAVAILABLE: 4001}
SHUTDOWN, WIDGET_DISABLED, SLOW, INSUFFICIENT_STATE = 4001, 4004, 4008, 4010
SHOPPERS: frozenset[Role] = frozenset()
"""`may` of a shopper's command: every shopper, about what is theirs"""


class Repeat(Enum):
    """How a repeat over HTTP is known, where the client may not have heard the first answer."""

    HARMLESS = "a read, or passing: it may be done again"
    CLIENT_ID = "the message has its own id; `Idempotency-Key` is that id"
    KEPT = "the first answer is kept under `Idempotency-Key`, in the transaction of the effect"


@dataclass(frozen=True, slots=True)
class Command(Generic[Who]):
    """One row: its name on the wire, what its body is, the flow that does it, how a repeat is known, who may, and what it counts as.

    `answer_of`: for KEPT, the answer as it follows from what the flow's first write returns.
    """

    name: str
    payload: type[Any]
    flow: Callable[[Context, Who, Any], Awaitable[Json | None]]
    repeat: Repeat
    may: frozenset[Role] = SHOPPERS
    limits: tuple[str, ...] = ()
    answer_of: Callable[[Any], Json] | None = None


def table(*rows: Command[Who]) -> Mapping[str, Command[Who]]:
    """Rows by name."""
    return {row.name: row for row in rows}


def refused(error: ClientError) -> Refused:
    """The connect error of docs/wire.md: `{code, error}` in its data."""
    code = WIDGET_DISABLED if isinstance(error, WidgetDisabled) else CLOSE.get(error.code, INSUFFICIENT_STATE)
    return Refused(error.message, {"code": code, "error": error.body()["error"]})


NO_SUCH_COMMAND = ClientError(Code.BAD_REQUEST, "There is no such command.").body()
ONE_BODY = ClientError(Code.BAD_REQUEST, "A command has one body.").body()


class Door(socketio.AsyncNamespace, Generic[Who]):  # type: ignore[misc]  # the library has no types
    """What both doors share: whatever a client sends is a command, and every command is answered, also one that does not exist."""

    def __init__(self, namespace: str, commands: Mapping[str, Command[Who]]) -> None:
        super().__init__(namespace)
        self._commands = commands
        self.busy: set[str] = set()
        """connections with a command in hand: a server that ends lets them have their ack"""

    async def perform(self, command: Command[Who], sid: str, told: Any) -> Json | None:
        """Who asks, whether they may, and the flow; by each door."""
        raise NotImplementedError

    async def trigger_event(self, event: object, *args: Any) -> Any:
        """The ack of one command. The library calls this for its own events too, which a client must not be able to send by name."""
        command = self._commands.get(event) if isinstance(event, str) else None
        if command is None:
            return await self._not_a_command(event, args)
        if len(args) > 2:
            return ONE_BODY
        self.busy.add(args[0])
        try:
            told = parse(args[1] if len(args) == 2 else None, command.payload)
            body = await self.perform(command, args[0], told)
        except ClientError as error:
            if error.code in (Code.UNAVAILABLE, Code.INTERNAL):
                log.warning("refused", flow=command.name, decision=error.code.value, reason=error.message)
            return error.body()
        except Exception:  # outermost guard: a bug in one command must not take the connection down, and is never silent
            log.exception("command failed", flow=command.name)
            return ClientError(Code.INTERNAL, "Something went wrong here. Please try again.", retry_after_ms=1000).body()
        finally:
            self.busy.discard(args[0])
        return {"ok": True, **body} if body else {"ok": True}

    async def _not_a_command(self, event: object, args: tuple[Any, ...]) -> Any:
        environ = args[1] if len(args) > 1 and isinstance(args[1], dict) else {}
        known = event == "connect" and isinstance(environ.get("aiohttp.request"), web.BaseRequest)
        known = known or (event == "disconnect" and not self.server.manager.is_connected(args[0], self.namespace))
        if not known:
            return NO_SUCH_COMMAND
        try:
            return await super().trigger_event(event, *args)
        except Refused:
            raise
        except Exception:  # outermost guard: what fails here must not be taken for a packet that nobody can read
            log.exception("connection failed", flow=event)
            raise refused(ClientError(Code.INTERNAL, "Something went wrong here. Please try again.", retry_after_ms=1000)) from None
