"""Frames for the socket's fuzzer: good ones, bent ones, and nonsense, as Engine.IO and Socket.IO packets. The same seed makes the same.

Knows the wire and the examples of the document; sends nothing.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from random import Random
from typing import Any

from chat_server.inbound.openapi_examples import EXAMPLES

Frame = str | bytes
NAMESPACES = {"/shopper": "shopper", "/agent": "agent"}
NAMES = ["connect", "disconnect", "message", "error", "__init__", "trigger_event", "on_sync", "server", "", "*", "sync ", "SYNC", "\x00"]
TEXTS = ["", "x", "\x00", "\ud800", "ż" * 50, "‮abc", "'; --", "{}", "null", "a" * 5000, "4111 1111 1111 1111", "\\u0000", "🙂" * 20]
FIELDS = "conversation client_id text parts through typing score type until seen_seq _placeholder num".split()
NUMBERS = [0, -1, 1, 2**31, 2**53, 2**63, 2**64, 10**30, 1.5, -0.0, 1e308]
WORDS = ["NaN", "Infinity", "-Infinity", "[", "{", '{"a":', '"', "[[[[", "tru", "0x1", "01", "1e999", "\u2028", "[" * 3000, '{"a":' * 500]


class Frames:
    """`real` puts existing ids into bodies: conversation, message_id, visitor, agent."""

    def __init__(self, random: Random, real: dict[str, list[str]]) -> None:
        self._r = random
        self.real = real

    def next(self, namespace: str) -> Frame:
        """A frame of a WebSocket, text or bytes."""
        kinds: list[tuple[int, Callable[[str], Frame]]] = [
            (40, self.command), (20, self.bent), (12, self.event), (10, self.packet), (6, self.engine), (5, self.attached),
            (4, self.noise), (2, self.raw), (1, self.large),
        ]  # fmt: skip
        [kind] = self._r.choices([each for _, each in kinds], [weight for weight, _ in kinds])
        return kind(namespace)

    def command(self, namespace: str) -> str:
        """A command that fits its type, about things that exist as often as not."""
        door = NAMESPACES[namespace]
        name = self._r.choice([name for where, name in EXAMPLES if where == door])
        body = dict(EXAMPLES[door, name])
        for field, ids in self.real.items():
            if field in body and ids and self._r.random() < 0.7:
                body[field] = self._r.choice(ids)
        if name in ("send_message", "reply", "add_note", "invite"):
            body["client_id"] = str(uuid.UUID(int=self._r.getrandbits(128)))
        if name == "sync" and self._r.random() < 0.5:
            body = {}
        return f"42{namespace},{self._r.randrange(10**6)}" + json.dumps([name, body])

    def bent(self, namespace: str) -> Frame:
        """A good command with one to four wounds."""
        frame = list(self.command(namespace))
        for _ in range(self._r.randint(1, 4)):
            at = self._r.randrange(len(frame)) if frame else 0
            wound = self._r.randrange(5)
            if wound == 0 and frame:
                del frame[at : at + self._r.randint(1, 8)]
            elif wound == 1:
                frame.insert(at, self._r.choice('0123456789[]{}",:/-\\\x00\x1e é🙂'))
            elif wound == 2 and frame:
                frame[at] = chr(self._r.choice((self._r.randrange(32, 127), self._r.randrange(0x800, 0xD000))))
            elif wound == 3:
                frame = frame[:at]
            else:
                frame += frame[: self._r.randint(1, 20)]
        return "".join(frame)

    def event(self, namespace: str) -> str:
        """An event with a known or odd name, and whatever as its arguments."""
        door = NAMESPACES[namespace]
        names: list[Any] = [name for where, name in EXAMPLES if where == door] + NAMES + [None, 5, [], {}, True]
        arguments = [self.value(3) for _ in range(self._r.choice((0, 1, 1, 1, 1, 2, 5)))]
        identity = self._r.choice(("", "0", "7", str(10**20), "00"))
        return f"42{namespace},{identity}" + json.dumps([self._r.choice(names), *arguments])

    def value(self, depth: int) -> Any:
        """Any JSON, with the fields that commands have."""
        kind = self._r.randrange(8 if depth else 5)
        if kind == 0:
            return self._r.choice((None, True, False))
        if kind == 1:
            return self._r.choice(NUMBERS)
        if kind <= 4:
            return self._r.choice(TEXTS)
        if kind == 5:
            return [self.value(depth - 1) for _ in range(self._r.randrange(4))]
        return {self._r.choice(FIELDS): self.value(depth - 1) for _ in range(self._r.randrange(5))}

    def packet(self, namespace: str) -> str:
        """A Socket.IO packet of any type: connect again, leave, ack what nobody asked, an error from the wrong side."""
        kind = self._r.randrange(10)
        count = self._r.choice(("", "", "1-", "0-", "999999999-", "-", "1-1-"))
        where = self._r.choice((namespace, namespace, "/", "/nobody", "/agent", "/shopper", "/?x=1", "/" + "x" * 200, ""))
        data = self._r.choice(["", json.dumps(self.value(2)), self._r.choice(WORDS)])
        return f"4{kind}{count}{where}{self._r.choice((',', ',', ''))}{self._r.choice(('', '3', '-1'))}{data}"

    def attached(self, namespace: str) -> Frame:
        """Binary events with too many or too few attachments, and attachments out of nowhere."""
        kind = self._r.randrange(3)
        if kind == 0:
            return self._r.randbytes(self._r.choice((0, 1, 10, 2000)))
        holder = {"_placeholder": True, "num": self._r.choice((0, 1, -1, 99, "x", None))}
        return f"4{self._r.choice('56')}{self._r.choice(('1', '0', '2', '10', '500'))}-{namespace},1" + json.dumps(["send_message", holder])

    def engine(self, _namespace: str) -> str:
        """An Engine.IO packet of any type, with anything behind it."""
        return self._r.choice("01235678956b:") + self._r.choice(["", "probe", json.dumps(self.value(1)), *WORDS[:6], *TEXTS[:8]])

    def noise(self, _namespace: str) -> str:
        return "".join(chr(self._r.choice((self._r.randrange(128), self._r.randrange(0xD7FF)))) for _ in range(self._r.randrange(60)))

    def raw(self, _namespace: str) -> bytes:
        return self._r.randbytes(self._r.randrange(200))

    def large(self, namespace: str) -> str:
        """Around the limit of what one packet may be."""
        size = self._r.choice((4_000, 60_000, 250_000, 262_144, 300_000))
        return f"42{namespace},1" + json.dumps(["send_message", {"client_id": "client-large", "text": "x" * size}])

    def post(self, namespace: str) -> bytes:
        """The body of one polling POST: packets with their separators, and what only looks like them."""
        if self._r.random() < 0.05:
            return self._r.randbytes(self._r.randrange(300))
        packets = []
        for _ in range(self._r.choice((1, 1, 1, 2, 5, 17, 40))):
            frame = self.next(namespace)
            if len(frame) > 20_000:
                continue
            packets.append("b" + base64.b64encode(frame).decode() if isinstance(frame, bytes) else frame)
        if self._r.random() < 0.05:
            packets.append("b" + self._r.choice(("!", "a", "====", "é")))
        return "\x1e".join(packets).encode(errors="replace")
