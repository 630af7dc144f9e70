"""Reads rules from an inbox file's tables ([[inbox.triggers]]); every mistake is an error that names its field.

Reads data, not files: settings.py opens them. docs/proactive.md is the reference of the format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from chat_server.core.policy import MAX_CAP_DAYS, Cap, MessageClass
from chat_server.core.policy_table import Invalid, Table
from chat_server.core.triggers_condition import (
    AllOf,
    AnyOf,
    CartIdle,
    CartValue,
    Condition,
    Count,
    Dwell,
    Identified,
    NotOf,
    OnPage,
    OrderStage,
    Pattern,
    Scrolled,
    Speaks,
    Visits,
)
from chat_server.core.triggers_product import ProductIs
from chat_server.core.triggers_rule import Audience, Rule
from chat_server.core.triggers_state import KINDS, ORDER

MAX_DEPTH = 6
DAY_S = 86_400
HALF_HOUR_S = 1_800

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_CLASSES = (MessageClass.HELP, MessageClass.PROMO, MessageClass.SERVICE, MessageClass.ORDER_PROBLEM, MessageClass.ORDER_PROGRESS)


def parse_rule(mapping: Mapping[str, object], field: str = "trigger") -> Rule:
    """One rule. Raises Invalid with the dotted path of the field, starting with `field`."""
    table = Table(mapping, field)
    id_ = table.text("id")
    if not _ID.fullmatch(id_):
        raise Invalid(table.path("id"), "must be small letters, digits, - and _, at most 64 of them")
    class_ = _class(table)
    on = frozenset(table.texts("on"))
    if not on:
        raise Invalid(table.path("on"), "names no kind of activity")
    for kind in sorted(on - KINDS - {ORDER}):
        raise Invalid(table.path("on"), f"{kind!r} is not a kind of activity; known: {', '.join(sorted(KINDS))}, {ORDER}")
    if class_.is_order_news and on != {ORDER}:
        raise Invalid(table.path("class"), f"{class_.value} is for rules on order facts; behaviour may be help, promo or service")
    text = table.by_locale("text")
    if not text:
        raise Invalid(table.path("text"), 'has no text; write text.en = "…"')
    for locale, words in text.items():
        if re.search(r"\{\w*\}", words):
            raise Invalid(table.path(f"text.{locale}"), "has a {placeholder}; a rule's text is told as it stands")
    rule = Rule(
        id=id_,
        class_=class_,
        on=on,
        text=text,
        when=_condition(table.get("when"), table.path("when"), 0) if table.has("when") else AllOf(),
        audience=_audience(table),
        offer=table.optional_text("offer"),
        cap=_cap(table),
        hold_out_percent=table.number("hold_out_percent", 0, least=0, most=50),
        value=table.number("value", 0, least=0, most=1_000_000),
        expires_minutes=table.number("expires_minutes", 30, least=1, most=60 * 24 * 14),
        enabled=table.flag("enabled", True),
    )
    table.done()
    return rule


def parse_rules(entries: Sequence[Mapping[str, object]], field: str = "triggers") -> tuple[Rule, ...]:
    """All rules of an inbox; two of the same id are an error."""
    rules = tuple(parse_rule(entry, f"{field}[{place}]") for place, entry in enumerate(entries))
    seen: set[str] = set()
    for place, rule in enumerate(rules):
        if rule.id in seen:
            raise Invalid(f"{field}[{place}].id", f"{rule.id!r} is taken by an earlier rule")
        seen.add(rule.id)
    return rules


def _class(table: Table) -> MessageClass:
    name = table.text("class")
    if name not in {class_.value for class_ in _CLASSES}:
        raise Invalid(table.path("class"), f"{name!r} is not a class; known: {', '.join(class_.value for class_ in _CLASSES)}")
    return MessageClass(name)


def _audience(table: Table) -> Audience:
    if not table.has("audience"):
        return Audience()
    inner = Table(table.get("audience"), table.path("audience"))
    audience = Audience(inner.texts("locale"), inner.flag("identified") if inner.has("identified") else None)
    inner.done()
    return audience


def _cap(table: Table) -> Cap:
    if not table.has("cap"):
        return Cap()
    inner = Table(table.get("cap"), table.path("cap"))
    cap = Cap(inner.number("times", 1, least=1, most=50), inner.number("days", 1, least=1, most=MAX_CAP_DAYS))
    inner.done()
    return cap


def _condition(value: object, field: str, depth: int) -> Condition:
    """`{leaf = argument}` or `{all | any = [...]}` or `{not = {...}}`: exactly one key."""
    if not isinstance(value, Mapping):
        raise Invalid(field, "must be a table with one condition")
    if len(value) != 1:
        raise Invalid(field, f"has {len(value)} conditions; put several into all = [...] or any = [...]")
    if depth > MAX_DEPTH:
        raise Invalid(field, f"is nested more than {MAX_DEPTH} deep")
    name, argument = next(iter(value.items()))
    path = f"{field}.{name}"
    if name in ("all", "any"):
        if not isinstance(argument, list | tuple) or not argument:
            raise Invalid(path, "must be a list of conditions")
        parts = tuple(_condition(part, f"{path}[{place}]", depth + 1) for place, part in enumerate(argument))
        return AllOf(parts) if name == "all" else AnyOf(parts)
    if name == "not":
        return NotOf(_condition(argument, path, depth + 1))
    read = LEAVES.get(str(name))
    if read is None:
        raise Invalid(path, f"is not a condition; known: all, any, not, {', '.join(sorted(LEAVES))}")
    # A leaf's table may be abbreviated to its main value; wrapped, so that errors and checks are the same for both forms.
    return read(argument, field, str(name))


def _page(argument: object, field: str, name: str) -> Condition:
    if isinstance(argument, str):
        return OnPage(_glob(Table({"path": argument}, f"{field}.{name}")))
    table = Table(argument, f"{field}.{name}")
    pattern = _glob(table)
    if pattern == Pattern():
        raise Invalid(f"{field}.{name}", "needs path or url")
    table.done()
    return OnPage(pattern)


def _glob(table: Table) -> Pattern:
    path = table.optional_text("path")
    if path is not None and not path.startswith(("/", "*")):
        raise Invalid(table.path("path"), "must begin with / or *")
    return Pattern(path, table.optional_text("url"))


def _count(argument: object, field: str, name: str) -> Condition:
    table = Table(argument, f"{field}.{name}")
    kind = table.text("kind")
    if kind not in KINDS:
        raise Invalid(table.path("kind"), f"{kind!r} is not a kind of activity; known: {', '.join(sorted(KINDS))}")
    count = Count(kind, _times(table), _seconds(table), table.optional_text("same"), table.scalars("where"))
    table.done()
    return count


def _track(argument: object, field: str, name: str) -> Condition:
    table = Table({"name": argument} if isinstance(argument, str) else argument, f"{field}.{name}")
    where: dict[str, str | int | float | bool] = {"name": table.text("name")}
    where |= {f"properties.{key}": value for key, value in table.scalars("properties").items()}
    count = Count("track", _times(table), _seconds(table), None, where)
    table.done()
    return count


def _empty_search(argument: object, field: str, name: str) -> Condition:
    return _repeated("search", {"results": 0}, argument, f"{field}.{name}")


def _form_errors(argument: object, field: str, name: str) -> Condition:
    return _repeated("form_error", {}, argument, f"{field}.{name}", "form")


def _exit_intent(argument: object, field: str, name: str) -> Condition:
    return _repeated("exit_intent", {}, argument, f"{field}.{name}")


def _repeated(kind: str, where: dict[str, str | int | float | bool], argument: object, field: str, by: str | None = None) -> Condition:
    """A count of one kind: `true` for once, a number, or a table with times and seconds (and `by`)."""
    if argument is True:
        argument = {}
    elif isinstance(argument, int) and not isinstance(argument, bool):
        argument = {"times": argument}
    table = Table(argument, field)
    if by is not None and table.has(by):
        where = {**where, by: table.text(by)}
    count = Count(kind, _times(table), _seconds(table), None, where)
    table.done()
    return count


def _times(table: Table) -> int:
    return table.number("times", 1, least=1, most=50)


def _seconds(table: Table) -> int:
    return table.number("seconds", HALF_HOUR_S, least=1, most=30 * DAY_S)


def _dwell(argument: object, field: str, name: str) -> Condition:
    table = Table(argument, f"{field}.{name}")
    dwell = Dwell(_glob(table), table.number("at_least", least=1, most=DAY_S))
    table.done()
    return dwell


def _scroll(argument: object, field: str, name: str) -> Condition:
    table = Table({"at_least": argument} if isinstance(argument, int) else argument, f"{field}.{name}")
    scrolled = Scrolled(_glob(table), table.number("at_least", least=1, most=100))
    table.done()
    return scrolled


def _bounds(argument: object, field: str, most: int) -> tuple[int | None, int | None]:
    table = Table({"at_least": argument} if isinstance(argument, int) else argument, field)
    low, high = (table.optional_number(key, least=0, most=most) for key in ("at_least", "at_most"))
    table.done()
    if low is None and high is None:
        raise Invalid(field, "needs at_least or at_most")
    return low, high


def _cart_value(argument: object, field: str, name: str) -> Condition:
    return CartValue(*_bounds(argument, f"{field}.{name}", 10**12))


def _visits(argument: object, field: str, name: str) -> Condition:
    return Visits(*_bounds(argument, f"{field}.{name}", 10**6))


def _cart_idle(argument: object, field: str, name: str) -> Condition:
    return CartIdle(Table({name: argument}, field).number(name, least=1, most=30 * DAY_S))


def _identified(argument: object, field: str, name: str) -> Condition:
    return Identified(Table({name: argument}, field).flag(name))


def _locale(argument: object, field: str, name: str) -> Condition:
    return Speaks(_some(argument, field, name))


def _order_stage(argument: object, field: str, name: str) -> Condition:
    return OrderStage(_some(argument, field, name))


def _product(argument: object, field: str, name: str) -> Condition:
    table = Table(argument, f"{field}.{name}")
    of = table.text("of", "item")
    categories = table.texts("category") if table.has("category") else ()
    bounds = {key: _bounds(table.get(key), table.path(key), 10**12) if table.has(key) else (None, None) for key in ("price", "stock")}
    available = table.flag("available") if table.has("available") else None
    table.done()
    match of:
        case "item" | "cart":
            found = ProductIs(of, frozenset(each.casefold() for each in categories), bounds["price"], bounds["stock"], available)
        case _:
            raise Invalid(table.path("of"), 'is "item" or "cart"')
    if found == ProductIs(of):
        raise Invalid(f"{field}.{name}", "needs category, price, stock or available")
    return found


def _some(argument: object, field: str, name: str) -> tuple[str, ...]:
    found = Table({name: argument}, field).texts(name)
    if not found:
        raise Invalid(f"{field}.{name}", "names nothing")
    return found


LEAVES: Mapping[str, Callable[[object, str, str], Condition]] = {
    "page": _page,
    "count": _count,
    "track": _track,
    "dwell": _dwell,
    "cart_value": _cart_value,
    "cart_idle": _cart_idle,
    "empty_search": _empty_search,
    "form_errors": _form_errors,
    "exit_intent": _exit_intent,
    "scroll": _scroll,
    "visits": _visits,
    "identified": _identified,
    "locale": _locale,
    "order_stage": _order_stage,
    "product": _product,
}
