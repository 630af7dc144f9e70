"""The import table holds, and its checker sees what it must see."""

import pytest

from tests.house.imports import check
from tests.house.tree import Tree, the_tree

_OUTBOUND = {
    "chat_server/outbound/store/visitors.py": "",
    "chat_server/core/model.py": "",
    "order_status/store.py": "",
    "order_status/__init__.py": "",
}


def test_the_tree_follows_the_table() -> None:
    assert check(the_tree()) == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("chat_server/core/x.py", "import random"),
        ("chat_server/core/x.py", "from os import path"),
        ("chat_server/core/x.py", "from urllib.request import urlopen"),
        ("chat_server/core/x.py", "def f():\n    import time"),
        ("chat_server/core/x.py", "from chat_server.errors import Code"),
        ("chat_server/core/x.py", "from ..outbound.store import visitors"),
        ("chat_server/core/x.py", "import msgspec"),
        ("chat_server/flows/x.py", "from chat_server.outbound.store.visitors import V"),
        ("chat_server/flows/x.py", "from chat_server import outbound"),
        ("chat_server/flows/x.py", "import sqlalchemy.orm"),
        ("chat_server/flows/x.py", "from aiohttp import web"),
        ("chat_server/inbound/x.py", "from chat_server import settings"),
        ("chat_server/inbound/x.py", "from order_status import StageChanged"),
        ("chat_server/outbound/x.py", "from chat_server.flows import messages"),
        ("chat_server/outbound/x.py", "from order_status.store import Store"),
        ("chat_server/outbound/x.py", "from order_status import store"),
        ("chat_server/errors.py", "import chat_server.core.model"),
        ("order_status/stages.py", "import sqlite3"),
        ("order_status/shops/native.py", "from order_status import store"),
        ("order_status/ingest.py", "from chat_server.errors import Code"),
        ("bot/actions/x.py", "import chat_server"),
        ("examples/demo_shop/x.py", "from chat_server.core import model"),
        ("tools/x.py", "import yaml"),
        ("widget/shared/x.ts", 'import { a } from "../shopper/a";'),
        ("widget/shopper/deep/x.tsx", 'const a = await import("../../console/a");'),
        ("widget/console/x.ts", 'export * from "../shopper/a";'),
    ],
)
def test_a_forbidden_import_is_found(path: str, line: str) -> None:
    assert len(check(Tree({**_OUTBOUND, path: line}))) == 1


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("chat_server/core/x.py", "from datetime import datetime\nfrom chat_server.core.model import M\nfrom .model import M"),
        ("chat_server/flows/x.py", "from chat_server import errors\nfrom chat_server.core import model"),
        ("chat_server/outbound/x.py", "from order_status import SourceConfig\nimport order_status\nfrom chat_server.core.model import M"),
        ("chat_server/app.py", "from chat_server.outbound.store import visitors\nfrom order_status import OrderStatus"),
        ("order_status/ingest.py", "import sqlalchemy as sa\nfrom order_status import stages"),
        ("widget/console/x.ts", 'import { render } from "preact";\nimport { s } from "../shared/socket";'),
        ("chat_server/core/x.py", '"""import random"""'),
    ],
)
def test_an_allowed_import_is_left_alone(path: str, line: str) -> None:
    assert check(Tree({**_OUTBOUND, path: line})) == []
