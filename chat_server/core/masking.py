"""Card numbers are masked before they are stored, told on, or given to the bot. Order numbers are left alone. Pure."""

from __future__ import annotations

import re

RUN = re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,}(?![\w-])")
IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
ISSUERS = re.compile(r"^(4\d{12}(\d{3}){0,2}|5[1-5]\d{14}|2(22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|6(011|5\d\d)\d{12})$")


def mask_cards(text: str) -> str:
    """Every card number but for its last four digits.

    A grouped number must pass Luhn; a bare run of digits must also lie in an issuer's range, for it may be an order number.
    """
    if RUN.search(text) is None:
        return text
    pieces, last = [], 0
    for found in IBAN.finditer(text):
        if is_iban(found.group()):  # a bank account for a refund; some of its digits may look like a card
            pieces += [RUN.sub(_masked, text[last : found.start()]), found.group()]
            last = found.end()
    return "".join([*pieces, RUN.sub(_masked, text[last:])])


def _masked(match: re.Match[str]) -> str:
    shown = match.group()
    digits = re.sub(r"\D", "", shown)
    grouped = digits != shown
    if 13 <= len(digits) <= 19 and luhn(digits) and (grouped or ISSUERS.match(digits)):
        return "•••• " + digits[-4:]
    return _masked_within(re.split(r"([ -])", shown)) if grouped else shown


def _masked_within(pieces: list[str]) -> str:
    """A card among other numbers (an expiry date after it, an order before it): whole groups, in an issuer's range."""
    for start in range(0, len(pieces), 2):
        digits, found = "", 0
        for end in range(start, len(pieces), 2):
            digits += pieces[end]
            if len(digits) > 19:
                break
            if ISSUERS.match(digits) and luhn(digits):
                found = end + 1
        if found:
            card = "".join(pieces[start:found:2])
            return "".join(pieces[:start]) + "•••• " + card[-4:] + RUN.sub(_masked, "".join(pieces[found:]))
    return "".join(pieces)


def is_iban(shown: str) -> bool:
    """The check of ISO 13616: letters count from 10, the country and its check digits go last, and 97 leaves one."""
    plain = shown.replace(" ", "")
    return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97 == 1


def luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
