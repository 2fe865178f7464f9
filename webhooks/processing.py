"""What is done with events after they were answered: read closely, marked, and handed on, many at a time.

Measured: one event a transaction made 500 a second, while the door takes thousands on the same machine; a
batch is one statement. When a batch fails, its events go one by one, so that a poisoned one stops nobody
(threats.md, T28).
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
from django.db import connection, transaction
from django.utils.translation import gettext_noop

from live import hub
from webhooks import hydrate, payload
from webhooks.fields import definition_of
from webhooks.marks import Removed
from webhooks.models import Event, Hydration, Mark, State
from webhooks.wake import wake

AT_ONCE = 200  # events of one transaction

log = logging.getLogger(__name__)


def process() -> int:
    """Process events that wait and are not held; return how many there were. Two workers share the work."""
    with transaction.atomic():
        release()
        waiting = (
            Event.objects.select_for_update(skip_locked=True, of=("self",)).waiting().order_by("id")[:AT_ONCE]
        )
        events = list(waiting.select_related("connection"))
        if events:
            _process(events)
            hub.publish("log", f"evt {events[0].pk} {events[-1].pk}")
    return len(events)


def release() -> None:
    """Let go of what was held for an endpoint that is no longer paused."""
    held = Event.objects.marked(Mark.HELD).filter(connection__paused=False)
    Event.objects.filter(pk__in=held.values("pk")[:AT_ONCE]).update(marks=Removed(Mark.HELD))


def _process(events: Sequence[Event]) -> None:
    try:
        with transaction.atomic():
            _read_and_store(events)
    except Exception as error:
        if len(events) == 1:
            _fail(events[0], error)
            return
        for event in events:
            _process([event])


def _read_and_store(events: Sequence[Event]) -> None:
    late = _out_of_order(events)
    for event in events:
        read(event, late)
    with connection.cursor() as cursor:
        cursor.execute(STORE, [*_columns(events), events[0].pk, events[-1].pk])
    for event_id in hydrate.plan(events):
        transaction.on_commit(partial(wake, "complete_event", event_id))


def _fail(event: Event, error: Exception) -> None:
    log.exception("An event cannot be processed: %s", event.code)
    why = gettext_noop("Processing failed: {kind}.").format(kind=type(error).__name__)
    Event.objects.filter(pk=event.pk).update(state=State.FAILED, error=why, processed_at=datetime.now(UTC))


def read(event: Event, out_of_order: set[int]) -> None:
    """Find out what the door had no time for: marks, the view for queries, whether the event is thin."""
    found = payload.document(event.raw)
    definition = definition_of(event)
    told = {
        Mark.DUPLICATE_KEYS: bool(found.duplicate_keys),
        Mark.UNKNOWN_TYPE: definition is None and bool(event.type),
        Mark.OUT_OF_ORDER: event.pk in out_of_order,
    }
    event.marks = sorted({*event.marks, *(mark.value for mark, holds in told.items() if holds)})
    event.view = payload.view(event.raw) if event.raw is not None else None
    if definition and definition.hydrate and not found.problem and not event.hydration:
        event.hydration = Hydration.THIN


# The ids' range lets PostgreSQL touch the one partition that they lie in.
STORE = """
UPDATE webhooks_event SET state = 'processed', processed_at = now(), error = '', hydration = found.hydration,
    marks = string_to_array(found.marks, ','), view = found.view::jsonb
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS found (id, marks, hydration, view)
WHERE webhooks_event.id = found.id AND webhooks_event.id BETWEEN %s AND %s
"""


def _columns(events: Sequence[Event]) -> list[Any]:
    views = [None if event.view is None else orjson.dumps(event.view).decode() for event in events]
    marks = [",".join(event.marks) for event in events]
    return [[event.pk for event in events], marks, [str(event.hydration) for event in events], views]


# Against the five events before it only: one object may have a million.
LATE = """
SELECT here.id
FROM unnest(%s::bigint[], %s::uuid[], %s::text[], %s::timestamptz[]) AS here (id, connection_id,
object_id, created_at) CROSS JOIN LATERAL (
    SELECT created_at FROM webhooks_event
    WHERE object_id = here.object_id AND object_id <> '' AND id < here.id AND connection_id =
    here.connection_id ORDER BY id DESC LIMIT 5
) AS before
WHERE before.created_at > here.created_at
"""


def _out_of_order(events: Sequence[Event]) -> set[int]:
    """Return the events about whose object something newer had arrived before them."""
    told = [event for event in events if event.object_id and event.created_at is not None]
    if not told:
        return set()
    rows = [[event.pk, event.connection_id, event.object_id, event.created_at] for event in told]
    with connection.cursor() as cursor:
        cursor.execute(LATE, [list(column) for column in zip(*rows, strict=True)])
        return {row[0] for row in cursor.fetchall()}
