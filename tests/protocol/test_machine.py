"""The state machine of the protocol on a real database; and that it sees what it is there to see."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from chat_server.core import conversation as core
from chat_server.core.facts import listed
from chat_server.flows import messages
from tests.postgres import Postgres
from tests.protocol.machine import Protocol
from tests.two_databases import sqlite_url

QUIET = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
SHORT = settings(QUIET, max_examples=20, stateful_step_count=20)
CURSORY = settings(QUIET, max_examples=80, stateful_step_count=20, database=None, derandomize=True, phases=[Phase.generate])


class OnSqlite(Protocol):
    def database_url(self) -> str:
        memory = Path("/dev/shm")  # where there is one: many short histories need no disk
        self.folder = tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
        return sqlite_url(Path(self.folder.name))

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.folder.cleanup()


@pytest.mark.thorough
def test_on_sqlite() -> None:
    run_state_machine_as_test(OnSqlite, settings=SHORT)


def test_on_postgresql(postgres: Postgres, postgres_template: str) -> None:
    class OnPostgres(Protocol):
        def database_url(self) -> str:
            return postgres.database(postgres_template)

        def teardown(self) -> None:
            try:
                super().teardown()
            finally:
                postgres.give_back(self.url)

    run_state_machine_as_test(OnPostgres, settings=settings(SHORT, max_examples=8))


def keeps_cursors(patch: pytest.MonkeyPatch) -> None:
    """A cursor of another epoch is taken for one of this."""

    def page(tx: Any, found: Any, _epoch: int | None, after: int | None, *, agent: bool) -> Any:
        start = after or 0
        facts = [listed(fact, agent=agent) for fact in tx.conversations.after(found.id, start)]
        return {"epoch": found.epoch, "start": start, "facts": facts, "complete": True, "reset": after is None}

    patch.setattr(messages, "page", page)


def leaves_out_the_last(patch: pytest.MonkeyPatch) -> None:
    """A reader who catches up misses the head."""
    real = messages.page

    def page(*args: Any, **more: Any) -> Any:
        told = real(*args, **more)
        return {**told, "facts": told["facts"][:-1]}

    patch.setattr(messages, "page", page)


def takes_repeats_for_others(patch: pytest.MonkeyPatch) -> None:
    """Every repeat looks like another message under the same id."""
    count = itertools.count()
    patch.setattr(messages.Draft, "digest", property(lambda _draft: f"digest-{next(count)}"))


def skips_a_place(patch: pytest.MonkeyPatch) -> None:
    """A seq is left out now and then."""
    real = core.shopper_wrote

    def wrote(conversation: Any, message: Any, *more: Any) -> Any:
        gap = 1 if message.preview.endswith("3") else 0
        return real(conversation._replace(seq=conversation.seq + gap), message, *more)

    patch.setattr(core, "shopper_wrote", wrote)


@pytest.mark.thorough
@pytest.mark.parametrize("plant", [keeps_cursors, leaves_out_the_last, takes_repeats_for_others, skips_a_place])
def test_a_planted_bug_is_seen(plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, ExceptionGroup)):
        run_state_machine_as_test(OnSqlite, settings=CURSORY)
