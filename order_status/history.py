"""SQL of the watch, beside store/: when to look at which order, how long steps took, which were overdue. To be run inside the writer.

No decisions here. Every write is safe to repeat. Walk b.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, bindparam, select, update

from order_status.events import Due, OrderOverdue
from order_status.store import Connection, OrderKey, insert_once, put_each
from order_status.store.keys import among
from order_status.tables import durations, overdue, watches

REMEMBERED = 500
"""durations of a step that its pace is taken from: the newest, so that a carrier who became slow or quick is believed soon"""


def due_looks(conn: Connection, now: datetime, limit: int) -> list[tuple[OrderKey, datetime]]:
    """(order, when we first knew it), the longest waiting first; each locked until the transaction ends, and by one server only."""
    query = select(watches).where(watches.c.look_at <= now).order_by(watches.c.look_at).limit(limit)
    rows = conn.execute(query.with_for_update(skip_locked=True)).mappings()
    return [((row["inbox_id"], row["order_id"]), row["first_seen_at"]) for row in rows]


def any_look_due(conn: Connection, now: datetime) -> bool:
    return conn.execute(select(watches.c.order_id).where(watches.c.look_at <= now).limit(1)).first() is not None


def look_at(conn: Connection, looks: Sequence[tuple[OrderKey, datetime | None]]) -> None:
    """When to look at these orders again; None: nothing is awaited."""
    if looks:
        here = update(watches).where(watches.c.inbox_id == bindparam("inbox"), watches.c.order_id == bindparam("ident"))
        conn.execute(here.values(look_at=bindparam("at")), [{"inbox": key[0], "ident": key[1], "at": at} for key, at in looks])


def durations_of(conn: Connection, keys: Sequence[OrderKey]) -> dict[OrderKey, dict[tuple[str, str], bool]]:
    """What is recorded of these orders: (shipment, step) -> whether with the way to the arrival."""
    found: dict[OrderKey, dict[tuple[str, str], bool]] = defaultdict(dict)
    for row in conn.execute(select(durations).where(among(durations.c.inbox_id, durations.c.order_id, keys))).mappings():
        found[(row["inbox_id"], row["order_id"])][(row["shipment_id"], row["step"])] = row["rest_s"] is not None
    return found


def record_durations(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Steps have ended (see `duration_row`); again when the parcel has arrived."""
    put_each(conn, durations, rows, ["rest_s"])


def duration_row(
    key: OrderKey,
    shipment_id: str,
    step: str,
    *,
    stage: str,
    carrier: str,
    country: str,
    took: timedelta,
    so_far: timedelta,
    rest: timedelta | None,
    ended_at: datetime,
) -> dict[str, Any]:
    rest_s = round(rest.total_seconds()) if rest is not None else None
    return {
        "inbox_id": key[0],
        "order_id": key[1],
        "shipment_id": shipment_id,
        "step": step,
        "stage": stage,
        "carrier": carrier,
        "country": country,
        "took_s": round(took.total_seconds()),
        "so_far_s": round(so_far.total_seconds()),
        "rest_s": rest_s,
        "ended_at": ended_at,
    }


def paces(conn: Connection, inbox_id: str, country: str, stage: str, carrier: str | None) -> tuple[list[timedelta], ...]:
    """The newest working times for `expected.pace`; `carrier` None: of all carriers together."""
    query = select(durations.c.took_s, durations.c.so_far_s, durations.c.rest_s).where(
        durations.c.inbox_id == inbox_id, durations.c.country == country, durations.c.stage == stage
    )
    if carrier is not None:
        query = query.where(durations.c.carrier == carrier)
    rows = conn.execute(query.order_by(durations.c.ended_at.desc()).limit(REMEMBERED)).all()
    return (
        [timedelta(seconds=row.took_s) for row in rows],
        [timedelta(seconds=row.so_far_s) for row in rows],
        [timedelta(seconds=row.rest_s) for row in rows if row.rest_s is not None],
    )


def ways(conn: Connection, inbox_id: str, country: str, stage: str, carrier: str | None, before: datetime) -> list[timedelta | None]:
    """For `usual.ways`: from the beginning of the newest steps that ended before that to the arrival; None where there was none."""
    query = select(durations.c.took_s, durations.c.rest_s).where(
        durations.c.inbox_id == inbox_id, durations.c.country == country, durations.c.stage == stage, durations.c.ended_at < before
    )
    if carrier is not None:
        query = query.where(durations.c.carrier == carrier)
    rows = conn.execute(query.order_by(durations.c.ended_at.desc()).limit(REMEMBERED)).all()
    return [timedelta(seconds=row.took_s + row.rest_s) if row.rest_s is not None else None for row in rows]


def overdue_of(conn: Connection, keys: Sequence[OrderKey]) -> dict[OrderKey, list[OrderOverdue]]:
    """Every step of these orders that was ever overdue, also the withdrawn ones."""
    found: dict[OrderKey, list[OrderOverdue]] = defaultdict(list)
    query = select(overdue).where(among(overdue.c.inbox_id, overdue.c.order_id, keys)).order_by(overdue.c.raised_at, overdue.c.step)
    for row in conn.execute(query).mappings():
        found[(row["inbox_id"], row["order_id"])].append(_overdue(row))
    return found


def record_overdue(conn: Connection, found: OrderOverdue) -> None:
    row = {name: value for name, value in asdict(found).items() if name != "told"}
    told = found.told
    insert_once(conn, overdue, {**row, "told_day": told.day if told else None, "told_time": told.time if told else None})


def withdraw(conn: Connection, found: OrderOverdue, now: datetime) -> None:
    here = (overdue.c.inbox_id == found.inbox_id, overdue.c.order_id == found.order_id, overdue.c.shipment_id == found.shipment_id)
    conn.execute(update(overdue).where(*here, overdue.c.step == found.step, overdue.c.withdrawn_at.is_(None)).values(withdrawn_at=now))


def _overdue(row: RowMapping) -> OrderOverdue:
    known = {name: value for name, value in row.items() if name not in ("told_day", "told_time")}
    return OrderOverdue(**known, told=Due(row["told_day"], row["told_time"]) if row["told_day"] else None)
