"""The console's pages: sign in, sign out, the shell, and the two reads that the island makes over HTTP."""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
import structlog
from aiohttp import web

from chat_server.core.model import Agent
from chat_server.errors import ClientError, Code
from chat_server.flows import console
from chat_server.flows.context import Context
from chat_server.flows.people import token_hash
from chat_server.inbound import payloads as p
from chat_server.inbound.auth import agent_of, check_password, session, start_session
from chat_server.inbound.console_words import LANGUAGES, say_in
from chat_server.inbound.limits import Limits

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' https: data:; font-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
)
log = structlog.get_logger("console")


class ConsolePages:
    """Pages under /console, and /v1/agent."""

    def __init__(self, context: Context, limits: Limits, dist: Path, public_url: str, signed_out: Callable[[str], Awaitable[None]]) -> None:
        self._context = context
        self._limits = limits
        self._dist = dist
        self._signed_out = signed_out
        self._secure = public_url.startswith("https://")
        prefix = "__Host-" if self._secure else ""
        self.cookie = f"{prefix}shopbell_session"
        self._login_cookie = f"{prefix}shopbell_login"
        loader = jinja2.FileSystemLoader(Path(__file__).parents[1] / "templates")
        self._pages = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)

    def routes(self) -> list[web.RouteDef]:
        """What this door serves."""
        return [
            web.get("/", self.home),
            web.get("/console", self.shell),
            web.get("/console/login", self.login_page),
            web.post("/console/login", self.login),
            web.post("/console/logout", self.logout),
            web.get("/console/{rest:.*}", self.unknown),
            web.get("/v1/agent/conversations", self.listing),
            web.get("/v1/agent/conversations/{id}/panel", self.panel),
        ]

    async def home(self, _request: web.Request) -> web.StreamResponse:
        """The console is what a person looks for here."""
        raise web.HTTPFound("/console")

    async def signed_in(self, request: web.Request) -> tuple[Agent, str] | None:
        """(agent, csrf) of the request's session."""
        return await session(self._context, request.cookies.get(self.cookie))

    async def shell(self, request: web.Request) -> web.StreamResponse:
        """The frame in which the console's island draws."""
        found = await self.signed_in(request)
        if found is None:
            raise web.HTTPFound("/console/login")
        agent, csrf = found
        inbox = self._context.inboxes[agent.inbox_id]
        lang = language(request)
        boot = {
            "agent": {"id": agent.id, "name": agent.name, "role": agent.role.value},
            "csrf": csrf,
            "inbox": {"id": inbox.id, "name": inbox.name, "locales": list(inbox.locales), "color": inbox.color, "currency": inbox.currency},
            "locale": lang,
        }
        return self.page("console.html", lang=lang, boot=boot)

    async def login_page(self, request: web.Request) -> web.StreamResponse:
        """The form; already signed in: on to the console."""
        if await self.signed_in(request) is not None:
            raise web.HTTPFound("/console")
        return self._form(request, "", None, request.query.get("next", ""))

    async def login(self, request: web.Request) -> web.StreamResponse:
        """Same answer and time for an unknown e-mail as for a wrong password."""
        form = await request.post()
        email = p.parse(str(form.get("email", "")), str).strip().lower()[:254]
        password, csrf, onward = (str(form.get(name, "")) for name in ("password", "csrf", "next"))
        expected = request.cookies.get(self._login_cookie, "")
        if not expected or not hmac.compare_digest(expected.encode(), csrf.encode()):
            return self._form(request, email, "This page was open for too long. Please try again.", onward, status=403)
        try:
            self._limits.take("login", self._limits.peers.of(request.remote, request.headers.get("X-Forwarded-For")))
        except ClientError:
            return self._form(request, email, "Too many tries. Wait a minute, then try again.", onward, status=429)
        known = await self._context.store.read(lambda tx: tx.people.login(email))
        ok = await asyncio.to_thread(check_password, known[1] if known else None, password[:1024])
        if known is None or not ok:
            log.info("login", flow="login", decision="refused")
            return self._form(request, email, "E-mail or password is wrong.", onward, status=401)
        token = await start_session(self._context, known[0])
        log.info("login", flow="login", decision="ok")
        response = web.HTTPSeeOther(onward if onward.startswith("/console") else "/console")
        self._set(response, self.cookie, token, max_age=7 * 24 * 3600)
        response.del_cookie(self._login_cookie, path="/")
        return response

    async def logout(self, request: web.Request) -> web.StreamResponse:
        """Ends the session; needs its CSRF token."""
        found = await self.signed_in(request)
        token = request.cookies.get(self.cookie, "")
        if found is not None:
            form = await request.post()
            if not hmac.compare_digest(str(form.get("csrf", "")).encode(), found[1].encode()):
                raise ClientError(Code.FORBIDDEN, "The form's token does not match.")
            await self._context.store.write(lambda tx: tx.people.end_session(token_hash(token)))
            await self._signed_out(token)
        response = web.HTTPSeeOther("/console/login")
        response.del_cookie(self.cookie, path="/")
        return response

    async def unknown(self, request: web.Request) -> web.StreamResponse:
        """A page that the console does not have."""
        onward = {"href": "/console", "label": "To the inbox"}
        text = "The address may be mistyped, or the page has moved."
        return self.page("message.html", 404, lang=language(request), title="There is no such page", text=text, action=onward, code=404)

    async def listing(self, request: web.Request) -> web.Response:
        """Resolved conversations."""
        agent = await agent_of(self._context, request.cookies.get(self.cookie), "sync")
        if request.query.get("view") != "resolved":
            raise ClientError(Code.BAD_REQUEST, "`view` is `resolved`.")
        return web.json_response({"ok": True, **await console.resolved(self._context, agent)})

    async def panel(self, request: web.Request) -> web.Response:
        """The panel of one conversation."""
        agent = await agent_of(self._context, request.cookies.get(self.cookie), "sync")
        return web.json_response({"ok": True, **await console.panel(self._context, agent, p.parse(request.match_info["id"], p.Id))})

    def _form(self, request: web.Request, email: str, error: str | None, onward: str, status: int = 200) -> web.Response:
        csrf = secrets.token_urlsafe(24)
        response = self.page("login.html", status=status, lang=language(request), csrf=csrf, email=email, error=error, next=onward)
        self._set(response, self._login_cookie, csrf, max_age=3600)
        return response

    def _set(self, response: web.StreamResponse, name: str, value: str, max_age: int) -> None:
        response.set_cookie(name, value, path="/", httponly=True, secure=self._secure, samesite="Lax", max_age=max_age)

    def page(self, name: str, status: int = 200, *, lang: str, **values: Any) -> web.Response:
        """A template in one language, with the policy of the console's pages."""
        try:
            text = self._pages.get_template(name).render(asset=self._asset, lang=lang, dir="ltr", say=say_in(lang), **values)
        except FileNotFoundError:
            raise web.HTTPServiceUnavailable(text="The browser code is not built yet. Run: make widget\n") from None
        headers = {"Content-Security-Policy": CSP, "Cache-Control": "no-store", "X-Frame-Options": "DENY"}
        return web.Response(text=text, content_type="text/html", status=status, headers=headers)

    def _asset(self, name: str) -> str:
        """The address of a built file; the manifest lists the hashed names."""
        manifest = json.loads((self._dist / "manifest.json").read_text(encoding="utf-8"))
        return f"/widget/{manifest.get(name, name)}"


def language(request: web.Request) -> str:
    """The first of the browser's languages that the console speaks."""
    for entry in request.headers.get("Accept-Language", "").split(","):
        tag = entry.split(";")[0].strip().split("-")[0].lower()
        if tag in LANGUAGES:
            return tag
    return "en"


def own_origin(public_url: str, port: int) -> Callable[[str], bool]:
    """Whether an Origin header is one of ours: the public address, or this machine by name or number."""
    public = urlsplit(public_url)
    own = {f"{public.scheme}://{public.netloc}"}
    if public.scheme == "http" and public.hostname in ("127.0.0.1", "localhost"):
        own |= {f"http://{host}:{port}" for host in ("127.0.0.1", "localhost")}
    return lambda origin: origin in own
