"""A street of shops and carriers that all send to one inbox: the world of order_status with one source of each kind."""

from pathlib import Path
from typing import Any

from order_status import OrderStatus, Receipt, SourceConfig, Writer
from tests.order_status.shops.senders import SIGN, body_of, source
from tests.order_status.world import World

Json = dict[str, Any]


class Street(World):
    """`post` is a sender; everything else is the world's."""

    def __init__(self, path: Path, *changed: SourceConfig, writer: Writer | None = None) -> None:
        super().__init__(path, writer=writer)
        self.sources = {kind: source(kind) for kind in SIGN} | {each.kind: each for each in changed}
        self.status = OrderStatus(self.writer, list(self.sources.values()), [], self.clock)

    async def post(self, kind: str, document: object, topic: str = "", **signed: Any) -> Receipt:
        body = body_of(document)
        return await self.status.ingest(self.sources[kind].id, SIGN[kind](body, topic, **signed), body)

    async def takes(self, kind: str, document: object, topic: str = "") -> None:
        receipt = await self.post(kind, document, topic)
        assert receipt == Receipt(200, {"ok": True, "outcome": "accepted"}), receipt

    async def count(self, kind: str) -> Json:
        return next(row for row in await self.status.health() if row["kind"] == kind)
