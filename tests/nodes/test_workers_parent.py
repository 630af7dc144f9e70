"""The parent of several processes, with small ones: what cannot be started is tried again, what hangs is killed, a roll leaves no extra."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from chat_server import workers
from chat_server.workers import Workers

SERVES = "#!/bin/sh\necho ready\nexec cat >/dev/null\n"
SERVES_LATE = "#!/bin/sh\nsleep 0.5\necho ready\nexec cat >/dev/null\n"
HANGS = "#!/bin/sh\ntrap '' TERM\necho ready\nwhile :; do sleep 0.1; done\n"


def script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


async def test_a_process_that_cannot_be_started_is_tried_again(tmp_path: Path) -> None:
    program, ready = tmp_path / "program", asyncio.Event()
    parent = Workers([str(program)], 2)
    running = asyncio.create_task(parent.run(ready.set))
    await asyncio.sleep(0.2)
    assert not running.done()
    script(tmp_path / "other", SERVES)
    (tmp_path / "other").rename(program)
    await asyncio.wait_for(ready.wait(), 20)
    parent._stop()
    await asyncio.wait_for(running, 20)
    assert parent._alive == set()


async def test_who_hangs_does_not_hold_the_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "STOP_S", 0.5)
    script(tmp_path / "program", HANGS)
    ready = asyncio.Event()
    parent = Workers([str(tmp_path / "program")], 1)
    running = asyncio.create_task(parent.run(ready.set))
    await asyncio.wait_for(ready.wait(), 20)
    parent._stop()
    await asyncio.wait_for(running, 20)
    assert parent._alive == set()


@pytest.mark.thorough
async def test_a_roll_before_all_serve_is_refused_and_later_leaves_as_many(tmp_path: Path) -> None:
    script(tmp_path / "program", SERVES_LATE)
    ready = asyncio.Event()
    parent = Workers([str(tmp_path / "program")], 2)
    running = asyncio.create_task(parent.run(ready.set))
    await asyncio.sleep(0.2)
    await parent._roll()
    assert len(parent._alive) == 2
    await asyncio.wait_for(ready.wait(), 20)
    before = set(parent._alive)
    await asyncio.wait_for(parent._roll(), 20)
    await asyncio.sleep(0.1)
    assert len(parent._alive) == 2
    assert not before & parent._alive
    parent._stop()
    await asyncio.wait_for(running, 20)
