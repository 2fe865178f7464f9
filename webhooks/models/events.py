"""Events, and the keys that keep each of them to one."""

from datetime import timedelta
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Func, Q
from django.urls import reverse
from django.utils.translation import gettext

from audit import pages
from webhooks.models.arrived import Arrived, ArrivedQuerySet
from webhooks.models.choices import Hydration, Mark, Origin, State


class Words(Func):
    """The words of a document's texts and numbers, for searching."""

    template = "jsonb_to_tsvector('simple', %(expressions)s, '[\"string\", \"numeric\"]')"
    output_field = SearchVectorField()


def in_state(state: str) -> list[Q]:
    """Return conditions of which the events in this state meet one, each in the words of an index that has
    them in the order of ids: what is held has one of its own. Both at once are all fetched and sorted.
    """
    if state != State.RECEIVED:
        return [Q(state=state)]
    return [~Q(marks__contains=[Mark.HELD]) & Q(state=state), marked(Mark.HELD) & Q(state=state)]


def marked(mark: str) -> Q:
    """Return the condition for events with this mark; its first half lets the partial indexes help."""
    return ~Q(marks=[]) & Q(marks__contains=[mark])


class EventQuerySet(ArrivedQuerySet):
    """Named sets of events."""

    def waiting(self) -> Self:
        """Return the events that nobody has processed and that are not held."""
        return self.filter(state=State.RECEIVED).exclude(marks__contains=[Mark.HELD])

    def marked(self, mark: str) -> Self:
        """Return the events with this mark."""
        return self.filter(marked(mark))


class Event(Arrived):
    """A verified delivery, stored once. The table is partitioned by id (webhooks/partitions.py)."""

    PREFIX = "evt"
    WEEKLY = True
    LISTED = ("id", "connection_id", "state", "type", "object_id", "marks", "duplicates", "hydration")
    origin = models.TextField(choices=Origin.choices, default=Origin.DELIVERED)
    state = models.TextField(choices=State.choices, default=State.RECEIVED)
    type = models.TextField(default="")
    object_id = models.TextField(default="")
    created_at = models.DateTimeField(null=True)  # when the service says that it happened
    marks = ArrayField(models.TextField(choices=Mark.choices), default=list)
    duplicates = models.IntegerField(default=0)
    last_duplicate_at = models.DateTimeField(null=True)
    secret_id = models.UUIDField(null=True)  # which signing secret matched
    secret_label = models.TextField(default="")
    view = models.JSONField(null=True)  # for queries only, and only when PostgreSQL can hold it
    hydration = models.TextField(choices=Hydration.choices, default=Hydration.NONE, blank=True)
    processed_at = models.DateTimeField(null=True)
    error = models.TextField(default="")  # why it failed or stayed thin, as a sentence

    objects = EventQuerySet.as_manager()

    class Meta:
        """Every index costs each insert (performance.md); rare states and marks have partial ones."""

        indexes = [
            models.Index(fields=["connection", "id"], name="event_connection"),
            models.Index(fields=["type", "id"], name="event_type"),
            models.Index(fields=["object_id", "id"], name="event_object", condition=~Q(object_id="")),
            models.Index(fields=["id"], name="event_failed", condition=Q(state=State.FAILED)),
            # Exactly what `waiting` asks for: a paused endpoint may hold a million that nobody should
            # walk over.
            models.Index(
                fields=["id"],
                name="event_waiting",
                condition=Q(state=State.RECEIVED) & ~Q(marks__contains=[Mark.HELD]),
            ),
            # A mark that many have is found by walking back, one that few have by its own index: at 1,000,000
            # events a mark that nobody had took 108 ms by the first alone. Neither costs an unmarked event.
            models.Index(fields=["id"], name="event_marked", condition=~Q(marks=[])),
            GinIndex(fields=["marks"], name="event_marks", condition=~Q(marks=[])),
            # The view is filled in after the answer, so that these two never cost the door anything.
            GinIndex(
                fields=["view"],
                name="event_paths",
                opclasses=["jsonb_path_ops"],
                condition=Q(view__isnull=False),
            ),
            GinIndex(Words("view"), name="event_words", condition=Q(view__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.type or 'event'} {self.code}"

    def get_absolute_url(self) -> str:
        """Return the page about this event."""
        return reverse("webhooks:event", args=[self.pk])

    @property
    def is_event(self) -> bool:
        """Tell events from refusals where both stand in one list."""
        return True

    @property
    def badges(self) -> list[tuple[str, pages.Words]]:
        """The marks that a list shows: name and words."""
        shown: list[tuple[str, pages.Words]] = [
            (
                mark,
                gettext("Duplicate {duplicates}×").format(duplicates=self.duplicates)
                if mark == Mark.DUPLICATE
                else Mark(mark).label,
            )
            for mark in self.marks
        ]
        kept: list[tuple[str, pages.Words]] = (
            [(self.hydration, Hydration(self.hydration).label)] if self.hydration else []
        )
        return [*shown, *kept]

    @property
    def lateness(self) -> timedelta | None:
        """From what the service calls created to the arrival; None when it does not say, or its clock is
        ahead.
        """
        age = self.arrived_at - self.created_at if self.created_at else timedelta()
        return age if age > timedelta(seconds=1) else None


class Dedupe(models.Model):
    """The key that lets a delivery in only once; it outlives the payload, so a late repeat is still one."""

    pk = models.CompositePrimaryKey("connection_id", "delivery_id")
    connection_id = models.UUIDField()
    delivery_id = models.TextField()
    event_id = models.BigIntegerField()
    digest = models.BinaryField()  # of the body: the same id with another body is a conflict

    class Meta:
        """Rows lie in the order of their events, so a block range index finds the old ones for nothing."""

        indexes = [BrinIndex(fields=["event_id"], name="dedupe_age")]

    def __str__(self) -> str:
        return self.delivery_id
