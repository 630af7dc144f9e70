"""When an ended journey is said to go on: which words stand against the end, whether that is settled, and what holds since then.

Pure, and the same for any order of arrival: the words of all tellers are heard again in the order of their own times. What the words
alone do not settle is decided later, by time or by an operator, and kept as a ruling. Walk b.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from order_status.events import Mark
from order_status.stages import FINAL, SHIPMENT_RANK, Contradiction, Correction, Parcel, Ruling, progress

SHOP = ""
"""the teller whose words stand on the parcel itself"""
CONFIRMED = 2
"""words at different times that settle it, when nobody still says that the journey ended"""


def judged(parcel: Parcel, told: Mapping[str, Sequence[Mark]], rulings: Iterable[Ruling]) -> Parcel:
    """The parcel with its corrections, and the contradiction that waits. `told`: the marks of each teller; `rulings`: of the order."""
    if not any(mark.stage in FINAL for mark in parcel.marks):
        return parcel
    hearing = _Hearing([each for each in rulings if each.shipment_id == parcel.facts.id])
    words = [(mark, teller) for teller, marks in told.items() for mark in marks if mark.stage in SHIPMENT_RANK]
    for mark, teller in sorted(words, key=lambda word: (word[0].at, progress(word[0]), word[1])):
        if teller != SHOP or not _taken_back(parcel, mark):
            hearing.hear(mark, teller)
    return replace(parcel, corrections=tuple(hearing.corrections), contradiction=hearing.contradiction())


def join_rulings(rulings: Iterable[Ruling]) -> tuple[Ruling, ...]:
    """The first ruling on the same words counts."""
    found: dict[tuple[str, str, str], Ruling] = {}
    for ruling in sorted(rulings, key=lambda each: (each.at, each)):
        found.setdefault((ruling.shipment_id, ruling.since.isoformat(), ruling.verdict), ruling)
    return tuple(sorted(found.values()))


def _taken_back(parcel: Parcel, mark: Mark) -> bool:
    """The shop's newest snapshot says that the journey ended before this older word of its own."""
    facts = parcel.facts
    return facts.stage in FINAL and mark.at > facts.at and SHIPMENT_RANK[mark.stage] < SHIPMENT_RANK[facts.stage]


class _Hearing:
    """What is believed of one parcel, word by word."""

    def __init__(self, rulings: Sequence[Ruling]) -> None:
        self.corrections: list[Correction] = []
        self._corrected = [each for each in rulings if each.verdict == "corrected"]
        self._kept = [each for each in rulings if each.verdict == "kept"]
        self._believed: Mark | None = None
        self._against: list[Mark] = []
        self._last: dict[str, Mark] = {}

    def hear(self, mark: Mark, teller: str) -> None:
        believed = self._believed
        self._last[teller] = mark
        if believed is None or progress(mark) > progress(believed):
            self._believed, self._against = mark, []
        elif believed.stage in FINAL and mark.at > believed.at:
            if SHIPMENT_RANK[mark.stage] >= SHIPMENT_RANK[believed.stage]:
                self._against = []  # said again: it did end
            elif not any(ruling.since <= mark.at <= ruling.until for ruling in self._kept):
                self._against.append(mark)
        if self._against:
            self._settle()

    def contradiction(self) -> Contradiction | None:
        if self._believed is None or not self._against:
            return None
        ended, going_on = self._still_ended(self._believed), self._going_on(self._believed)
        return Contradiction(self._believed, tuple(self._against), split=ended > 0, outweighs=going_on >= ended)

    def _settle(self) -> None:
        """Correct what is believed, when the words against it are enough."""
        believed, since = self._believed, self._against[0].at
        if believed is None:
            return
        ruling = next((each for each in self._corrected if believed.at < each.since <= self._against[-1].at), None)
        if ruling is not None:
            by = "time" if ruling.by == "time" else "operator"
        elif len({mark.at for mark in self._against}) >= CONFIRMED and not self._still_ended(believed):
            by = "scans"
        else:
            return
        goes_on = max(self._against, key=progress)
        self.corrections.append(Correction(believed, since, goes_on.stage, by))
        self._believed, self._against = goes_on, []

    def _still_ended(self, believed: Mark) -> int:
        """Of how many tellers the last word is still that the journey ended."""
        return sum(SHIPMENT_RANK[mark.stage] >= SHIPMENT_RANK[believed.stage] for mark in self._last.values())

    def _going_on(self, believed: Mark) -> int:
        """How many tellers have said since that it goes on; where as many say one as the other, theirs are the newest words."""
        return sum(mark.at > believed.at and SHIPMENT_RANK[mark.stage] < SHIPMENT_RANK[believed.stage] for mark in self._last.values())
