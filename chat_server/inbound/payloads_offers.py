"""What a client may send about offers, beside payloads.py: acceptance with what it asks for, undo, an agent's own. Walk e."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from chat_server.core.model import Json
from chat_server.inbound.payloads import ClientId, Id, Strict, cleaned


class Address(Strict, frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    street: Annotated[str, Meta(min_length=1, max_length=200)]
    postcode: Annotated[str, Meta(min_length=1, max_length=16)]
    city: Annotated[str, Meta(min_length=1, max_length=120)]
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")] | None = None
    phone: Annotated[str, Meta(max_length=32, pattern=r"^\+?[0-9 ()./-]{5,31}$")] | None = None


class OfferParams(Strict, frozen=True):
    point: Id | None = None
    store: Id | None = None
    address: Address | None = None


class AcceptOffer(Strict, frozen=True):
    offer_id: Id
    params: OfferParams | None = None


class UndoOffer(Strict, frozen=True):
    offer_id: Id


class MakeOffer(Strict, frozen=True):
    conversation: Id
    client_id: ClientId
    offer: Id
    order_id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None


def params_of(told: OfferParams | None) -> Json:
    """What came with an acceptance, without what was left out."""
    if told is None:
        return {}
    given: Json = {name: value for name, value in (("point", told.point), ("store", told.store)) if value is not None}
    if told.address is not None:
        fields = {name: getattr(told.address, name) for name in told.address.__struct_fields__}
        given["address"] = {name: cleaned(text) for name, text in fields.items() if text}
    return given
