"""Examples of the OpenAPI document. A test reads each with the type that its call takes."""

from __future__ import annotations

from typing import Any

CONVERSATION = "cnv_0f6c2a4f7d3e4b1c9a8e5d2f1b0c7a63"
MESSAGE = "msg_5b1d7c0e92f84a6db3e1f4a7c8d90e12"
CLIENT_ID = "0193a1c2-7b1e-7c44-9d4e-2f6a0b8c5d13"
_ABOUT: dict[str, Any] = {"conversation": CONVERSATION}
_MESSAGE: dict[str, Any] = {"message_id": MESSAGE}

EXAMPLES: dict[tuple[str, str], dict[str, Any]] = {
    ("shopper", "sync"): {**_ABOUT, "epoch": 1, "after": 12},
    ("shopper", "send_message"): {"text": "Where is my parcel?"},
    ("shopper", "mark_read"): {**_ABOUT, "through": 14},
    ("shopper", "set_typing"): {**_ABOUT, "typing": True},
    ("shopper", "request_agent"): _ABOUT,
    ("shopper", "proactive_seen"): _MESSAGE,
    ("shopper", "dismiss_proactive"): _MESSAGE,
    ("shopper", "proactive_clicked"): _MESSAGE,
    ("shopper", "accept_offer"): {"offer_id": "off_7c9e2b4d6f8a4c1e8b3d5f7a9c0e1b2d", "params": {"point": "WAW-1"}},
    ("shopper", "undo_offer"): {"offer_id": "off_7c9e2b4d6f8a4c1e8b3d5f7a9c0e1b2d"},
    ("shopper", "list_orders"): {},
    ("shopper", "open_order"): {"token": "eyJhbGciOiJIUzI1NiJ9.…"},
    ("shopper", "find_order"): {"number": "1001", "email": "name@mail.example"},
    ("shopper", "forget_order"): {"order_id": "A-1001"},
    ("shopper", "rate"): {**_ABOUT, "score": 5, "comment": "Quick and kind."},
    ("agent", "sync"): {**_ABOUT, "epoch": 1, "after": 12},
    ("agent", "set_availability"): {"availability": "online"},
    ("agent", "claim"): _ABOUT,
    ("agent", "reply"): {**_ABOUT, "text": "It is with the carrier and comes tomorrow.", "seen_seq": 14},
    ("agent", "add_note"): {**_ABOUT, "text": "Called the carrier, they found it."},
    ("agent", "assign"): {**_ABOUT, "agent": None},
    ("agent", "snooze"): {**_ABOUT, "until": "2026-12-01T09:00:00.000Z"},
    ("agent", "return_to_bot"): _ABOUT,
    ("agent", "resolve"): _ABOUT,
    ("agent", "mark_read"): {**_ABOUT, "through": 14},
    ("agent", "set_typing"): {**_ABOUT, "typing": False},
    ("agent", "invite"): {"visitor": "vis_2d4f6a8c0e1b3d5f7a9c1e3b5d7f9a0c", "text": "Can we help with the size?"},
    ("agent", "make_offer"): {**_ABOUT, "offer": "voucher", "order_id": "A-1001"},
    ("agent", "find_orders"): {"number": "1001"},
    ("agent", "explain_order"): {"order_id": "A-1001"},
    ("agent", "unbind_order"): {**_ABOUT, "order_id": "A-1001"},
    ("http", "messages"): {"text": "Where is my parcel?"},
    ("http", "visits"): {
        "key": "pk_shop",
        "page": {"url": "https://shop.example/checkout", "title": "Checkout"},
        "activities": [{"id": CLIENT_ID, "kind": "dwell", "ago_ms": 0, "data": {"url": "https://shop.example/checkout", "seconds": 60}}],
    },
    ("http", "webhook"): {"type": "order.updated", "timestamp": "2026-11-20T09:12:00.000Z", "data": {}},
}
ERROR: dict[str, Any] = {
    "ok": False,
    "error": {"code": "rate_limited", "message": "Too many at once. Try again shortly.", "retry_after_ms": 800},
}
DURABLE: dict[str, Any] = {"ok": True, **_ABOUT, "fact_id": f"{CONVERSATION}:15", "seq": 15, "epoch": 1}
