"""Checks of the two checkout forms. Pure: fields in, clean values and errors by field out. An error is a key under `error` in texts/."""

import re
from collections.abc import Mapping

from .cart import FEES

POINTS = ("North Point, Warszawa Centralna", "North Point, Gdańsk Wrzeszcz", "North Point, Kraków Podgórze")
METHODS = ("card", "blik", "on_delivery")
DECLINED_CARD = "4000000000000002"  # the test card that the bank refuses; every other valid number is taken
Errors = dict[str, str]

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
_PHONE = re.compile(r"\+?[0-9 ]{9,16}")
_POSTCODE = re.compile(r"[0-9]{2}-[0-9]{3}")


def address(fields: Mapping[str, object]) -> tuple[dict[str, str], Errors]:
    """Step one: who, where to, and how. The phone may be empty; a street is needed for the courier only."""
    names = ("name", "email", "phone", "street", "postcode", "city", "delivery", "point")
    form = {name: " ".join(str(fields.get(name, "")).split())[:120] for name in names}
    errors: Errors = {}
    if len(form["name"]) < 2:
        errors["name"] = "name"
    if not _EMAIL.fullmatch(form["email"]):
        errors["email"] = "email"
    if form["phone"] and not _PHONE.fullmatch(form["phone"]):
        errors["phone"] = "phone"
    if form["delivery"] not in FEES:
        errors["delivery"] = "delivery"
    if form["delivery"] == "point":
        if form["point"] not in POINTS:
            errors["point"] = "point"
    else:
        form["point"] = ""
        if len(form["street"]) < 3:
            errors["street"] = "street"
        if not _POSTCODE.fullmatch(form["postcode"]):
            errors["postcode"] = "postcode"
        if len(form["city"]) < 2:
            errors["city"] = "city"
    return form, errors


def payment(fields: Mapping[str, object]) -> tuple[str, str, Errors]:
    """Step two: the method, what the bank says (`paid`, `declined`, `pending`), and errors. Card numbers are read here and kept nowhere."""
    method = str(fields.get("method", ""))
    match method:
        case "card":
            number = re.sub(r"[ -]", "", str(fields.get("card_number", "")))
            errors: Errors = {}
            if not (number.isascii() and number.isdigit() and 13 <= len(number) <= 19 and luhn(number)):
                errors["card_number"] = "card_number"
            if not re.fullmatch(r"(0[1-9]|1[0-2]) ?/ ?[0-9]{2}", str(fields.get("card_expiry", "")).strip()):
                errors["card_expiry"] = "card_expiry"
            if not re.fullmatch(r"[0-9]{3,4}", str(fields.get("card_cvc", "")).strip()):
                errors["card_cvc"] = "card_cvc"
            return method, "declined" if number == DECLINED_CARD else "paid", errors
        case "blik":
            code = str(fields.get("blik", "")).replace(" ", "")
            return method, "paid", {} if re.fullmatch(r"[0-9]{6}", code) else {"blik": "blik"}
        case "on_delivery":
            return method, "pending", {}
        case _:
            return "", "", {"method": "method"}


def luhn(digits: str) -> bool:
    """The check digit of card numbers (ISO/IEC 7812)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
