"""What events and refused deliveries have in common."""

from datetime import datetime
from typing import Any, ClassVar, Self

import orjson
from django.db import models
from django.db.models import F, Q

from audit import ids
from connections.models import Connection
from people.models import Person, Role


class ArrivedQuerySet(models.QuerySet[Any]):
    """Named sets of what arrived, events and rejections alike."""

    def for_user(self, person: Person) -> Self:
        """Return what arrived at connections that the person may see, and what belongs to none."""
        if person.may(Role.ADMIN):
            return self
        seen = list(Connection.everything.for_user(person).values_list("pk", flat=True))
        return self.filter(Q(connection__in=seen) | Q(connection=None))

    def light(self) -> Self:
        """Leave the bodies in the database: lists never select them (design.md, decision 4)."""
        return self.defer(*({"body", "headers", "view"} & {one.name for one in self.model._meta.fields}))

    def listed(self) -> Self:
        """Return what a row of the log shows and no more: half the cost of whole rows."""
        return self.only(*self.model.LISTED).annotate(connection_name=F("connection__name"))


class Arrived(models.Model):
    """What events and rejections have in common: where it came from and what it said, byte for byte."""

    PREFIX: ClassVar[str]  # of the id as people see it: evt, rej
    LISTED: ClassVar[tuple[str, ...]]  # the fields that a row of the log shows
    connection_name: str | None  # of rows that are `listed()`
    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    # No constraint and no index of its own: it would cost every insert, and connections are never deleted.
    connection = models.ForeignKey(
        Connection,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="%(class)ss",
    )
    delivery_id = models.TextField(default="")  # the sender's webhook-id
    path = models.TextField(default="")
    peer = models.TextField(default="")
    headers = models.TextField(default="[]")  # JSON [[name, value], …] in the order of arrival
    body = models.BinaryField(null=True)  # the truth; None: not kept
    size = models.IntegerField(default=0)

    class Meta:
        abstract = True

    @property
    def is_event(self) -> bool:
        """Tell events from refusals where both stand in one list."""
        return False

    @property
    def code(self) -> str:
        """The id as people see it."""
        return ids.encode(self.PREFIX, self.id)

    @property
    def arrived_at(self) -> datetime:
        """When it arrived: the id says so."""
        return ids.time_of(self.id)

    @property
    def raw(self) -> bytes | None:
        """The body, byte for byte; None when it is not kept."""
        return None if self.body is None else bytes(self.body)

    @property
    def header_pairs(self) -> list[tuple[str, str]]:
        """The headers in the order of arrival."""
        return [(name, value) for name, value in orjson.loads(self.headers)]
