"""The widget's protocol test, with the whole JavaScript library from Node, against the real server.

Node is told to end with the last test: a socket that was refused keeps its ping timer for 45 s.
"""

import os
import subprocess

from tests.processes import INBOX_KEY, ChatServer
from tools.node import programs
from tools.places import WIDGET


def test_the_library_of_others_speaks_with_our_server(server: ChatServer) -> None:
    named = {"SHOPBELL_TEST_URL": server.url, "SHOPBELL_TEST_KEY": INBOX_KEY, "SHOPBELL_TEST_ORIGIN": server.origin}
    ended = subprocess.run(
        ["node", "--test", "--test-force-exit", "test/protocol.mjs"],
        cwd=WIDGET,
        env={**os.environ, **named, "PATH": programs()},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "# fail 0" in ended.stdout or "ℹ fail 0" in ended.stdout
