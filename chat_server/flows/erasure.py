"""A person asks to be forgotten: their words and details go, the places of their conversations stay, under a new epoch.

Browsers and consoles that are open hear of the new epoch by the next heads and start afresh. Orders, the bot's memory and files are
not reached from here.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from chat_server.flows.context import not_found
from chat_server.flows.ports import Store, Tx

log = structlog.get_logger("erasure")


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was reached."""

    browsers: int
    conversations: int


async def erase(store: Store, visitor_id: str) -> Erased:
    """Everything of the person behind a visitor, in one transaction; a contact with all their browsers. May be repeated."""

    def work(tx: Tx) -> Erased:
        found = tx.erasure.person(visitor_id)
        if found is None:
            raise not_found("visitor")
        browsers, contact_id = found
        return Erased(len(browsers), len(tx.erasure.erase(browsers, contact_id)))

    done = await store.write(work)
    log.info("erased", flow="erase", decision="erased", browsers=done.browsers, conversations=done.conversations)
    return done
