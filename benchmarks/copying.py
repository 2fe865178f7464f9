"""Rows of a model as lines of COPY: what is the same in all of them is written out once."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from django.db import connection
from django.db.models import Field, JSONField, Model
from psycopg import sql


class Copying:
    """COPY into a model's table: a sample says what is constant, `varying` names what each row brings
    itself."""

    def __init__(self, sample: Model, varying: Sequence[str]) -> None:
        """Take the sample and the names of the fields (columns, `connection_id`) that vary."""
        fields: list[Field[Any, Any]] = [one for one in sample._meta.concrete_fields if not one.generated]
        texts = [
            "%s" if one.attname in varying else text(one, getattr(sample, one.attname)).replace("%", "%%")
            for one in fields
        ]
        self._order = [varying.index(one.attname) for one in fields if one.attname in varying]
        self._line = "\t".join(texts) + "\n"
        columns = sql.SQL(", ").join(sql.Identifier(str(one.column)) for one in fields)
        self._into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(sample._meta.db_table), columns)

    def write(self, rows: Iterable[Sequence[object]]) -> None:
        """Write rows whose texts stand in the order of `varying` and are escaped already."""
        with connection.cursor() as cursor, cursor.copy(self._into) as copy:
            waiting: list[str] = []
            for row in rows:
                waiting.append(self._line % tuple(row[place] for place in self._order))
                if len(waiting) == 1000:
                    copy.write("".join(waiting))
                    waiting.clear()
            copy.write("".join(waiting))


def text(field: "Field[Any, Any]", value: object) -> str:
    """Return a value as COPY reads it."""
    if value is None:
        return "\\N"
    if isinstance(field, JSONField):
        return escaped(orjson.dumps(value).decode())
    if isinstance(value, bytes):
        return raw(value)
    if isinstance(value, list | tuple):
        return escaped("{" + ",".join(map(str, value)) + "}")
    return escaped(str(value))


def escaped(value: str) -> str:
    """Return a text without the four characters that mean something to COPY."""
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def raw(value: bytes) -> str:
    """Return bytes as COPY reads a bytea."""
    return "\\\\x" + value.hex()
