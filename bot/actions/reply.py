"""What an action says in one turn, and how it is put into Rasa's answer: a text with buttons, an order card, a handoff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.orders import Order, card
from actions.turn import PERSON, Turn

_TRIED = 8


@dataclass(frozen=True, slots=True)
class Reply:
    """`buttons` are (title, payload); `order` is remembered, and shown as a card with `show`; `products`
    are ids whose cards are shown; `offered` is what "yes" would mean next;
    `done` is noted for the agent."""

    text: str
    buttons: tuple[tuple[str, str], ...] = ()
    order: Order | None = None
    show: bool = True
    products: tuple[str, ...] = ()
    handoff: str | None = None
    offered: str | None = None
    failed: bool = False
    done: str | None = None


def send(reply: Reply, turn: Turn, dispatcher: CollectingDispatcher) -> list[dict[str, Any]]:
    """Say it; the events are what is remembered of it."""
    number = str(reply.order["number"]) if reply.order else turn.number
    tried = [*turn.tried, reply.done][-_TRIED:] if reply.done else list(turn.tried)
    buttons = [{"title": title, "payload": payload} for title, payload in reply.buttons]
    dispatcher.utter_message(text=reply.text, buttons=buttons or None)
    if reply.order is not None and reply.show:
        dispatcher.utter_message(json_message={"order": card(reply.order)})
    if reply.products:
        dispatcher.utter_message(json_message={"products": list(reply.products)})
    if reply.handoff is not None:
        handoff = {
            "reason": reply.handoff,
            "intent": turn.topic or turn.intent,
            "confidence": round(turn.confidence, 3),
            "tried": tried,
            "mood": turn.mood,
            "order_number": number,
        }
        dispatcher.utter_message(json_message={"handoff": handoff})
    return [
        SlotSet("order_number", number),
        SlotSet("offered", reply.offered),
        SlotSet("failures", turn.failures + 1 if reply.failed and not reply.handoff else 0),
        SlotSet("tried", [] if reply.handoff else tried),
    ]


def choices(words: Any, *intents: str, number: str | None = None) -> tuple[tuple[str, str], ...]:
    """A button for each intent, titled in the shopper's language; with `number`, the order rides along (not to a person)."""
    return tuple((words(f"title_{intent}"), payload(intent, number if intent != PERSON else None)) for intent in intents)


def payload(intent: str, number: str | None = None) -> str:
    return f'/{intent}{{"order_number": "{number}"}}' if number else f"/{intent}"


def others(words: Any, rows: Sequence[Order], but: Order | None, intent: str) -> tuple[tuple[str, str], ...]:
    """A button for each of up to three other orders, asking the same of it."""
    rest = [row for row in rows if but is None or row["order_id"] != but["order_id"]][:3]
    return tuple((words("title_order", number=row["number"]), payload(intent, str(row["number"]))) for row in rest)
