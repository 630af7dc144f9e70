"""Who the shopper is, signed: the token for the widget, the link with which a guest finds an order again, and the one in each mail.

The token goes to the browser, so it carries only what the shopper knows anyway. Make it on the server for the session's own customer,
never from something that the page sent.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

import jwt

TOKEN_LIFE = timedelta(minutes=55)  # Shopbell takes at most one hour
MAIL_LIFE = timedelta(days=13)  # Shopbell takes at most fourteen days


def widget_token(secret: str, widget_key: str, customer_id: str, name: str, email: str, locale: str, now: datetime) -> str:
    """The JWT for `shopbell("identify", {token})`. A claim that is not known is left out."""
    claims: dict[str, str | int] = {
        "aud": widget_key,
        "sub": customer_id,
        "iat": int(now.timestamp()),
        "exp": int((now + TOKEN_LIFE).timestamp()),
        "locale": locale,
    }
    claims |= {key: value for key, value in (("name", name), ("email", email)) if value}
    return jwt.encode(claims, secret, algorithm="HS256")


def order_link(secret: str, order_id: str) -> str:
    """The last part of a guest's link. It opens this order and nothing else, so it may stand in a mail."""
    return f"{order_id}.{_seal(secret, order_id)}"


def order_of_link(secret: str, link: str) -> str | None:
    """The order id that a link opens, or None when the link was not made by us."""
    order_id, _, seal = link.rpartition(".")
    return order_id if order_id and hmac.compare_digest(seal.encode(), _seal(secret, order_id).encode()) else None


def mail_token(secret: str, widget_key: str, order_id: str, now: datetime) -> str:
    """The last part of the link in a mail about an order, and the token for `shopbell("order", {token})`: one for each mail.

    Signed like the identity token, but for this purpose and this order only: it signs nobody in.
    """
    claims: dict[str, str | int] = {
        "aud": widget_key,
        "purpose": "order",
        "order": order_id,
        "jti": secrets.token_urlsafe(12),
        "iat": int(now.timestamp()),
        "exp": int((now + MAIL_LIFE).timestamp()),
    }
    return jwt.encode(claims, secret, algorithm="HS256")


def order_of_mail(secret: str, widget_key: str, token: str) -> str | None:
    """The order id that a mail's link opens, or None when it is over, or was not made by us for that."""
    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"], audience=widget_key, options={"require": ["exp", "order", "purpose"]})
    except jwt.PyJWTError:
        return None
    return str(claims["order"]) if claims["purpose"] == "order" else None


def _seal(secret: str, order_id: str) -> str:
    digest = hmac.new(secret.encode(), f"order-link.{order_id}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:18]).decode()
