"""Events that the service does not deliver, but that an answer of our own runs shows to have happened."""

from typing import Any

import orjson

from definitions import catalog
from definitions.schema import Event as EventDefinition
from definitions.schema import Service
from definitions.selectors import pick
from operations.hooks import Raised
from operations.models import Run
from operations.models.run import State
from webhooks.models import Event, Mark, Origin
from webhooks.payload import LONGEST_NAME


def after_run(run: Run, document: Any) -> list[Raised]:
    """Return the events that a finished run's answer raises, to be written with its end. One of
    `operations.hooks`.
    """
    if run.connection_id is None or run.origin == "hydration":
        return []
    service = catalog.service(run.service)
    return [_raise(run, definition, document) for definition in _raised(service, run)]


def _raised(service: Service, run: Run) -> list[EventDefinition]:
    ended = "success" if run.state == State.SUCCEEDED else "failure"
    events = (event for resource in service.resources for event in resource.events)
    return [event for event in events if run.operation_key in event.raised_by and event.raised_on == ended]


def _raise(run: Run, definition: EventDefinition, document: Any) -> Raised:
    body = orjson.dumps(document, default=str)
    object_id = pick(document, ("id",))
    event = Event(
        connection=run.connection,
        origin=Origin.RAISED,
        marks=[Mark.RAISED],
        delivery_id=run.ref,
        type=definition.type,
        object_id=object_id[:LONGEST_NAME] if isinstance(object_id, str) else "",
        created_at=run.finished_at,
        body=body,
        size=len(body),
    )
    return Raised(event, event.code, topic="log", news=f"evt {event.pk} {event.pk}")
