"""The frame of every socket command: parse, run one flow, always ack. A bug is `internal`, logged with its trace."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import socketio
import structlog
from aiohttp import web
from socketio.exceptions import ConnectionRefusedError as Refused

from chat_server.core.model import Json
from chat_server.errors import ClientError, Code
from chat_server.inbound.payloads import parse

T = TypeVar("T")
log = structlog.get_logger("door")

CLOSE = {Code.UNAUTHENTICATED: 4003, Code.FORBIDDEN: 4003, Code.RATE_LIMITED: 4029, Code.UNAVAILABLE: 4001}
SHUTDOWN, WIDGET_DISABLED, SLOW, INSUFFICIENT_STATE = 4001, 4004, 4008, 4010


def refused(error: ClientError) -> Refused:
    """The connect error of docs/wire.md: `{code, error}` in its data."""
    return Refused(error.message, {"code": CLOSE.get(error.code, INSUFFICIENT_STATE), "error": error.body()["error"]})


async def answer(name: str, raw: object, kind: type[T], flow: Callable[[T], Awaitable[Json | None]]) -> dict[str, Any]:
    """The ack of one command."""
    try:
        body = await flow(parse(raw, kind))
    except ClientError as error:
        if error.code in (Code.UNAVAILABLE, Code.INTERNAL):
            log.warning("refused", flow=name, decision=error.code.value, reason=error.message)
        return error.body()
    except Exception:  # outermost guard: a bug in one command must not take the connection down, and is never silent
        log.exception("command failed", flow=name)
        return ClientError(Code.INTERNAL, "Something went wrong here. Please try again.", retry_after_ms=1000).body()
    return {"ok": True, **(body or {})}


class Door(socketio.AsyncNamespace):  # type: ignore[misc]  # the library has no types
    """What both doors share: whatever a client sends is a command, and every command is answered, also one that does not exist."""

    async def trigger_event(self, event: object, *args: Any) -> Any:
        """The library calls this for its own events too, which a client must not be able to send by name."""
        environ = args[1] if len(args) > 1 and isinstance(args[1], dict) else {}
        if event == "connect" and isinstance(environ.get("aiohttp.request"), web.BaseRequest):
            return await super().trigger_event(event, *args)
        if event == "disconnect" and not self.server.manager.is_connected(args[0], self.namespace):
            return await super().trigger_event(event, *args)
        known = isinstance(event, str) and event not in ("connect", "disconnect") and hasattr(self, f"on_{event}")
        if not known:
            return ClientError(Code.BAD_REQUEST, "There is no such command.").body()
        if len(args) > 2:
            return ClientError(Code.BAD_REQUEST, "A command has one body.").body()
        return await super().trigger_event(event, *args)
