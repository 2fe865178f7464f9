"""What one person may see, asked once a page: each room's own `for_user` would cost a query."""

from dataclasses import dataclass
from functools import cached_property

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet

from connections.models import Connection, ConnectionQuerySet
from operations.models import Run
from overview.models import EventHour
from people.models import Person, Role
from webhooks.models import Event, Rejection, Silence


@dataclass(frozen=True)
class Sight:
    """A person, and the rows that lie open to them."""

    person: Person
    open: Q  # what belongs to a connection that lies open to the person, or to none
    connections: ConnectionQuerySet
    runs: QuerySet[Run]
    events: QuerySet[Event]
    refusals: QuerySet[Rejection]
    event_hours: QuerySet[EventHour]

    @cached_property
    def held(self) -> list[Connection]:
        """The connections with secrets and what fell silent there, real ones first: two queries a page."""
        silent = Silence.objects.filter(connection=OuterRef("pk"), silent=True).order_by("type")
        found = self.connections.with_secrets().annotate(silent_types=ArraySubquery(silent.values("type")))
        return list(found.order_by("practice", "name"))


def of(person: Person) -> Sight:
    """Return what this person may see; one query, none for an admin."""
    seen, mine = Q(), Q()
    if not person.may(Role.ADMIN):
        keys = list(Connection.everything.for_user(person).values_list("pk", flat=True))
        seen, mine = Q(connection__in=keys) | Q(connection=None), Q(connection_id__in=keys)
    return Sight(
        person,
        seen,
        Connection.objects.for_user(person),
        Run.objects.filter(seen),
        Event.objects.filter(seen),
        Rejection.objects.filter(seen),
        EventHour.objects.filter(mine),
    )
