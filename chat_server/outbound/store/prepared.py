"""A write of many rows without the statement compiler's cost for each: compiled once for a database, bound by the types' own processors.

For what every message does; everything else runs through SQLAlchemy as it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.dml import UpdateBase

Bind = Callable[[Any], Any] | None


class Prepared:
    """An INSERT or UPDATE whose parameters are all named; `run` takes rows by these names."""

    def __init__(self, statement: UpdateBase) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, list[tuple[str, Bind]]]] = {}

    def run(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Write these rows, in their order."""
        if not rows:
            return
        dialect = connection.dialect
        sql, binds = self._compiled.get(dialect.name) or self._compile(dialect)
        connection.exec_driver_sql(sql, [tuple([bind(row[name]) if bind else row[name] for name, bind in binds]) for row in rows])

    def _compile(self, dialect: Dialect) -> tuple[str, list[tuple[str, Bind]]]:
        compiled: Any = self._statement.compile(dialect=dialect)
        binds = [(name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in compiled.positiontup]
        self._compiled[dialect.name] = str(compiled), binds
        return self._compiled[dialect.name]
