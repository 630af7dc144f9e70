"""The yardstick of `benchmarks.orders`: an aiohttp handler that checks the signature of a webhook and does nothing else."""

import sys
from datetime import UTC, datetime

import uvloop
from aiohttp import web

from order_status.shops.answers import Verified
from order_status.shops.standard_webhooks import verify


def made(secret: str) -> web.Application:
    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        good = isinstance(verify(request.headers, body, (secret,), datetime.now(UTC)), Verified)
        return web.json_response({"ok": good}, status=200 if good else 401)

    async def ready(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    app = web.Application(client_max_size=300_000)
    app.add_routes([web.post("/webhooks/{source_id}", take), web.get("/", ready)])
    return app


if __name__ == "__main__":
    port, key = sys.argv[1:]
    loop = uvloop.new_event_loop()
    web.run_app(made(key), host="127.0.0.1", port=int(port), print=None, access_log=None, loop=loop)
