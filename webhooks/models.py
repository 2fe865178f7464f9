"""What arrived: events, the keys that keep each to one, and the deliveries that were refused."""

import uuid
from datetime import datetime
from typing import Any

import orjson
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.urls import reverse

from audit import ids
from connections.models import Connection
from people.models import Person, Role


class State(models.TextChoices):
    """How far an event has come."""

    RECEIVED = "received", "Received"
    PROCESSED = "processed", "Processed"
    FAILED = "failed", "Failed"


class Origin(models.TextChoices):
    """How an event came to be here."""

    DELIVERED = "delivered", "Delivered"
    RAISED = "raised", "Raised here"  # by the answer of one of our own runs
    RECOVERED = "recovered", "Recovered"  # by the gap finder


class Mark(models.TextChoices):
    """What is worth knowing about an event beside its state."""

    DUPLICATE = "duplicate", "Duplicate"
    CONFLICT = "conflict", "Conflict"  # the same id came again with another body
    LATE = "late", "Late"
    OUT_OF_ORDER = "out_of_order", "Out of order"
    TEST = "test", "Test"
    MISMATCH = "mismatch", "Path mismatch"  # posted to the path of another type
    UNKNOWN_TYPE = "unknown_type", "Unknown type"
    NOT_JSON = "not_json", "Not JSON"
    RAW_ONLY = "raw_only", "Raw only"  # JSON that neither we nor PostgreSQL can hold unchanged
    DUPLICATE_KEYS = "duplicate_keys", "Duplicate keys"
    HELD = "held", "Held"  # arrived while the endpoint was paused
    LATE_VERIFIED = "late_verified", "Late verified"
    REDACTED = "redacted", "Redacted"


class Hydration(models.TextChoices):
    """Whether a thin event was completed by the resource's own read operation."""

    NONE = "", "Whole"
    THIN = "thin", "Thin"
    HYDRATED = "hydrated", "Hydrated"


class Cause(models.TextChoices):
    """Why a delivery was refused: the closed list."""

    UNKNOWN_ENDPOINT = "unknown_endpoint", "Unknown endpoint"
    DISABLED = "disabled", "Endpoint disabled"
    METHOD = "method", "Not a POST"
    TOO_LARGE = "too_large", "Too large"
    RATE_LIMITED = "rate_limited", "Too many"
    MISSING_HEADER = "missing_header", "Header missing"
    MALFORMED_HEADER = "malformed_header", "Header malformed"
    TOO_OLD = "too_old", "Too old"
    TOO_NEW = "too_new", "Too new"
    NO_SECRET = "no_secret", "No secret"
    BAD_SIGNATURE = "bad_signature", "Bad signature"


class ArrivedQuerySet(models.QuerySet[Any]):
    """Named sets of what arrived, events and rejections alike."""

    def for_user(self, person: Person) -> "ArrivedQuerySet":
        """Return what arrived at connections that the person may see, and what belongs to none."""
        if person.may(Role.ADMIN):
            return self
        seen = list(Connection.everything.for_user(person).values_list("pk", flat=True))
        return self.filter(Q(connection__in=seen) | Q(connection=None))

    def waiting(self) -> "ArrivedQuerySet":
        """Return the events that nobody has processed and that are not held."""
        return self.filter(state=State.RECEIVED).exclude(marks__contains=[Mark.HELD])

    def light(self) -> "ArrivedQuerySet":
        """Leave the bodies in the database: lists never select them (design.md, decision 4)."""
        return self.defer("body", "headers", "view") if self.model is Event else self.defer("body", "headers")


class Arrived(models.Model):
    """What events and rejections have in common: where it came from and what it said, byte for byte."""

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    # No constraint and no index of its own: it would cost every insert, and connections are never deleted.
    connection = models.ForeignKey(
        Connection,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    delivery_id = models.TextField(default="")  # the sender's webhook-id
    path = models.TextField(default="")
    peer = models.TextField(default="")
    headers = models.TextField(default="[]")  # JSON [[name, value], …] in the order of arrival
    body = models.BinaryField(null=True)  # the truth; None: not kept
    size = models.IntegerField(default=0)

    objects = ArrivedQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def is_event(self) -> bool:
        """Tell events from refusals where both stand in one list."""
        return isinstance(self, Event)

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


class Event(Arrived):
    """A verified delivery, stored once. The table is partitioned by id (webhooks/partitions.py)."""

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

    class Meta:
        """Every index costs each insert (performance.md); rare states and marks have partial ones."""

        indexes = [
            models.Index(fields=["connection", "id"], name="event_connection"),
            models.Index(fields=["type", "id"], name="event_type"),
            models.Index(fields=["object_id", "id"], name="event_object", condition=~Q(object_id="")),
            models.Index(fields=["state", "id"], name="event_open", condition=~Q(state=State.PROCESSED)),
            models.Index(fields=["id"], name="event_marked", condition=~Q(marks=[])),
        ]

    def __str__(self) -> str:
        return f"{self.type or 'event'} {self.code}"

    def get_absolute_url(self) -> str:
        """Return the page about this event."""
        return reverse("webhooks:event", args=[self.pk])

    @property
    def code(self) -> str:
        """The id as people see it."""
        return ids.encode("evt", self.id)


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


class Rejection(Arrived):
    """Refused deliveries of one kind: one cause, endpoint, peer, minute and, where it matters, webhook-id.

    The row keeps the first one as a sample and counts the others (webhooks/refusals.py).
    """

    slot = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False
    )  # digest of what makes them alike
    method = models.TextField(default="POST")
    cause = models.TextField(choices=Cause.choices)
    status = models.SmallIntegerField()  # what the sender was answered
    detail = models.TextField(default="")  # the cause as a sentence
    count = models.IntegerField(default=1)
    last_at = models.DateTimeField()
    test = models.BooleanField(default=False)
    event_id = models.BigIntegerField(null=True)  # what it became when it was verified later

    class Meta:
        """Few rows: at most 500 an endpoint."""

        indexes = [
            models.Index(fields=["connection", "id"], name="rejection_connection"),
            models.Index(fields=["cause", "id"], name="rejection_cause"),
        ]

    def __str__(self) -> str:
        return f"{self.get_cause_display()} {self.code}"

    def get_absolute_url(self) -> str:
        """Return the page about this refusal."""
        return reverse("webhooks:rejection", args=[self.pk])

    @property
    def code(self) -> str:
        """The id as people see it."""
        return ids.encode("rej", self.id)
