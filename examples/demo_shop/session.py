"""One browser's session: who is signed in, what lies in the cart, how far the checkout got. Kept in the store, found by a cookie.

The middleware loads it before a handler and saves it after, only when it changed; a visit that only reads gets no cookie.
"""

import json
import secrets
from dataclasses import asdict, dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler

from .customers import CUSTOMERS, Customer
from .orders import Entry
from .site import SITE

COOKIE = "svalna_session"
FORGOTTEN = 30 * 24 * 3600


@dataclass(slots=True)
class Session:
    customer: str = ""  # id of a signed-in customer
    guest: str = ""  # customer id that this browser's guest orders carry
    guest_email: str = ""
    cart: list[Entry] = field(default_factory=list)  # {product_id, size, quantity}
    form: dict[str, str] = field(default_factory=dict)  # the checkout form, once it was valid
    pending_order: str = ""  # placed, but its payment failed: paid next time, not placed again
    voucher: str = ""
    events: list[Entry] = field(default_factory=list)  # GA4 events for the next page
    flash: str = ""  # key of a message for the next page
    signed_out: bool = False  # the next page tells the widget to forget who was signed in

    @property
    def account(self) -> Customer | None:
        return CUSTOMERS.get(self.customer)

    @property
    def owner(self) -> str:
        """The customer id under which this browser's orders are found; empty when it has none yet."""
        return self.customer or self.guest

    def as_guest(self, email: str) -> str:
        """The customer id for a guest's order; the same for all orders of this browser."""
        self.guest = self.guest or f"guest-{secrets.token_hex(8)}"
        self.guest_email = email
        return self.guest


SESSION = web.RequestKey("session", Session)


@web.middleware
async def remember(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.path.startswith(("/static/", "/shopbell/", "/healthz")):
        return await handler(request)
    store = request.app[SITE].store
    session_id = request.cookies.get(COOKIE, "")
    stored = store.session(session_id) if session_id else None
    session = request[SESSION] = Session(**(stored or {}))
    before = json.dumps(asdict(session))
    try:
        response = await handler(request)
    except web.HTTPException as answer:
        response = answer
    if json.dumps(asdict(session)) == before:
        return _answered(response)
    if stored is None or session.signed_out or stored["customer"] != session.customer:
        # Who signs in or out gets a new id, so that an id planted before is worth nothing.
        store.drop_session(session_id)
        session_id = secrets.token_urlsafe(24)
        response.set_cookie(COOKIE, session_id, max_age=FORGOTTEN, httponly=True, samesite="Lax", path="/", secure=request.secure)
    store.save_session(session_id, asdict(session))
    return _answered(response)


def _answered(response: web.StreamResponse) -> web.StreamResponse:
    if isinstance(response, web.HTTPException):
        raise response
    return response
