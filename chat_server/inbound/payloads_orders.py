"""What a client may send about orders, beside payloads.py: a guest's proofs, an agent's search. Walk f."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from chat_server.inbound.payloads import Id, Strict

OrderId = Annotated[str, Meta(min_length=1, max_length=128)]
Number = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"[^\s#]")]


class ListOrders(Strict, frozen=True):
    pass


class OpenOrder(Strict, frozen=True):
    token: Annotated[str, Meta(min_length=1, max_length=4096)]


class FindOrder(Strict, frozen=True):
    number: Number
    email: Annotated[str, Meta(max_length=254)] | None = None
    phone: Annotated[str, Meta(max_length=40)] | None = None


class ForgetOrder(Strict, frozen=True):
    order_id: OrderId


class FindOrders(Strict, frozen=True):
    number: Number


class ExplainOrder(Strict, frozen=True):
    order_id: OrderId


class UnbindOrder(Strict, frozen=True):
    conversation: Id
    order_id: OrderId
