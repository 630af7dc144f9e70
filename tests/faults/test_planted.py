"""A bug in a running server is seen by the check that it breaks: crowd, history and checks, the whole chain."""

from __future__ import annotations

import pytest

from tests.faults.catalogue import Grounds
from tests.faults.scene import Fault, Scene, play

pytestmark = [pytest.mark.faults, pytest.mark.starts]
BUGS = {"ack unsaved": "lost", "notes told": "order", "told to all": "overheard"}


async def _nothing(scene: Scene) -> None:
    """No fault but the bug."""
    await scene.work(1.5, 2.0)
    scene.injected += 1


@pytest.mark.parametrize("bug", BUGS)
async def test_a_bug_in_a_running_server_is_seen(bug: str, grounds: Grounds) -> None:
    fault = Fault(bug, _nothing, 1, 1, env={"SHOPBELL_TEST_BUG": bug}, program="tests.faults.planted", patience_s=10)
    result = await play(fault, grounds.one(fault), 1)
    assert result.verdicts[BUGS[bug]], {name: found[:2] for name, found in result.verdicts.items() if found}
