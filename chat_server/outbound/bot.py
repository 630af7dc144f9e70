"""The Rasa client: one question of a shopper to Rasa's REST webhook and back. Walks a and d pass here.

Bounds everything: turns in flight, time, size, and how often a bot that fails is asked at all (a breaker). Must not decide what
happens without an answer (flows/bot_turns does), and reads no clock but the one it is given.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

import aiohttp

from chat_server.core.bot_turn import BotAnswer, BotQuestion, BotReply, BotUnavailable

TEXT_LIMIT = 500
ANSWER_LIMIT = 256 * 1024
PRODUCTS_LIMIT = 3
CHOICES_LIMIT = 10
AT_ONCE = 4
TIMEOUT_S = 8.0
STATE_TIMEOUT_S = 2.0
FAILURES_TO_OPEN = 5
OPEN_FOR = timedelta(seconds=15)

_INTENT = re.compile(r"/[a-z][a-z_]{0,63}(\{.{0,300}\})?")


class RasaBot:
    """One per chat server. `session` is shared and outlives it; `token` is Rasa's --auth-token, which does not guard the webhook."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        token: str,
        clock: Callable[[], datetime],
        *,
        at_once: int = AT_ONCE,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._token = token
        self._slots = asyncio.Semaphore(at_once)
        self._timeout_s = timeout_s
        self._breaker = Breaker(clock)

    async def ask(self, turn: BotQuestion) -> BotAnswer:
        """The bot's answer within the timeout, the wait for a free slot included. Raises BotUnavailable, and nothing else.

        An empty answer is asked again once: Rasa answers so when its own code failed, and nothing was said yet, so nothing is said twice
        (its memory may hold the question twice, which costs a wrong count of failures at worst). Nothing else is retried.
        """
        body = _body(turn)
        if body is None:
            raise BotUnavailable("nothing to ask")
        waiting = True
        try:
            async with asyncio.timeout(self._timeout_s):
                async with self._slots:
                    self._breaker.enter()
                    waiting = False
                    answer = await self._post(body) or await self._post(body)
        except TimeoutError:
            if waiting:
                raise BotUnavailable("busy") from None
            self._breaker.failed()
            raise BotUnavailable("timeout") from None
        except (aiohttp.ClientError, OSError) as error:
            self._breaker.failed()
            raise BotUnavailable(f"connection: {type(error).__name__}") from error
        except _Garbage as error:
            self._breaker.failed()
            raise BotUnavailable(f"garbage: {error}") from error
        except asyncio.CancelledError:
            self._breaker.left()
            raise
        if answer is None:
            self._breaker.failed()
            raise BotUnavailable("silent")
        self._breaker.worked()
        return answer

    async def state(self) -> Literal["ready", "loading", "off"]:
        """`loading`: Rasa runs without a model yet. While it starts it does not listen: `off`, as when it is not there. Never raises."""
        try:
            async with self._session.get(
                f"{self._url}/status",
                params={"token": self._token},
                timeout=aiohttp.ClientTimeout(total=STATE_TIMEOUT_S),
                allow_redirects=False,
            ) as answer:
                return "ready" if answer.status == 200 else "loading" if answer.status == 409 else "off"
        except (aiohttp.ClientError, TimeoutError, OSError):
            return "off"

    async def forget(self, conversation: str) -> None:
        """Take a conversation out of Rasa's memory. May be repeated; one that is not there is forgotten too. Raises BotUnavailable.

        Rasa does it after a turn that it is still busy with. Past the breaker and the slots: whoever asks waits for longer than they do.
        """
        try:
            async with self._session.put(
                f"{self._url}/conversations/{quote(conversation, safe='')}/tracker/events",
                params={"token": self._token},
                json=[],
                timeout=aiohttp.ClientTimeout(total=self._timeout_s),
                allow_redirects=False,
            ) as answer:
                if answer.status != 200:
                    raise BotUnavailable(f"status {answer.status}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise BotUnavailable(f"connection: {type(error).__name__}") from error

    async def _post(self, body: dict[str, Any]) -> BotAnswer | None:
        """One request; None for a silent answer."""
        async with self._session.post(
            f"{self._url}/webhooks/rest/webhook",
            json=body,
            timeout=aiohttp.ClientTimeout(total=self._timeout_s),
            allow_redirects=False,
        ) as answer:
            if answer.status != 200:
                raise _Garbage(f"status {answer.status}")
            raw = bytearray()
            async for chunk in answer.content.iter_any():
                raw += chunk
                if len(raw) > ANSWER_LIMIT:
                    raise _Garbage("too large")
        return _answer(bytes(raw))


class Breaker:
    """Stops asking a bot that failed five times in a row; after 15 s one turn may try, and its outcome decides for all."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._failures = 0
        self._opened_at: datetime | None = None
        self._probing = False

    def enter(self) -> None:
        """Before a request. Raises BotUnavailable while open."""
        if self._opened_at is None:
            return
        if self._probing or self._clock() < self._opened_at + OPEN_FOR:
            raise BotUnavailable("breaker open")
        self._probing = True

    def worked(self) -> None:
        self._failures, self._opened_at, self._probing = 0, None, False

    def failed(self) -> None:
        self._failures += 1
        if self._probing or self._failures >= FAILURES_TO_OPEN:
            self._opened_at = self._clock()
        self._probing = False

    def left(self) -> None:
        """The request was abandoned by the caller: it says nothing about the bot."""
        self._probing = False


class _Garbage(Exception):
    """An answer that is not what Rasa's REST channel sends."""


def _body(turn: BotQuestion) -> dict[str, Any] | None:
    """The request, or None when there is nothing to say."""
    message = _message(turn)
    if not message:
        return None
    metadata: dict[str, Any] = {
        "locale": turn.locale,
        "token": turn.turn_token,
        "conversation": turn.conversation,
        "at": turn.at.isoformat(),
        "timezone": turn.timezone,
    }
    if turn.order_hint is not None:
        metadata["order"] = turn.order_hint
    return {"sender": turn.sender, "message": message, "metadata": metadata}


def _message(turn: BotQuestion) -> str:
    """What Rasa reads. A clicked choice may name an intent (`/track_order{…}`); typed text never does, whatever it starts with."""
    if turn.payload is not None and _is_intent(turn.payload):
        return turn.payload
    text = (turn.text if turn.payload is None else turn.payload) or ""
    text = text.replace("\0", "").strip()[:TEXT_LIMIT].strip()
    return f". {text}" if text.startswith("/") else text


def _is_intent(payload: str) -> bool:
    found = _INTENT.fullmatch(payload)
    if found is None:
        return False
    try:
        entities = json.loads(found.group(1) or "{}")
    except ValueError:
        return False
    return all(isinstance(value, str) for value in entities.values())


def _answer(raw: bytes) -> BotAnswer | None:
    """Rasa's list of messages as one answer; None when nothing in it is said or done. Custom parts: docs/bot.md."""
    try:
        rows = json.loads(raw)
    except (ValueError, RecursionError):
        raise _Garbage("not JSON") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _Garbage("not a list of messages")
    replies: list[BotReply] = []
    turn: dict[str, Any] = {}
    handoff: dict[str, Any] = {}
    for row in rows:
        text, choices, custom = _text(row), _choices(row), _object(row, "custom")
        turn = _object(custom, "turn") or turn
        handoff = _object(custom, "handoff") or handoff
        order, products = _object(custom, "order") or None, _products(custom)
        if text or choices:
            replies.append(BotReply(text, choices, order, products))
        elif order and replies and replies[-1].order is None:
            replies[-1] = replace(replies[-1], order=order)
        elif products and replies and not replies[-1].products:
            replies[-1] = replace(replies[-1], products=products)
        elif order or products:
            replies.append(BotReply("", (), order, products))
    reason = _string(handoff, "reason")
    if not replies and reason is None:
        return None
    tried = handoff.get("tried")
    return BotAnswer(
        replies=tuple(replies),
        intent=_string(handoff, "intent") or _string(turn, "intent"),
        confidence=_confidence(handoff) if reason else _confidence(turn),
        handoff=reason,
        tried=tuple(str(entry)[:200] for entry in tried[:20]) if isinstance(tried, list) else (),
        mood=_string(handoff, "mood"),
        order_number=_string(handoff, "order_number"),
    )


def _text(row: dict[str, Any]) -> str:
    text = row.get("text") or ""
    if not isinstance(text, str):
        raise _Garbage("text is not text")
    return text.strip()


def _choices(row: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    buttons = row.get("buttons") or []
    if not isinstance(buttons, list):
        raise _Garbage("buttons are not a list")
    choices = []
    for button in buttons[:CHOICES_LIMIT]:
        if not isinstance(button, dict) or not isinstance(button.get("title"), str) or not isinstance(button.get("payload"), str):
            raise _Garbage("a button without title and payload")
        choices.append((button["title"], button["payload"]))
    return tuple(choices)


def _products(custom: dict[str, Any]) -> tuple[str, ...]:
    """Ids of products to show: what they are is the catalogue's word."""
    ids = custom.get("products") or []
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise _Garbage("products are not a list of ids")
    return tuple(dict.fromkeys(ids))[:PRODUCTS_LIMIT]


def _object(row: dict[str, Any], name: str) -> dict[str, Any]:
    value = row.get(name) or {}
    if not isinstance(value, dict):
        raise _Garbage(f"{name} is not an object")
    return value


def _string(row: dict[str, Any], name: str) -> str | None:
    value = row.get(name)
    return value[:200] if isinstance(value, str) and value else None


def _confidence(row: dict[str, Any]) -> float | None:
    value = row.get("confidence")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1 else None
