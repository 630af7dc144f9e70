"""Turns a template into a page: the shopper's language, the Shopbell snippet with a signed identity, a strict CSP with a nonce.

Every page of the shop goes through `page`; the back office uses it too, without the snippet.
"""

import functools
import secrets
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from aiohttp import web

from . import texts
from .cart import Cart, cart_of
from .identity import widget_token
from .money import text as money
from .orders import Entry
from .session import SESSION, Session
from .site import SITE, Site

ZONE = ZoneInfo("Europe/Warsaw")


def locale_of(request: web.Request) -> str:
    """From the path; else the language the browser asks for. The back office is in English."""
    named = request.match_info.get("locale", "") or request.path[1:3]
    if named in texts.LOCALES:
        return named
    if request.path.startswith("/backoffice"):
        return "en"
    return "pl" if request.headers.get("accept-language", "").lower().startswith("pl") else "en"


def cart_in(request: web.Request, delivery: str = "courier") -> Cart:
    """The session's cart with today's prices and its voucher."""
    site, session = request.app[SITE], request[SESSION]
    worth = site.store.voucher_worth(session.voucher, session.owner) if session.voucher else None
    return cart_of(session.cart, site.catalogue, delivery, worth or 0)


def go(path: str) -> web.HTTPSeeOther:
    """To be raised after a form did its work, so that a reload does not do it again."""
    return web.HTTPSeeOther(path)


def page(request: web.Request, template: str, status: int = 200, events: tuple[Entry, ...] = (), **context: object) -> web.Response:
    """`events` are GA4 events of this page; those that wait in the session (from a form just before) go first."""
    site, session, locale = request.app[SITE], request[SESSION], locale_of(request)
    nonce = secrets.token_urlsafe(16)
    waiting, session.events = session.events, []
    flash, session.flash = session.flash, ""
    signed_out, session.signed_out = session.signed_out, False
    html = site.templates.get_template(template).render(
        locale=locale,
        nonce=nonce,
        t=functools.partial(site.texts.say, locale),
        n=functools.partial(site.texts.count, locale),
        known=functools.partial(site.texts.known, locale),
        money=lambda minor: money(minor, locale),
        day=lambda text: texts.day(locale, text),
        moment=lambda text: texts.moment(locale, text, ZONE),
        clock=lambda text: texts.clock(text, ZONE),
        catalogue=site.catalogue,
        session=session,
        theme=request.cookies.get("theme", ""),
        cart_count=cart_in(request).count,
        path=request.path,
        in_locale=lambda other: _in_locale(request, other),
        events=[*waiting, *events],
        flash=flash,
        signed_out=signed_out,
        shopbell=_snippet(site, session, locale),
        **context,
    )
    return web.Response(text=html, status=status, content_type="text/html", headers=_headers(site, nonce))


def _snippet(site: Site, session: Session, locale: str) -> dict[str, Any]:
    """What the snippet needs. The token is for the session's own customer, never for one that the page names."""
    account, token = session.account, ""
    if account is not None or session.guest:
        customer_id, name, email = (account.id, account.name, account.email) if account else (session.guest, "", session.guest_email)
        token = widget_token(site.settings.identity_secret, site.settings.widget_key, customer_id, name, email, locale, site.clock())
    return {"url": site.settings.shopbell_url, "key": site.settings.widget_key, "token": token}


def _in_locale(request: web.Request, other: str) -> str:
    """This very page in the other language."""
    rest = request.path[3:] if request.path[1:3] in texts.LOCALES else "/"
    query = urlencode(list(request.query.items()))
    return f"/{other}{rest or '/'}" + (f"?{query}" if query and request.method == "GET" else "")


def _headers(site: Site, nonce: str) -> dict[str, str]:
    """A strict policy: scripts by nonce and from the widget's origin, no inline style, no other origin. Copy it with your own origins."""
    base = urlsplit(site.settings.shopbell_url)
    widget = f"{base.scheme}://{base.netloc}"
    socket = f"{'wss' if base.scheme == 'https' else 'ws'}://{base.netloc}"
    policy = {
        "default-src": "'none'",
        "script-src": f"'nonce-{nonce}' {widget}",
        "style-src": "'self'",
        "img-src": f"'self' data: blob: {widget}",
        "font-src": "'self'",
        "connect-src": f"'self' {widget} {socket}",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }
    return {"content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()), "cache-control": "no-store"}
