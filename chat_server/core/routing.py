"""Who gets the next conversation of the queue: the least loaded agent online, and among equals the longest without one.

Pure. Walk d. Nobody online or everybody full is an expected answer: None, and the queue waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from chat_server.core.model import Agent, Availability, Conversation, Role

NEVER = datetime.min.replace(tzinfo=UTC)


def answers(agent: Agent) -> bool:
    """Is there to answer: connected, online, and in a role that answers."""
    return agent.connected and agent.availability is Availability.ONLINE and agent.role is not Role.VIEWER


def free(agent: Agent) -> bool:
    """Answers, and may get one more."""
    return answers(agent) and agent.load < agent.capacity


def choose(agents: Iterable[Agent]) -> Agent | None:
    """The agent to assign to, or None when nobody is free."""
    return min(filter(free, agents), key=lambda agent: (agent.load, agent.last_assigned_at or NEVER, agent.id), default=None)


def queue_order(waiting: Iterable[Conversation]) -> list[Conversation]:
    """The queue, first to be served first: longest waiting, then oldest."""
    return sorted(waiting, key=lambda each: (each.queued_at or each.created_at, each.created_at, each.id))
