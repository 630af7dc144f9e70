"""Answers that need no order: what the chat can do about a topic, small talk, a proposal when unsure, and the way to a person.

No prices, no days, no conditions: those are the shop's to tell, and a person of the shop does.
"""

from __future__ import annotations

from actions.reply import Reply, choices
from actions.turn import NOT_UNDERSTOOD, PERSON, SMALL_TALK, Turn
from actions.words import Words

_MENU = ("track_order", "return_order", "delivery", PERSON)
_WITH_MENU = frozenset({"greet", "bot_challenge"})
_WITHOUT_BUTTONS = frozenset({"thanks", "goodbye"})
_LEAST = 0.06  # below this a guess is noise
_PROPOSALS = 2


async def topic(turn: Turn, words: Words) -> Reply:
    """Small talk and the shop's policies."""
    intent = turn.offered if turn.intent == "affirm" and turn.offered else turn.intent
    if intent in _WITHOUT_BUTTONS:
        return Reply(words(intent))
    if intent in _WITH_MENU:
        return Reply(words(intent), choices(words, *_MENU))
    return Reply(words(intent), choices(words, PERSON), offered=PERSON, done=intent)


async def person(turn: Turn, words: Words) -> Reply:
    """Asked for, or a complaint: at once."""
    reason = "complaint" if turn.intent == "complaint" else "offer_accepted" if turn.intent == "affirm" else "asked"
    return Reply(words(f"handoff_{reason}"), handoff=reason)


async def not_understood(turn: Turn, words: Words) -> Reply:
    """First a proposal of what was meant; the second time in a row, or to somebody angry, a person."""
    if turn.failures or turn.mood == "angry":
        return Reply(words("handoff_not_understood"), handoff="not_understood", failed=True, done="not understood")
    if turn.intent == "out_of_scope":
        return Reply(words("out_of_scope"), choices(words, *_MENU), failed=True, done="not understood")
    guesses = [name for name, score in turn.ranking if score >= _LEAST and name not in NOT_UNDERSTOOD | SMALL_TALK | {PERSON}]
    if not guesses:
        return Reply(words("rephrase"), choices(words, *_MENU), failed=True, done="not understood")
    buttons = choices(words, *guesses[:_PROPOSALS], "deny", PERSON)
    return Reply(words("propose", topic=words(f"title_{guesses[0]}")), buttons, offered=guesses[0], failed=True, done="not understood")


async def no(turn: Turn, words: Words) -> Reply:
    """No to a proposal is the second failure; no to anything else ends it kindly."""
    if turn.failures:
        return Reply(words("handoff_not_understood"), handoff="not_understood", failed=True)
    return Reply(words("deny"), choices(words, *_MENU))
