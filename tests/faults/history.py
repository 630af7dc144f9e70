"""What happened in one run: every operation, every client's view, and the database after the fault has healed.

Data only; the checks (checks.py) are pure functions of it. Times are seconds of one monotonic clock, that of the harness.
A message carries its own key, its question's key and its canaries in its text (words.py), so that they are found wherever it stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

Outcome = Literal["ok", "fail", "unknown"]
PRIVATE = frozenset({"context_recorded", "conversation_snoozed", "bot_answer_dropped"})
"""facts that a shopper is only told as `hidden`; so are notes"""


@dataclass(slots=True)
class Operation:
    """One attempt. `fail`: refused for good, surely not done. `unknown`: no answer, or one that says "try again".

    `kind`: send, reply, note, sync, webhook. `key`: the client id, or the effect of a webhook.
    `seq`: of the ack; for a sync the head it told.
    """

    client: str
    person: str
    kind: str
    key: str
    text: str
    invoked: float
    completed: float | None = None
    outcome: Outcome = "unknown"
    conversation: str | None = None
    seq: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """One fact as somebody has it: a reader's copy, or a row of the database. Without a message the last four are empty."""

    conversation: str
    seq: int
    fact: str
    at: float = 0.0
    message: str = ""
    key: str = ""
    sender: str = ""
    text: str = ""


@dataclass(slots=True)
class Thread:
    """A reader's copy of one conversation: facts after `start`, in the order in which they were applied."""

    start: int = 0
    sights: list[Sight] = field(default_factory=list)

    @property
    def last(self) -> int:
        return self.sights[-1].seq if self.sights else self.start


@dataclass(slots=True)
class View:
    """Everything that one socket reader holds, and whatever it was ever told, also what it did not keep."""

    client: str
    person: str
    role: Literal["shopper", "agent"]
    inbox: str
    rights: set[str]
    """canaries that it may be told"""
    threads: dict[str, Thread] = field(default_factory=dict)
    canaries: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    """conversations that were named to it"""
    closed: bool = False
    """a tab that was closed: it is not expected to have come to the end"""


@dataclass(slots=True)
class Stored:
    """One conversation of the database. `person`: its visitor."""

    id: str
    inbox: str
    person: str
    seq: int
    facts: list[Sight] = field(default_factory=list)
    created: int = 0
    """milliseconds; only compared"""


@dataclass(slots=True)
class History:
    """One run, whole. `healed`: when the fault had gone and everything that was sent had been answered; `read`: when views were taken."""

    operations: list[Operation] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    stored: list[Stored] = field(default_factory=list)
    turns: list[tuple[str, int]] = field(default_factory=list)
    """(conversation, trigger) of every bot turn in the database"""
    effects: list[str] = field(default_factory=list)
    """effects of order events in the database, `order:stage`"""
    said: set[str] = field(default_factory=set)
    """every text that the scripted bot answered"""
    within: float = 15.0
    """seconds in which views must equal the database: a heartbeat and 5 s"""
    healed: float = 0.0
    read: float = 0.0

    def counts(self) -> dict[str, int]:
        """Operations by outcome."""
        return {outcome: sum(each.outcome == outcome for each in self.operations) for outcome in ("ok", "fail", "unknown")}

    def save(self, path: Path) -> None:
        """As JSON, to look at after a verdict."""
        path.write_text(json.dumps(asdict(self), default=_plain, indent=1), encoding="utf-8")


def _plain(value: object) -> object:
    if isinstance(value, Iterable):
        return sorted(value)
    raise TypeError(type(value).__name__)
