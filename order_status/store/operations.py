"""SQL of what operators see and decide: contradictions, dead letters, orders set aside, secrets, stored webhooks, who did what.

No decisions here. Every query names the inbox, so that nobody sees or touches another shop's. Beside store/__init__.py.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, delete, func, select, update

from order_status.stages import Parcel, Ruling
from order_status.store import Connection, OrderKey, insert_once
from order_status.tables import deliveries, orders
from order_status.tables_operations import contradictions, dead_letters, operations, secrets, unreadable

STANDS = timedelta(hours=12)
"""after which a contradiction that nobody disputes is believed, also without a further scan"""
GAPS = 200
"""webhooks of a source from which is concluded how often it speaks"""


def note_contradictions(conn: Connection, key: OrderKey, parcels: Iterable[Parcel], now: datetime) -> None:
    """What waits of this order's contradictions, as it is now; those that dissolved are settled."""
    here = (contradictions.c.inbox_id == key[0], contradictions.c.order_id == key[1], contradictions.c.settled_at.is_(None))
    waiting = {row["shipment_id"]: row for row in conn.execute(select(contradictions).where(*here)).mappings()}
    for parcel in parcels:
        row, found = waiting.pop(parcel.facts.id, None), parcel.contradiction
        if found is not None:
            seen_at = row["seen_at"] if row else now
            values = {
                "said": found.said.stage,
                "said_at": found.said.at,
                "stage": found.words[-1].stage,
                "since": found.words[0].at,
                "until": found.words[-1].at,
                "split": found.split,
                "due_at": None if found.split else seen_at + STANDS,
            }
            if row is None:
                name = {"id": f"ctr_{uuid.uuid4().hex}", "inbox_id": key[0], "order_id": key[1], "shipment_id": parcel.facts.id}
                insert_once(conn, contradictions, {**name, **values, "seen_at": now})
            else:
                conn.execute(update(contradictions).where(contradictions.c.id == row["id"]).values(**values))
        elif row is not None:
            corrected = any(each.since >= row["said_at"] for each in parcel.corrections)
            settle_contradiction(conn, row["id"], "corrected" if corrected else "withdrawn", "scans", now)


def settle_contradiction(conn: Connection, ident: str, verdict: str, by: str, now: datetime) -> bool:
    """False when it was settled before."""
    waiting = update(contradictions).where(contradictions.c.id == ident, contradictions.c.settled_at.is_(None))
    return conn.execute(waiting.values(settled_at=now, verdict=verdict, by=by).returning(contradictions.c.id)).first() is not None


def put_off(conn: Connection, ident: str, due_at: datetime) -> None:
    conn.execute(update(contradictions).where(contradictions.c.id == ident).values(due_at=due_at))


def rulings_of(conn: Connection, key: OrderKey) -> list[Ruling]:
    """What time and operators decided about an order."""
    here = (contradictions.c.inbox_id == key[0], contradictions.c.order_id == key[1], contradictions.c.by != "scans")
    rows = conn.execute(select(contradictions).where(*here, contradictions.c.verdict.in_(("corrected", "kept")))).mappings()
    return [Ruling(row["shipment_id"], row["since"], row["until"], row["verdict"], row["settled_at"], row["by"]) for row in rows]


def contradiction(conn: Connection, inbox_id: str, ident: str) -> RowMapping | None:
    query = select(contradictions).where(contradictions.c.inbox_id == inbox_id, contradictions.c.id == ident)
    return conn.execute(query).mappings().one_or_none()


def due_contradictions(conn: Connection, now: datetime, limit: int) -> list[RowMapping]:
    """Those that nobody disputes and whose time is over."""
    query = select(contradictions).where(contradictions.c.settled_at.is_(None), contradictions.c.due_at <= now)
    return list(conn.execute(query.order_by(contradictions.c.due_at).limit(limit)).mappings())


def contradictions_of(conn: Connection, inbox_id: str, limit: int) -> list[RowMapping]:
    """With the order's number: what waits first, then what was settled last."""
    query = select(contradictions, orders.c.number).join(
        orders, (orders.c.inbox_id == contradictions.c.inbox_id) & (orders.c.order_id == contradictions.c.order_id)
    )
    newest = (contradictions.c.settled_at.is_not(None), contradictions.c.settled_at.desc(), contradictions.c.seen_at.desc())
    return list(conn.execute(query.where(contradictions.c.inbox_id == inbox_id).order_by(*newest).limit(limit)).mappings())


