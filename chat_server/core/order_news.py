"""An order moved: is it worth a word, and which? From a fact of the shop's backend to a candidate, or the reason why not.

Pure. Whether and when the candidate goes out is decided by `proactive.arbitrate`. Walk b.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from chat_server.core.model import Json
from chat_server.core.offer import OfferTemplate
from chat_server.core.order_news_text import carrier_name, day_text, fill, spoken_measure, still_ahead
from chat_server.core.policy import MessageClass
from chat_server.core.proactive_candidate import Candidate, OrderRef, candidate_id, text_for

STAGES = (
    "placed",
    "packed",
    "shipped",
    "delayed",
    "still_delayed",
    "out_for_delivery",
    "ready_for_pickup",
    "delivered",
    "delivery_failed",
    "cancelled",
    "refunded",
    "returned",
    "payment_failed",
    "lost",
    "returned_to_sender",
    "corrected",
)
"""The stages that are news; any other is for the record."""

PROBLEMS = frozenset({"delayed", "still_delayed", "delivery_failed", "payment_failed", "lost", "cancelled", "corrected"})

_LATE = frozenset({"delayed", "still_delayed"})
MEASURE_FRESH = timedelta(days=2)

# After these nothing else about the order is worth a word.
_ENDED = frozenset({"cancelled", "returned", "refunded"})


class Unsaid(StrEnum):
    """Why an order fact makes no candidate."""

    SILENT = "silent"
    NO_TEXT = "no_text"
    SWITCHED_OFF = "switched_off"
    STALE = "stale"
    NO_RECIPIENT = "no_recipient"


@dataclass(frozen=True, slots=True)
class OrderMessage:
    """What an inbox says at a stage; texts by locale, in the language of order_news_text."""

    stage: str
    class_: MessageClass
    text: Mapping[str, str]
    enabled: bool = True
    offer: str | None = None
    value: int = 0


@dataclass(frozen=True, slots=True)
class OrderNews:
    """The one thing to tell about an order now. `expected`: the day or time of delivery as known at this moment."""

    source_id: str
    order_id: str
    number: str
    stage: str
    effect_key: str
    entity: str
    at: datetime
    fresh_until: datetime
    silent: bool = False
    locale: str | None = None
    customer_id: str | None = None
    delayed: bool = False
    expected: date | datetime | None = None
    carrier: str | None = None
    next_word: datetime | None = None
    """by when we speak again if a parcel that we noticed to be late does not move"""
    measure: Mapping[str, str] = field(default_factory=dict)
    """what the shop did about it lately, in its own words by locale"""

    @property
    def dedupe_key(self) -> str:
        """One effect of one order is told once."""
        return f"order:{self.source_id}:{self.order_id}:{self.effect_key}"


def news_of(
    *,
    source_id: str,
    order_id: str,
    number: str,
    stage: str,
    effect_key: str,
    entity: str,
    at: datetime,
    fresh_until: datetime,
    silent: bool,
    locale: str | None,
    customer_id: str | None,
    order: Json,
) -> OrderNews:
    """A StageChanged row as news; day, carrier and measure are read from its `order` (OrderView of docs/wire.md)."""
    shipments = order.get("shipments") or []
    about = [parcel for parcel in shipments if entity == f"shipment:{parcel.get('id')}"] or (shipments if len(shipments) == 1 else [])
    parcel = about[0] if about else {}
    overdue = parcel.get("overdue")
    measures = [measure for measure in order.get("measures") or [] if _moment(measure["at"]) >= at - MEASURE_FRESH]
    return OrderNews(
        source_id=source_id,
        order_id=order_id,
        number=number,
        stage=stage,
        effect_key=effect_key,
        entity=entity,
        at=at,
        fresh_until=fresh_until,
        silent=silent,
        locale=locale,
        customer_id=customer_id,
        delayed=bool(parcel.get("delayed")),
        expected=None if overdue else _expected(parcel.get("eta") or parcel.get("promised")),
        carrier=parcel.get("carrier"),
        next_word=_moment(overdue["next_word"]) if overdue else None,
        measure=max(measures, key=lambda measure: _moment(measure["at"]))["text"] if measures else {},
    )


def compose(
    news: OrderNews,
    messages: Mapping[str, OrderMessage],
    *,
    visitor_id: str | None,
    contact_id: str | None,
    zone: tzinfo,
    now: datetime,
    offers: Mapping[str, OfferTemplate] | None = None,
) -> Candidate | Unsaid:
    """The candidate for this news, or why there is none. `zone`: the inbox's, for the day that is told. `offers`: the inbox's, by id."""
    if news.silent:
        return Unsaid.SILENT
    message = messages.get(news.stage)
    if message is None:
        return Unsaid.NO_TEXT
    if not message.enabled:
        return Unsaid.SWITCHED_OFF
    if news.fresh_until <= now:
        return Unsaid.STALE
    recipient = contact_id or visitor_id
    if recipient is None:
        return Unsaid.NO_RECIPIENT
    offer = (offers or {}).get(message.offer or "")
    return Candidate(
        id=candidate_id(recipient, news.dedupe_key),
        visitor_id=visitor_id,
        contact_id=contact_id,
        class_=message.class_,
        subject=f"order:{news.order_id}",
        dedupe_key=news.dedupe_key,
        message={locale: words(news, text, locale, zone, now, offer) for locale, text in message.text.items()},
        plain={locale: words(news, text, locale, zone, now) for locale, text in message.text.items()} if offer else {},
        not_before=now,
        expires_at=news.fresh_until,
        source=f"order:{news.stage}",
        created_at=news.at if news.at < now else now,
        value=message.value,
        offer_id=message.offer,
        order=OrderRef(news.order_id, news.number or news.order_id, news.stage, news.entity),
    )


def words(news: OrderNews, text: str, locale: str, zone: tzinfo, now: datetime, offer: OfferTemplate | None = None) -> str:
    """A message's text about this news, in one locale. What we do not know, or do not offer, is not said."""
    expected = still_ahead(news.expected, now, zone, not_today=news.stage == "delivery_failed")
    next_word = still_ahead(news.next_word, now, zone)
    language = locale.split("-")[0]
    return fill(
        text,
        {
            "number": news.number or news.order_id,
            "expected": day_text(expected, locale, zone) if expected is not None else None,
            "next_word": day_text(next_word, locale, zone) if next_word is not None else None,
            "carrier": carrier_name(news.carrier),
            "measure": spoken_measure(news.measure.get(locale) or news.measure.get(language)),
            "offer": text_for(offer.title, locale, "en")[1] if offer else None,
        },
    )


