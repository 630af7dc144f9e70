"""One spelling for all the ways a sentence is typed on a phone: lower case, no Polish diacritics, one apostrophe, numbers as words.

Only the intent classifier reads this form. Entities are found in the text as it was written.
"""

import re
import unicodedata

_FOLD = str.maketrans("ąćęłńóśźż’ʼ`´", "acelnoszz''''", "\u200c\u200d\ufeff")
_ORDER_NUMBER = re.compile(r"\b[a-z]{1,3}-\d{3,10}\b|#\d{3,10}\b|\b(?!(?:19|20)\d\d\b)\d{4,10}\b")
_NUMBER = re.compile(r"\d+")
_INNER_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
_NOT_WORD = re.compile(r"[^\w\s]")


def fold(text: str) -> str:
    """Return the form that is compared: NFC, lower case, folded, what looks like an order number as `ordernumber`,
    other numbers as `0`, words apart by one space. Idempotent."""
    text = unicodedata.normalize("NFC", text).lower().translate(_FOLD)
    text = _INNER_APOSTROPHE.sub("", text)
    text = _NUMBER.sub(" 0 ", _ORDER_NUMBER.sub(" ordernumber ", text))
    return " ".join(_NOT_WORD.sub(" ", text).split())
