"""What could be said unasked, what became of it, and what it used up: candidates, verdicts, touches.

A candidate is `held`, `sent`, `shadow` (kept back by a hold-out) or `dropped`; only a dropped one may be opened again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, or_, select, update

from chat_server.core.facts import iso
from chat_server.core.model import Json
from chat_server.core.policy import MessageClass
from chat_server.core.proactive import Drop, Hold, Reason, Send, Touch, Verdict
from chat_server.core.proactive_candidate import Candidate, text_for
from chat_server.outbound.tables import candidates, conversations, messages, touches, verdicts

HELD, SENT, SHADOW, DROPPED = "held", "sent", "shadow", "dropped"
SHOWN = ("seen", "dismissed", "clicked")
"""states of a sent message, each stronger than the one before"""
ON_DISPLAY = timedelta(minutes=30)
"""a message is worth a nudge at least this long, even if its candidate would have expired by now"""
CARDS = {"order_card": ("order", "order", "number"), "offer": ("offer", "offer", "title"), "product_card": ("product", "product", "name")}
"""part type -> (kind of the nudge's card, field of the part, what it is called)"""


def _state(verdict: Verdict) -> str:
    match verdict:
        case Send():
            return SENT
        case Hold():
            return HELD
        case Drop(reason=Reason.HOLD_OUT):
            return SHADOW
        case Drop():
            return DROPPED


class Proactive:
    """Reads and writes of one transaction. `recipient` is a contact's id, or a visitor's while nobody is known."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    # candidates and verdicts

    def add(self, inbox_id: str, recipient: str, candidate: Candidate) -> bool:
        """Take a candidate on as held. False when the same news to the same shopper is held, sent or in shadow already.

        A dropped one is opened again, with its new times: what did not suit then may suit now.
        """
        same = (candidates.c.recipient == recipient, candidates.c.dedupe_key == candidate.dedupe_key)
        if self._c.execute(select(candidates.c.id).where(*same, candidates.c.state != DROPPED)).first() is not None:
            return False
        row = {
            "inbox_id": inbox_id, "recipient": recipient, "class": candidate.class_.value, "subject": candidate.subject,
            "dedupe_key": candidate.dedupe_key, "source": candidate.source, "body": candidate.to_json(),
            "created_at": candidate.created_at, "expires_at": candidate.expires_at,
            "state": HELD, "reason": None, "settled_at": None,
        }  # fmt: skip
        dropped = (candidates.c.id == candidate.id, candidates.c.state == DROPPED)
        if self._c.execute(update(candidates).where(*dropped).values(row)).rowcount == 1:
            return True
        if self._c.execute(select(candidates.c.id).where(candidates.c.id == candidate.id)).first() is not None:
            return False
        self._c.execute(insert(candidates), [{**row, "id": candidate.id}])
        return True

    def waiting(self, recipient: str) -> list[Candidate]:
        """Every held candidate of a shopper, oldest first."""
        where = (candidates.c.recipient == recipient, candidates.c.state == HELD)
        rows = self._c.execute(select(candidates.c.body).where(*where).order_by(candidates.c.created_at, candidates.c.id))
        return [Candidate.from_json(row.body) for row in rows]

    def said(self, recipient: str) -> frozenset[str]:
        """Dedupe keys of what this shopper was told, or would have been but for a hold-out."""
        where = (candidates.c.recipient == recipient, candidates.c.state.in_((SENT, SHADOW)))
        return frozenset(self._c.execute(select(candidates.c.dedupe_key).where(*where)).scalars())

    def candidate(self, candidate_id: str) -> Json | None:
        """A candidate's row: `state`, `reason`, `conversation_id`, `message_id`, …"""
        row = self._c.execute(select(candidates).where(candidates.c.id == candidate_id)).first()
        return None if row is None else dict(row._mapping)

    def settle(self, verdict: Verdict, recipient: str, now: datetime) -> bool:
        """Keep a verdict; True when it differs from the candidate's last one, and so became a new line of its story.

        The same decision for the same reason moves the time of the line that stands.
        """
        until = verdict.until if isinstance(verdict, Hold) else None
        changes = {"state": _state(verdict), "reason": verdict.reason.value, "settled_at": now}
        self._c.execute(update(candidates).where(candidates.c.id == verdict.candidate_id).values(changes))
        of_it = select(verdicts).where(verdicts.c.candidate_id == verdict.candidate_id)
        last = self._c.execute(of_it.order_by(verdicts.c.id.desc()).limit(1)).first()
        if last is not None and (last.decision, last.reason) == (verdict.decision, verdict.reason.value):
            if last.until != until:
                self._c.execute(update(verdicts).where(verdicts.c.id == last.id).values(until=until))
            return False
        row = {"candidate_id": verdict.candidate_id, "recipient": recipient, "decision": verdict.decision,
               "reason": verdict.reason.value, "until": until, "at": now}  # fmt: skip
        self._c.execute(insert(verdicts), [row])
        return True

    def verdicts(self, recipient: str, limit: int = 30, locale: str = "en") -> list[Json]:
        """Verdicts of docs/wire.md, newest first, their texts in `locale` where there is one."""
        told = select(verdicts, candidates.c["class"], candidates.c.subject, candidates.c.source, candidates.c.body)
        told = told.join(candidates, candidates.c.id == verdicts.c.candidate_id).where(verdicts.c.recipient == recipient)
        return [
            {
                "id": str(row.id),
                "at": iso(row.at),
                "class": row._mapping["class"],
                "subject": row.subject,
                "source": row.source,
                "decision": row.decision,
                "reason": row.reason,
                "until": None if row.until is None else iso(row.until),
                "text": text_for(row.body["message"], locale, "en")[1],
            }
            for row in self._c.execute(told.order_by(verdicts.c.at.desc(), verdicts.c.id.desc()).limit(limit))
        ]

    # messages that went out

    def sent(self, candidate_id: str, conversation_id: str, message_id: str) -> None:
        """Where a candidate's message stands."""
        place = {"conversation_id": conversation_id, "message_id": message_id}
        self._c.execute(update(candidates).where(candidates.c.id == candidate_id).values(place))

    def unseen(self, recipient: str, now: datetime) -> list[Json]:
        """Nudges of docs/wire.md: sent, not read, not reported in any way, and still worth it; the most important first."""
        found = (
            select(candidates.c["class"], messages.c.id, messages.c.conversation_id, messages.c.parts, messages.c.created_at)
            .join(messages, messages.c.id == candidates.c.message_id)
            .join(conversations, conversations.c.id == messages.c.conversation_id)
            .where(
                candidates.c.recipient == recipient,
                candidates.c.state == SENT,
                candidates.c.shown.is_(None),
                messages.c.seq > conversations.c.shopper_read,
                or_(candidates.c.expires_at > now, messages.c.created_at > now - ON_DISPLAY),
            )
            .order_by(messages.c.created_at.desc(), messages.c.seq.desc())
        )
        rows = sorted(self._c.execute(found), key=lambda row: MessageClass(row._mapping["class"]).rank)
        return [_nudge(row) for row in rows]

    def by_message(self, message_id: str) -> Json | None:
        """The candidate's row behind a message."""
        row = self._c.execute(select(candidates).where(candidates.c.message_id == message_id)).first()
        return None if row is None else dict(row._mapping)

    def shown(self, message_id: str, state: str, now: datetime) -> bool:
        """`seen`, `dismissed` or `clicked`; False when this much was known before: it never goes backwards."""
        weaker = SHOWN[: SHOWN.index(state)]
        where = and_(candidates.c.message_id == message_id, or_(candidates.c.shown.is_(None), candidates.c.shown.in_(weaker)))
        return self._c.execute(update(candidates).where(where).values(shown=state, shown_at=now)).rowcount == 1

    def dismissed_at(self, recipient: str) -> datetime | None:
        """When the shopper last waved a message away."""
        where = (candidates.c.recipient == recipient, candidates.c.shown == "dismissed")
        return self._c.execute(select(func.max(candidates.c.shown_at)).where(*where)).scalar_one_or_none()

    # touches

    def touch(self, inbox_id: str, recipient: str, candidate: Candidate, *, shadow: bool, now: datetime) -> None:
        """A candidate used up budget; `shadow`: it would have, but for a hold-out."""
        row = {"id": candidate.id, "inbox_id": inbox_id, "recipient": recipient, "class": candidate.class_.value,
               "channel": "chat", "department": "support", "source": candidate.source, "shadow": shadow, "at": now}  # fmt: skip
        self._c.execute(insert(touches), [row])

    def touches(self, recipient: str, since: datetime) -> tuple[Touch, ...]:
        """What a shopper was told since then, oldest first."""
        where = (touches.c.recipient == recipient, touches.c.at >= since)
        rows = self._c.execute(select(touches).where(*where).order_by(touches.c.at, touches.c.id))
        return tuple(Touch(MessageClass(row._mapping["class"]), row.at, row.source, row.shadow) for row in rows)


def _nudge(row: Row[*tuple[Any, ...]]) -> Json:
    text = next((part["text"] for part in row.parts if part["type"] == "text"), "")
    nudge: Json = {"conversation": row.conversation_id, "message_id": row.id, "text": text, "class": row._mapping["class"]}
    for part in row.parts:
        if part["type"] in CARDS:
            kind, field, name = CARDS[part["type"]]
            return {**nudge, "card": {"kind": kind, "title": str(part[field].get(name) or "")}}
    return nudge
