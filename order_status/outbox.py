"""The way out: what became of the orders whose debounce is over, one word for each order. Handed out again until it is taken. Walk b."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from order_status import history, store
from order_status.events import OrderOverdue, StageChanged
from order_status.expected import stands
from order_status.news import News, is_overdue, is_standing, overdue_key, word
from order_status.stages import OrderState
from order_status.view import order_view


def due_changes(conn: store.Connection, now: datetime, limit: int, broken: dict[store.OrderKey, str]) -> list[StageChanged]:
    """At most `limit` orders, the longest waiting first. What is already waiting for such an order goes along, so that it is one word.

    An order that cannot be read is left out and put into `broken`: set it aside, or it is in the way again.
    """
    due = store.due_orders(conn, now, limit)
    known = store.states(conn, due, broken) if due else {}
    keys = [key for key in due if key in known]
    if not keys:
        return []
    waiting: dict[store.OrderKey, list[tuple[str, News]]] = defaultdict(list)
    for key, change_id, news, due_at in store.waiting_changes(conn, keys):
        if due_at <= now or not _still_patient(news, known[key][1]):
            waiting[key].append((change_id, news))
    noticed = history.overdue_of(conn, keys)
    return [_changed(key[0], *known[key], waiting[key], noticed.get(key, []), now) for key in keys if waiting[key]]


def _still_patient(news: News, state: OrderState) -> bool:
    """A failed payment keeps its own, longer wait, unless it has succeeded by now."""
    return news.effect.stage == "payment_failed" and is_standing(news.effect, state)


def _changed(
    inbox_id: str, source_id: str, state: OrderState, waiting: list[tuple[str, News]], noticed: Sequence[OrderOverdue], now: datetime
) -> StageChanged:
    standing = [each for each in noticed if stands(each, state)]
    true = {overdue_key(each, stage) for each in standing for stage in ("delayed", "still_delayed")}
    moved_on = {news.effect.key for _, news in waiting if is_overdue(news.effect)} - true
    said = word([replace(news, silent=news.silent or news.effect.key in moved_on) for _, news in waiting], state, now)
    change_ids = tuple(change_id for change_id, _ in waiting)
    return StageChanged(
        id="stg_" + hashlib.sha256(" ".join(sorted(change_ids)).encode()).hexdigest()[:32],
        change_ids=change_ids,
        inbox_id=inbox_id,
        source_id=source_id,
        order_id=state.head.order_id,
        number=state.head.number,
        customer_id=state.customer.customer.id if state.customer else None,
        locale=state.head.locale,
        effects=tuple(news.effect for _, news in waiting),
        stage=said.stage,
        effect_key=said.effect.key,
        at=said.effect.at,
        fresh_until=said.fresh_until,
        silent=said.silent,
        order=order_view(state, source_id, standing),
    )
