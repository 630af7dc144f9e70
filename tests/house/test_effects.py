"""Each effect has one place, and the checker finds one that strayed."""

import pytest

from tests.house.effects import check
from tests.house.tree import Tree, the_tree


def test_the_tree_keeps_its_effects_in_place() -> None:
    assert check(the_tree()) == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("chat_server/inbound/shopper_socket.py", "async def f(sio):\n    await sio.emit('x', {})"),
        ("chat_server/flows/messages.py", "def f(self):\n    self.namespace.emit('x')"),
        ("chat_server/app.py", "def f(lane):\n    lane.broadcast('x', {}, ['everyone'], '/agent')"),
        ("chat_server/outbound/announcer.py", "async def f(sio):\n    await sio.eio.send_packet('x', None)"),
        ("chat_server/app.py", "import sqlalchemy"),
        ("order_status/http.py", "from sqlalchemy import select"),
        ("order_status/http.py", "from sqlalchemy import Connection, text"),
        ("order_status/ingest.py", "def f():\n    import sqlite3"),
        ("chat_server/app.py", "import os\nx = os.environ['A']"),
        ("chat_server/__main__.py", "import os\nx = os.getenv('A')"),
        ("bot/actions/client.py", "from os import environ"),
        ("chat_server/flows/clocks.py", "from datetime import datetime\nnow = datetime.now()"),
        ("order_status/watch.py", "import datetime\nnow = datetime.datetime.now(tz)"),
        ("chat_server/outbound/bot.py", "import time\nnow = time.time()"),
        ("chat_server/outbound/bot.py", "from time import time"),
        ("chat_server/core/sla.py", "from datetime import date\nnow = date.today()"),
        ("widget/console/app.tsx", "import { io } from 'socket.io-client';"),
        ("widget/shared/reducer.ts", 'const { io } = await import("socket.io-client");'),
    ],
)
def test_a_strayed_effect_is_found(path: str, code: str) -> None:
    assert len(check(Tree({path: code}))) == 1


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("chat_server/outbound/announcer.py", "async def f(sio):\n    await sio.emit('x', {})"),
        ("chat_server/outbound/announcer.py", "def f(lane):\n    lane.broadcast('x', {}, ['everyone'], '/agent')"),
        ("chat_server/outbound/lane_engine.py", "async def f(ws):\n    await ws.send_str('3probe')"),
        ("chat_server/outbound/store/visitors.py", "import sqlalchemy as sa"),
        ("order_status/tables.py", "from sqlalchemy import Table"),
        ("order_status/ingest.py", "from sqlalchemy import Connection"),
        ("chat_server/settings.py", "import os\nx = os.environ['A']"),
        ("chat_server/app.py", "from datetime import UTC, datetime\nclock = lambda: datetime.now(UTC)"),
        ("chat_server/outbound/bot.py", "import time\nbegan = time.monotonic()"),
        ("widget/shared/socket.ts", 'import { io } from "socket.io-client";'),
        ("widget/test/server.test.ts", 'import { io } from "socket.io-client";'),
        ("tests/faults/clock.py", "import time\nnow = time.time()"),
    ],
)
def test_an_effect_in_its_place_is_left_alone(path: str, code: str) -> None:
    assert check(Tree({path: code})) == []
