"""Who may see which order: the grades, what a link still opens, and under what a try is counted."""

from datetime import UTC, datetime, timedelta

import pytest

from chat_server.core.order_access import (
    BY_SHOPPER,
    LINK_BROWSERS,
    MOST_TRIES,
    WINDOW,
    Binding,
    Grade,
    Link,
    contact_key,
    opens,
    strongest,
    tried_keys,
    wait_for,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LINK = Link("A-1", "mail-0001", expired=False)
OVER = Link("A-1", "mail-0001", expired=True)


def bound(visitor: str, *, undone_by: str | None = None) -> Binding:
    return Binding(f"bnd_{visitor}", "demo", "A-1", visitor, Grade.LINK, LINK.evidence, NOW, NOW if undone_by else None, undone_by)


def test_the_strongest_proof_counts() -> None:
    assert strongest([Grade.ORDER_AND_CONTACT, Grade.LINK]) is Grade.LINK
    assert strongest([Grade.LINK, Grade.SIGNED, Grade.BROWSER]) is Grade.SIGNED
    assert strongest([]) is Grade.BROWSER


@pytest.mark.parametrize(
    ("link", "known", "answer"),
    [
        (LINK, [], True),
        (OVER, [], False),
        (OVER, [bound("me")], True),
        (OVER, [bound("me", undone_by=BY_SHOPPER)], False),
        (LINK, [bound("me", undone_by=BY_SHOPPER)], True),
        (LINK, [bound("me", undone_by="agt_1")], False),
        (LINK, [bound("other", undone_by="agt_1")], False),
        (LINK, [bound(f"v{n}") for n in range(LINK_BROWSERS - 1)], True),
        (LINK, [bound(f"v{n}") for n in range(LINK_BROWSERS)], False),
        (LINK, [*(bound(f"v{n}", undone_by=BY_SHOPPER) for n in range(LINK_BROWSERS))], False),
        (LINK, [*(bound(f"v{n}") for n in range(LINK_BROWSERS)), bound("me", undone_by=BY_SHOPPER)], True),
    ],
)
def test_what_a_link_opens(link: Link, known: list[Binding], answer: bool) -> None:
    assert opens(link, known, "me") is answer


def test_a_try_is_counted_alike_however_it_is_written() -> None:
    one = tried_keys("demo", "vis_1", "192.0.2.1", "#a-1", contact_key("Me@Mail.example", None))
    other = tried_keys("demo", "vis_2", "::ffff:192.0.2.1", " A-1 ", contact_key(" me@mail.EXAMPLE ", None))
    assert set(one) - set(other) == {"visitor:vis_1"}
    assert sorted(one.values()) == sorted(MOST_TRIES.values())
    assert contact_key(None, "+48 600 100 200") == contact_key(None, "600100200") == contact_key(None, "٦٠٠١٠٠٢٠٠")
    for number in ("# #a-1", "A -1", "a-1#"):
        assert set(tried_keys("demo", "vis_3", "192.0.2.1", number, "")) & set(tried_keys("demo", "vis_4", "192.0.2.9", "A-1", "x"))
    assert not set(one) & set(tried_keys("another", "vis_3", "192.0.2.1", "A-1", contact_key("me@mail.example", None)))
    assert not any("mail" in key or "192" in key or "A-1" in key for key in one)


def test_the_wait_ends_when_enough_tries_are_old() -> None:
    tried = {"a": [NOW - timedelta(minutes=minute) for minute in (50, 40, 30)], "b": [NOW]}
    assert wait_for({"a": 4, "b": 2}, tried, NOW) is None
    assert wait_for({"a": 3, "b": 2}, tried, NOW) == WINDOW - timedelta(minutes=50)
    assert wait_for({"a": 2, "b": 2}, tried, NOW) == WINDOW - timedelta(minutes=40)
    assert wait_for({"a": 3, "b": 1}, tried, NOW) == WINDOW
