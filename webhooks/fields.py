"""The declared fields of an event: where they were looked for, what was found and what was not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from definitions import catalog
from definitions.schema import Event as EventDefinition
from definitions.schema import Webhooks
from definitions.selectors import MISSING, Picked, picked
from webhooks import payload
from webhooks.models import Arrived, Completion, Event

# Where fields are looked for, and how a page says so.
SOURCES: Mapping[str, str | Promise] = {
    "hydrated": _("the object that was fetched to complete this event"),
    "envelope": _("the object inside the envelope, because the body has a text “type” and an object “data”"),
    "body": _("the body itself, because it is no envelope"),
    "": _("nothing, because the body cannot be read"),
}


@dataclass(frozen=True, slots=True)
class Mapped:
    """The fields of one event."""

    definition: EventDefinition | None
    source: str
    picked: Picked
    value: Any = MISSING

    @property
    def words(self) -> str:
        """Where the fields were looked for, as words."""
        return str(SOURCES[self.source])

    @property
    def rows(self) -> list[tuple[Any, Any, bool]]:
        """Every declared field, with its value and whether it was found."""
        declared = self.definition.payload if self.definition else ()
        return [
            (one, self.picked.resolved.get(one.name), one.name in self.picked.resolved) for one in declared
        ]


def mapped(event: Event, completion: Completion | None = None) -> Mapped:
    """Return the fields of an event, of its fetched object when there is one (contract §3, 4 and 5)."""
    definition = definition_of(event)
    source, value = _subject(event, completion)
    fields = definition.payload if definition and value is not MISSING else ()
    return Mapped(definition, source, picked(fields, value), value)


def mapped_all(events: list[Event]) -> dict[int, Mapped]:
    """Return the fields of several events with one query for what completed them."""
    completions = Completion.objects.filter(done=True).in_bulk([event.pk for event in events])
    return {event.pk: mapped(event, completions.get(event.pk)) for event in events}


def definition_of(event: Event) -> EventDefinition | None:
    """Return what the definition says of this event's type, or None when it knows nothing."""
    if event.connection is None or not event.type:
        return None
    try:
        return catalog.event(event.connection.service, event.type)
    except catalog.UnknownService:
        return None


def scheme_of(row: Arrived) -> Webhooks:
    """Return how the event's service writes its deliveries; a service that is no longer loaded says
    nothing.
    """
    try:
        return catalog.service(row.connection.service).webhooks if row.connection else Webhooks()
    except catalog.UnknownService:
        return Webhooks()


def _subject(event: Event, completion: Completion | None) -> tuple[str, Any]:
    if completion and completion.document is not None:
        fetched = payload.document(bytes(completion.document))
        if not fetched.problem:
            return "hydrated", fetched.value
    said = payload.document(event.raw)
    if said.problem:
        return "", MISSING
    value = payload.subject(scheme_of(event), said.value)
    return ("body" if value is said.value else "envelope"), value
