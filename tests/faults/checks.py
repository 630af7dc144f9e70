"""The history checker: one pure function for each promise of delivery; each returns what breaks it, in words.

Never weaken one to make a run pass: every check is shown to fail on a planted bug (test_checks.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from tests.faults.history import PRIVATE, History, Operation, Sight, Stored, Thread, View
from tests.faults.words import ask_in, question_of

WRITES = ("send", "reply", "note")
WRITERS = ("visitor", "agent", "note")


def nothing_lost(history: History) -> list[str]:
    """Every acked message stands, at the place that the ack named, with its text."""
    places = {(fact.conversation, fact.seq): fact for fact in _facts(history)}
    found = []
    for each in _acked(history):
        fact = places.get((each.conversation or "", each.seq))
        if fact is None or fact.key != each.key:
            found.append(f"acked {each.kind} {each.key} is not at {each.conversation}:{each.seq}")
        elif fact.text != each.text:
            found.append(f"acked {each.kind} {each.key} has another text")
    return found


def nothing_invented(history: History) -> list[str]:
    """Whatever stands was sent, and not refused for good; whatever a reader was shown stands."""
    sent: dict[tuple[str, str], str] = {}
    refused: set[str] = set()
    for each in history.operations:
        if each.kind in WRITES:
            sent[each.key, each.text] = each.client
            refused.add(each.key)
    refused -= {each.key for each in history.operations if each.outcome != "fail"}
    found = []
    for fact in _facts(history):
        if fact.sender in WRITERS and (fact.key, fact.text) not in sent:
            found.append(f"{_place(fact)}: nobody sent {fact.key}")
        elif fact.sender in WRITERS and fact.key in refused:
            found.append(f"{_place(fact)}: {fact.key} was refused for good and stands")
        elif fact.sender == "bot" and fact.text not in history.said:
            found.append(f"{_place(fact)}: the bot never said {fact.text!r}")
    stand = {fact.message for fact in _facts(history) if fact.message}
    for view, sight in _sights(history):
        if sight.message and sight.message not in stand:
            found.append(f"{view.client} was shown {sight.message}, which does not stand")
    return found


def each_once(history: History) -> list[str]:
    """One message for each client id and sender, in the database and in every view."""
    rows = Counter((fact.sender, fact.key) for fact in _facts(history) if fact.key)
    found = [f"the database has {key} {count} times" for (_, key), count in rows.items() if count > 1]
    for view in history.views:
        shown = Counter(sight.message for thread in view.threads.values() for sight in thread.sights if sight.message)
        found += [f"{view.client} was shown {message} {count} times" for message, count in shown.items() if count > 1]
        keys = Counter((sight.sender, sight.key) for thread in view.threads.values() for sight in thread.sights if sight.key)
        found += [f"{view.client} was shown {key} {count} times" for (_, key), count in keys.items() if count > 1]
    return found


def one_order(history: History) -> list[str]:
    """`seq` runs 1..N without a gap, and every view has the same fact at the same place."""
    found = []
    for each in history.stored:
        if [fact.seq for fact in each.facts] != list(range(1, each.seq + 1)):
            found.append(f"{each.id}: the conversation says {each.seq}, its facts are {_gaps(each.facts)}")
    places = {(fact.conversation, fact.seq): fact for fact in _facts(history)}
    for view in history.views:
        for conversation, thread in view.threads.items():
            if [sight.seq for sight in thread.sights] != list(range(thread.start + 1, thread.start + 1 + len(thread.sights))):
                found.append(f"{view.client} applied {_gaps(thread.sights)} of {conversation} after {thread.start}")
            for sight in thread.sights:
                fact = places.get((conversation, sight.seq))
                if fact is None or not _same(view, sight, fact):
                    found.append(f"{view.client} has {sight.fact} {sight.message} at {_place(sight)}, the database {fact and fact.fact}")
    return found


def read_your_writes(history: History) -> list[str]:
    """Who was acked reads it: a later sync of the same person comes at least as far as the ack."""
    found = []
    writes: dict[tuple[str, str | None], list[Operation]] = {}
    for each in _acked(history):
        writes.setdefault((each.person, each.conversation), []).append(each)
    for read in _syncs(history):
        for write in writes.get((read.person, read.conversation), []):
            if write.completed is not None and write.completed <= read.invoked and read.seq < write.seq:
                found.append(f"{read.client} was acked {write.seq} of {read.conversation}, then read {read.seq}")
    return found


def monotonic_reads(history: History) -> list[str]:
    """A reader never goes back: not behind its last sync, not behind what it was told live."""
    views = {view.client: view for view in history.views}
    reached: dict[tuple[str, str], list[tuple[float, int]]] = {}
    found = []
    for read in sorted(_syncs(history), key=lambda each: each.invoked):
        known = reached.setdefault((read.client, read.conversation or ""), [])
        before = max((seq for at, seq in known if at <= read.invoked), default=0)
        if read.seq < before:
            found.append(f"{read.client} read {before} of {read.conversation}, then {read.seq}")
        thread = views[read.client].threads.get(read.conversation or "", Thread()) if read.client in views else Thread()
        live = max((sight.seq for sight in thread.sights if sight.at < read.invoked), default=0)
        if read.seq < live:
            found.append(f"{read.client} was told {live} of {read.conversation}, then read {read.seq}")
        known.append((read.completed or read.invoked, read.seq))
    return found


def answers_follow(history: History) -> list[str]:
    """An answer stands after its question, in the same conversation, for the database and for every view."""
    found = []
    for where, facts in _threads(history):
        asked: set[str] = set()
        for fact in facts:
            question = question_of(fact.text)
            if question is not None and question not in asked:
                found.append(f"{where}: {_place(fact)} answers {question}, which is not before it")
            asked.add(fact.key)
    return found


def converged(history: History) -> list[str]:
    """Every view equals the database within a heartbeat and 5 s after the fault has healed."""
    late = history.healed + history.within
    found = []
    for view in history.views:
        for each, reached in behind(view, history.stored):
            found.append(f"{view.client} has {reached} of {each.seq} of {each.id}, {history.read - history.healed:.1f} s after")
        for thread in view.threads.values():
            if slow := [sight for sight in thread.sights if sight.at > late]:
                found.append(f"{view.client} was told {_place(slow[0])} only {slow[0].at - history.healed:.1f} s after")
    return found


def behind(view: View, conversations: Sequence[Stored]) -> list[tuple[Stored, int]]:
    """What this view has not come to the end of, and how far it has come.

    Agents follow every conversation of their inbox; a shopper follows the newest: an earlier one, resolved, stays as it was seen.
    """
    if view.closed:
        return []
    wanted = [each for each in conversations if _may_see(view, each)]
    if view.role == "shopper":
        wanted = sorted(wanted, key=lambda each: each.created)[-1:]
    places = [(each, view.threads[each.id].last if each.id in view.threads else 0) for each in wanted]
    return [(each, reached) for each, reached in places if reached != each.seq]


def nobody_overhears(history: History) -> list[str]:
    """No reader was ever told a canary, or the name of a conversation, that it has no right to."""
    known = {each.id: each for each in history.stored}
    found = []
    for view in history.views:
        found += [f"{view.client} was told {word}" for word in sorted(view.canaries - view.rights)]
        strange = [each for each in sorted(view.told) if each in known and not _may_see(view, known[each])]
        found += [f"{view.client} was told of {each}" for each in strange]
        for conversation in view.threads:
            if conversation in known and not _may_see(view, known[conversation]):
                found.append(f"{view.client} reads {conversation}")
    return found


def one_turn(history: History) -> list[str]:
    """At most one bot turn for a trigger: one row, and bubbles of one request only, each once."""
    found = [f"{count} turns for {trigger}" for trigger, count in Counter(history.turns).items() if count > 1]
    asks: dict[str, set[int]] = {}
    bubbles: Counter[tuple[str, int]] = Counter()
    for fact in _facts(history):
        ask, question = ask_in(fact.text), question_of(fact.text)
        if fact.sender == "bot" and ask is not None and question is not None:
            asks.setdefault(question, set()).add(ask[0])
            bubbles[question, ask[1]] += 1
    found += [f"{question} was answered from requests {sorted(of)}" for question, of in asks.items() if len(of) > 1]
    return found + [f"bubble {part} for {question} stands {count} times" for (question, part), count in bubbles.items() if count > 1]


def webhooks_once(history: History) -> list[str]:
    """A webhook that was accepted has its effect exactly once, however often it came; one that was not, at most once."""
    stored = Counter(history.effects)
    shown = Counter(fact.key for fact in _facts(history) if fact.sender == "integration" and fact.key.startswith("order:"))
    found = [f"effect {effect} stands {count} times" for effect, count in stored.items() if count > 1]
    found += [f"{effect} was told {count} times" for effect, count in shown.items() if count > 1]
    accepted = {each.key for each in history.operations if each.kind == "webhook" and each.outcome == "ok"}
    found += [f"accepted {effect} has no effect" for effect in sorted(accepted) if not stored[effect]]
    found += [f"accepted {effect} was never told" for effect in sorted(accepted) if stored[effect] and not shown[effect]]
    posted = {each.key for each in history.operations if each.kind == "webhook"}
    return found + [f"{effect} was never reported" for effect in sorted(set(shown) | set(stored)) if effect not in posted]


Check = Callable[[History], list[str]]
CHECKS: dict[str, Check] = {
    "lost": nothing_lost,
    "invented": nothing_invented,
    "once": each_once,
    "order": one_order,
    "own writes": read_your_writes,
    "monotonic": monotonic_reads,
    "answers": answers_follow,
    "converged": converged,
    "overheard": nobody_overhears,
    "turns": one_turn,
    "webhooks": webhooks_once,
}


def verdicts(history: History) -> dict[str, list[str]]:
    """Every check's findings; an empty list is a pass."""
    return {name: check(history) for name, check in CHECKS.items()}


