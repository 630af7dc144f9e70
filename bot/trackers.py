"""Rasa's memory of conversations, in the process and bounded: the least recently used conversation goes first, a long one is cut.

The chat server owns the conversation; what is lost here (after a restart too) is only which order was spoken of last.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker


class BoundedTrackers(InMemoryTrackerStore):
    """At most `conversations` trackers; one with more than `events` events keeps its slots and the last half."""

    def __init__(
        self, domain: Domain, event_broker: EventBroker | None = None, conversations: int = 2000, events: int = 300, **kwargs: Any
    ) -> None:
        super().__init__(domain, event_broker)
        self.store: OrderedDict[str, str] = OrderedDict()
        self._conversations = conversations
        self._events = events

    async def save(self, tracker: DialogueStateTracker) -> None:
        if not tracker.events:  # so the chat server has a conversation forgotten; a new one that is still empty is made again
            self.store.pop(tracker.sender_id, None)
            return
        await super().save(self._cut(tracker) if len(tracker.events) > self._events else tracker)
        self.store.move_to_end(tracker.sender_id)
        while len(self.store) > self._conversations:
            self.store.popitem(last=False)

    def _cut(self, tracker: DialogueStateTracker) -> DialogueStateTracker:
        tail = list(tracker.events)[-self._events // 2 :]
        while tail and not isinstance(tail[0], UserUttered):
            tail.pop(0)
        head: list[Event] = [ActionExecuted(ACTION_SESSION_START_NAME), SessionStarted()]
        head += [SlotSet(name, value) for name, value in tracker.current_slot_values().items()]
        head.append(ActionExecuted(ACTION_LISTEN_NAME))
        return DialogueStateTracker.from_events(tracker.sender_id, head + tail, slots=self.domain.slots)
