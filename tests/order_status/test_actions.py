"""Walk e, our half: an accepted offer is one signed call to a real server, whatever is clicked twice, and each answer has its outcome."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from order_status import ActionConfig, Delivery
from order_status.actions import Actions
from order_status.shops.standard_webhooks import Verified, verify
from tests.order_status.action_shop import DONE, OFFER, Shop, actions, says, shop
from tests.order_status.world import NOW, SECRET, World


async def test_the_call_is_signed_and_says_what_was_accepted(world: World) -> None:
    async with shop(says({**DONE, "reason": "voucher X", "more": 1})) as at:
        assert await actions(world, at).deliver(OFFER) == Delivery("done", "voucher X")
    ((headers, body),) = at.calls
    assert verify(headers, body, [SECRET], NOW) == Verified("off_1")
    assert headers["idempotency-key"] == "off_1"
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {
        "type": "offer.accepted",
        "timestamp": "2026-11-20T10:00:00Z",
        "data": {
            "offer_id": "off_1",
            "kind": "voucher",
            "conversation": "cnv_1",
            "contact": {"customer_id": "c-7", "name": "Demo customer A"},
            "order_id": "A-1001",
            "order_number": "1001",
            "params": {"value": 1000},
        },
    }


async def test_a_double_click_is_one_call_with_one_outcome(world: World) -> None:
    async def slow(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.05)
        return web.json_response(DONE)

    async with shop(slow) as at:
        hands = actions(world, at)
        assert await asyncio.gather(*[hands.deliver(OFFER) for _ in range(5)]) == [Delivery("done")] * 5
        assert await hands.deliver(OFFER) == Delivery("done")
        assert await actions(world, at).deliver(OFFER) == Delivery("done")  # as after a restart
        assert len(at.calls) == 1
        await hands.deliver(replace(OFFER, offer_id="off_2"))
        assert len(at.calls) == 2


async def test_who_goes_away_does_not_stop_the_call(world: World) -> None:
    async def slow(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.1)
        return web.json_response(DONE)

    async with shop(slow) as at:
        hands = actions(world, at)
        clicked = asyncio.create_task(hands.deliver(OFFER))
        await asyncio.sleep(0.02)
        clicked.cancel()
        assert await hands.deliver(OFFER) == Delivery("done")
        assert len(at.calls) == 1


async def test_a_refusal_has_its_reason_and_is_final(world: World) -> None:
    async with shop(says({"status": "refused", "reason": "already on its way"})) as at:
        hands = actions(world, at)
        for _ in range(2):
            assert await hands.deliver(OFFER) == Delivery("refused", "already on its way")
        assert len(at.calls) == 1


async def test_202_is_pending_until_the_shop_settles_it(world: World) -> None:
    async with shop(says(b"", 202)) as at:
        hands = actions(world, at)
        assert await hands.deliver(OFFER) == Delivery("pending")
        assert await hands.deliver(OFFER) == Delivery("pending")
        await world.send({"offer_id": "off_1", "status": "refused", "reason": "sold out"}, kind="offer.settled")
        assert await hands.deliver(OFFER) == Delivery("refused", "sold out")
        assert len(at.calls) == 1


async def test_after_retry_the_next_call_has_the_same_key_and_a_signature_of_its_own_time(world: World) -> None:
    answers = [says({}, 503, {"Retry-After": "7"}), says(DONE)]

    async def in_turn(request: web.Request) -> web.StreamResponse:
        return await answers.pop(0)(request)

    async with shop(in_turn) as at:
        hands = actions(world, at)
        assert await hands.deliver(OFFER) == Delivery("retry", "http_503", 7)
        later = world.clock.pass_(minutes=30)
        assert await hands.deliver(OFFER) == Delivery("done")
    (first, _), (second, body) = at.calls
    assert first["webhook-id"] == second["webhook-id"] == first["idempotency-key"] == second["idempotency-key"] == "off_1"
    assert verify(second, body, [SECRET], later) == Verified("off_1")


@pytest.mark.parametrize(
    ("status", "delivery"),
    [
        (400, Delivery("failed", "http_400")),
        (401, Delivery("failed", "http_401")),
        (404, Delivery("failed", "http_404")),
        (422, Delivery("failed", "http_422")),
        (408, Delivery("retry", "http_408")),
        (409, Delivery("retry", "http_409")),
        (425, Delivery("retry", "http_425")),
        (429, Delivery("retry", "http_429")),
        (500, Delivery("retry", "http_500")),
        (502, Delivery("retry", "http_502")),
    ],
)
async def test_each_status_has_its_outcome(world: World, status: int, delivery: Delivery) -> None:
    async with shop(says({}, status)) as at:
        hands = actions(world, at)
        assert await hands.deliver(OFFER) == delivery
        assert await hands.deliver(OFFER) == delivery
        assert len(at.calls) == 2


async def test_an_address_that_is_gone_is_not_called_again_until_it_is_another(world: World) -> None:
    async with shop(says({}, 410)) as at:
        gone = Delivery("failed", "gone")
        assert await actions(world, at).deliver(OFFER) == gone
        assert await actions(world, at).deliver(OFFER) == gone
        assert await actions(world, at).deliver(replace(OFFER, offer_id="off_2")) == gone
        assert len(at.calls) == 1, "also after a restart"
        at.answer = says(DONE)
        moved = Actions(world.writer, [ActionConfig("demo", f"{at.url}?v=2", SECRET, True)], world.clock, 5.0)
        assert await moved.deliver(OFFER) == Delivery("done")
        assert len(at.calls) == 2


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("999999999999", 86400),
        ("Fri, 20 Nov 2026 10:02:00 GMT", 120),
        ("Fri, 20 Nov 2026 09:00:00 GMT", 0),
        ("Fri, 20 Nov 2099 09:00:00 GMT", 86400),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
        ("١٢", None),
    ],
)
async def test_retry_after_is_honoured_in_both_forms(world: World, value: str, seconds: int | None) -> None:
    async with shop(says({}, 429, {"Retry-After": value})) as at:
        assert await actions(world, at).deliver(OFFER) == Delivery("retry", "http_429", seconds)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(world: World, status: int) -> None:
    async with shop(says({}, status, {"Location": "/elsewhere"})) as at:
        assert await actions(world, at).deliver(OFFER) == Delivery("failed", "redirect")
        assert len(at.calls) == 1


async def test_a_slow_shop_is_asked_again_later(world: World) -> None:
    released = asyncio.Event()

    async def never(_request: web.Request) -> web.StreamResponse:
        await released.wait()
        return web.json_response(DONE)

    async with shop(never) as at:
        assert await actions(world, at, timeout_s=0.1).deliver(OFFER) == Delivery("retry", "timeout")
        released.set()


async def test_a_shop_that_drips_its_answer_is_slow_too(world: World) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(30):
            await response.write(b" ")
            await asyncio.sleep(0.02)
        return response

    async with shop(drip) as at:
        assert await actions(world, at, timeout_s=0.1).deliver(OFFER) == Delivery("retry", "timeout")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "bad_answer"),
        (b"<html>", "bad_answer"),
        (b"\xff", "bad_answer"),
        (b'{"status":"maybe"}', "bad_answer"),
        (b'{"status":"done","reason":5}', "bad_answer"),
        (b"[" * 60_000, "bad_answer"),
        (b" " * (64 * 1024 + 1), "answer_too_large"),
    ],
)
async def test_an_answer_that_cannot_be_read_is_asked_for_again(world: World, body: bytes, reason: str) -> None:
    async with shop(says(body)) as at:
        assert await actions(world, at).deliver(OFFER) == Delivery("retry", reason)


async def test_an_answer_may_have_64_kilobytes_and_is_not_unpacked(world: World) -> None:
    padded = json.dumps(DONE).encode()
    async with shop(says(padded + b" " * (64 * 1024 - len(padded)))) as at:
        assert await actions(world, at).deliver(OFFER) == Delivery("done")
        assert at.calls[0][0]["accept-encoding"] == "identity"
    async with shop(says(b"x", 200, {"Content-Encoding": "gzip"})) as at:
        assert await actions(world, at).deliver(replace(OFFER, offer_id="off_2")) == Delivery("retry", "bad_answer")


async def test_nobody_there(world: World) -> None:
    nobody = Shop(says({}), url=f"http://127.0.0.1:{unused_port()}/actions")
    assert await actions(world, nobody).deliver(OFFER) == Delivery("retry", "unreachable")


async def test_a_connection_that_breaks_is_asked_again(world: World) -> None:
    async def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with shop(hang_up) as at:
        assert await actions(world, at).deliver(OFFER) == Delivery("retry", "unreachable")


async def test_the_face_delivers_and_an_inbox_without_an_address_cannot(tmp_path: Path) -> None:
    async with shop(says(DONE)) as at:
        world = World(tmp_path / "shop.db", (ActionConfig("demo", at.url, SECRET, allow_private=True),))
        assert await world.status.deliver(OFFER) == Delivery("done")
        assert await world.status.deliver(replace(OFFER, inbox_id="other")) == Delivery("failed", "no_action_address")


async def test_taken_back_is_a_call_of_its_own_under_its_own_key(world: World) -> None:
    back = replace(OFFER, call="withdrawn")
    async with shop(says(DONE)) as at:
        hands = actions(world, at)
        assert await hands.deliver(OFFER) == Delivery("done")
        assert await hands.deliver(back) == Delivery("done")
        assert await hands.deliver(back) == Delivery("done")
    (_, accepted), (headers, withdrawn) = at.calls
    assert verify(headers, withdrawn, [SECRET], NOW) == Verified("off_1_undo")
    assert headers["idempotency-key"] == "off_1_undo"
    told = json.loads(withdrawn)
    assert (told["type"], told["data"]) == ("offer.withdrawn", json.loads(accepted)["data"])


async def test_the_later_word_on_a_withdrawal_names_its_key(world: World) -> None:
    back = replace(OFFER, call="withdrawn")
    async with shop(says(b"", 202)) as at:
        hands = actions(world, at)
        assert await hands.deliver(back) == Delivery("pending")
        await world.send({"offer_id": "off_1", "status": "done"}, kind="offer.settled")
        assert await hands.deliver(back) == Delivery("pending"), "that was about the acceptance"
        await world.send({"offer_id": "off_1_undo", "status": "refused", "reason": "used"}, kind="offer.settled")
        assert await hands.deliver(back) == Delivery("refused", "used")
        assert len(at.calls) == 1


async def test_a_shop_that_said_later_can_be_asked_once_more(world: World) -> None:
    answers = [says(b"", 202), says(DONE)]

    async def in_turn(request: web.Request) -> web.StreamResponse:
        return await answers.pop(0)(request)

    async with shop(in_turn) as at:
        hands = actions(world, at)
        assert await hands.deliver(OFFER) == Delivery("pending")
        assert await hands.deliver(replace(OFFER, again=True)) == Delivery("done")
        assert await hands.deliver(OFFER) == Delivery("done"), "its last word is kept"
    (first, _), (second, _) = at.calls
    assert first["webhook-id"] == second["webhook-id"] == "off_1"
