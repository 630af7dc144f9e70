"""Each check of the history checker passes an honest history and fails on one with its bug planted, alone where that is possible."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.faults.checks import CHECKS, verdicts
from tests.faults.history import History, Operation, Sight, Stored, Thread, View
from tests.faults.words import answer, bot_answer, question

CNV = "cnv_" + "a" * 32
OTHER = "cnv_" + "b" * 32
Q1, Q2, A1, N1 = (f"0000000{n}-0000-4000-8000-000000000000" for n in range(1, 5))
HERS, HIS, NOTES = "cnry" + "1" * 16, "cnry" + "2" * 16, "cnry" + "3" * 16
EFFECT = "order:A-1:shipped"


def honest() -> History:
    """One shopper who asks the bot and a person, one agent, an order event; and a stranger in the same inbox."""
    facts = [
        Sight(CNV, 1, "message_created", 1.0, "m1", Q1, "visitor", question(Q1, HERS)),
        Sight(CNV, 2, "message_created", 1.1, "m2", "b1", "bot", bot_answer(Q1, 7, 0, HERS)),
        Sight(CNV, 3, "conversation_queued", 1.2),
        Sight(CNV, 4, "message_created", 1.3, "m4", Q2, "visitor", question(Q2, HERS)),
        Sight(CNV, 5, "message_created", 1.4, "m5", N1, "note", f"msg:{N1} {NOTES}"),
        Sight(CNV, 6, "message_created", 1.5, "m6", A1, "agent", answer(A1, Q2, HERS)),
        Sight(CNV, 7, "message_created", 1.6, "m7", EFFECT, "integration", "Your parcel is on its way"),
    ]
    told = [replace(fact, fact="hidden", message="", key="", sender="", text="") if fact.sender == "note" else fact for fact in facts]
    return History(
        operations=[
            Operation("tab", "vis", "send", Q1, facts[0].text, 1.0, 1.05, "ok", CNV, 1),
            Operation("tab", "vis", "send", Q2, facts[3].text, 1.2, None, "unknown"),
            Operation("tab", "vis", "send", Q2, facts[3].text, 1.3, 1.35, "ok", CNV, 4),
            Operation("desk", "agt", "note", N1, facts[4].text, 1.3, 1.45, "ok", CNV, 5),
            Operation("desk", "agt", "reply", A1, facts[5].text, 1.3, 1.55, "ok", CNV, 6),
            Operation("tab", "vis", "send", "refused-1", "x", 1.3, 1.35, "fail"),
            Operation("shop", "shop", "webhook", EFFECT, "", 1.5, 1.6, "ok"),
            Operation("tab", "vis", "sync", "", "", 1.7, 1.75, "ok", CNV, 7),
            Operation("tab", "vis", "sync", "", "", 1.8, 1.85, "ok", CNV, 7),
        ],
        views=[
            View("tab", "vis", "shopper", "demo", {HERS}, {CNV: Thread(0, told)}, {HERS}, {CNV}),
            View("desk", "agt", "agent", "demo", {HERS, HIS, NOTES}, {CNV: Thread(0, list(facts))}, {HERS, NOTES}, {CNV}),
            View("stranger", "vis2", "shopper", "demo", {HIS}),
        ],
        stored=[Stored(CNV, "demo", "vis", 7, list(facts))],
        turns=[(CNV, 1)],
        effects=[EFFECT],
        said={facts[1].text},
        healed=2.0,
        read=3.0,
    )  # fmt: skip


def tab(history: History) -> Thread:
    return history.views[0].threads[CNV]


def _lost(history: History) -> None:
    for sights in (history.stored[0].facts, tab(history).sights, history.views[1].threads[CNV].sights):
        sights[3] = replace(sights[3], message="", key="", sender="", text="", fact="conversation_queued")


def _other_text(history: History) -> None:
    history.stored[0].facts[0] = replace(history.stored[0].facts[0], text="something else")


def _invented(history: History) -> None:
    history.operations = [each for each in history.operations if each.key != A1]


def _invented_by_bot(history: History) -> None:
    history.said.clear()


def _refused_and_stands(history: History) -> None:
    history.operations = [replace(each, outcome="fail") if each.key == A1 else each for each in history.operations]


def _phantom(history: History) -> None:
    tab(history).sights[0] = replace(tab(history).sights[0], message="m99")


def _twice_stored(history: History) -> None:
    history.stored[0].facts.append(replace(history.stored[0].facts[0], seq=8, message="m8"))
    history.stored[0].seq = 8


def _twice_shown(history: History) -> None:
    tab(history).sights.append(tab(history).sights[0])


def _gap_stored(history: History) -> None:
    del history.stored[0].facts[2]


def _gap_shown(history: History) -> None:
    del tab(history).sights[2]


def _other_order(history: History) -> None:
    first, second = tab(history).sights[0], tab(history).sights[3]
    tab(history).sights[0], tab(history).sights[3] = replace(second, seq=1), replace(first, seq=4)


def _own_write_unread(history: History) -> None:
    history.operations[-2].seq = history.operations[-1].seq = 3


def _gone_back(history: History) -> None:
    history.operations[-1].seq = 6


def _behind_live(history: History) -> None:
    history.operations[-2].seq = 5


def _answered_before(history: History) -> None:
    facts = history.stored[0].facts
    facts[3], facts[5] = replace(facts[5], seq=4), replace(facts[3], seq=6)


def _behind(history: History) -> None:
    del tab(history).sights[-1]


def _never_told(history: History) -> None:
    history.views[1].threads.clear()


def _told_late(history: History) -> None:
    tab(history).sights[-1] = replace(tab(history).sights[-1], at=18.0)


def _overheard(history: History) -> None:
    history.views[2].canaries.add(HERS)


def _note_told(history: History) -> None:
    history.views[0].canaries.add(NOTES)


def _note_shown(history: History) -> None:
    tab(history).sights[4] = history.stored[0].facts[4]


def _named(history: History) -> None:
    history.views[2].told.add(CNV)


def _other_inbox(history: History) -> None:
    history.stored.append(Stored(OTHER, "second", "vis9", 0))
    history.views[1].told.add(OTHER)


def _two_turns(history: History) -> None:
    history.turns.append((CNV, 1))


def _answered_twice(history: History) -> None:
    text = bot_answer(Q1, 8, 1, HERS)
    history.said.add(text)
    history.stored[0].facts.append(Sight(CNV, 8, "message_created", 1.0, "m8", "b2", "bot", text))
    history.stored[0].seq = 8


def _effect_twice(history: History) -> None:
    history.effects.append(EFFECT)


def _effect_lost(history: History) -> None:
    history.effects.clear()


def _told_twice(history: History) -> None:
    history.stored[0].facts.append(replace(history.stored[0].facts[6], seq=8, message="m8"))
    history.stored[0].seq = 8


def _never_announced(history: History) -> None:
    history.stored[0].facts.pop()
    history.stored[0].seq = 6


PLANTED: list[tuple[str, Callable[[History], None]]] = [
    ("lost", _lost), ("lost", _other_text),
    ("invented", _invented), ("invented", _invented_by_bot), ("invented", _refused_and_stands), ("invented", _phantom),
    ("once", _twice_stored), ("once", _twice_shown),
    ("order", _gap_stored), ("order", _gap_shown), ("order", _other_order), ("order", _note_shown),
    ("own writes", _own_write_unread),
    ("monotonic", _gone_back), ("monotonic", _behind_live),
    ("answers", _answered_before),
    ("converged", _behind), ("converged", _never_told), ("converged", _told_late),
    ("overheard", _overheard), ("overheard", _note_told), ("overheard", _named), ("overheard", _other_inbox),
    ("turns", _two_turns), ("turns", _answered_twice),
    ("webhooks", _effect_twice), ("webhooks", _effect_lost), ("webhooks", _told_twice), ("webhooks", _never_announced),
]  # fmt: skip


def test_an_honest_history_passes_every_check() -> None:
    assert verdicts(honest()) == {name: [] for name in CHECKS}
    assert honest().counts() == {"ok": 7, "fail": 1, "unknown": 1}


@pytest.mark.parametrize(("check", "plant"), PLANTED, ids=lambda value: value if isinstance(value, str) else value.__name__[1:])
def test_a_check_fails_on_its_planted_bug(check: str, plant: Callable[[History], None]) -> None:
    history = honest()
    plant(history)
    assert CHECKS[check](history), f"{check} did not see it"


def test_every_check_has_a_planted_bug() -> None:
    assert {check for check, _ in PLANTED} == set(CHECKS)
