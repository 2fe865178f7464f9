"""Starting and stopping runs. What happens in between is in `execution`, what happens after a crash in
`reaper`."""

import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from audit import log
from connections.models import Connection
from definitions import catalog
from definitions.schema import Operation, Service
from live import hub
from operations import actions, build, reading, search, uploads, versions
from operations.execution import execute, execute_next
from operations.models import OPEN, Origin, Reason, Run, State
from operations.reaper import reap
from operations.wake import wake
from people.models import Person

__all__ = ["About", "cancel", "check", "execute", "execute_next", "reap", "start"]

UNSTORABLE = gettext_noop("It holds characters that cannot be kept: NUL, or half a letter.")
WATCHED = {Origin.PERSON, Origin.COMMAND, Origin.API}  # what a person asked for goes into the audit trail


class About(TypedDict, total=False):
    """What stands around a run besides its inputs: who asked, why, and what came before."""

    person: Person | None
    origin: str
    reason: str
    action: str
    again_of: Run | None
    cause: str
    hops: int
    once: uuid.UUID | None
    bulk: int | None


def start(
    connection: Connection,
    operation_key: str,
    values: Mapping[str, Any],
    *,
    wake_up: bool = True,
    **about: Unpack[About],
) -> Run:
    """Write a queued run and wake a worker after the commit; never waits for the broker.

    The same `once` again returns the run that it made. `wake_up=False`: the caller executes it here.
    With `action=` the values are the action's inputs. Raises build.InputErrors for bad values, and
    catalog.UnknownService, catalog.UnknownOperation or actions.UnknownAction."""
    service = connection.definition
    operation = catalog.operation(connection.service, operation_key)
    check(service, operation, values, about.get("action", ""))
    inputs, files = uploads.split(values)
    around = {"reason": Reason.INITIAL, "origin": Origin.PERSON, **about}
    facts = {
        "connection": connection,
        "connection_name": connection.name,
        "service": service.handle,
        "resource": operation.resource,
        "operation": operation.name,
        "definition_version": service.version,
        "practice": connection.practice,
        "inputs": inputs,
        "uploads": files,
        "upload_paths": uploads.paths(files),
        **around,
    }
    with transaction.atomic():
        run, made = _written(facts)
        if made:
            versions.remember(service, operation)
            hub.publish("run", run.id)
            if wake_up:
                transaction.on_commit(partial(wake, run.id))
            if run.origin in WATCHED:
                log.record("run.started", person=run.person, target=("run", run.ref, str(run)))
    return run


def _written(facts: dict[str, Any]) -> tuple[Run, bool]:
    once = facts.get("once")
    if once is None:
        return Run.objects.create(**facts), True
    return Run.objects.get_or_create(once=once, defaults=facts)


def check(service: Service, operation: Operation, values: Mapping[str, Any], action: str = "") -> None:
    """Raise build.InputErrors when these values make no request, or cannot be kept."""
    unstorable = [name for name, value in values.items() if reading.storable(value) != value]
    if unstorable:
        raise build.InputErrors(dict.fromkeys(unstorable, UNSTORABLE))
    credentials = {placeholder.name: "-" for placeholder in service.auth.placeholders}
    build.request(service, operation, actions.composed(service.handle, action, values), credentials)


def cancel(run: Run, person: Person | None = None) -> bool:
    """End the run, or ask its worker to stop within a second; False when it had ended already."""
    now = timezone.now()
    with transaction.atomic():
        idle = Run.objects.filter(id=run.id, state__in=[State.QUEUED, State.WAITING])
        ended = idle.update(state=State.CANCELLED, cancel_asked=True, finished_at=now, next_try_at=None)
        asked = ended or Run.objects.filter(id=run.id, state__in=OPEN).update(cancel_asked=True)
        if ended:
            search.index(run)
        if asked:
            hub.publish("run", run.id)
            log.record("run.cancelled", person=person, target=("run", run.ref, str(run)))
    return bool(asked)
