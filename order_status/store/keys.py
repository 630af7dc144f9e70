"""Rows that have one of many keys of two parts, found by their index on both databases.

SQLite reads the whole table for `(a, b) IN (VALUES …)` with more than one row (a compound); within a SELECT of its own it uses the index.
"""

import re
from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, false, or_

_COMPOUND = re.compile(r"IN \(VALUES ((?:\([^()]*\)(?:, )?)+)\)")


def among(first: ColumnElement[str], second: ColumnElement[str], keys: Iterable[tuple[str, str]]) -> ColumnElement[bool]:
    """Whether both columns together are one of these keys."""
    of: dict[str, set[str]] = defaultdict(set)
    for one, other in keys:
        of[one].add(other)
    return or_(false(), *(and_(first == one, second.in_(sorted(others))) for one, others in of.items()))


def indexed(sql: str) -> str:
    """A compiled statement as SQLite finds its keys by their index."""
    return _COMPOUND.sub(r"IN (SELECT * FROM (VALUES \1))", sql)
