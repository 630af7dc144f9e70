"""An agent speaks to somebody on the site first. Judged like every unasked message, in one write. Walk d."""

from __future__ import annotations

from datetime import timedelta

from chat_server.core.inbox import Inbox
from chat_server.core.model import Agent, Json, Visitor
from chat_server.core.policy import MessageClass
from chat_server.core.proactive import Candidate, candidate_id
from chat_server.errors import ClientError, Code
from chat_server.flows.context import Context, not_found
from chat_server.flows.orders import to_speak_of
from chat_server.flows.people import recipient as recipient_of
from chat_server.flows.ports import Tx
from chat_server.flows.proactive import Outcome, consider, tell

INVITATION = timedelta(minutes=10)
"""how long an agent's invitation makes sense"""
INVITATION_VALUE = 1_000
"""a person's own idea goes before a rule's of the same class"""
DECISIONS = {"held": "hold", "sent": "send"}


async def invite(context: Context, agent: Agent, visitor_id: str, client_id: str, text: str) -> Json:
    """An agent speaks to somebody on the site first; judged like every unasked message. A repeat answers what stands."""
    inbox = context.inboxes[agent.inbox_id]
    visitor = await context.store.read(lambda tx: _invited(tx, inbox, visitor_id))
    orders = await to_speak_of(context, inbox.id, recipient_of(visitor))

    def work(tx: Tx) -> tuple[Outcome, Json]:
        now = context.clock()
        key = f"agent:{agent.id}:{client_id}"
        candidate = Candidate(
            id=candidate_id(visitor.id, key),
            visitor_id=visitor.id,
            contact_id=visitor.contact_id,
            class_=MessageClass.HELP,
            subject="invitation",
            dedupe_key=key,
            message={visitor.locale: text},
            not_before=now,
            expires_at=now + INVITATION,
            source=f"agent:{agent.id}",
            created_at=now,
            value=INVITATION_VALUE,
        )
        known = tx.proactive.candidate(candidate.id)
        if known is not None and text not in known["body"]["message"].values():
            raise ClientError(Code.CONFLICT, "This client_id was used for another invitation.")
        outcome = consider(context, tx, inbox, recipient_of(visitor), [candidate], orders=orders)
        stands = tx.proactive.candidate(candidate.id)
        assert stands is not None, "it was added, or known before"
        return outcome, stands

    outcome, stands = await context.store.write(work)
    tell(context, outcome)
    answer: Json = {"decision": DECISIONS.get(stands["state"], "drop"), "reason": stands["reason"]}
    if stands["message_id"] is not None:
        answer |= {"conversation": stands["conversation_id"], "message_id": stands["message_id"]}
    return answer


def _invited(tx: Tx, inbox: Inbox, visitor_id: str) -> Visitor:
    found = tx.people.visitor(visitor_id)
    if found is None or found.inbox_id != inbox.id:
        raise not_found("visitor")
    return found
