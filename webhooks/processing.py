"""What is done with an event after it was answered: read it closely, mark it, and hand it on."""

import logging
from datetime import UTC, datetime
from functools import partial

from django.db import DataError, transaction

from live import hub
from webhooks import hydrate, payload
from webhooks.fields import definition_of
from webhooks.marks import Removed
from webhooks.models import Event, Hydration, Mark, State
from webhooks.wake import wake

AT_ONCE = 200  # events of one transaction

log = logging.getLogger(__name__)


def process() -> int:
    """Process the events that wait and are not held; return how many there were. Two workers share the
    work.
    """
    with transaction.atomic():
        release()
        waiting = (
            Event.objects.select_for_update(skip_locked=True, of=("self",)).waiting().order_by("id")[:AT_ONCE]
        )
        events = list(waiting.select_related("connection"))
        for event in events:
            _process(event)
        if events:
            hub.publish("log", f"evt {events[0].pk} {events[-1].pk}")
    return len(events)


def release() -> None:
    """Let go of what was held for an endpoint that is no longer paused."""
    held = Event.objects.marked(Mark.HELD).filter(connection__paused=False)
    Event.objects.filter(pk__in=held.values("pk")[:AT_ONCE]).update(marks=Removed(Mark.HELD))


def _process(event: Event) -> None:
    """Process one event; whatever goes wrong fails this one only, with its reason (threats.md, T28)."""
    event.processed_at = datetime.now(UTC)
    try:
        with transaction.atomic():
            read(event)
            event.state = State.PROCESSED
            event.save(update_fields=CHANGED)
            if hydrate.plan(event):
                transaction.on_commit(partial(wake, "complete_event", event.pk))
    except DataError:  # jsonb cannot hold it after all; the bytes are the truth
        event.view = None
        event.save(update_fields=CHANGED)
    except Exception as error:
        log.exception("An event cannot be processed: %s", event.code)
        event.state, event.error = State.FAILED, f"Processing failed: {type(error).__name__}."
        Event.objects.filter(pk=event.pk).update(
            state=event.state, error=event.error, processed_at=event.processed_at
        )


CHANGED = ["state", "marks", "view", "hydration", "processed_at", "error"]


def read(event: Event) -> None:
    """Find out what the door had no time for: marks, the view for queries, whether the event is thin."""
    found = payload.document(event.raw)
    marks = set(event.marks)
    if found.duplicate_keys:
        marks.add(Mark.DUPLICATE_KEYS)
    definition = definition_of(event)
    if definition is None and event.type:
        marks.add(Mark.UNKNOWN_TYPE)
    if is_out_of_order(event):
        marks.add(Mark.OUT_OF_ORDER)
    event.marks = sorted(marks)
    event.view = payload.view(event.raw) if event.raw is not None else None
    thin = definition and definition.hydrate and not found.problem
    event.hydration = event.hydration or (Hydration.THIN if thin else Hydration.NONE)


def is_out_of_order(event: Event) -> bool:
    """Tell whether something newer about the same object arrived before this."""
    if not event.object_id or event.created_at is None:
        return False
    earlier = Event.objects.filter(object_id=event.object_id, connection=event.connection_id, id__lt=event.pk)
    return earlier.filter(created_at__gt=event.created_at).exists()
