"""What the carriers' modules have in common: one parcel's history becomes the track of its number; the order is found elsewhere.

Pure. A status is looked up and never guessed; None in a table is a status that we know and that is no stage. Walk b.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo

from order_status.events import Due, Mark, OrderFragment, Stamp, Track
from order_status.shops.reading import Node, Unreadable, look_up
from order_status.shops.signing import body_digest
from order_status.stages import number_key

Table = Mapping[str, str | None]


class History:
    """Collects a parcel's marks; `unknown` names what the sender's table does not know."""

    def __init__(self, zone: tzinfo) -> None:
        self.marks: list[Mark] = []
        self.unknown: set[str] = set()
        self._zone = zone

    def add(self, table: Table, status: str | None, at: datetime | None, place: str | None = None) -> None:
        """Without a time there is no mark: when it happened is not guessed."""
        stage = look_up(table, status, "shipment", self.unknown)
        if stage is not None and not stage.endswith("?") and at is not None:
            self.marks.append(Mark(stage, at, place))

    def fragment(
        self,
        teller: str,
        number: str,
        at: datetime,
        body: bytes,
        *,
        carrier: str | None = None,
        tracking_url: str | None = None,
        eta: Due | None = None,
        reason: str | None = None,
        quiet: bool = False,
    ) -> OrderFragment:
        """Raises Unreadable for a tracking number without a letter or digit."""
        key = number_key(number)
        if key is None:
            raise Unreadable("not a tracking number")
        stamp = Stamp(-1, at, body_digest(body))
        track = Track(key, teller, stamp, carrier, tracking_url, eta, reason, tuple(self.marks))
        return OrderFragment(None, stamp, tracks=(track,), unknown=tuple(sorted(self.unknown)), quiet=quiet)


def place_of(node: Node, *names: str) -> str | None:
    """The place, from its parts that are there."""
    return ", ".join(_distinct(part for name in names if (part := node.text(name)))) or None


def _distinct(parts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(parts))
