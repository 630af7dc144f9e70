"""The door for shop backends: raw bytes in, a receipt out. Reads no more than a body may have; decides nothing. Walk b."""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from order_status.ingest import BODY_LIMIT, Receipt, refusal

Take = Callable[[str, Mapping[str, str], bytes], Awaitable[Receipt]]
Greet = Callable[[str, Mapping[str, str], str, str], Receipt]


def routes(take: Take, greet: Greet) -> list[web.RouteDef]:
    """`POST /webhooks/{source_id}`, and GET for the kinds of sender that try an address first; anything else is 405."""

    async def post(request: web.Request) -> web.Response:
        return _answer(await take(request.match_info["source_id"], request.headers, await _body(request)))

    async def other_method(request: web.Request) -> web.Response:
        receipt = refusal(405, "bad_request", "webhooks are sent with POST")
        if request.method == "GET":
            scheme = "https" if request.headers.get("X-Forwarded-Proto") == "https" else request.scheme
            address = f"{scheme}://{request.host}{request.path}"
            receipt = greet(request.match_info["source_id"], request.headers, request.raw_path.partition("?")[2], address)
        return _answer(receipt, {"Allow": "POST"} if receipt.status == 405 else None)

    return [web.post("/webhooks/{source_id}", post), web.route("*", "/webhooks/{source_id}", other_method)]


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