def _facts(history: History) -> Iterator[Sight]:
    for each in history.stored:
        yield from each.facts


def _sights(history: History) -> Iterator[tuple[View, Sight]]:
    for view in history.views:
        for thread in view.threads.values():
            for sight in thread.sights:
                yield view, sight


def _threads(history: History) -> Iterator[tuple[str, list[Sight]]]:
    """Whole threads only: of one that starts later, the question may lie before its start."""
    for each in history.stored:
        yield "the database", each.facts
    for view in history.views:
        for thread in view.threads.values():
            if thread.start == 0:
                yield view.client, thread.sights


def _acked(history: History) -> list[Operation]:
    return [each for each in history.operations if each.kind in WRITES and each.outcome == "ok"]


def _syncs(history: History) -> list[Operation]:
    return [each for each in history.operations if each.kind == "sync" and each.outcome == "ok" and each.conversation]


def _may_see(view: View, conversation: Stored) -> bool:
    if view.inbox != conversation.inbox:
        return False
    return view.role == "agent" or view.person == conversation.person


def _same(view: View, sight: Sight, fact: Sight) -> bool:
    if sight.fact == "hidden":
        return view.role == "shopper" and (fact.fact in PRIVATE or fact.sender == "note")
    if view.role == "shopper" and (fact.fact in PRIVATE or fact.sender == "note"):
        return False
    return (sight.fact, sight.message, sight.text) == (fact.fact, fact.message, fact.text)


def _gaps(facts: list[Sight]) -> str:
    seqs = [fact.seq for fact in facts]
    odd = [f"{before}→{after}" for before, after in zip([0, *seqs], seqs, strict=False) if after != before + 1]
    return f"{len(seqs)} facts, last {seqs[-1] if seqs else 0}, steps {odd[:5]}"


def _place(fact: Sight) -> str:
    return f"{fact.conversation}:{fact.seq}"
