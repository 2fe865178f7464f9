"""What one person may see, asked once a page: each room's own `for_user` would cost a query."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import OuterRef, Q, QuerySet

from connections import crypto
from connections.models import Connection, ConnectionQuerySet
from operations.models import Run
from people.models import Person, Role
from webhooks.models import Event, Silence

Scope = frozenset[uuid.UUID] | None  # the connections that lie open to somebody; None for all
OPEN = "(connection_id = ANY(%(scope)s) OR connection_id IS NULL)"
# What any change of what `held` reads changes: no row is written without a new transaction and a new place.
STAMP = """
SELECT count(*), sum(hashtextextended(stamp, 0)) FROM (
  SELECT xmin::text || ctid::text FROM connections_connection
  UNION ALL SELECT xmin::text || ctid::text FROM connections_secret
  UNION ALL SELECT xmin::text || ctid::text FROM webhooks_silence WHERE silent
) one(stamp)
"""


@dataclass(frozen=True)
class Sight:
    """A person, and the rows that lie open to them."""

    person: Person
    scope: Scope
    connections: ConnectionQuerySet
    runs: QuerySet[Run]
    events: QuerySet[Event]

    def ask(self, statement: str, **asked: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a statement, in which `{open}` stands for what lies open to the person: what
        belongs to such a connection, or to none."""
        with connection.cursor() as cursor:
            given = {**asked, "scope": list(self.scope or ())}
            cursor.execute(statement.format(open="TRUE" if self.scope is None else OPEN), given)
            return list(cursor.fetchall())

    @cached_property
    def held(self) -> Sequence[Connection]:
        """The connections with secrets and what fell silent there, real ones first: one query a page, and two
        more when something in it has changed."""
        [stamp] = self.ask(STAMP)
        return _held(self.scope, stamp, _key_ids())


@lru_cache(64)
def _held(scope: Scope, _stamp: tuple[Any, ...], _key_ids: Sequence[bytes] | str) -> Sequence[Connection]:
    """Twelve connections and their secrets took 2 to 3 ms of each overview to read and to open."""
    silent = Silence.objects.filter(connection=OuterRef("pk"), silent=True).order_by("type")
    seen = Connection.objects.all() if scope is None else Connection.objects.filter(pk__in=scope)
    found = seen.with_secrets().annotate(silent_types=ArraySubquery(silent.values("type")))
    return tuple(found.order_by("practice", "name"))


def _key_ids() -> Sequence[bytes] | str:
    try:
        return tuple(key.id for key in crypto.ring().keys)
    except crypto.KeyRingError as error:
        return str(error)


def of(person: Person) -> Sight:
    """Return what this person may see; one query, none for an admin."""
    scope, seen = None, Q()
    if not person.may(Role.ADMIN):
        scope = frozenset(Connection.everything.for_user(person).values_list("pk", flat=True))
        seen = Q(connection__in=scope) | Q(connection=None)
    return Sight(
        person,
        scope,
        Connection.objects.for_user(person),
        Run.objects.filter(seen),
        Event.objects.filter(seen),
    )
