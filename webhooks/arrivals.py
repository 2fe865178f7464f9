"""Verified deliveries on their way to the disk, and how many of them become arrays for one statement."""

import struct
from collections.abc import Callable, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID


class Arrival(NamedTuple):
    """A verified delivery. A tuple, because making a frozen dataclass of 14 fields takes 3 µs longer."""

    id: int
    connection_id: UUID
    delivery_id: str
    type: str
    object_id: str
    created_at: float | None
    marks: str  # joined by commas
    path: str
    peer: str
    headers: str
    secret_id: UUID | None
    secret_label: str
    digest: bytes
    body: bytes


class Kind(NamedTuple):
    """A type of PostgreSQL: its name, the ids of its values and of their arrays, how a value is written."""

    name: str
    value: int
    array: int
    write: Callable[[Any], bytes]


BIGINT = Kind("bigint", 20, 1016, struct.Struct("!q").pack)
FLOAT = Kind("float8", 701, 1022, struct.Struct("!d").pack)
TEXT = Kind("text", 25, 1009, str.encode)
UUIDS = Kind("uuid", 2950, 2951, attrgetter("bytes"))
BYTES = Kind("bytea", 17, 1001, bytes)

KINDS = {
    "id": BIGINT,
    "connection_id": UUIDS,
    "created_at": FLOAT,
    "secret_id": UUIDS,
    "digest": BYTES,
    "body": BYTES,
}
COLUMNS = tuple(KINDS.get(name, TEXT) for name in Arrival._fields)

_head = struct.Struct("!5i").pack  # dimensions, whether there are nulls, kind, length, number of the first
_length = struct.Struct("!i").pack
NULL = _length(-1)


def columns(arrivals: Sequence[Arrival]) -> list[bytes]:
    """Return the arrivals as one binary array a column. Raises UnicodeError for half a letter.

    psycopg's own way of doing this takes 0.35 ms a batch more, which is most of what a small batch costs.
    """
    return [_array(kind, values) for kind, values in zip(COLUMNS, zip(*arrivals, strict=True), strict=True)]


def _array(kind: Kind, values: Sequence[Any]) -> bytes:
    if None in values:
        written = [NULL if value is None else _sized(kind.write(value)) for value in values]
        return _head(1, 1, kind.value, len(values), 1) + b"".join(written)
    if values.count(values[0]) == len(values):  # most columns of most batches: one endpoint, one sender
        return _head(1, 0, kind.value, len(values), 1) + _sized(kind.write(values[0])) * len(values)
    texts = list(map(kind.write, values))
    sizes = map(_length, map(len, texts))
    return _head(1, 0, kind.value, len(texts), 1) + b"".join(
        chain.from_iterable(zip(sizes, texts, strict=True))
    )


def _sized(written: bytes) -> bytes:
    return _length(len(written)) + written
