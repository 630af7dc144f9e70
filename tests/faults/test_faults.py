"""Every fault once or a few times, under load, against real processes: a short version of `make faults`, which runs the full counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.catalogue import FAULTS, Grounds
from tests.faults.scene import Fault, keep, play
from tests.faults.singles import SINGLES, Single

pytestmark = [pytest.mark.faults, pytest.mark.starts]
BUSY_S = 30.0
"""twice what is promised: here several test processes share two cores; `make faults` asks for what is promised"""
SHORT = [fault for fault in FAULTS if fault.short]


@pytest.mark.parametrize("fault", SHORT, ids=lambda fault: f"{fault.name} ({fault.stands})")
async def test_nothing_is_lost(fault: Fault, grounds: Grounds, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if fault.stands == "one":
        ground = grounds.one(fault)
    else:
        postgres, databases, redis = (request.getfixturevalue(name) for name in ("postgres", "databases", "redis_server"))
        ground = grounds.many(fault, postgres, databases, redis, count=2)
    result = await play(fault, ground, fault.short, within=BUSY_S)
    if not result.passed:
        keep(result, ground, tmp_path)
    assert {name: found[:5] for name, found in result.verdicts.items() if found} == {}, f"history and logs are in {tmp_path}"
    assert result.operations["ok"] > 20, "there was load"


@pytest.mark.parametrize("single", SINGLES, ids=lambda single: single.name)
async def test_nothing_is_lost_without_a_crowd_either(single: Single, grounds: Grounds) -> None:
    result = await single.run(grounds, single.short)
    assert {name: found[:5] for name, found in result.verdicts.items() if found} == {}
    assert result.operations["ok"] > 20, "there was load"
