"""The gallery: every designed state of widget and console as a page of scripted data, built and served for the tests."""

from __future__ import annotations

import functools
import http.server
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.node import programs
from tools.places import WIDGET


class _Files(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    """A browser asks for much at once; the default of 5 has it refused now and then."""


@contextmanager
def gallery_pages() -> Iterator[str]:
    """Builds the gallery and serves it; the address of its folder."""
    env = {**os.environ, "PATH": programs()}
    built = subprocess.check_output(["node", "build.mjs", "--gallery"], cwd=WIDGET, env=env, text=True, timeout=120)
    folder = Path(built.splitlines()[-1])
    server = _Server(("127.0.0.1", 0), functools.partial(_Files, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=5)
    server.server_close()
