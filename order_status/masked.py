"""A stored webhook as an operator may look at it: laid out, with what leads to a person covered. Pure.

Decides by the name of a field and by the look of a value; what is no JSON is covered by its look alone.
"""

import json
import re
from typing import Any

_EMAIL = re.compile(r"[^\s\"'<>@,;:()]{1,64}@[^\s\"'<>@,;:()]{1,255}")
_PHONE = re.compile(r"\+\d[\d ().-]{6,18}\d")
_PERSONAL = re.compile(
    r"(e_?mail|phone|mobile|msisdn|first_?name|last_?name|full_?name|company\w*|street\w*|address|address_?[12]|address_?line.*|additional_?address.*"
    r"|line_?[12]|(house|building|flat)_?number|zip|zip_?code|post_?code|postal_?code|browser_ip|client_ip|ip_address)",
    re.IGNORECASE,
)
PEOPLE = re.compile(r"(customer|buyer|user|recipient|receiver|consignee|billing|shipping|address)\w*|\w*address", re.IGNORECASE)
"""names of what holds a person's details"""
COVER = "•••"


def laid_out(body: bytes, *, covered: bool) -> str:
    """The body as text, JSON indented. Never raises."""
    text = body.decode("utf-8", "replace")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return _by_look(text) if covered else text
    try:
        return json.dumps(_cover(data) if covered else data, indent=2, ensure_ascii=False)
    except RecursionError:
        return _by_look(text) if covered else text


def _cover(value: Any, person: bool = False) -> Any:
    if isinstance(value, dict):
        return {name: _field(name, inner, person) for name, inner in value.items()}
    if isinstance(value, list):
        return [_cover(inner, person) for inner in value]
    return _by_look(value) if isinstance(value, str) else value


def _field(name: str, value: Any, person: bool) -> Any:
    personal = _PERSONAL.fullmatch(name) or (person and name.lower() in ("name", "city"))
    if personal and isinstance(value, (str, int)) and not isinstance(value, bool):
        return COVER if value else value
    return _cover(value, person=bool(PEOPLE.fullmatch(name)))


def _by_look(text: str) -> str:
    return _PHONE.sub(COVER, _EMAIL.sub(COVER, text))
