"""Walk c: a beacon tells what a shopper does on the site; rules look at it, and what waits gets its chance. One write.

The page is believed for what the shopper did, never for a price, a stock or an order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from chat_server.core.inbox import Inbox
from chat_server.core.model import Json, Plan, Visitor
from chat_server.core.policy import MessageClass, consented
from chat_server.core.proactive import Candidate
from chat_server.core.product import Products, grounded
from chat_server.core.triggers import Activity, Shopper, VisitorState, contradicted, fold, match
from chat_server.errors import ClientError
from chat_server.flows.catalogue import looked_at
from chat_server.flows.context import Context, new_id
from chat_server.flows.orders import to_speak_of
from chat_server.flows.people import recipient as recipient_of
from chat_server.flows.ports import Tx
from chat_server.flows.proactive import Outcome, consider, mark, tell
from chat_server.flows.situation import OVER

MAX_AGO = timedelta(hours=24)
AGAIN_S = 20
"""the next beacon, in seconds, while there may be news: order news must arrive within 60 s, and presence lasts 45 s"""
BOUGHT_LATELY = timedelta(minutes=15)
"""after a purchase the shop's order event is awaited"""
log = structlog.get_logger("visits")


@dataclass(frozen=True, slots=True)
class Told:
    """One activity as the browser reports it: what happened `ago_ms` ago."""

    id: str
    kind: str
    ago_ms: int
    data: Json


@dataclass(frozen=True, slots=True)
class Report:
    """A beacon, parsed by the door. `page`: `{url, title, referrer?}`; `seen`, `dismissed`, `clicked`: message ids."""

    page: Json
    activities: tuple[Told, ...] = ()
    seen: tuple[str, ...] = ()
    dismissed: tuple[str, ...] = ()
    clicked: tuple[str, ...] = ()
    opt_outs: frozenset[MessageClass] = frozenset()


async def beacon(context: Context, visitor: Visitor, report: Report) -> Json:
    """`{unread, nudge, connect, again}` of docs/wire.md, after the commit. A repeated beacon changes nothing."""
    inbox = context.inboxes[visitor.inbox_id]
    orders = await to_speak_of(context, inbox.id, recipient_of(visitor))
    products = await looked_at(context, inbox, visitor, [told.data for told in report.activities])
    report = replace(report, activities=tuple(replace(told, data=grounded(told.data, products)) for told in report.activities))
    plans, outcome, answer = await context.store.write(lambda tx: _work(context, tx, inbox, visitor, report, orders, products))
    for plan in plans:
        context.tell(plan)
    tell(context, outcome)
    log.info("beacon", flow="beacon", activities=len(report.activities), judged=len(outcome.verdicts), sent=len(outcome.plans))
    return answer


def _work(
    context: Context, tx: Tx, inbox: Inbox, before: Visitor, report: Report, orders: Sequence[Json], products: Products
) -> tuple[list[Plan], Outcome, Json]:
    now = context.clock()
    visitor = tx.people.visitor(before.id) or before
    recipient = recipient_of(visitor)
    tx.people.seen([visitor.id], now)
    if report.opt_outs:
        tx.people.opt_out(visitor.id, [each.value for each in report.opt_outs])
    plans = _marked(context, tx, visitor, report)
    state = VisitorState.from_json(tx.people.state(visitor.id))
    found: dict[str, Candidate] = {}
    if MessageClass.HELP in consented(required=inbox.consent_required, given=visitor.consent):
        state, found = _behaved(tx, inbox, visitor, report, state, now, products)
    pointless = contradicted([*tx.proactive.waiting(recipient), *found.values()], state)
    outcome = consider(context, tx, inbox, recipient, list(found.values()), orders=orders, contradicted=pointless, present=True)
    return plans, outcome, _answer(tx, visitor, outcome, state, orders, now)


def _behaved(
    tx: Tx, inbox: Inbox, visitor: Visitor, report: Report, state: VisitorState, now: datetime, products: Products
) -> tuple[VisitorState, dict[str, Candidate]]:
    """Keep the visit and what is new in it; the candidates that the rules find, by id (the latest of each)."""
    page = {name: report.page.get(name) for name in ("url", "title")}
    visit = tx.visits.current(visitor.id, now)
    if visit is None:
        visit_id = new_id("vst")
        tx.visits.add(visit_id, visitor.id, page, report.page.get("referrer"), now)
    else:
        visit_id = visit["id"]
        tx.visits.go_on(visit_id, page, now)
    shopper = Shopper(visitor.id, visitor.contact_id, visitor.locale, visitor.contact_id is not None)
    found: dict[str, Candidate] = {}
    folded = state
    for told in sorted(report.activities, key=lambda each: -each.ago_ms):
        at = now - min(max(timedelta(milliseconds=told.ago_ms), timedelta()), MAX_AGO)
        if not tx.visits.record(visitor.id, visit_id, told.id, told.kind, told.data, at):
            continue
        activity = Activity(told.id, told.kind, at, told.data)
        after = fold(folded, activity)
        if after is folded:
            continue
        folded = after
        found |= {candidate.id: candidate for candidate in match(inbox.rules, shopper, folded, activity, now, products)}
    if folded is not state:
        tx.people.set_state(visitor.id, folded.to_json())
        tx.visits.prune(visitor.id)
    return folded, found


def _marked(context: Context, tx: Tx, visitor: Visitor, report: Report) -> list[Plan]:
    """What the browser says of earlier nudges; one that is not theirs is passed over, the beacon goes on."""
    plans: list[Plan] = []
    for state, ids in (("seen", report.seen), ("dismissed", report.dismissed), ("clicked", report.clicked)):
        for message_id in ids:
            try:
                plans.append(mark(tx, context, visitor, message_id, state))
            except ClientError as error:
                log.info("mark", flow="beacon", decision="refused", reason=error.code.value)
    return plans


def _answer(tx: Tx, visitor: Visitor, outcome: Outcome, state: VisitorState, orders: Sequence[Json], now: datetime) -> Json:
    recipient = recipient_of(visitor)
    latest = tx.conversations.latest(visitor)
    waiting = tx.proactive.waiting(recipient)
    nudges = tx.proactive.unseen(recipient, now)
    bought = any(each.kind == "purchase" and each.at > now - BOUGHT_LATELY for each in state.recent)
    open_order = any(order["headline"] not in OVER for order in orders)
    return {
        "unread": latest.shopper_unread if latest is not None else 0,
        "nudge": nudges[0] if nudges else None,
        "connect": tx.conversations.unresolved(visitor) is not None or any(each.class_.is_order_news for each in waiting),
        "again": AGAIN_S if waiting or open_order or (bought and visitor.contact_id is not None) else None,
    }
