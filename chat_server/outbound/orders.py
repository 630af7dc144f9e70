"""The shop's orders and its action endpoint, through the face of order_status. Walks a, b and e."""

from __future__ import annotations

from collections.abc import Sequence

from chat_server.core.model import Json
from chat_server.core.person import Known, Reached
from order_status import OfferAccepted, OrderStatus
from order_status import Person as OrderPerson


class ShopOrders:
    """The Orders port of the flows."""

    def __init__(self, status: OrderStatus) -> None:
        self._status = status

    async def of_customer(self, inbox_id: str, customer_id: str) -> list[Json]:
        """OrderViews, newest first."""
        return await self._status.orders(inbox_id, customer_id)

    async def order(self, inbox_id: str, order_id: str) -> Json | None:
        """One OrderView, whoever it is of."""
        return await self._status.order(inbox_id, order_id)

    async def named(self, inbox_id: str, order_ids: Sequence[str]) -> list[Json]:
        """OrderViews of these orders, newest first; whoever asks may see them."""
        return await self._status.orders_named(inbox_id, order_ids)

    async def proven(self, inbox_id: str, number: str, email: str | None, phone: str | None) -> Json | None:
        """The order with this number, if the shop knows it under this contact."""
        return await self._status.proven(inbox_id, number, email, phone)

    async def search(self, inbox_id: str, number: str) -> list[tuple[Json, str | None, str | None]]:
        """(OrderView, customer's id, customer's name) of every order with this number, for agents."""
        return [(each.view, each.customer_id, each.customer_name) for each in await self._status.search(inbox_id, number)]

    async def explain(self, inbox_id: str, order_id: str) -> Json | None:
        """What each webhook said of an order."""
        return await self._status.explain(inbox_id, order_id)

    async def forget(self, known: Known) -> Reached:
        """Empty what orders and stored webhooks tell of a person. May be repeated; it must be while some wait."""
        person = OrderPerson(known.customer_id, known.email, known.phone, known.order_ids, known.offer_ids)
        done = await self._status.forget_customer(known.inbox_id, person)
        return Reached(done.orders, done.waiting)

    async def deliver(self, offer: Json) -> tuple[str, str | None, float | None]:
        """One signed call: (done, refused, pending, retry or failed; reason; seconds to wait before a retry)."""
        accepted = OfferAccepted(
            offer_id=offer["id"],
            inbox_id=offer["inbox_id"],
            kind=offer["kind"],
            conversation=offer["conversation_id"],
            contact=offer["contact"],
            order_id=offer["order_id"],
            order_number=offer["order_number"],
            params=offer["params"],
            call=offer["call"],
            again=offer["again"],
        )
        delivery = await self._status.deliver(accepted)
        return delivery.status, delivery.reason, delivery.retry_after_s
