"""Answers from the real order: where it is, whether it can still be cancelled or changed, returns, refunds.

Never promises what only the shop can do: what needs a hand is offered to a person, with the order in the context.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from actions.orders import ARRIVED, BEFORE_SHIPPING, MOVING, Order, Orders, fetch
from actions.reply import Reply, choices, others
from actions.turn import PERSON, Turn
from actions.words import Words


@dataclass(frozen=True, slots=True)
class Found:
    """The order that was meant, and all of them."""

    order: Order
    orders: Orders


async def track_order(turn: Turn, words: Words) -> Reply:
    found = await _find(turn, words)
    if isinstance(found, Reply):
        return found
    order, stage = found.order, found.order["headline"]
    lines = [_headline(order, words)]
    if stage in BEFORE_SHIPPING | MOVING:
        lines += _expected(order, words)
    lines += _parcels(order, words)
    lines += [words("measure", text=text) for m in order.get("measures") or () if (text := words.own(m.get("text") or {}))]
    follow = "cancel_order" if stage in BEFORE_SHIPPING else "return_order" if stage in ARRIVED else None
    buttons = (
        *others(words, found.orders.rows, order, "track_order"),
        *choices(words, *filter(None, (follow, PERSON)), number=str(order["number"])),
    )
    return Reply("\n".join(lines), buttons, order, done=_done(turn, order))


async def cancel_order(turn: Turn, words: Words) -> Reply:
    return await _by_stage(turn, words, "cancel", turn.intent)


async def change_order(turn: Turn, words: Words) -> Reply:
    return await _by_stage(turn, words, "address" if "change_address" in (turn.intent, turn.offered) else "change", turn.intent)


async def return_order(turn: Turn, words: Words) -> Reply:
    return await _by_stage(turn, words, "return", turn.intent)


async def refund(turn: Turn, words: Words) -> Reply:
    """What is known of the money: the newest refund of the order, or that there is none."""
    found = await _find(turn, words)
    if isinstance(found, Reply):
        return found
    order = found.order
    refunds = sorted((a for a in order.get("adjustments") or () if a["kind"] == "refund"), key=lambda a: a["at"] or "")
    if refunds:
        last = refunds[-1]
        amount = words.money(last["amount"], order["currency"])
        known = last["status"] if words.has(f"refund_{last['status']}") else "in_progress"
        text = words(f"refund_{known}", number=order["number"], amount=amount, when=words.when(last["at"]) or "")
    else:
        text = words("refund_none", number=order["number"])
    buttons = (*choices(words, PERSON, number=None), *others(words, found.orders.rows, order, turn.intent))
    return Reply(text, buttons, order, show=_is_new(turn, order), offered=PERSON, done=_done(turn, order))


async def _find(turn: Turn, words: Words) -> Found | Reply:
    """The order, or what to say when there is none to speak of."""
    orders = await fetch(turn.token)
    if orders is None:
        return Reply(words("orders_unavailable"), choices(words, PERSON), offered=PERSON, done="orders unavailable")
    if not orders.rows:
        text = words("no_orders") if orders.identified else words("sign_in")
        return Reply(text, choices(words, PERSON), offered=PERSON, done="no orders" if orders.identified else "not signed in")
    if turn.mentioned:
        named = orders.named(turn.mentioned)
        if named is None:
            text = words("order_unknown", number=turn.mentioned)
            buttons = (*others(words, orders.rows, None, _asked(turn)), *choices(words, PERSON))
            return Reply(text, buttons, offered=PERSON, done=f"order {turn.mentioned} not found")
        return Found(named, orders)
    remembered = orders.named(turn.number) if turn.number else None
    order = remembered or orders.likely()
    assert order is not None, "there is at least one row"
    return Found(order, orders)


async def _by_stage(turn: Turn, words: Words, what: str, intent: str) -> Reply:
    """Cancel, change, address, return: the answer hangs on how far the order is; a person does it."""
    found = await _find(turn, words)
    if isinstance(found, Reply):
        return found
    order, stage = found.order, found.order["headline"]
    if stage == "packed":
        case = "packed"
    elif stage in BEFORE_SHIPPING:
        case = "early"
    elif stage in MOVING:
        case = "moving"
    elif stage in ARRIVED:
        case = "arrived"
    else:
        case = "closed"
    text = words(f"{what}_{case}", number=order["number"], stage=words(f"stage_{stage}"))
    follow = ("return_order",) if case == "arrived" and what != "return" else ("track_order",) if case == "moving" else ()
    buttons = (*choices(words, PERSON, *follow, number=str(order["number"])), *others(words, found.orders.rows, order, _asked(turn)))
    return Reply(text, buttons, order, show=_is_new(turn, order), offered=PERSON, done=_done(turn, order))


def _headline(order: Order, words: Words) -> str:
    name = f"order_{order['headline']}"
    return words(name if words.has(name) else "order_other", number=order["number"])


def _expected(order: Order, words: Words) -> list[str]:
    """The day that somebody told; where none lies ahead, the usual one. An older day is over then, and not said."""
    usual = words.when((order.get("usually") or {}).get("by"))
    if usual:
        return [*([words("order_delayed")] if order.get("delayed") else []), words("order_usually", when=usual)]
    when = words.when(order.get("expected"))
    if order.get("delayed"):
        return [words("order_delayed_until", when=when) if when else words("order_delayed")]
    return [words("order_expected", when=when)] if when else []


def _parcels(order: Order, words: Words) -> list[str]:
    """One line for a single parcel's tracking, a line for each of several."""
    parcels: list[dict[str, Any]] = [dict(parcel) for parcel in order.get("shipments") or ()]
    if len(parcels) == 1:
        return [line for line in (_tracking(parcels[0], words), _last_scan(parcels[0], words)) if line]
    lines = []
    for index, parcel in enumerate(parcels, start=1):
        name = f"stage_{parcel['stage']}"
        stage = words(name if words.has(name) else "stage_other")
        usual = words.when((parcel.get("usually") or {}).get("by"))
        eta = words.when(parcel.get("eta") or parcel.get("promised")) if parcel["stage"] not in ("delivered", "cancelled", "lost") else None
        if usual:
            text = words("parcel_usually", index=index, count=len(parcels), stage=stage, when=usual)
        elif eta:
            text = words("parcel_expected", index=index, count=len(parcels), stage=stage, when=eta)
        else:
            text = words("parcel", index=index, count=len(parcels), stage=stage)
        lines.append(" ".join(filter(None, (text, words("parcel_late") if parcel.get("delayed") else "", _tracking(parcel, words)))))
    return lines


def _tracking(parcel: dict[str, Any], words: Words) -> str:
    carrier, number, url = parcel.get("carrier") or "", parcel.get("tracking_number") or "", parcel.get("tracking_url") or ""
    label = " ".join(filter(None, (carrier, number)))
    if url.startswith("https://"):
        return words("tracking_link", label=label or words("tracking"), url=url)
    return words("tracking_plain", label=label) if label else ""


def _last_scan(parcel: dict[str, Any], words: Words) -> str:
    scans = sorted((scan for scan in parcel.get("scans") or () if scan.get("place")), key=lambda scan: scan["at"])
    when = words.when(scans[-1]["at"]) if scans else None
    return words("last_scan", place=scans[-1]["place"], when=when) if when else ""


def _asked(turn: Turn) -> str:
    """The intent that is being answered: the offered one when the shopper just said yes to it."""
    return turn.offered if turn.intent == "affirm" and turn.offered else turn.intent


def _is_new(turn: Turn, order: Order) -> bool:
    """Whether the shopper has not just been shown this order, by the bot or by the shop."""
    return str(order["number"]) not in (turn.remembered, turn.hinted)


def _done(turn: Turn, order: Order) -> str:
    return f"{_asked(turn)} {order['number']}"
