"""First answers to commands over HTTP, by who asked and the key of their request. Written in the transaction of the effect."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from chat_server.core.model import Json
from chat_server.outbound.store.prune import prune
from chat_server.outbound.tables import answers


class Answers:
    """Reads and writes of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, principal: str, key: str) -> tuple[str, Json] | None:
        """(digest of the request, its answer), or None for a key that is new."""
        row = self._c.execute(select(answers).where(answers.c.principal == principal, answers.c.key == key)).first()
        return None if row is None else (row.digest, row.answer)

    def keep(self, principal: str, key: str, digest: str, answer: Json, now: datetime) -> None:
        """Under a key that is new."""
        self._c.execute(insert(answers), [{"principal": principal, "key": key, "digest": digest, "answer": answer, "at": now}])

    def prune(self, before: datetime) -> bool:
        """Forget some of what nobody will ask for again; True when there may be more."""
        return prune(self._c, answers, answers.c.at < before)
