"""What an accepted offer does in the shop: the effect, exactly once for each offer id, saved together with the answer. Walk e.

Knows no HTTP. The caller opens the transaction, so that effect, order, snapshot and answer stand or fall together.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from .orders import Entry, Order, Refused, changed, iso
from .outbox import Outbox
from .parcels import to_pickup_point
from .store import Row, Store

LARGEST_VOUCHER = 5000  # minor units; the shop decides what it gives, whatever an offer says
PICKUP_POINT = "North Point, Warszawa Centralna"


@dataclass(frozen=True, slots=True)
class Answer:
    state: str  # done, refused, pending
    reason: str  # for the shopper, in the order's language; empty when there is nothing to say


class Offers:
    def __init__(self, store: Store, outbox: Outbox, clock: Callable[[], datetime], say: Callable[[str, str], str]) -> None:
        """`say(locale, key)` gives the shopper's words for a reason."""
        self._store, self._outbox, self._clock, self._say = store, outbox, clock, say

    def known(self, offer_id: str) -> Answer | None:
        row = self._store.row("SELECT state, reason FROM offer WHERE id = ?", offer_id)
        return None if row is None else Answer(row["state"], row["reason"])

    def accept(self, data: Entry, later: bool) -> Answer:
        """Applies the offer, or keeps it for `settle` when `later`. A known offer gets its first answer again and has no second effect."""
        known = self.known(data["offer_id"])
        if known is not None:
            return known
        answer = Answer("pending", "") if later else self._apply(data)
        self._keep(data, answer)
        return answer

    def refuse(self, data: Entry) -> Answer:
        """The shop says no. A known offer gets its first answer again."""
        known = self.known(data["offer_id"])
        if known is not None:
            return known
        answer = Answer("refused", self._say(self._locale(data), "not_now"))
        self._keep(data, answer)
        return answer

    def settle(self, offer_id: str, agree: bool) -> Answer | None:
        """Decides a pending offer and tells Shopbell with `offer.settled`. None when there is nothing pending under this id."""
        row = self._store.row("SELECT data FROM offer WHERE id = ? AND state = 'pending'", offer_id)
        if row is None:
            return None
        data: Entry = json.loads(row["data"])
        answer = self._apply(data) if agree else Answer("refused", self._say(self._locale(data), "not_now"))
        self._store.run("UPDATE offer SET state = ?, reason = ? WHERE id = ?", answer.state, answer.reason, offer_id)
        settled = {"offer_id": offer_id, "status": answer.state}
        self._outbox.put("offer.settled", offer_id, settled | ({"reason": answer.reason} if answer.reason else {}))
        return answer

    def log_call(self, offer_id: str, status: int, answer: str) -> None:
        self._store.run(
            "INSERT INTO offer_call (offer_id, at, status, answer) VALUES (?, ?, ?, ?)", offer_id, iso(self._clock()), status, answer[:500]
        )

    def calls(self, limit: int = 30) -> list[Row]:
        """Newest first, each with what became of its offer (no state for calls that were not let in)."""
        return self._store.rows(
            "SELECT c.at, c.status, c.answer, c.offer_id, o.data, o.state, o.reason FROM offer_call c"
            " LEFT JOIN offer o ON o.id = c.offer_id ORDER BY c.n DESC LIMIT ?", limit,
        )  # fmt: skip

    def pending(self) -> list[Row]:
        return self._store.rows("SELECT * FROM offer WHERE state = 'pending' ORDER BY at")

    def _keep(self, data: Entry, answer: Answer) -> None:
        self._store.run(
            "INSERT INTO offer VALUES (?, ?, ?, ?, ?)", data["offer_id"], json.dumps(data), answer.state, answer.reason, iso(self._clock())
        )

    def _apply(self, data: Entry) -> Answer:
        order = self._order(data)
        locale = self._locale(data)
        try:
            if order is None:
                raise Refused("no_such_order")
            match data["kind"]:
                case "voucher":
                    return Answer("done", self._voucher(order, data["params"].get("worth"), locale))
                case "pickup_point":
                    return Answer("done", self._pickup(order, locale))
                case _:
                    raise Refused("unknown_offer")
        except Refused as no:
            return Answer("refused", self._say(locale, str(no)))

    def _voucher(self, order: Order, worth: object, locale: str) -> str:
        if not isinstance(worth, int) or isinstance(worth, bool) or not 0 < worth <= LARGEST_VOUCHER:
            raise Refused("not_now")
        now = self._clock()
        code = f"SVALNA-{secrets.token_hex(3).upper()}"
        self._store.add_voucher(code, order["customer"]["id"], worth, order["order_id"], iso(now))
        self._save(changed(order, now, "voucher", note=code))
        return self._say(locale, "voucher_done").format(code=code)

    def _pickup(self, order: Order, locale: str) -> str:
        self._save(to_pickup_point(order, PICKUP_POINT, self._clock()))
        return self._say(locale, "pickup_done").format(point=PICKUP_POINT)

    def _save(self, order: Order) -> None:
        self._store.save_order(order)
        self._outbox.put_order(order)

    def _order(self, data: Entry) -> Order | None:
        """Only the order that the offer names, and only when it belongs to the contact that the offer names (if it names one)."""
        order = self._store.order(data["order_id"])
        owner = data["contact"].get("customer_id")
        return None if order is None or (owner and owner != order["customer"]["id"]) else order

    def _locale(self, data: Entry) -> str:
        order = self._store.order(data["order_id"])
        return "en" if order is None else order["locale"]
