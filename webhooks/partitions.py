"""The partitions of the event table: one a week by id, made ahead, so that old weeks can be dropped whole.

There is no default partition: with one PostgreSQL no longer reads partitions in order, and the newest fifty
events of a long log would need all of them. What comes after the last week lies in `webhooks_event_beyond`.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from audit import ids
from webhooks.models import Event
from webhooks.partition_rights import FUNCTIONS

WEEK = timedelta(weeks=1)
AHEAD = 8  # weeks made in advance; every start and every day makes up for what is missing
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)  # a Monday


class BusyError(Exception):
    """Others hold on to the table for too long for the door to wait."""


class Week(NamedTuple):
    """A partition of a week: the first id in it, and the one after its last."""

    name: str
    low: int
    high: int


def monday(moment: datetime) -> datetime:
    """Return the start of the week, UTC, that `moment` lies in."""
    return EPOCH + (moment - EPOCH) // WEEK * WEEK


def name(week: datetime) -> str:
    """Return the name of the partition for a week: webhooks_event_20261123."""
    return f"webhooks_event_{week:%Y%m%d}"


def create(cursor: Any, now: datetime) -> None:
    """Cut a fresh event table into partitions: all before this week, the weeks ahead, all beyond."""
    cursor.execute(FUNCTIONS)
    first, last = monday(now), monday(now) + AHEAD * WEEK
    _add(cursor, "webhooks_event_before", None, first)
    for number in range(AHEAD):
        _add(cursor, name(first + number * WEEK), first + number * WEEK, first + (number + 1) * WEEK)
    _add(cursor, "webhooks_event_beyond", last, None)


def extend(now: datetime) -> list[str]:
    """Make the partitions for the weeks ahead that are missing; return their names.

    What already lies beyond stays where it is and becomes the partition up to the first new week.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('webhooks.partitions'))")
        start, wanted = _start_of_beyond(cursor), monday(now) + AHEAD * WEEK
        if start >= wanted:
            return []
        cursor.execute("SET LOCAL lock_timeout = '2s'")  # give up rather than make the door wait behind us
        return _cut(cursor, start, wanted)


def ranges() -> list[tuple[int, int]]:
    """Return the first id of each partition and the one after its last, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_expr(relpartbound, pg_class.oid) FROM pg_inherits "
            "JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'webhooks_event'::regclass"
        )
        found = [re.findall(r"[0-9]+|MINVALUE|MAXVALUE", row[0]) for row in cursor.fetchall()]
    ends = {"MINVALUE": "0", "MAXVALUE": str((1 << 63) - 1)}
    return sorted(((int(ends.get(low, low)), int(ends.get(high, high))) for low, high in found), reverse=True)


def oldest(now: datetime) -> Week | None:
    """Return the oldest week that is over."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'webhooks_event'::regclass"
        )
        names = sorted(row[0] for row in cursor.fetchall())
        over = [
            one for one in names if one.removeprefix("webhooks_event_").isdigit() and one < name(monday(now))
        ]
        return Week(over[0], *_bounds(cursor, over[0])) if over else None


def drop_oldest(now: datetime) -> str:
    """Drop the oldest week when it is over and nothing is left in it; return its name, or "" when there is
    none, or somebody reads it.
    """
    week = oldest(now)
    if not week or Event.objects.filter(pk__gte=week.low, pk__lt=week.high).exists():
        return ""
    try:
        drop(week, {})
    except BusyError:
        return ""
    return week.name


def drop(week: Week, limits: Mapping[UUID, int]) -> None:
    """Drop the oldest week with the events in it, each of which must be before its connection's limit.

    Its disk comes back at once, and nothing is left for autovacuum. The part before it grows to its end, so
    that every id keeps a place. Raises BusyError when others hold on to the table: the door would wait
    behind us.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            _drop(cursor, week, limits)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        raise BusyError(week.name) from error


def _drop(cursor: Any, week: Week, limits: Mapping[UUID, int]) -> None:
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext('webhooks.partitions'))")
    cursor.execute("SELECT to_regclass(%s) IS NULL", [week.name])
    if cursor.fetchone()[0]:  # another worker dropped it meanwhile
        raise BusyError(week.name)
    # Autovacuum, busy after many deletes, is told to go when it was in the way for a second. Who reads is not
    # in the way of these locks, nor they in theirs; from here on nothing is written into that week.
    cursor.execute("SET LOCAL lock_timeout = '1500ms'")
    cursor.execute(f"LOCK TABLE {week.name} IN SHARE MODE")
    cursor.execute("LOCK TABLE webhooks_event_before IN SHARE UPDATE EXCLUSIVE MODE")
    cursor.execute("SET LOCAL lock_timeout = '200ms'")  # so long may the door have to wait behind us
    cursor.execute("SELECT webhooks_partition_detach('webhooks_event_before')")
    cursor.execute(
        "SELECT webhooks_partition_drop(%s, %s, %s)", [week.name, list(limits), list(limits.values())]
    )
    _attach(cursor, "webhooks_event_before", None, ids.time_of(week.high))


def _cut(cursor: Any, start: datetime, wanted: datetime) -> list[str]:
    cursor.execute("SELECT max(id) FROM webhooks_event_beyond")
    largest = cursor.fetchone()[0]
    cursor.execute("SELECT webhooks_partition_detach('webhooks_event_beyond')")
    made = []
    if largest is not None:
        end = monday(ids.time_of(largest)) + WEEK
        cursor.execute("SELECT webhooks_partition_rename('webhooks_event_beyond', %s)", [name(start)])
        _attach(cursor, name(start), start, end)
        start, made = end, [name(start)]
    while start < wanted:
        _add(cursor, name(start), start, start + WEEK)
        made.append(name(start))
        start += WEEK
    if largest is None:
        _attach(cursor, "webhooks_event_beyond", start, None)
    else:
        _add(cursor, "webhooks_event_beyond", start, None)
    return made


def _start_of_beyond(cursor: Any) -> datetime:
    return ids.time_of(_bounds(cursor, "webhooks_event_beyond")[0])


def _bounds(cursor: Any, table: str) -> list[int]:
    """Return the ids that a partition begins and ends with, as far as they are numbers."""
    cursor.execute(
        "SELECT (regexp_matches(pg_get_expr(relpartbound, oid), '[0-9]+', 'g'))[1]::bigint FROM pg_class "
        "WHERE oid = %s::regclass",
        [table],
    )
    return [row[0] for row in cursor.fetchall()]


def _add(cursor: Any, table: str, start: datetime | None, end: datetime | None) -> None:
    cursor.execute("SELECT webhooks_partition_add(%s, %s, %s)", [table, *_range(start, end)])


def _attach(cursor: Any, table: str, start: datetime | None, end: datetime | None) -> None:
    cursor.execute("SELECT webhooks_partition_attach(%s, %s, %s)", [table, *_range(start, end)])


def _range(start: datetime | None, end: datetime | None) -> tuple[int | None, int | None]:
    """Return the first id and the one after the last; None is without end."""
    return ids.id_at(start) if start else None, ids.id_at(end) if end else None
