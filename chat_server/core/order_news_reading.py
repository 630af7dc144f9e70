"""Reads what an inbox says about orders, stage by stage. Every mistake is told with the field's name. Walk b."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chat_server.core.order_news import PROBLEMS, STAGES, OrderMessage
from chat_server.core.order_news_text import check
from chat_server.core.policy import MessageClass
from chat_server.core.policy_table import Invalid, Table


def parse_order_messages(
    entries: Sequence[Mapping[str, object]], base: Mapping[str, OrderMessage] | None = None, field: str = "order_messages"
) -> dict[str, OrderMessage]:
    """Messages by stage. With `base` (the built-in ones) an entry changes what it names and leaves the rest,
    locale by locale. Raises Invalid, naming the field."""
    messages = dict(base or {})
    named: set[str] = set()
    for place, entry in enumerate(entries):
        table = Table(entry, f"{field}[{place}]")
        stage = table.text("on")
        if stage not in STAGES:
            raise Invalid(table.path("on"), f"{stage!r} is not a stage that is told; known: {', '.join(STAGES)}")
        if stage in named:
            raise Invalid(table.path("on"), f"{stage!r} is set twice")
        named.add(stage)
        default = MessageClass.ORDER_PROBLEM if stage in PROBLEMS else MessageClass.ORDER_PROGRESS
        before = messages.get(stage, OrderMessage(stage, default, {}))
        text = table.by_locale("text")
        for locale, words in text.items():
            check(words, table.path(f"text.{locale}"))
        message = replace(
            before,
            class_=_class(table, before.class_),
            text={**before.text, **text},
            enabled=table.flag("enabled", before.enabled),
            offer=table.text("offer", before.offer or "", empty=True) or None,
            value=table.number("value", before.value, least=0, most=1_000_000),
        )
        if not message.text:
            raise Invalid(table.path("text"), 'has no text; write text.en = "…"')
        table.done()
        messages[stage] = message
    return messages


def in_languages(messages: Mapping[str, OrderMessage], locales: Sequence[str]) -> dict[str, OrderMessage]:
    """The messages without the languages that nobody reads here: all of a message's texts travel with each piece of news.
    English stays, for a language that has no words of its own."""
    read = {"en", *(locale.split("-")[0] for locale in locales)}
    return {
        stage: replace(message, text={locale: text for locale, text in message.text.items() if locale in read})
        for stage, message in messages.items()
    }


def _class(table: Table, default: MessageClass) -> MessageClass:
    allowed = (MessageClass.ORDER_PROBLEM, MessageClass.ORDER_PROGRESS, MessageClass.SERVICE)
    name = table.text("class", default.value)
    if name not in {class_.value for class_ in allowed}:
        raise Invalid(table.path("class"), f"must be one of {', '.join(class_.value for class_ in allowed)}")
    return MessageClass(name)
