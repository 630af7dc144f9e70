"""The door for shop backends: raw bytes in, a receipt out. Reads no more than a body may have; decides nothing. Walk b."""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from order_status.ingest import BODY_LIMIT, Receipt, refusal

Take = Callable[[str, Mapping[str, str], bytes], Awaitable[Receipt]]


def routes(take: Take) -> list[web.RouteDef]:
    """`POST /webhooks/{source_id}`; any other method is 405."""

    async def post(request: web.Request) -> web.Response:
        return _answer(await take(request.match_info["source_id"], request.headers, await _body(request)))

    async def wrong_method(request: web.Request) -> web.Response:
        return _answer(refusal(405, "bad_request", "webhooks are sent with POST"), {"Allow": "POST"})

    return [web.post("/webhooks/{source_id}", post), web.route("*", "/webhooks/{source_id}", wrong_method)]


async def _body(request: web.Request) -> bytes:
    """The raw body; of one that is too large only so much that this can be seen."""
    body = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > BODY_LIMIT:
            break
    return bytes(body)


def _answer(receipt: Receipt, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response(receipt.body, status=receipt.status, headers=headers)
