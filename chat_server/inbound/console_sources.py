"""The sources page of the console: how each shop backend is doing, what it sent, what could not be read, and what an operator must decide.

For supervisors of the inbox alone. Works without a script; every change is a form with the session's token. Must not know SQL.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from chat_server.core.model import Agent, Json, Role
from chat_server.errors import ClientError, Code
from chat_server.flows import offer_calls
from chat_server.flows.context import Context
from chat_server.flows.ports import Tx
from chat_server.inbound.console_pages import ConsolePages, language
from chat_server.inbound.console_words import say_in

MAY = frozenset({Role.OWNER, Role.ADMIN, Role.SUPERVISOR})
PAGE = "/console/sources"
SHOWN = 50
LONGEST = 256
log = structlog.get_logger("console_sources")


class Operations(Protocol):
    """The order room's operators' side. `handle` names a source; `by` who does it; what is done answers an outcome."""

    async def sources(self, inbox_id: str, health: Sequence[Json]) -> list[Json]: ...
    async def deliveries(
        self, inbox_id: str, handle: str | None = ..., order_id: str | None = ..., before: datetime | None = ..., limit: int = ...
    ) -> list[Json]: ...
    async def delivery(self, inbox_id: str, handle: str, delivery_id: str, by: str | None = ...) -> Json | None: ...
    async def letter(self, inbox_id: str, handle: str, digest: str) -> Json | None: ...
    async def waiting(self, inbox_id: str) -> Json: ...
    async def replay(self, inbox_id: str, handle: str, delivery_id: str, by: str) -> str: ...
    async def read_letter(self, inbox_id: str, handle: str, digest: str, by: str) -> str: ...
    async def drop_letter(self, inbox_id: str, handle: str, digest: str, by: str) -> str: ...
    async def decide(self, inbox_id: str, ident: str, verdict: Literal["corrected", "kept"], by: str) -> str: ...
    async def rebuild(self, inbox_id: str, order_id: str, by: str) -> str: ...
    async def note(self, inbox_id: str, by: str, action: str, object_: str, outcome: str) -> None: ...


class ConsoleSources:
    """Pages under /console/sources; mount before the console's other pages."""

    def __init__(self, context: Context, pages: ConsolePages, operations: Operations, health: Callable[[], Awaitable[list[Json]]]) -> None:
        self._context = context
        self._pages = pages
        self._operations = operations
        self._health = health
        self._acts: Mapping[str, Callable[[Agent, Mapping[str, str]], Awaitable[str]]] = {
            "replay": self._replay,
            "read": self._read,
            "drop": self._drop,
            "decide": self._decide,
            "rebuild": self._rebuild,
            "call": self._call,
        }

    def routes(self) -> list[web.RouteDef]:
        """What this door serves."""
        return [
            web.get(PAGE, self.page),
            web.get(f"{PAGE}/webhook", self.webhook),
            web.post(f"{PAGE}/webhook", self.uncovered),
            web.get(f"{PAGE}/letter", self.letter),
            web.post(f"{PAGE}/{{act}}", self.act),
        ]

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Everything about the inbox's sources."""
        agent, csrf = await self._supervisor(request)
        inbox_id = agent.inbox_id
        chosen = {name: _word(request.query.get(name)) for name in ("source", "order")}
        health = await self._operations.sources(inbox_id, await self._health())
        before = _moment(request.query.get("before"))
        rows = await self._operations.deliveries(inbox_id, chosen["source"], chosen["order"], before, SHOWN + 1)
        offers, names = await self._context.store.read(lambda tx: _offers_and_names(tx, inbox_id, self._context.clock()))
        waiting = await self._operations.waiting(inbox_id)
        older = {**chosen, "before": rows[SHOWN - 1]["received_at"].isoformat()} if len(rows) > SHOWN else {}
        return self._show(
            request,
            agent,
            "sources.html",
            csrf=csrf,
            sources=health,
            deliveries=rows[:SHOWN],
            older=f"{PAGE}?{urlencode({name: value for name, value in older.items() if value})}#webhooks" if older else None,
            chosen=chosen,
            offers=offers,
            said=_word(request.query.get("said")),
            **waiting,
            who=lambda by: names.get(by.removeprefix("agent:"), by.removeprefix("agent:")),
        )

    async def webhook(self, request: web.Request) -> web.StreamResponse:
        """One stored webhook; what leads to a person is covered."""
        agent, csrf = await self._supervisor(request)
        return await self._one(request, agent, csrf, request.query, None)

    async def uncovered(self, request: web.Request) -> web.StreamResponse:
        """The same in full: asked for by a form, and logged."""
        agent, csrf, form = await self._asked(request)
        return await self._one(request, agent, csrf, form, f"agent:{agent.id}")

    async def _one(self, request: web.Request, agent: Agent, csrf: str, asked: Mapping[str, str], by: str | None) -> web.StreamResponse:
        found = await self._operations.delivery(agent.inbox_id, _need(asked, "source"), _need(asked, "delivery"), by)
        if found is None:
            return await self._pages.unknown(request)
        return self._show(request, agent, "webhook.html", csrf=csrf, webhook=found, letter=False, covered=by is None)

    async def letter(self, request: web.Request) -> web.StreamResponse:
        """One that could not be read."""
        agent, csrf = await self._supervisor(request)
        found = await self._operations.letter(agent.inbox_id, _need(request.query, "source"), _need(request.query, "digest"))
        if found is None:
            return await self._pages.unknown(request)
        return self._show(request, agent, "webhook.html", csrf=csrf, webhook=found, letter=True, covered=True)

    async def act(self, request: web.Request) -> web.StreamResponse:
        """Do it, and go back to the page, which says what came of it."""
        act = self._acts.get(request.match_info["act"])
        if act is None:
            return await self._pages.unknown(request)
        agent, _, form = await self._asked(request)
        outcome = await act(agent, form)
        log.info("sources", flow="console_sources", decision=request.match_info["act"], reason=outcome)
        raise web.HTTPSeeOther(f"{PAGE}?{urlencode({'said': outcome})}")

    async def _replay(self, agent: Agent, form: Mapping[str, str]) -> str:
        return await self._operations.replay(agent.inbox_id, _need(form, "source"), _need(form, "delivery"), f"agent:{agent.id}")

    async def _read(self, agent: Agent, form: Mapping[str, str]) -> str:
        return await self._operations.read_letter(agent.inbox_id, _need(form, "source"), _need(form, "digest"), f"agent:{agent.id}")

    async def _drop(self, agent: Agent, form: Mapping[str, str]) -> str:
        return await self._operations.drop_letter(agent.inbox_id, _need(form, "source"), _need(form, "digest"), f"agent:{agent.id}")

    async def _decide(self, agent: Agent, form: Mapping[str, str]) -> str:
        given = _need(form, "verdict")
        if given not in ("corrected", "kept"):
            raise ClientError(Code.BAD_REQUEST, "`verdict` is `corrected` or `kept`.")
        verdict: Literal["corrected", "kept"] = "corrected" if given == "corrected" else "kept"
        return await self._operations.decide(agent.inbox_id, _need(form, "contradiction"), verdict, f"agent:{agent.id}")

    async def _rebuild(self, agent: Agent, form: Mapping[str, str]) -> str:
        return await self._operations.rebuild(agent.inbox_id, _need(form, "order"), f"agent:{agent.id}")

    async def _call(self, agent: Agent, form: Mapping[str, str]) -> str:
        offer_id = _need(form, "offer")
        try:
            await offer_calls.again(self._context, agent.inbox_id, offer_id)
            outcome = "called"
        except ClientError as error:
            outcome = error.code.value
        await self._operations.note(agent.inbox_id, f"agent:{agent.id}", "call", offer_id, outcome)
        self._context.wake()
        return outcome

    async def _supervisor(self, request: web.Request) -> tuple[Agent, str]:
        """Signed in, and with the rights; raises else."""
        found = await self._pages.signed_in(request)
        if found is None:
            raise web.HTTPFound(f"/console/login?{urlencode({'next': PAGE})}")
        if found[0].role not in MAY:
            raise self._not_yours(request) if request.method == "GET" else ClientError(Code.FORBIDDEN, "The sources are for supervisors.")
        return found

    def _not_yours(self, request: web.Request) -> web.HTTPForbidden:
        onward, text = {"href": "/console", "label": "To the inbox"}, "Ask one to look at the sources."
        shown = self._pages.page("message.html", 403, lang=language(request), title="For supervisors", text=text, action=onward, code=403)
        headers = {name: value for name, value in shown.headers.items() if name not in ("Content-Type", "Content-Length")}
        return web.HTTPForbidden(text=shown.text, content_type="text/html", headers=headers)

    async def _asked(self, request: web.Request) -> tuple[Agent, str, Mapping[str, str]]:
        """The same with the form that was sent; its token must be the session's."""
        agent, csrf = await self._supervisor(request)
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        if not hmac.compare_digest(form.get("csrf", "").encode(), csrf.encode()):
            raise ClientError(Code.FORBIDDEN, "The form's token does not match.")
        return agent, csrf, form

    def _show(self, request: web.Request, agent: Agent, name: str, **values: Any) -> web.Response:
        inbox = self._context.inboxes[agent.inbox_id]
        lang, zone = language(request), ZoneInfo(inbox.hours.zone)

        def when(moment: datetime | None) -> str:
            return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment is not None else "–"

        def span(stretch: timedelta | None) -> str:
            return _span(stretch, say_in(lang))

        return self._pages.page(name, lang=lang, inbox=inbox.name, when=when, span=span, plain=_plain, **values)


