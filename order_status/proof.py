"""Whether what somebody types is the contact that the shop knows of an order. Pure; compares in constant time. Walk f.

What is missing, masked or too short proves nothing, on either side.
"""

import hmac
import unicodedata

from order_status.events import Customer

_LEAST_DIGITS = 8
_LONGEST_COUNTRY_CODE = 3


def is_theirs(known: Customer | None, email: str | None, phone: str | None) -> bool:
    """True when each of what is given fits, and something is given."""
    told = known or Customer(None)
    given = [fits for fits in (_same_email(told.email, email), same_phone(told.phone, phone) if phone else None) if fits is not None]
    return bool(given) and all(given)


def normal_email(address: str | None) -> str | None:
    """The address as it is compared; None for what is none, or is masked."""
    plain = unicodedata.normalize("NFKC", address or "").strip().casefold()
    name, at, domain = plain.rpartition("@")
    usable = at and name and "." in domain and "*" not in plain and not any(letter.isspace() for letter in plain)
    return plain if usable else None


def normal_phone(number: str | None) -> str | None:
    """Digits only, with a `+` before a number that begins with its country's code; None for what is none, or is masked."""
    plain = unicodedata.normalize("NFKC", number or "").strip()
    if "*" in plain or any(letter.isalpha() for letter in plain):
        return None
    digits = "".join(str(unicodedata.digit(letter)) for letter in plain if letter.isdigit())
    abroad = plain.startswith("+") or digits.startswith("00")
    digits = digits.lstrip("0")
    return None if len(digits) < _LEAST_DIGITS else f"+{digits}" if abroad else digits


def _same_email(told: str | None, typed: str | None) -> bool | None:
    """None: nothing was typed."""
    if not typed:
        return None
    one, other = normal_email(told), normal_email(typed)
    return _equal(one or "", other or "") and one is not None and other is not None


def same_phone(told: str | None, typed: str | None) -> bool:
    """Where one side leaves the country's code out, the rest of the number decides. What is none, or masked, is no other's."""
    one, other = normal_phone(told), normal_phone(typed)
    if one is None or other is None:
        return False
    short, long = sorted((one.lstrip("+"), other.lstrip("+")), key=len)
    home = len(long) - len(short) <= _LONGEST_COUNTRY_CODE and not (one.startswith("+") and other.startswith("+"))
    return _equal(short, long[len(long) - len(short) :] if home else long)


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
