"""The gallery: every designed state of widget and console as a page of scripted data, built and served for the tests."""

from __future__ import annotations

import asyncio
import functools
import http.server
import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from tests.browser.people import Person, no_violations, person
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


_SIDE_BY_SIDE = 2


async def faults(browser: Browser, page: str, scenes: Sequence[str], *, overhang: str, **sight: Any) -> list[str]:
    """What axe finds in each scene (a query of `page`), what stands out of it by `overhang` (a script that gives pixels), what fails.

    `sight`: of whom, as `person` takes it.
    """
    people = [await person(browser, **sight) for _ in range(_SIDE_BY_SIDE)]
    looked = await asyncio.gather(*(_look(who, page, scenes[nth::_SIDE_BY_SIDE], overhang) for nth, who in enumerate(people)))
    return [fault for found in looked for fault in found]


async def _look(who: Person, page: str, scenes: Sequence[str], overhang: str) -> list[str]:
    found = []
    for scene in scenes:
        await who.page.goto(f"{page}?{scene}")
        await who.page.wait_for_selector("[data-ready]")
        try:
            await no_violations(who.page)
        except AssertionError as error:
            found.append(f"{scene}: {error}")
        over = await who.page.evaluate(overhang)
        found += [f"{scene}: {over} px too wide"] * (over > 0)
    return found + [said for said in who.errors if "404" not in said]