def contradicted(candidates: Iterable[Candidate], orders: Mapping[str, Json]) -> frozenset[str]:
    """Dedupe keys of order news that the orders as they stand (OrderView by order id) no longer bear out.

    Also the older of two words about one late parcel, which has been replaced; and the correction of a delivery of which the word still
    waits, so that nobody has heard it. An order that is not in `orders` proves nothing.
    """
    about = [(candidate, candidate.order) for candidate in candidates if candidate.order and candidate.source.startswith("order:")]
    newest: dict[tuple[str, str], datetime] = {}
    for candidate, ref in about:
        told = (ref.order_id, ref.entity)
        if ref.stage in _LATE:
            newest[told] = max(candidate.created_at, newest.get(told, candidate.created_at))
    unheard = {(ref.order_id, ref.entity) for _, ref in about if ref.stage == "delivered"}
    return frozenset(
        candidate.dedupe_key
        for candidate, ref in about
        if (ref.stage == "corrected" and (ref.order_id, ref.entity) in unheard)
        or (ref.stage in _LATE and candidate.created_at < newest[(ref.order_id, ref.entity)])
        or (ref.order_id in orders and not still_true(ref, orders[ref.order_id]))
    )


def still_true(ref: OrderRef, order: Json) -> bool:
    """Whether a stage that we are about to tell is where the order (its parcel, its payment) stands."""
    stage = ref.stage
    if stage in ("cancelled", "refunded", "returned"):
        return True
    if order.get("headline") in _ENDED:
        return stage == order.get("headline")
    parcels = order.get("shipments") or []
    if stage == "placed":
        return all(parcel.get("stage") == "preparing" for parcel in parcels)
    if stage == "payment_failed":
        return order.get("payment") in (None, "failed")
    parcel = next((parcel for parcel in parcels if ref.entity == f"shipment:{parcel.get('id')}"), None)
    if parcel is None:
        return True
    now_at = "shipped" if parcel.get("stage") == "in_transit" else parcel.get("stage")
    if stage == "corrected":
        return bool(parcel.get("corrections")) and now_at != "delivered"
    if stage in _LATE:
        return bool(parcel.get("delayed")) and now_at != "delivered"
    return bool(now_at == stage)


def _expected(value: object) -> date | datetime | None:
    """A date, or an aware time; midnight in UTC is how some shops write a date."""
    if not isinstance(value, str):
        return None
    try:
        if len(value) == 10:
            return date.fromisoformat(value)
        moment = _moment(value)
    except ValueError:
        return None
    if moment.tzinfo is None or value.endswith("T00:00:00Z"):
        return moment.date()
    return moment


def _moment(value: str) -> datetime:
    return datetime.fromisoformat(value)
