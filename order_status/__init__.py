"""Everything about the shop's backend: order events come in, what shoppers should hear goes out, accepted offers are delivered.

This is the room's public face; the chat server imports nothing else from here.
"""

from order_status.actions import ActionConfig
from order_status.app import OrderStatus
from order_status.calendars import DeliveryConfig
from order_status.events import Delivery, Effect, OfferAccepted, OfferSettled, OrderOverdue, StageChanged
from order_status.forgetting import Forgotten, forget_customer
from order_status.ingest import Receipt
from order_status.lookup import FoundOrder
from order_status.migrations import migrate
from order_status.migrations.moved import Mixed, lives_in, move
from order_status.sources import SourceConfig
from order_status.tables import metadata
from order_status.traces import Person
from order_status.writer import Writer

__all__ = [
    "ActionConfig",
    "Delivery",
    "DeliveryConfig",
    "Effect",
    "Forgotten",
    "FoundOrder",
    "Mixed",
    "OfferAccepted",
    "OfferSettled",
    "OrderOverdue",
    "OrderStatus",
    "Person",
    "Receipt",
    "SourceConfig",
    "StageChanged",
    "Writer",
    "forget_customer",
    "lives_in",
    "metadata",
    "migrate",
    "move",
]