def set_aside(conn: Connection, broken: Mapping[OrderKey, str], now: datetime) -> None:
    """The saved states of these orders cannot be read."""
    for key, error in broken.items():
        insert_once(conn, unreadable, {"inbox_id": key[0], "order_id": key[1], "error": error[:500], "seen_at": now})


def readable_again(conn: Connection, key: OrderKey) -> None:
    conn.execute(delete(unreadable).where(unreadable.c.inbox_id == key[0], unreadable.c.order_id == key[1]))


def clear_state(conn: Connection, key: OrderKey) -> None:
    """As if the order had never been seen; what was told of it stays recorded."""
    conn.execute(update(orders).where(orders.c.inbox_id == key[0], orders.c.order_id == key[1]).values(state=""))


def unreadable_of(conn: Connection, inbox_id: str, limit: int) -> list[RowMapping]:
    query = select(unreadable, orders.c.number).outerjoin(
        orders, (orders.c.inbox_id == unreadable.c.inbox_id) & (orders.c.order_id == unreadable.c.order_id)
    )
    return list(conn.execute(query.where(unreadable.c.inbox_id == inbox_id).order_by(unreadable.c.seen_at.desc()).limit(limit)).mappings())


def add_dead_letter(conn: Connection, row: Mapping[str, Any], now: datetime) -> None:
    """A webhook that cannot be read; a sender who repeats it makes no second row."""
    if not insert_once(conn, dead_letters, {**row, "n": 1, "first_at": now, "last_at": now}):
        here = (dead_letters.c.source_id == row["source_id"], dead_letters.c.digest == row["digest"])
        conn.execute(update(dead_letters).where(*here).values(n=dead_letters.c.n + 1, last_at=now, error=row["error"]))


def letters_kept(conn: Connection, source_id: str) -> int:
    return conn.execute(select(func.count()).select_from(dead_letters).where(dead_letters.c.source_id == source_id)).scalar_one()


def dead_letters_of(conn: Connection, inbox_id: str, limit: int) -> list[RowMapping]:
    query = select(dead_letters).where(dead_letters.c.inbox_id == inbox_id)
    return list(conn.execute(query.order_by(dead_letters.c.last_at.desc()).limit(limit)).mappings())


def dead_letter(conn: Connection, inbox_id: str, source_id: str, digest: str) -> RowMapping | None:
    here = (dead_letters.c.inbox_id == inbox_id, dead_letters.c.source_id == source_id, dead_letters.c.digest == digest)
    return conn.execute(select(dead_letters).where(*here)).mappings().one_or_none()


def bury(conn: Connection, inbox_id: str, source_id: str, digest: str) -> bool:
    """False when it is gone."""
    here = (dead_letters.c.inbox_id == inbox_id, dead_letters.c.source_id == source_id, dead_letters.c.digest == digest)
    return conn.execute(delete(dead_letters).where(*here).returning(dead_letters.c.digest)).first() is not None


def deliveries_of(
    conn: Connection, inbox_id: str, source_id: str | None, order_id: str | None, before: datetime | None, limit: int
) -> list[RowMapping]:
    """Newest first, without their bodies; `stored`: whether the body is still there."""
    columns = [column for column in deliveries.c if column.name != "body"]
    query = select(*columns, (func.length(deliveries.c.body) > 0).label("stored")).where(deliveries.c.inbox_id == inbox_id)
    for column, wanted in ((deliveries.c.source_id, source_id), (deliveries.c.order_id, order_id)):
        query = query.where(column == wanted) if wanted is not None else query
    if before is not None:
        query = query.where(deliveries.c.received_at < before)
    return list(conn.execute(query.order_by(deliveries.c.received_at.desc(), deliveries.c.delivery_id).limit(limit)).mappings())


def delivery(conn: Connection, inbox_id: str, source_id: str, delivery_id: str) -> RowMapping | None:
    here = (deliveries.c.inbox_id == inbox_id, deliveries.c.source_id == source_id, deliveries.c.delivery_id == delivery_id)
    return conn.execute(select(deliveries).where(*here)).mappings().one_or_none()


