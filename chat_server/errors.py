"""The closed set of errors that a client can see. Flows raise them, doors turn them into `{ok: false, error}`.

Anything else that is raised is a bug: the door logs it and answers `internal`.
"""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """Error codes on the wire (docs/wire.md). Transient ones may be sent again with the same client id."""

    BAD_REQUEST = "bad_request"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    STALE = "stale"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


HTTP_STATUS = {
    Code.BAD_REQUEST: 400,
    Code.UNAUTHENTICATED: 401,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.CONFLICT: 409,
    Code.STALE: 409,
    Code.TOO_LARGE: 413,
    Code.RATE_LIMITED: 429,
    Code.UNAVAILABLE: 503,
    Code.INTERNAL: 500,
}


class ClientError(Exception):
    """A refusal that the client is told: code, a sentence in English, and when it may try again (ms).

    `extra` adds fields to the error on the wire (`stale` tells the head as `seq`).
    """

    def __init__(self, code: Code, message: str, *, retry_after_ms: int | None = None, **extra: int | str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after_ms = retry_after_ms
        self.extra = extra

    def body(self) -> dict[str, object]:
        """The error as it stands on the wire."""
        error: dict[str, object] = {"code": self.code.value, "message": self.message, **self.extra}
        if self.retry_after_ms is not None:
            error["retry_after_ms"] = self.retry_after_ms
        return {"ok": False, "error": error}


class WidgetDisabled(ClientError):
    """The shop has switched its chat off: widgets stop, and do not come back by themselves."""

    def __init__(self) -> None:
        super().__init__(Code.FORBIDDEN, "This shop's chat is switched off.")


class AlreadySent(Exception):
    """The store has a message of this sender under this client id. No client sees it: the flow looks at it, and answers the first ack."""


class InvalidConfiguration(Exception):
    """A setting or inbox file that cannot be used; the message names the field. Raised before a port opens."""
