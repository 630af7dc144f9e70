"""Reads an order's link: what the shop signed into it, for this inbox and for nothing else. Decides nothing about whom it binds. Walk f."""

from __future__ import annotations

import re

from chat_server.core.inbox import Inbox
from chat_server.core.order_access import Link
from chat_server.errors import ClientError, Code
from chat_server.inbound.auth import PURPOSE, lifetime, signed_by_shop

ORDER_LINK = "order"
LONGEST_LINK = 14 * 24 * 3600
"""seconds from `iat` to `exp`: a mail is read late, but not for ever"""
LINK_ID = re.compile(r"^[!-~]{8,128}$")


def order_link(inbox: Inbox, token: str, now: float) -> Link:
    """The order that the shop signed; `bad_request` for anything forged, over-long, of another inbox or made for another purpose.

    Not `unauthenticated`: whoever holds a bad link is still who they are, and a browser must not sign out over it.

    One that is merely past its `exp` comes back as `expired`: it opens nothing, and is answered like one that went round.
    """
    refused = ClientError(Code.BAD_REQUEST, "This link is not valid.")
    claims = signed_by_shop(inbox, token, ["order", "aud", "iat", "exp", "jti", PURPOSE], refused)
    order_id, link_id = claims["order"], claims["jti"]
    if claims[PURPOSE] != ORDER_LINK or "sub" in claims:
        raise refused
    if not isinstance(order_id, str) or not 0 < len(order_id) <= 128 or not isinstance(link_id, str) or not LINK_ID.match(link_id):
        raise refused
    return Link(order_id, link_id, expired=lifetime(claims, LONGEST_LINK, now, refused) < now)
