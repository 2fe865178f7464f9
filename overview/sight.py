"""What one person may see, asked once a page: each room's `for_user` costs a query."""

from dataclasses import dataclass

from django.db.models import QuerySet

from connections.models import Connection, ConnectionQuerySet
from operations.models import Run
from overview.models import EventHour
from people.models import Person, Role
from webhooks.models import Event, Rejection


@dataclass(frozen=True)
class Sight:
    """A person, and the rows that lie open to them."""

    person: Person
    connections: ConnectionQuerySet
    runs: QuerySet[Run]
    events: QuerySet[Event]
    refusals: QuerySet[Rejection]
    event_hours: QuerySet[EventHour]


def of(person: Person) -> Sight:
    """Return what this person may see."""
    return Sight(
        person,
        Connection.objects.for_user(person),
        Run.objects.for_user(person),
        Event.objects.for_user(person),
        Rejection.objects.for_user(person),
        _event_hours(person),
    )


def _event_hours(person: Person) -> QuerySet[EventHour]:
    if person.may(Role.ADMIN):
        return EventHour.objects.all()
    seen = Connection.everything.for_user(person).values("pk")
    return EventHour.objects.filter(connection_id__in=seen)
