"""What is written in the texts of a run: a message's key, the question it answers, who asked the bot, and canaries.

A canary is a word that only certain readers may ever be told; wherever it turns up, it names the leak.
"""

from __future__ import annotations

import re
import secrets

CANARY = re.compile(r"cnry[0-9a-f]{16}")
CONVERSATION = re.compile(r"cnv_[0-9a-f]{32}")
_ANSWERS = re.compile(r"\bre:([0-9a-f-]{36})")
_KEY = re.compile(r"\bmsg:([0-9a-f-]{36})")
_ASK = re.compile(r"\bask:(\d+) part:(\d+)")


def canary() -> str:
    return f"cnry{secrets.token_hex(8)}"


def question(key: str, mark: str) -> str:
    """A shopper's text."""
    return f"msg:{key} {mark}"


def answer(key: str, asked: str, mark: str) -> str:
    """An agent's text."""
    return f"msg:{key} re:{asked} {mark}"


def bot_answer(asked: str, ask: int, part: int, mark: str) -> str:
    """One bubble of the bot; `ask` counts the requests that it ever got."""
    return f"re:{asked} ask:{ask} part:{part} {mark}"


def key_in(text: str) -> str | None:
    found = _KEY.search(text)
    return found[1] if found else None


def question_of(text: str) -> str | None:
    """The key of the message that this one answers."""
    found = _ANSWERS.search(text)
    return found[1] if found else None


def ask_in(text: str) -> tuple[int, int] | None:
    """Which request to the bot, and which bubble of its answer."""
    found = _ASK.search(text)
    return (int(found[1]), int(found[2])) if found else None
