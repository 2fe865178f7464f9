"""The gap finder: which finished objects of the service never had their event, found by its own list
operations.
"""

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_noop

from audit import ids, log
from connections.models import Connection
from definitions import catalog
from definitions.schema import Event as EventDefinition
from definitions.schema import Operation, Resource
from live import hub
from operations import build, runs
from operations.models import Run
from people import notices
from people.models import Person
from webhooks.digests import digest
from webhooks.models import Dedupe, Event, Mark, Origin, Remark
from webhooks.wake import wake

PAGE = 100  # objects that are asked for, newest first


@dataclass(frozen=True, slots=True)
class Gap:
    """A finished object without its event."""

    object_id: str
    status: str
    type: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one list of objects says against the events that came."""

    resource: str
    run: Run
    finished: int = 0
    arrived: int = 0
    gaps: tuple[Gap, ...] = ()


def comparable(connection: Connection) -> list[tuple[Resource, Operation]]:
    """Return the resources that can be compared: they can be listed, and the service tells when they end."""
    found = []
    for resource in connection.definition.resources:
        listing = resource.operation("list")
        if listing and any(event.delivered == "delivered" for event in resource.events):
            found.append((resource, listing))
    return found


def start(connection: Connection, person: Person) -> list[Run]:
    """Ask the service for its newest objects of every comparable resource; return the runs that ask."""
    started = []
    for _, listing in comparable(connection):
        values = {"limit": PAGE} if listing.placeholder("limit") else {}
        try:
            started.append(runs.start(connection, listing.key, values, person=person))
        except build.InputErrors:
            continue  # this list needs to be told more than we know
    if started:
        text = gettext_noop("The service was asked for what is missing: the answer is here.")
        url = f"/endpoints/{connection.pk}/?tab=missing"
        notices.tell_when_over("runs", [run.pk for run in started], person, text, url)
    return started


def compare(run: Run) -> Comparison:
    """Return what a finished list says: objects in a final state, events that came, and the gaps between."""
    resource = next(one for one in catalog.service(run.service).resources if one.handle == run.resource)
    finished = list(_finished(run, resource))
    known = set(
        Event.objects.filter(
            connection=run.connection_id, object_id__in=[gap.object_id for gap in finished]
        ).values_list("object_id", "type")
    )
    gaps = tuple(gap for gap in finished if (gap.object_id, gap.type) not in known)
    return Comparison(resource.handle, run, len(finished), len(finished) - len(gaps), gaps)


def recover(connection: Connection, gap: Gap, person: Person) -> Event:
    """Write the event that never came, marked as recovered; asking twice gives the same one."""
    token = f"recovered_{gap.type}_{gap.object_id}"[:256]
    said = {"type": gap.type, "created_at": int(time.time()), "data": {"id": gap.object_id}}
    body = json.dumps({"id": f"evt_{secrets.token_hex(12)}", **said}).encode()
    new_id = ids.new_id()
    with transaction.atomic():
        key, made = Dedupe.objects.get_or_create(
            connection_id=connection.pk,
            delivery_id=token,
            defaults={"event_id": new_id, "digest": digest(body)},
        )
        if not made:
            return Event.objects.get(pk=key.event_id)
        event = Event.objects.create(
            id=new_id,
            connection=connection,
            origin=Origin.RECOVERED,
            marks=[Mark.RECOVERED],
            delivery_id=token,
            type=gap.type,
            object_id=gap.object_id,
            body=body,
            size=len(body),
        )
        Remark.objects.create(
            row_id=new_id, text=gettext_noop("Recovered by the gap finder: it never arrived"), person=person
        )
        hub.publish("log", f"evt {new_id} {new_id}")
        transaction.on_commit(lambda: wake("process_events"))
        log.record("webhook.recovered", person=person, target=("event", event.code, str(event)))
    return event


def _finished(run: Run, resource: Resource) -> Iterator[Gap]:
    """Yield the objects in a state that has an event: `completed` has `batch.completed`."""
    for item in run.items or []:
        status, object_id = str(item.get("status") or ""), str(item.get("id") or "")
        event = _ending(resource, status)
        if event and object_id:
            yield Gap(object_id, status, event.type)


def _ending(resource: Resource, status: str) -> EventDefinition | None:
    told = (event for event in resource.events if event.delivered == "delivered")
    return next((event for event in told if event.type.rpartition(".")[2] == status), None)
