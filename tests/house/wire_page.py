"""docs/wire.md read as data: the names that the code must have, no more and no fewer."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class WirePage:
    shopper: dict[str, frozenset[str]]
    """commands of the shopper's socket, each with the sets of fields that its rows name, all together"""
    agent: dict[str, frozenset[str]]
    facts: frozenset[str]
    """durable facts, without `hidden`, which is a view of another one"""
    passing: frozenset[str]
    codes: frozenset[str]
    close_codes: frozenset[int]
    routes: frozenset[tuple[str, str]]
    activities: frozenset[str]
    parts: frozenset[str]


def read(text: str) -> WirePage:
    """Raises KeyError when a section is missing: the page's headings are part of the contract."""
    sections = {match[1]: match[2] for match in re.finditer(r"^#{2,3} (.+?)\n(.*?)(?=^#{2,3} |\Z)", text, flags=re.MULTILINE | re.DOTALL)}
    facts = sections["Facts"]
    passing = re.search(r"^Passing, without seq: (.+)$", facts, flags=re.MULTILINE)
    codes = re.search(r"^Error codes, a closed list: (.+?)\. ", sections["Answers"], flags=re.MULTILINE | re.DOTALL)
    closing = re.search(r"^Close codes: (.+)$", facts, flags=re.MULTILINE)
    assert passing
    assert codes
    assert closing
    return WirePage(
        shopper=_commands(sections["Shopper socket: Socket.IO namespace `/shopper`"]),
        agent=_commands(sections["Agent socket: Socket.IO namespace `/agent`"]),
        facts=frozenset(_first_words(facts)) - {"hidden"},
        passing=frozenset(re.findall(r"(?:^|· )`(\w+)", passing[1])),
        codes=frozenset(re.findall(r"`(\w+)`", codes[1])),
        close_codes=frozenset(int(number) for number in re.findall(r"\b(4\d{3})\b", closing[1])),
        routes=frozenset(_routes(sections["HTTP"])),
        activities=frozenset(_first_words(sections["Beacon"])),
        parts=frozenset(_first_words(sections["Message"])),
    )


def _rows(section: str) -> list[list[str]]:
    rows = [re.split(r"(?<!\\)\|", line.strip().strip("|")) for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows if not set(row[0]) <= {"-", " "}][1:]


def _first_words(section: str) -> list[str]:
    return [word for row in _rows(section) for word in re.findall(r"`(\w+)`", row[0])]


def _commands(section: str) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for command, body, *_ in _rows(section):
        name = command.strip("`")
        fields = re.search(r"`\{(.*?)\}`", body)
        words = re.findall(r"(\w+)\??(?:,| or |$)", fields[1].strip()) if fields else []
        found[name] = found.get(name, frozenset()) | frozenset(words)
    return found


def _routes(section: str) -> list[tuple[str, str]]:
    found = []
    for row in _rows(section):
        method = "GET"
        for quoted in re.findall(r"`([^`]+)`", row[0]):
            words = quoted.split()
            if len(words) == 2:
                method = words[0]
            found += [(each, words[-1].partition("?")[0]) for each in method.split("+")]
    return found
