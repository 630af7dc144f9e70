"""Statements that every webhook needs, without the statement compiler's cost for each: compiled once for a database and a number of keys.

Parameters and results go through the types' own processors. Everything else runs through SQLAlchemy as it comes. Walk b.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Connection, Dialect, Select, bindparam
from sqlalchemy.sql.dml import UpdateBase

from order_status.store.keys import indexed

Process = Callable[[Any], Any] | None
KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
"""the keys of a Find: pairs of texts"""
MOST = 128
"""keys in one query; fewer are filled up to a power of two, so that there are few queries"""


class Write:
    """An INSERT of many rows, by the names of their columns. `make` is told the name of the database's dialect."""

    def __init__(self, make: Callable[[str], UpdateBase]) -> None:
        self._make = make
        self._compiled: dict[str, tuple[str, list[tuple[str, Process]]]] = {}

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write these rows, in their order; all have the same names."""
        if not rows:
            return
        dialect = connection.dialect
        sql, binds = self._compiled.get(dialect.name) or self._compile(dialect, list(rows[0]))
        connection.exec_driver_sql(sql, [tuple([bind(row[name]) if bind else row[name] for name, bind in binds]) for row in rows])

    def _compile(self, dialect: Dialect, names: list[str]) -> tuple[str, list[tuple[str, Process]]]:
        compiled: Any = self._make(dialect.name).compile(dialect=dialect, column_keys=names)
        binds = [(name, _bind(compiled.binds[name].type, dialect)) for name in compiled.positiontup]
        self._compiled[dialect.name] = str(compiled), binds
        return self._compiled[dialect.name]


class Find:
    """A SELECT of what has one of many keys (KEYS)."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._compiled = cache(self._compile)

    def run(self, connection: Connection, keys: Sequence[tuple[str, str]], **given: Any) -> Iterator[list[Any]]:
        """The rows of these keys. `given`: the other parameters."""
        for place in range(0, len(keys), MOST):
            some = keys[place : place + MOST]
            size = 1 << (len(some) - 1).bit_length()
            sql, binds, results = self._compiled(connection.dialect, size)
            texts = iter([text for key in (*some, *[some[-1]] * (size - len(some))) for text in key])
            values = tuple([next(texts) if name is None else bind(given[name]) if bind else given[name] for name, bind in binds])
            for row in connection.exec_driver_sql(sql, values).fetchall():
                yield [result(value) if result else value for value, result in zip(row, results, strict=True)]

    def _compile(self, dialect: Dialect, size: int) -> tuple[str, list[tuple[str | None, Process]], list[Process]]:
        """A parameter without a name is part of a key."""
        filled = self._statement.params(keys=[("", "")] * size)
        compiled: Any = filled.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        named = [(name, compiled.binds.get(name)) for name in compiled.positiontup]
        binds = [(name, _bind(bind.type, dialect)) if bind is not None else (None, None) for name, bind in named]
        sql = indexed(str(compiled)) if dialect.name == "sqlite" else str(compiled)
        return sql, binds, [_result(column.type, dialect) for column in self._statement.selected_columns]


def _bind(kind: Any, dialect: Dialect) -> Process:
    process: Process = kind.dialect_impl(dialect).bind_processor(dialect)
    return process


def _result(kind: Any, dialect: Dialect) -> Process:
    process: Process = kind.dialect_impl(dialect).result_processor(dialect, None)
    return process
