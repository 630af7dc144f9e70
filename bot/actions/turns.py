"""Rasa's view of the answers: the action that opens each turn, and one action for each kind of question (data/rules.yml).

The only file that knows rasa_sdk's Action. Must not hold words or facts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import order_answers, people_answers, product_answers
from actions.reply import Reply, choices, send
from actions.turn import NOT_UNDERSTOOD, PERSON, SMALL_TALK, Turn, read
from actions.words import Words

Answer = Callable[[Turn, Words], Awaitable[Reply]]

ASKED_OF_THE_SHOP: dict[str, Answer] = {
    "track_order": order_answers.track_order,
    "cancel_order": order_answers.cancel_order,
    "change_order": order_answers.change_order,
    "change_address": order_answers.change_order,
    "return_order": order_answers.return_order,
    "get_refund": order_answers.refund,
    "track_refund": order_answers.refund,
    "product_question": product_answers.product,
}


async def yes(turn: Turn, words: Words) -> Reply:
    """Yes to what was offered; to nothing in particular, the menu."""
    if turn.offered in (PERSON, "complaint"):
        return await people_answers.person(turn, words)
    if turn.offered:
        return await ASKED_OF_THE_SHOP.get(turn.offered, people_answers.topic)(turn, words)
    return Reply(words("affirm"), choices(words, "track_order", "return_order", "delivery", PERSON))


class OpenTurn(Action):
    """Runs first in every turn: the language from the metadata, what is remembered, and what was understood (for the chat server)."""

    def name(self) -> str:
        return "action_validate_slot_mappings"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        turn = read(tracker)
        dispatcher.utter_message(json_message={"turn": {"intent": turn.intent, "confidence": round(turn.confidence, 3)}})
        events = [SlotSet("language", turn.language)]
        if turn.intent not in NOT_UNDERSTOOD | SMALL_TALK | {PERSON}:
            events.append(SlotSet("topic", turn.intent))
        if turn.intent not in ("affirm", "deny"):
            events.append(SlotSet("offered", None))
            if turn.intent not in NOT_UNDERSTOOD:
                events.append(SlotSet("failures", 0))
        return events


class _Answering:
    """The name and the answer are given by the class. Not an Action itself: rasa_sdk registers every subclass of that."""

    called: str
    answer: Answer

    def name(self) -> str:
        return self.called

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        turn = read(tracker)
        return send(await type(self).answer(turn, Words(domain, turn)), turn, dispatcher)


class TrackOrder(_Answering, Action):
    called, answer = "action_track_order", staticmethod(order_answers.track_order)


class CancelOrder(_Answering, Action):
    called, answer = "action_cancel_order", staticmethod(order_answers.cancel_order)


class ChangeOrder(_Answering, Action):
    called, answer = "action_change_order", staticmethod(order_answers.change_order)


class ReturnOrder(_Answering, Action):
    called, answer = "action_return_order", staticmethod(order_answers.return_order)


class Refund(_Answering, Action):
    called, answer = "action_refund", staticmethod(order_answers.refund)


class AskProduct(_Answering, Action):
    called, answer = "action_product", staticmethod(product_answers.product)


class Topic(_Answering, Action):
    called, answer = "action_answer", staticmethod(people_answers.topic)


class Handoff(_Answering, Action):
    called, answer = "action_handoff", staticmethod(people_answers.person)


class NotUnderstood(_Answering, Action):
    called, answer = "action_not_understood", staticmethod(people_answers.not_understood)


class Yes(_Answering, Action):
    called, answer = "action_yes", staticmethod(yes)


class No(_Answering, Action):
    called, answer = "action_no", staticmethod(people_answers.no)
