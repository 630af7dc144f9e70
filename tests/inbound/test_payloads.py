"""What a client may send, field by field: everything else is `bad_request`, and card numbers go no further than the door."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chat_server.errors import ClientError, Code
from chat_server.inbound import payloads as p
from chat_server.inbound import payloads_offers
from chat_server.inbound.beacon import report_of

ID, LONG = "cnv_" + "0" * 32, "x" * 4001
MESSAGE: dict[str, Any] = {"client_id": "client-1", "text": "Hello"}
REPLY: dict[str, Any] = {**MESSAGE, "conversation": ID, "seen_seq": 1}
BEACON: dict[str, Any] = {"key": "pk_demo", "page": {"url": "https://shop.example/"}}
ACTIVITY: dict[str, Any] = {"id": "activity-1", "kind": "page_view", "ago_ms": 0, "data": {}}

REFUSED: list[tuple[type, Any]] = [
    (p.SendMessage, {**MESSAGE, "color": "red"}), (p.SendMessage, {**MESSAGE, "text": ""}), (p.SendMessage, {**MESSAGE, "text": LONG}),
    (p.SendMessage, {**MESSAGE, "text": 5}), (p.SendMessage, {**MESSAGE, "text": b"bytes"}), (p.SendMessage, {"text": "no client id"}),
    (p.SendMessage, {**MESSAGE, "client_id": "short"}), (p.SendMessage, {**MESSAGE, "client_id": "x" * 65}),
    (p.SendMessage, {"client_id": "client-1", "parts": []}), (p.SendMessage, {"client_id": "client-1", "parts": [MESSAGE]}),
    (p.SendMessage, {"client_id": "client-1", "parts": [{"type": "text", "text": "x"}] * 21}),
    (p.SendMessage, {"client_id": "client-1", "parts": [{"type": "note", "text": "x"}]}),
    (p.SendMessage, {"client_id": "client-1", "parts": [{"type": "text", "text": "x", "bold": True}]}),
    (p.SendMessage, {"client_id": "client-1", "parts": [{"type": "order_card", "order": {}}]}),
    (p.SendMessage, {"client_id": "client-1", "parts": [{"type": "offer", "offer": {}}]}),
    (p.SendMessage, {"client_id": "client-1", "parts": [{"type": "contact_details", "email": "nobody"}]}),
    (p.SendMessage, {"client_id": "client-1", "parts": [{"type": "contact_details", "phone": "call me"}]}),
    (p.SendMessage, {"client_id": "client-1", "parts": [{"type": "choice", "value": "x", "title": "x"}]}),
    (p.SendMessage, []), (p.SendMessage, "text"), (p.SendMessage, None), (p.SendMessage, 7),
    (p.Sync, {"after": -1}), (p.Sync, {"after": 1.5}), (p.Sync, {"after": "1"}), (p.Sync, {"after": 2**53 + 1}),
    (p.Sync, {"since": 1}), (p.Sync, {"conversation": ""}), (p.Sync, {"conversation": "x" * 65}), (p.Sync, {"after": True}),
    (p.MarkRead, {"conversation": ID}), (p.MarkRead, {"conversation": ID, "through": -1}),
    (p.SetTyping, {"conversation": ID, "typing": "yes"}), (p.SetTyping, {"conversation": ID}),
    (p.Rate, {"conversation": ID, "score": 0}), (p.Rate, {"conversation": ID, "score": 6}),
    (p.Rate, {"conversation": ID, "score": 4.5}), (p.Rate, {"conversation": ID, "score": 5, "comment": "x" * 1001}),
    (payloads_offers.AcceptOffer, {}), (p.AboutMessage, {"message_id": ["x"]}), (p.RequestAgent, {"reason": "x"}),
    (p.Reply, {**REPLY, "seen_seq": None}), (p.Reply, {**REPLY, "text": LONG}), (p.Reply, {**REPLY, "internal": True}),
    (p.Reply, {"conversation": ID, "client_id": "client-1", "text": "x"}),
    (p.Reply, {**REPLY, "parts": [{"type": "contact_details", "email": "a@b.example"}]}),
    (p.AddNote, {**MESSAGE}), (p.Assign, {"conversation": ID}), (p.Assign, {"conversation": ID, "agent": ""}),
    (p.Snooze, {"conversation": ID, "until": "tomorrow"}), (p.Snooze, {"conversation": ID, "until": "2026-11-20T10:00:00"}),
    (p.SetAvailability, {"availability": "busy"}), (p.Invite, {"visitor": "vis_1", "client_id": "client-1"}),
    (p.AgentAuth, {}), (p.AgentAuth, {"csrf": "x" * 129}), (p.ShopperAuth, {"visitor": "x"}),
    (p.ShopperAuth, {"key": "pk", "identity": "x" * 4097}), (p.ShopperAuth, {"key": "pk", "admin": True}),
    (p.Beacon, {"key": "pk_demo"}), (p.Beacon, {**BEACON, "page": {"url": "x" * 2001}}),
    (p.Beacon, {**BEACON, "activities": [ACTIVITY] * 51}),
    (p.Beacon, {**BEACON, "activities": [{**ACTIVITY, "ago_ms": -1}]}), (p.Beacon, {**BEACON, "activities": [{**ACTIVITY, "at": "now"}]}),
    (p.Beacon, {**BEACON, "seen": ["x"] * 21}), (p.Beacon, {**BEACON, "consent": "yes"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "raw"), REFUSED, ids=[f"{kind.__name__}-{place}" for place, (kind, _) in enumerate(REFUSED)])
def test_what_is_refused(kind: type, raw: Any) -> None:
    with pytest.raises(ClientError) as refused:
        p.parse(raw, kind)
    assert refused.value.code is Code.BAD_REQUEST


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff", b'{"key": "\\ud800", "page": 5}', b"[" * 100_000, b"1e999"])
def test_a_body_that_is_no_beacon(raw: bytes) -> None:
    with pytest.raises(ClientError) as refused:
        p.parse_json(raw, p.Beacon)
    assert refused.value.code is Code.BAD_REQUEST


def test_every_struct_that_comes_from_outside_refuses_unknown_fields() -> None:
    classes = [each for module in (p, payloads_offers) for each in vars(module).values() if isinstance(each, type)]
    structs = [each for each in classes if issubclass(each, msgspec.Struct) and each is not msgspec.Struct]
    assert len(structs) > 20
    assert [each.__name__ for each in structs if not each.__struct_config__.forbid_unknown_fields] == []


def parts(text: str | None = None, *given: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    body: dict[str, Any] = {"parts": list(given)} if text is None else {"text": text}
    told = p.parse({"client_id": "client-1", **body}, p.SendMessage)
    return p.parts_of(told.text, told.parts)


def test_text_is_short_for_one_text_part() -> None:
    assert parts("Hello") == parts(None, {"type": "text", "text": "Hello"}) == ({"type": "text", "text": "Hello"},)
    assert parts("  Hello\n") == ({"type": "text", "text": "Hello"},)
    assert parts("a\x00b") == ({"type": "text", "text": "ab"},)
    assert parts("x" * 4000)[0]["text"] == "x" * 4000
    assert parts("👍🏽 zażółć")[0]["text"] == "👍🏽 zażółć"


@pytest.mark.parametrize("text", [" ", "\n\t", "\x00", " \x00 "])
def test_nothing_but_space_is_no_message(text: str) -> None:
    with pytest.raises(ClientError) as refused:
        parts(text)
    assert refused.value.code is Code.BAD_REQUEST


def test_either_text_or_parts() -> None:
    for text, given in ((None, None), ("x", [p.TextPart("x")])):
        with pytest.raises(ClientError) as refused:
            p.parts_of(text, given)
        assert refused.value.code is Code.BAD_REQUEST


def test_half_a_character_does_not_break_the_message() -> None:
    """A browser that cuts a string in the middle of an emoji sends a lone surrogate; it cannot be stored."""
    (part,) = parts("cut \ud83d")
    assert part["text"].encode() == "cut �".encode()
    told = p.parse_json(b'{"text": "cut \\ud83d and whole \\ud83d\\ude00"}', p.PostMessage)
    assert told.text == "cut � and whole 😀"


def test_cards_are_masked_at_the_door() -> None:
    assert parts("My card is 4111 1111 1111 1111.")[0]["text"] == "My card is •••• 1111."
    assert parts(None, {"type": "text", "text": "4111111111111111"})[0]["text"] == "•••• 1111"


def test_contact_details_need_a_way_to_answer() -> None:
    good = {"type": "contact_details", "email": "a@b.example"}
    assert parts(None, good) == (good,)
    assert parts(None, {"type": "contact_details", "phone": "+48 600 000 000"})[0]["phone"] == "+48 600 000 000"
    with pytest.raises(ClientError) as refused:
        parts(None, {"type": "contact_details", "name": "Demo customer"})
    assert refused.value.code is Code.BAD_REQUEST


def test_what_a_beacon_may_tell() -> None:
    report = report_of(p.parse({**BEACON, "activities": [ACTIVITY], "opt_outs": ["promo"]}, p.Beacon))
    assert [(each.id, each.kind, each.ago_ms) for each in report.activities] == [("activity-1", "page_view", 0)]
    with pytest.raises(ClientError) as unknown:
        report_of(p.parse({**BEACON, "opt_outs": ["everything"]}, p.Beacon))
    assert unknown.value.code is Code.BAD_REQUEST
    with pytest.raises(ClientError) as large:
        report_of(p.parse({**BEACON, "activities": [{**ACTIVITY, "data": {"x": "x" * 8001}}]}, p.Beacon))
    assert large.value.code is Code.TOO_LARGE


@pytest.mark.parametrize(
    ("name", "known"), [("Europe/Warsaw", True), ("Mars/Base", False), ("../../etc/passwd", False), ("", False), (None, False)]
)
def test_only_time_zones_that_exist(name: str | None, known: bool) -> None:
    assert p.zone_of(name) == (name if known else None)
