"""Several writes as one statement: one round trip and one commit for what belongs together."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple, Self, TypeVar, cast

import psycopg
from django.db import connection as database
from django.db.models import Model

from live import hub

M = TypeVar("M", bound=Model)


class Sql(NamedTuple):
    """A value that the database works out itself."""

    text: str
    params: tuple[Any, ...] = ()


class Statement:
    """Writes as `WITH a AS (…), b AS (…) SELECT …`; they know of each other only what each returns.

    Columns and conversions are the models' own. The ORM makes a statement of each write, and half of a
    millisecond of Python; a run has twenty of them."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._params: list[Any] = []

    def add(self, name: str, text: str, *params: Any) -> Self:
        """Add one write under a name."""
        self._parts.append(f"{name} AS ({text})")
        self._params += params
        return self

    def update(self, name: str, model: type[Model], values: Mapping[str, Any], tail: Sql) -> Self:
        """Add an UPDATE of these fields; `tail` is its WHERE and RETURNING."""
        pairs = list(_prepared(model, values))
        sets = ", ".join(f"{column} = {sql.text}" for column, sql in pairs)
        text = f"UPDATE {model._meta.db_table} SET {sets} {tail.text}"  # noqa: S608  # names of the models' own
        return self.add(name, text, *_params(sql for _, sql in pairs), *tail.params)

    def insert(self, name: str, model: type[Model], values: Mapping[str, Any], tail: str) -> Self:
        """Add an INSERT of one row; `tail` is where it comes FROM (no row there, none here), and ON
        CONFLICT."""
        pairs = list(_prepared(model, values))
        columns, given = ", ".join(column for column, _ in pairs), ", ".join(sql.text for _, sql in pairs)
        text = f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {given} {tail}"
        return self.add(name, text, *_params(sql for _, sql in pairs))

    def carry_out(self, name: str, column: str, news: Sequence[str]) -> tuple[Any, ...] | None:
        """Carry everything out and return this column of the write of that name, or None when it wrote
        nothing; the news ("topic key", see live.hub) are told only when it did."""
        told = ", pg_notify(%s, %s)" * len(news)
        text = f"WITH {', '.join(self._parts)} SELECT {column}{told} FROM {name}"  # noqa: S608  # as above
        params = [param for one in news for param in (hub.CHANNEL, one)]
        return prepared(text, [*self._params, *params])


Params = Sequence[Any] | Mapping[str, Any]


def prepared(text: str, params: Params, *, after: str = "") -> tuple[Any, ...] | None:
    """Carry out a statement that PostgreSQL keeps read and planned, and return its first row.

    Reading and planning it each time took longer than what it does. `after` goes first, in the same
    transaction and round trip."""
    database.ensure_connection()
    given = cast("psycopg.Connection[Any]", database.connection)
    with database.wrap_database_errors, given.pipeline() if after else nullcontext():
        if after:
            psycopg.Cursor(given).execute(after, params, prepare=True)
        return psycopg.Cursor(given).execute(text, params, prepare=True).fetchone()


def values_of(row: Model) -> dict[str, Any]:
    """Return every field of a row by name, as `insert` takes them."""
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def overwriting(model: type[Model], *key: str) -> str:
    """Return the ON CONFLICT that takes the new values for everything but the key's columns."""
    columns = [field.column for field in model._meta.concrete_fields if field.column not in key]
    sets = ", ".join(f"{column} = excluded.{column}" for column in columns if column != "id")
    return f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {sets}"


def loaded(model: type[M], row: Iterable[Any]) -> M:
    """Return a row of all columns, as RETURNING gave it, as its model."""
    fields = model._meta.concrete_fields
    values = [
        field.from_db_value(value, None, database) if hasattr(field, "from_db_value") else value
        for field, value in zip(fields, row, strict=False)
    ]
    return model.from_db(database.alias, [field.attname for field in fields], values)


def columns_of(model: type[Model], table: str) -> str:
    """Return all columns in the order in which `loaded` takes them."""
    return ", ".join(f"{table}.{field.column}" for field in model._meta.concrete_fields)


def _prepared(model: type[Model], values: Mapping[str, Any]) -> Iterable[tuple[str, Sql]]:
    for name, value in values.items():
        field: Any = model._meta.get_field(name)
        sql = value if isinstance(value, Sql) else Sql("%s", (field.get_db_prep_save(value, database),))
        yield str(field.column), sql


def _params(parts: Iterable[Sql]) -> list[Any]:
    return [param for part in parts for param in part.params]
