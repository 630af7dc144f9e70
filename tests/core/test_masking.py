"""Card numbers are masked, order numbers are not: grouped digits by Luhn, a bare run by Luhn and an issuer's range."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_server.core.masking import luhn, mask_cards

CARDS = {
    "visa": "4111111111111111", "visa 13": "4222222222222", "mastercard": "5555555555554444", "mastercard 2": "2223003122003222",
    "amex": "378282246310005", "discover": "6011111111111117",
}  # fmt: skip


@pytest.mark.parametrize("number", CARDS.values(), ids=CARDS)
def test_a_card_is_masked_bare_and_grouped(number: str) -> None:
    masked = f"•••• {number[-4:]}"
    assert luhn(number)
    assert mask_cards(number) == masked
    for space in (" ", "-"):
        grouped = space.join(number[place : place + 4] for place in range(0, len(number), 4))
        assert mask_cards(f"My card: {grouped}, thanks") == f"My card: {masked}, thanks"


@pytest.mark.parametrize(
    "text",
    [
        "Order 4111111111", "Order SH/1042", "1234567890123456", "4111111111111112", "4111 1111 1111 1112", "A-4111111111111111",
        "x4111111111111111", "4111111111111111x", "PL61 1090 1014 0000 0712 1981 2874", "+48 600 000 000", "2026-11-23 12:00:00",
        "00590007738495050000000", "1" * 40, "", "no digits", "9999999999999995", "0000000000000000",
    ],
)  # fmt: skip
def test_what_is_no_card_is_left_alone(text: str) -> None:
    assert mask_cards(text) == text


def test_a_card_beside_a_bank_account_or_dressed_up_as_one_is_masked() -> None:
    account = "PL61 1090 1014 0000 0712 1981 2874"
    assert mask_cards(f"Pay to {account}, not 4111 1111 1111 1111") == f"Pay to {account}, not •••• 1111"
    assert mask_cards("AB12 4111 1111 1111 1111") == "AB12 •••• 1111"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("4111 1111 1111 1111 12/27", "•••• 1111 12/27"), ("4111 1111 1111 1111 12 27 123", "•••• 1111 12 27 123"),
        ("4111111111111111 12/27 123", "•••• 1111 12/27 123"), ("Order 1042 4111 1111 1111 1111", "Order 1042 •••• 1111"),
        ("4111 1111 1111 1111 5555 5555 5555 4444", "•••• 1111 •••• 4444"), ("5555-5555-5555-4444 600 000 000", "•••• 4444 600 000 000"),
        ("1042 1043 1044 1045 1046", "1042 1043 1044 1045 1046"), ("600 000 000 600 100 200", "600 000 000 600 100 200"),
    ],
)  # fmt: skip
def test_a_card_among_other_numbers(text: str, masked: str) -> None:
    assert mask_cards(text) == masked


def test_a_page_of_digits_takes_no_time() -> None:
    began = time.perf_counter()
    mask_cards("4 1 " * 1000)
    mask_cards("4" * 4000)
    mask_cards("PL61 " * 800)
    assert time.perf_counter() - began < 1


def test_two_cards_and_an_order() -> None:
    text = "4111111111111111 or 5555 5555 5555 4444 for order 1234567890123"
    assert mask_cards(text) == "•••• 1111 or •••• 4444 for order 1234567890123"
    assert mask_cards("(4111111111111111)") == "(•••• 1111)"
    assert mask_cards("Card:4111111111111111.") == "Card:•••• 1111."


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask_cards(mask_cards(text)) == mask_cards(text)


@given(st.sampled_from(sorted(CARDS.values())), st.text(alphabet=" .,;:!?\nabc"), st.text(alphabet=" .,;:!?\nabc"))
def test_no_card_survives_between_words(number: str, before: str, after: str) -> None:
    assert number not in mask_cards(f"{before} {number} {after}")


@pytest.mark.parametrize(("digits", "good"), [("79927398713", True), ("79927398710", False), ("0", True), ("18", True), ("19", False)])
def test_the_check_digit(digits: str, good: bool) -> None:
    assert luhn(digits) is good
