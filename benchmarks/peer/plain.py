"""The second yardstick: python-socketio on aiohttp as it comes, with no database, doing what server.mjs does."""

import sys
from typing import Any

import socketio
from aiohttp import web

sio = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins=[])


async def ready(_request: web.Request) -> web.Response:
    return web.Response(text="ready")


pairs: dict[str, str] = {}


async def connect(sid: str, _environ: dict[str, Any], auth: dict[str, Any] | None) -> None:
    pairs[sid] = f"pair:{(auth or {}).get('pair')}"
    await sio.enter_room(sid, pairs[sid])


async def disconnect(sid: str, _reason: str) -> None:
    del pairs[sid]


async def sync(_sid: str, _body: object) -> dict[str, Any]:
    return {"ok": True}


async def send_message(sid: str, body: dict[str, Any]) -> dict[str, Any]:
    await sio.emit("message_created", body, room=pairs[sid], skip_sid=sid)
    return {"ok": True}


if __name__ == "__main__":
    for handler in (connect, disconnect, sync, send_message):
        sio.on(handler.__name__, handler)
    app = web.Application()
    app.add_routes([web.get("/", ready)])
    sio.attach(app)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None, backlog=4096)
