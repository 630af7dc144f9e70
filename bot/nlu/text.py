"""One spelling for all the ways a sentence is typed on a phone: lower case, no Polish diacritics, one apostrophe, numbers as 0.

Only the intent classifier reads this form. Entities are found in the text as it was written.
"""

import re
import unicodedata

_FOLD = str.maketrans("ąćęłńóśźż’ʼ`´", "acelnoszz''''", "\u200c\u200d\ufeff")
_NUMBER = re.compile(r"#?\b[a-z]{1,3}-\d{3,10}\b|#?\d+")
_INNER_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
_NOT_WORD = re.compile(r"[^\w\s]")


def fold(text: str) -> str:
    """Return the form that is compared: NFC, lower case, folded, numbers as `0`, words apart by one space. Idempotent."""
    text = unicodedata.normalize("NFC", text).lower().translate(_FOLD)
    text = _INNER_APOSTROPHE.sub("", text)
    text = _NUMBER.sub(" 0 ", text)
    return " ".join(_NOT_WORD.sub(" ", text).split())