def _offers_and_names(tx: Tx, inbox_id: str, now: datetime) -> tuple[list[Json], dict[str, str]]:
    """Offers whose calls ended without the shop's word, with how often it was called; and the agents' names."""
    offers = tx.offers.unanswered(inbox_id, offer_calls.NO_WORD, SHOWN)
    calls = tx.offers.attempts([each["id"] for each in offers])
    return [{**each, "calls": len(calls[each["id"]])} for each in offers], {
        agent.id: agent.name for agent in tx.people.agents(inbox_id, now)
    }


def _need(asked: Mapping[str, str], name: str) -> str:
    found = _word(asked.get(name))
    if found is None:
        raise ClientError(Code.BAD_REQUEST, f"`{name}` is missing.")
    return found


def _word(text: str | None) -> str | None:
    """What can be printed of it: nothing else was ever stored under a name."""
    return "".join(letter for letter in text[:LONGEST] if letter.isprintable()) or None if text else None


def _moment(text: str | None) -> datetime | None:
    """A time from an address of our own; anything else counts as absent."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo is not None else found.replace(tzinfo=UTC)


def _span(span: timedelta | None, say: Callable[[str], str]) -> str:
    """A stretch of time in its largest unit."""
    if span is None:
        return "–"
    seconds = int(span.total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size or (seconds >= size and unit == "min"):
            return f"{seconds // size} {say(unit)}"
    return f"{max(seconds, 0)} {say('s')}"


def _plain(code: str | None) -> str:
    """A code as words."""
    return (code or "").replace("_", " ")
