"""A command over HTTP that is done once, however often it is sent: its answer is kept in the transaction of its effect.

Only for commands whose repeat cannot be told by what they wrote (a message has its own client id). Decision 12.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

from chat_server.core.model import Json
from chat_server.errors import ClientError, Code
from chat_server.flows.context import Context
from chat_server.flows.ports import Store, Tx

A = TypeVar("A")
T = TypeVar("T")
KEEP_ANSWERS = timedelta(days=7)
"""a client that was away for longer looks before it asks again"""


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, under which key, and a digest of what: the same key with another digest is a conflict."""

    principal: str
    key: str
    digest: str

    def answered(self, tx: Tx) -> Json | None:
        """The first answer, if this was done before."""
        known = tx.answers.get(self.principal, self.key)
        if known is None:
            return None
        if known[0] != self.digest:
            raise ClientError(Code.CONFLICT, "This Idempotency-Key was used for another request.")
        return known[1]


class _Answered(Exception):
    """The same request was done meanwhile."""

    def __init__(self, answer: Json) -> None:
        super().__init__()
        self.answer = answer


class _Keeping:
    """The store for one request: its first write is the effect, and takes the answer with it. What follows is housekeeping."""

    def __init__(self, context: Context, request: Request, answer_of: Callable[[Any], Json]) -> None:
        self._context, self._store = context, context.store
        self._request, self._answer_of = request, answer_of
        self._kept = False

    async def write(self, work: Callable[[Tx], T]) -> T:
        if self._kept:
            return await self._store.write(work)

        def once(tx: Tx) -> T:
            known = self._request.answered(tx)
            if known is not None:
                raise _Answered(known)
            written = work(tx)
            request = self._request
            tx.answers.keep(request.principal, request.key, request.digest, self._answer_of(written), self._context.clock())
            return written

        written = await self._store.write(once)
        self._kept = True
        return written

    async def write_each(self, each: Callable[[Tx, Sequence[A]], Sequence[T | Exception]], item: A) -> T:
        def alone(tx: Tx) -> T:
            (written,) = each(tx, [item])
            if isinstance(written, Exception):
                raise written
            return written

        return await self.write(alone)

    async def read(self, work: Callable[[Tx], T]) -> T:
        return await self._store.read(work)


async def once(
    context: Context, request: Request, answer_of: Callable[[Any], Json], flow: Callable[[Context], Awaitable[Json | None]]
) -> Json:
    """The answer of `flow`, or the first answer again. What was refused is not kept: sent again, it is judged again."""
    known = await context.store.read(request.answered)
    if known is not None:
        return known
    store: Store = _Keeping(context, request, answer_of)
    try:
        return await flow(replace(context, store=store)) or {}
    except _Answered as repeated:
        return repeated.answer
