"""The JavaScript Socket.IO client, whole and from Node, against the real server: what the wire promises to anybody's client."""

import os
import subprocess

from tests.processes import INBOX_KEY, ChatServer
from tools.node import programs
from tools.places import WIDGET


def test_the_library_of_others_speaks_with_our_server(server: ChatServer) -> None:
    named = {"SHOPBELL_TEST_URL": server.url, "SHOPBELL_TEST_KEY": INBOX_KEY, "SHOPBELL_TEST_ORIGIN": server.origin}
    ended = subprocess.run(
        ["node", "--test", "test/protocol.mjs"],
        cwd=WIDGET,
        env={**os.environ, **named, "PATH": programs()},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "# fail 0" in ended.stdout or "ℹ fail 0" in ended.stdout
