"""`python -m examples.demo_shop`: settings, app, run."""

import logging
import sys

from aiohttp import web

from .app import make_app
from .settings import BadSettings, from_environment


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        settings = from_environment()
    except BadSettings as problem:
        print(f"demo shop: {problem}", file=sys.stderr)
        return 2
    print(f"demo shop: {settings.url}/  back office: {settings.url}/backoffice", flush=True)
    web.run_app(make_app(settings), host=settings.host, port=settings.port, print=None, access_log=None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
