"""Completing thin events: the resource's own read operation, through the same connection, in the worker.

The envelope stays as it came; what was fetched is kept beside it with its time and hash, and the declared
fields are then looked for in the fetched object (contract §3, 5). The call is a run like any other, so
retries on 429 and 5xx, limits and guards are those of runs.
"""

import hashlib
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from audit import ids
from definitions.schema import Hydrate
from definitions.selectors import MISSING, pick
from live import hub
from operations import build, runs
from operations.models import Answer, Run
from operations.models.run import Origin, State
from webhooks import payload
from webhooks.deliveries import MADE_UP
from webhooks.fields import definition_of
from webhooks.models import Completion, Event, Hydration, Mark, Policy

LARGEST = 1 << 20  # bytes of a fetched object
PATIENCE = timedelta(seconds=10)  # after which beat asks again for what nobody took up
# one run an event, however often it is asked for
NAMESPACE = uuid.UUID("5d5e8b52-0a55-4f6c-9d0b-0f1c2c1f6f0e")
AT_ONCE = 100
DEFAULTS = Policy()


def plan(events: Sequence[Event]) -> list[int]:
    """Note which thin events are to be completed and return their ids; a made-up object costs no call."""
    thin = [
        one for one in events if one.hydration == Hydration.THIN and one.connection and not _is_made_up(one)
    ]
    policies = Policy.objects.in_bulk({one.connection_id for one in thin}) if thin else {}
    wanted = [one for one in thin if policies.get(one.connection_id, DEFAULTS).hydrates(one.type)]
    rows = [
        Completion(event_id=one.pk, connection_id=one.connection_id) for one in wanted if one.connection_id
    ]
    Completion.objects.bulk_create(rows, ignore_conflicts=True)
    return [one.pk for one in wanted]


def _is_made_up(event: Event) -> bool:
    """Tell whether the object exists only in a test delivery of ours; the practice service's tests have
    one.
    """
    return Mark.TEST in event.marks and event.object_id.startswith(MADE_UP)


def complete(event_id: int) -> None:
    """Fetch the object of one event and keep it; without a key, or at a 404, the event stays thin and says
    why."""
    event = Event.objects.select_related("connection").filter(pk=event_id).first()
    completion = Completion.objects.filter(pk=event_id, done=False).first()
    if completion is None:
        return
    if event is None or event.connection is None or event.body is None:
        _settle(completion, gettext_noop("The event or its connection is no longer there."))
        return
    run = _started(event)
    if isinstance(run, str):
        _settle(completion, run)
        return
    Completion.objects.filter(pk=event_id).update(run_id=run.pk)
    runs.execute(run.pk)
    settle(event_id)


def settle(event_id: int) -> None:
    """Take over what the run of a completion brought, when it has ended."""
    completion = Completion.objects.filter(pk=event_id, done=False).first()
    run = Run.objects.filter(pk=completion.run_id).first() if completion and completion.run_id else None
    if completion is None or run is None or run.is_open:
        return
    answer = Answer.objects.select_related("file").filter(run=run).first()
    document = _whole(answer) if answer else None
    if run.state != State.SUCCEEDED or document is None:
        _settle(completion, run.error or gettext_noop("The answer was too large to keep."))
        return
    completion.document, completion.fetched_at = document, run.finished_at
    completion.sha256 = hashlib.sha256(document).hexdigest()
    _settle(completion, "")


def open_ids(now: datetime) -> list[int]:
    """Return the events whose completion somebody should look after: not asked for yet, or asked for and
    ended."""
    return list(
        Completion.objects.filter(done=False, event_id__lt=ids.id_at(now - PATIENCE))
        .order_by("event_id")
        .values_list("event_id", flat=True)[:AT_ONCE]
    )


def _started(event: Event) -> Run | str:
    """Return the one run that completes this event, or why there can be none."""
    definition = definition_of(event)
    if definition is None or definition.hydrate is None or event.connection is None:
        return gettext_noop("The definition no longer says how to complete this type.")
    try:
        return runs.start(
            event.connection,
            definition.hydrate.operation,
            _bound(event, definition.hydrate),
            wake_up=False,
            origin=Origin.HYDRATION,
            cause=event.code,
            once=uuid.uuid5(NAMESPACE, event.code),
        )
    except build.InputErrors as error:
        return gettext_noop("It cannot be asked for: {names}").format(names="; ".join(error.errors.values()))
    except LookupError as error:
        return str(error)


def _bound(event: Event, hydrate: Hydrate) -> dict[str, Any]:
    said = payload.document(event.raw).value
    found = {name: pick(said, selector) for name, selector in hydrate.bind.items()}
    return {name: value for name, value in found.items() if value is not MISSING}


def _settle(completion: Completion, reason: str) -> None:
    completion.done, completion.reason = True, reason
    hydration = Hydration.HYDRATED if completion.document is not None else Hydration.THIN
    with transaction.atomic():
        completion.save()
        Event.objects.filter(pk=completion.pk).update(
            hydration=hydration,
            error=gettext_noop("It stays thin. {reason}").format(reason=reason) if reason else "",
        )
        hub.publish("log", f"evt {completion.pk} {completion.pk}")


def _whole(answer: Answer) -> bytes | None:
    if answer.truncated or answer.size > LARGEST:
        return None
    if answer.file is None:
        return bytes(answer.body)
    path = Path(answer.file.full_path)
    return path.read_bytes() if path.exists() else None


def again(event: Event) -> None:
    """Let the object of an event be fetched once more, because a person said so."""
    known = Completion.objects.filter(pk=event.pk).first()
    if known is None and event.connection:
        known = Completion(event_id=event.pk, connection=event.connection)
    if known is not None:
        Run.objects.filter(pk=known.run_id or 0).update(once=None)  # its token is for the next one
        known.done, known.run_id, known.reason = False, None, ""
        known.save()
