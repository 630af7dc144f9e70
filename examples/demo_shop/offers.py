"""What an accepted offer does in the shop, and its withdrawal: each exactly once for its key, saved together with the answer. Walk e.

Knows no HTTP. The caller opens the transaction, so that effect, order, snapshot and answer stand or fall together.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from .orders import Entry, Order, Refused, changed, iso
from .outbox import Outbox
from .remedies import REVERSIBLE, Done, carried_out, put_back
from .store import Row, Store

LARGEST_VOUCHER = 5000  # minor units; the shop decides what it gives, whatever an offer says


@dataclass(frozen=True, slots=True)
class Answer:
    state: str  # done, refused, pending
    reason: str  # for the shopper, in the order's language; empty when there is nothing to say


class Offers:
    def __init__(self, store: Store, outbox: Outbox, clock: Callable[[], datetime], say: Callable[[str, str], str]) -> None:
        """`say(locale, key)` gives the shopper's words for a reason."""
        self._store, self._outbox, self._clock, self._say = store, outbox, clock, say

    def known(self, key: str) -> Answer | None:
        row = self._store.row("SELECT state, reason FROM offer WHERE id = ?", key)
        return None if row is None else Answer(row["state"], row["reason"])

    def take(self, key: str, data: Entry, later: bool) -> Answer:
        """Carries an acceptance or a withdrawal out, or keeps it for `settle` when `later`. `key`: the call's webhook-id.

        A known key gets its first answer again and has no second effect.
        """
        known = self.known(key)
        if known is not None:
            return known
        answer = Answer("pending", "") if later else self._apply(data)
        self._keep(key, data, answer)
        return answer

    def refuse(self, key: str, data: Entry) -> Answer:
        """The shop says no. A known key gets its first answer again."""
        known = self.known(key)
        if known is not None:
            return known
        answer = Answer("refused", self._say(self._locale(data), "not_now"))
        self._keep(key, data, answer)
        return answer

    def settle(self, key: str, agree: bool) -> Answer | None:
        """Decides what is pending and tells Shopbell with `offer.settled`, under the call's id. None when nothing is pending under it."""
        row = self._store.row("SELECT data FROM offer WHERE id = ? AND state = 'pending'", key)
        if row is None:
            return None
        data: Entry = json.loads(row["data"])
        answer = self._apply(data) if agree else Answer("refused", self._say(self._locale(data), "not_now"))
        self._store.run("UPDATE offer SET state = ?, reason = ? WHERE id = ?", answer.state, answer.reason, key)
        settled = {"offer_id": key, "status": answer.state}
        self._outbox.put("offer.settled", key, settled | ({"reason": answer.reason} if answer.reason else {}))
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

    def of_order(self, order_id: str) -> list[Row]:
        """What was accepted and taken back for an order, newest first."""
        return self._store.rows(
            "SELECT id, json_extract(data, '$.kind') AS kind, json_extract(data, '$.params') AS params,"
            " json_extract(data, '$.withdrawn') AS withdrawn, state, reason, at"
            " FROM offer WHERE json_extract(data, '$.order_id') = ? ORDER BY at DESC", order_id,
        )  # fmt: skip

    def _keep(self, key: str, data: Entry, answer: Answer) -> None:
        self._store.run("INSERT INTO offer VALUES (?, ?, ?, ?, ?)", key, json.dumps(data), answer.state, answer.reason, iso(self._clock()))

    def _apply(self, data: Entry) -> Answer:
        order = self._order(data)
        locale = self._locale(data)
        try:
            if order is None:
                raise Refused("no_such_order")
            if data.get("withdrawn"):
                return Answer("done", self._undo(data, order, locale))
            done = self._voucher(order, data["params"].get("worth")) if data["kind"] == "voucher" else None
            done = done or carried_out(data["kind"], order, data["params"], self._clock(), locale)
        except Refused as no:
            return Answer("refused", self._say(locale, str(no)))
        self._store.run(
            "INSERT INTO offer_before VALUES (?, ?, ?)", data["offer_id"], json.dumps(order, ensure_ascii=False), done.order["version"]
        )
        self._save(done.order)
        return Answer("done", self._say(locale, done.say).format(**done.values))

    def _voucher(self, order: Order, worth: object) -> Done:
        if not isinstance(worth, int) or isinstance(worth, bool) or not 0 < worth <= LARGEST_VOUCHER:
            raise Refused("not_now")
        now = self._clock()
        code = f"SVALNA-{secrets.token_hex(3).upper()}"
        self._store.add_voucher(code, order["customer"]["id"], worth, order["order_id"], iso(now))
        return Done(changed(order, now, "voucher", note=code), "voucher_done", {"code": code})

    def _undo(self, data: Entry, order: Order, locale: str) -> str:
        """As it was before, unless the order went on meanwhile, or the voucher was used."""
        row = self._store.row("SELECT doc, version FROM offer_before WHERE id = ?", data["offer_id"])
        if row is None or data["kind"] not in REVERSIBLE:
            raise Refused("cannot_undo")
        if row["version"] != order["version"]:
            raise Refused("went_on")
        if data["kind"] == "voucher" and not self._store.drop_voucher(order["shop"]["timeline"][-1]["note"]):
            raise Refused("voucher_used")
        self._save(put_back(cast(Order, json.loads(row["doc"])), order, self._clock()))
        return self._say(locale, "undo_done")

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
