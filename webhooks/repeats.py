"""Deliveries that came again: counted on the event they repeat, and marked when the body was another."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from live import hub
from webhooks.models import Mark


@dataclass(slots=True)
class Repeat:
    """How often a delivery came again, and with which bodies."""

    count: int = 0
    last_at: float = 0.0
    digests: set[bytes] = field(default_factory=set)

    def add(self, other: "Repeat") -> None:
        """Count what another process or moment counted."""
        self.count += other.count
        self.last_at = max(self.last_at, other.last_at)
        self.digests |= other.digests


Key = tuple[UUID, str]  # connection, webhook-id

AT_ONCE = 500  # repeats of one transaction
KNOWN = """
SELECT connection_id, delivery_id, event_id, digest
FROM unnest(%s::uuid[], %s::text[]) AS asked (connection_id, delivery_id)
JOIN webhooks_dedupe USING (connection_id, delivery_id)
"""
# Rows are locked in the order of their ids: two that count the same would else wait for each other for ever.
COUNT = """
WITH counted AS (
    SELECT * FROM unnest(%s::bigint[], %s::int[], %s::float8[], %s::boolean[])
    AS row (event_id, count, last_at, conflicts)
), locked AS (
    SELECT id FROM webhooks_event WHERE id IN (SELECT event_id FROM counted) ORDER BY id FOR UPDATE
)
UPDATE webhooks_event AS event SET
    duplicates = duplicates + count,
    last_duplicate_at = to_timestamp(last_at),
    marks = ARRAY(
        SELECT DISTINCT unnest(marks || CASE WHEN conflicts THEN %s::text[] ELSE %s::text[] END))
FROM counted JOIN locked ON id = event_id
WHERE event.id = event_id
"""


def write(repeats: Mapping[Key, Repeat]) -> None:
    """Add these repeats to their events; one whose event is no longer kept is nobody's news.

    Three statements for 500 of them: with three for each, one second of repeats kept
    the web process busy for six.
    """
    keys = sorted(repeats)
    for start in range(0, len(keys), AT_ONCE):
        with transaction.atomic():
            _count({key: repeats[key] for key in keys[start : start + AT_ONCE]})


def _count(repeats: Mapping[Key, Repeat]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, _columns(repeats))
        counted = [
            (event_id, repeat.count, repeat.last_at, bool(repeat.digests - {bytes(digest)}))
            for connection_id, delivery_id, event_id, digest in cursor.fetchall()
            for repeat in [repeats[connection_id, delivery_id]]
        ]
        if counted:
            conflict = [Mark.DUPLICATE, Mark.CONFLICT]
            cursor.execute(COUNT, [*_columns(counted), conflict, conflict[:1]])
            hub.publish("log", *(f"evt {event_id} {event_id}" for event_id, *_ in counted))


def _columns(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
