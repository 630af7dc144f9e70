"""Who gets the next conversation: load first, then whoever has waited longest for one; and who is served first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chat_server.core.model import Agent, Availability, Role, Status
from chat_server.core.routing import choose, free, queue_order
from tests.core.chat import NOW, agent, conversation


def ago(minutes: int) -> object:
    return NOW - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("who", "may"),
    [
        (agent(), True), (agent(load=3), True), (agent(load=4), False), (agent(load=5), False), (agent(connected=False), False),
        (agent(availability=Availability.AWAY), False), (agent(availability=Availability.OFFLINE), False), (agent(role=Role.VIEWER), False),
        (agent(role=Role.SUPERVISOR), True), (agent(role=Role.OWNER), True), (agent(role=Role.ADMIN), True), (agent(capacity=0), False),
    ],
)  # fmt: skip
def test_who_may_get_one_more(who: Agent, may: bool) -> None:
    assert free(who) is may
    assert choose([who]) == (who if may else None)


@pytest.mark.parametrize(
    ("agents", "chosen"),
    [
        ([], None),
        ([agent("a", load=1), agent("b", load=0)], "b"),
        ([agent("a", load=1, last_assigned_at=ago(60)), agent("b", load=0, last_assigned_at=ago(1))], "b"),
        ([agent("a", last_assigned_at=ago(1)), agent("b", last_assigned_at=ago(2))], "b"),
        ([agent("a", last_assigned_at=ago(1)), agent("b")], "b"),
        ([agent("b"), agent("a")], "a"),
        ([agent("a", load=4), agent("b", load=3)], "b"),
        ([agent("a", availability=Availability.AWAY), agent("b", load=3)], "b"),
    ],
)
def test_the_least_loaded_and_among_equals_the_longest_without(agents: list[Agent], chosen: str | None) -> None:
    found = choose(agents)
    assert (found.id if found else None) == chosen
    again = choose(reversed(agents))
    assert (again.id if again else None) == chosen, "whatever the order"


def test_equals_take_turns() -> None:
    agents = {name: agent(name) for name in "abc"}
    turns = []
    for minute in range(6):
        found = choose(agents.values())
        assert found is not None
        turns.append(found.id)
        agents[found.id] = replace(found, load=found.load + 1, last_assigned_at=NOW + timedelta(minutes=minute))
    assert turns == ["a", "b", "c", "a", "b", "c"]


def test_the_queue_is_served_in_the_order_of_arrival() -> None:
    first = conversation(Status.QUEUED, id="cnv_b", queued_at=ago(10))
    second = conversation(Status.QUEUED, id="cnv_a", queued_at=ago(5))
    twin = conversation(Status.QUEUED, id="cnv_c", queued_at=ago(5))
    older = conversation(Status.QUEUED, id="cnv_d", queued_at=ago(5), created_at=ago(600))
    assert [each.id for each in queue_order([twin, second, older, first])] == ["cnv_b", "cnv_d", "cnv_a", "cnv_c"]
    assert queue_order([]) == []