def bodies_of(conn: Connection, key: OrderKey) -> list[RowMapping]:
    """Every webhook of an order whose body is still there, oldest first."""
    here = (deliveries.c.inbox_id == key[0], deliveries.c.order_id == key[1], func.length(deliveries.c.body) > 0)
    return list(conn.execute(select(deliveries).where(*here).order_by(deliveries.c.received_at, deliveries.c.delivery_id)).mappings())


def moments_of(conn: Connection, source_id: str) -> list[datetime]:
    """When the last webhooks of a source came, newest first."""
    query = select(deliveries.c.received_at).where(deliveries.c.source_id == source_id)
    return list(conn.execute(query.order_by(deliveries.c.received_at.desc()).limit(GAPS)).scalars())


def sources_heard(conn: Connection) -> list[str]:
    """Every source of which something is stored, configured or not; one look into the index for each."""
    found: list[str] = []
    for table in (deliveries, dead_letters):
        last = ""
        while last := conn.execute(select(func.min(table.c.source_id)).where(table.c.source_id > last)).scalar_one() or "":
            found.append(last)
    return sorted(set(found))


def unfolded(conn: Connection, now: datetime) -> dict[str, tuple[int, int]]:
    """source -> how many of its webhooks are recorded and due to be folded, and how many could not be and are tried again."""
    due = func.count().filter(deliveries.c.fold_at <= now)
    query = select(deliveries.c.source_id, due, func.count().filter(deliveries.c.fold_at > now)).where(deliveries.c.fold_at.is_not(None))
    return {source_id: (n, later) for source_id, n, later in conn.execute(query.group_by(deliveries.c.source_id))}


def drop_bodies(conn: Connection, source_id: str, since: datetime | None, before: datetime, limit: int) -> int:
    """Empty the bodies of a source that are older than `before`; digest and summary stay. How many.

    What could not be folded until then is given up.

    `since`: before when nothing is left to be emptied.
    """
    old = [deliveries.c.source_id == source_id, deliveries.c.received_at < before, func.length(deliveries.c.body) > 0]
    if since is not None:
        old.append(deliveries.c.received_at >= since)
    ids = list(conn.execute(select(deliveries.c.delivery_id).where(*old).order_by(deliveries.c.received_at).limit(limit)).scalars())
    if ids:
        here = (deliveries.c.source_id == source_id, deliveries.c.delivery_id.in_(ids))
        conn.execute(update(deliveries).where(*here).values(body=b"", fold_at=None))
    conn.execute(delete(dead_letters).where(dead_letters.c.source_id == source_id, dead_letters.c.last_at < before))
    return len(ids)


def used_secrets(conn: Connection, used: Mapping[tuple[str, str], tuple[int, datetime]]) -> None:
    """(source, fingerprint) -> how often it verified since the last time, and when last."""
    for (source_id, fingerprint), (n, last_at) in used.items():
        if not insert_once(conn, secrets, {"source_id": source_id, "fingerprint": fingerprint, "n": n, "last_at": last_at}):
            here = (secrets.c.source_id == source_id, secrets.c.fingerprint == fingerprint)
            conn.execute(update(secrets).where(*here).values(n=secrets.c.n + n, last_at=last_at))


def secrets_of(conn: Connection, source_ids: Iterable[str]) -> dict[tuple[str, str], tuple[int, datetime]]:
    rows = conn.execute(select(secrets).where(secrets.c.source_id.in_(list(source_ids)))).mappings()
    return {(row["source_id"], row["fingerprint"]): (row["n"], row["last_at"]) for row in rows}


def log_operation(conn: Connection, *, inbox_id: str, by: str, action: str, object_: str, outcome: str, now: datetime) -> None:
    row = {"id": f"opr_{uuid.uuid4().hex}", "inbox_id": inbox_id, "at": now, "by": by, "action": action}
    insert_once(conn, operations, {**row, "object": object_[:400], "outcome": outcome[:64]})


def operations_of(conn: Connection, inbox_id: str, limit: int) -> Sequence[RowMapping]:
    query = select(operations).where(operations.c.inbox_id == inbox_id).order_by(operations.c.at.desc(), operations.c.id)
    return list(conn.execute(query.limit(limit)).mappings())
