"""The frames between servers, and their validation: names from a closed list, no room is ever named, no text of a message is in them.

A durable hint says how far a conversation has come; who hears of it, and what, is read from the database. Must not decide or do I/O.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import blake2b
from typing import Annotated, Any, Literal

import msgspec

from chat_server.core.model import Json

FRAME = 256
"""hints in one frame"""
LARGEST_HINT, LARGEST = 4096, 1024 * 1024 + 8192
"""bytes of a hint, and of a frame"""
SEAL = 16
"""bytes before a frame"""
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Word = Annotated[str, msgspec.Meta(max_length=300)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Refused(Exception):
    """A frame that no server of ours would send."""


class _Hint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="hint", omit_defaults=True):
    pass


class Facts(_Hint, tag="facts", frozen=True):
    """The conversation has facts after `after`, up to `seq`. The other fields say whom they may concern."""

    conversation: Id
    inbox: Id
    visitor: Id
    contact: Id | None
    epoch: Count
    after: Count
    seq: Count


class Passing(_Hint, tag="passing", frozen=True):
    """A passing event with its small body: to the browsers of one shopper, or to all shoppers or agents of an inbox."""

    event: Literal["typing_changed", "queue_moved", "presence_changed", "inbox_changed", "panel_changed", "order_changed"]
    to: Literal["shopper", "shoppers", "agents"]
    inbox: Id
    body: Json
    visitor: Id | None = None
    contact: Id | None = None


class Bound(_Hint, tag="bound", frozen=True):
    """The browser may have become a contact's; look it up."""

    visitor: Id


class SignedOut(_Hint, tag="signed_out", frozen=True):
    """A session of this agent may have ended; look them up."""

    agent: Id


class Wake(_Hint, tag="wake", frozen=True):
    """There may be something in the outbox of the orders."""


Hint = Facts | Passing | Bound | SignedOut | Wake


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    pass


class _Who(_Body):
    kind: Literal["visitor", "agent", "bot", "integration"]
    id: Id
    name: Word


class _Typing(_Body):
    conversation: Id
    who: _Who
    typing: bool


class _Place(_Body):
    conversation: Id
    position: Count


class _About(_Body):
    conversation: Id


class _Agent(_Body):
    id: Id
    name: Word
    availability: Literal["online", "away", "offline"]
    load: Count
    capacity: Count


class _Presence(_Body):
    agent: _Agent


class _Inbox(_Body):
    online: bool
    bot: Literal["ready", "loading", "off"]
    promised_minutes: Count | None


class _Order(_Body):
    order_id: Id


_BODIES: dict[str, Any] = {
    "typing_changed": _Typing, "queue_moved": _Place, "presence_changed": _Presence, "inbox_changed": _Inbox, "panel_changed": _About,
    "order_changed": _Order,
}  # fmt: skip
_frame = msgspec.json.Decoder(tuple[Id, Annotated[list[Hint], msgspec.Meta(max_length=FRAME)]])
_apart = msgspec.json.Decoder(tuple[Id, Annotated[list[msgspec.Raw], msgspec.Meta(max_length=FRAME)]])
_one = msgspec.json.Decoder(Hint)
_encoder = msgspec.json.Encoder()


def seal(key: bytes, frame: bytes) -> bytes:
    """The frame as it travels: 16 bytes that only who has the key can make (BLAKE2b, keyed), and the frame."""
    return blake2b(frame, digest_size=SEAL, key=key).digest() + frame


def opened(key: bytes, sealed: bytes) -> bytes:
    """The frame; raises Refused for what no server of ours has sealed."""
    if len(sealed) > SEAL + LARGEST:
        raise Refused("too large")
    frame = sealed[SEAL:]
    if not hmac.compare_digest(seal(key, frame), sealed):
        raise Refused("not sealed by us")
    return frame


def encode(hint: Hint) -> bytes:
    """Raises Refused for what a receiver would refuse."""
    try:
        data = _encoder.encode(hint)
    except ValueError:
        raise Refused("not text") from None
    if len(data) > LARGEST_HINT:
        raise Refused("too large")
    return data


def pack(node: str, hints: Sequence[bytes]) -> bytes:
    """`[node, [hint, …]]` of hints that are encoded already."""
    return b"[%b,[%b]]" % (_encoder.encode(node), b",".join(hints))


def unpack(frame: bytes) -> tuple[str, list[Hint], int]:
    """The sender, its hints, and how many of them were refused; raises Refused for a frame that is none."""
    if len(frame) > LARGEST:
        raise Refused("too large")
    try:
        node, hints = _frame.decode(frame)
        return node, [hint for hint in hints if _sound(hint)], sum(not _sound(hint) for hint in hints)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        pass  # one of them may be bad: they are read apart
    try:
        node, raw = _apart.decode(frame)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Refused(type(error).__name__) from None
    sound: list[Hint] = []
    for each in raw:
        try:
            hint = _one.decode(each)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            continue
        if _sound(hint):
            sound.append(hint)
    return node, sound, len(raw) - len(sound)


def _sound(hint: Hint) -> bool:
    """A passing event has the body of its name."""
    if not isinstance(hint, Passing):
        return True
    try:
        msgspec.convert(hint.body, _BODIES[hint.event])
    except msgspec.ValidationError:
        return False
    return True
