"""Behaviour speaks up: which rules does an activity fire, and which messages would they like to send?

Finds candidates only; whether one goes out is decided by `proactive.arbitrate`. An activity looks at none but the
rules that mention its kind. Walk c.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from chat_server.core.policy import MessageClass
from chat_server.core.policy_table import Invalid
from chat_server.core.proactive_candidate import Candidate, OrderRef, candidate_id
from chat_server.core.product import Products
from chat_server.core.triggers_condition import Look, Shopper, asks_products, holds, subject_of
from chat_server.core.triggers_reading import parse_rule, parse_rules
from chat_server.core.triggers_rule import Audience, Rule
from chat_server.core.triggers_state import KINDS, ORDER, Activity, Cart, VisitorState, fold

NONE_KNOWN: Products = MappingProxyType({})
BUCKET_S = 86_400
"""Within one such stretch the same rule finds the same subject only once; the rule's cap (sliding) does the rest."""


@dataclass(frozen=True, slots=True)
class Index:
    """Enabled rules by the kind of activity that makes us look at them, in the order of the file."""

    by_kind: Mapping[str, tuple[Rule, ...]]
    asks_products: bool = False
    """whether any of them asks the catalogue about the cart or what is looked at"""


def compile_rules(rules: Iterable[Rule]) -> Index:
    """Sort the rules once, when the settings are read."""
    by_kind: dict[str, tuple[Rule, ...]] = {}
    enabled = [rule for rule in rules if rule.enabled]
    for rule in enabled:
        for kind in sorted(rule.on):
            by_kind[kind] = (*by_kind.get(kind, ()), rule)
    return Index(MappingProxyType(by_kind), any(asks_products(rule.when) for rule in enabled))


def match(
    index: Index, shopper: Shopper, state: VisitorState, activity: Activity, now: datetime, products: Products = NONE_KNOWN
) -> tuple[Candidate, ...]:
    """Candidates of one activity; `state` is the state after it (`fold` first, and skip an activity that fold knew).

    `products`: what the catalogue says of those that the activity names and that are in the cart.

    A rule goes on firing while its condition holds; the candidate's id stays the same (for a day and a subject), so
    a candidate that has been judged for good is not judged again: skip the ids that the store knows as sent or dropped.
    """
    look = Look(shopper, state, activity, now, products)
    return tuple(
        _candidate(rule, look)
        for rule in index.by_kind.get(activity.kind, ())
        if rule.audience.includes(shopper) and holds(rule.when, look)
    )


def contradicted(candidates: Iterable[Candidate], state: VisitorState) -> frozenset[str]:
    """Dedupe keys of behaviour candidates that a purchase has made pointless since (they bought: no help, no promo)."""
    bought_at = max((seen.at for seen in state.recent if seen.kind == "purchase"), default=None)
    return frozenset(
        candidate.dedupe_key
        for candidate in candidates
        if bought_at is not None
        and candidate.source.startswith("rule:")
        and candidate.class_ in (MessageClass.HELP, MessageClass.PROMO)
        and candidate.created_at <= bought_at
    )


def _candidate(rule: Rule, look: Look) -> Candidate:
    subject = subject_of(rule.when, look)
    bucket = int(look.now.timestamp()) // BUCKET_S
    dedupe_key = f"{rule.source}:{subject}:{bucket}"
    data = look.activity.data
    about_order = look.activity.kind == ORDER and isinstance(data.get("order_id"), str)
    return Candidate(
        id=candidate_id(look.shopper.contact_id or look.shopper.visitor_id or "", dedupe_key),
        visitor_id=look.shopper.visitor_id,
        contact_id=look.shopper.contact_id,
        class_=rule.class_,
        subject=subject,
        dedupe_key=dedupe_key,
        message=rule.text,
        not_before=look.now,
        expires_at=look.now + timedelta(minutes=rule.expires_minutes),
        source=rule.source,
        created_at=min(look.activity.at, look.now),
        value=rule.value,
        offer_id=rule.offer,
        order=OrderRef(str(data["order_id"]), str(data.get("number") or ""), str(data.get("stage") or "")) if about_order else None,
        cap=rule.cap,
        hold_out_percent=rule.hold_out_percent,
    )


__all__ = [
    "KINDS",
    "ORDER",
    "Activity",
    "Audience",
    "Candidate",
    "Cart",
    "Index",
    "Invalid",
    "Rule",
    "Shopper",
    "VisitorState",
    "compile_rules",
    "contradicted",
    "fold",
    "match",
    "parse_rule",
    "parse_rules",
]
