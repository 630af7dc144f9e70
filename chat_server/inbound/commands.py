"""The frame of every socket command: parse, run one flow, always ack. A bug is `internal`, logged with its trace."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
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
