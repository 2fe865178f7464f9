"""A run: one execution of an operation through a connection, and the truth about what became of it."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit import ids
from connections.models import Connection
from operations.build import FileRef
from people.models import Person, Role


class State(models.TextChoices):
    """Where a run is; `unknown` means it may have gone out and nobody knows what happened."""

    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    SENDING = "sending", _("Sending")
    WAITING = "waiting", _("Waiting")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    UNKNOWN = "unknown", _("Unknown")


OPEN = (State.QUEUED, State.RUNNING, State.SENDING, State.WAITING)
BADLY = (State.FAILED, State.CANCELLED, State.UNKNOWN)
# What the overview counts as bad. As a pattern, so that its index is taken for nothing else: for one of the
# states the planner preferred it to that state's own (6,800 rows read instead of 500).
BAD = Q(state__regex=f"^({State.FAILED}|{State.UNKNOWN})$")
FINAL = (State.SUCCEEDED, State.FAILED, State.CANCELLED, State.UNKNOWN)


class Reason(models.TextChoices):
    """Why an attempt was made."""

    INITIAL = "initial", _("First try")
    AUTOMATIC = "automatic", _("Automatic retry")
    MANUAL = "manual", _("Asked again by a person")
    RULE = "rule", _("Started by a rule")


class Origin(models.TextChoices):
    """Who or what asked for a run."""

    PERSON = "person", _("A person")
    COMMAND = "command", _("The command line")
    API = "api", _("The API")
    RULE = "rule", _("A rule")
    HYDRATION = "hydration", _("Completing an event")
    PICKER = "picker", _("Offering choices in a form")
    TEST = "test", _("Testing a connection")
    BULK = "bulk", _("A bulk re-run")


LISTED = (
    *("id", "state", "connection_id", "connection_name", "resource", "operation", "action", "practice"),
    *("origin", "person__username", "tags", "status", "summary", "started_at", "finished_at"),
)


class RunQuerySet(models.QuerySet["Run"]):
    """Named sets of runs."""

    def for_user(self, person: Person) -> Self:
        """Return the runs this person may see: all but those through a connection that is closed to them."""
        if person.may(Role.ADMIN):
            return self
        visible = Connection.everything.for_user(person).values("pk")
        hidden = list(Connection.everything.exclude(pk__in=visible).values_list("pk", flat=True))
        # Mostly nothing is hidden, and then a list of a million runs keeps its plain index scan.
        return self.exclude(connection__in=hidden) if hidden else self

    def rows(self) -> Self:
        """Return what a list shows and no more: nothing large, no whole connections."""
        return self.select_related("person").only(*LISTED)

    def by_ref(self, ref: str) -> "Run | None":
        """Return the run that people call by this id (`run_…`), or None."""
        try:
            return self.filter(id=ids.decode("run", ref)).first()
        except ValueError:
            return None

    def open(self) -> Self:
        """Return the runs that have not ended."""
        return self.filter(state__in=OPEN)

    def latest_first(self) -> Self:
        """Return the newest first; ids are in time order."""
        return self.order_by("-id")

    def between(self, start: datetime | None, end: datetime | None) -> Self:
        """Return the runs born from `start` up to `end`, read off their ids."""
        runs = self.filter(id__gte=ids.id_at(start)) if start else self
        return runs.filter(id__lt=ids.id_at(end)) if end else runs

    def tagged(self, tags: Iterable[str]) -> Self:
        """Return the runs that carry all of these tags."""
        return self.filter(tags__contains=list(tags))


class Run(models.Model):
    """One execution. Written before anything is sent; a worker claims it with a conditional UPDATE and a
    lease."""

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    connection = models.ForeignKey(
        Connection, models.SET_NULL, null=True, related_name="runs", db_index=False
    )
    connection_name = models.CharField(max_length=200)
    service = models.CharField(max_length=100)
    resource = models.CharField(max_length=100)
    operation = models.CharField(max_length=100)
    action = models.CharField(max_length=100, blank=True)  # the named action that composed it, if any
    definition_version = models.CharField(max_length=12, blank=True)
    practice = models.BooleanField(default=False)

    inputs = models.JSONField(default=dict)  # values by placeholder; credentials never stand here
    upload_paths = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    uploads = models.JSONField(
        default=dict
    )  # file placeholders: name -> list of {path, filename, content_type, size}
    origin = models.CharField(max_length=16, choices=Origin.choices, default=Origin.PERSON)
    reason = models.CharField(max_length=16, choices=Reason.choices, default=Reason.INITIAL)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    again_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="again")
    cause = models.CharField(
        max_length=40, blank=True
    )  # the event or rule that started it, as people see its id
    hops = models.PositiveSmallIntegerField(
        default=0
    )  # how many events and runs stand before it: the loop guard
    once = models.UUIDField(null=True, unique=True)  # the form's one-time token: a double click is one run
    bulk = models.BigIntegerField(null=True)
    idempotency_key = models.UUIDField(default=uuid.uuid4)

    lease = models.UUIDField(null=True)  # who holds it; every write of an execution is conditional on it
    lease_until = models.DateTimeField(null=True)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    waits_for = models.CharField(max_length=200, blank=True)  # why the next try is then
    cancel_asked = models.BooleanField(default=False)
    started_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    status = models.PositiveSmallIntegerField(null=True)  # HTTP status of the last answer
    error_code = models.CharField(max_length=60, blank=True)
    error = models.TextField(blank=True)  # a sentence: what happened and what to do next
    request_id = models.CharField(max_length=200, blank=True)  # the service's own id of the request
    summary = models.CharField(max_length=200, blank=True)  # what a list shows of the answer
    object_id = models.CharField(max_length=200, blank=True)  # the id of the object that the answer describes
    fields = models.JSONField(null=True)  # picked values by field name
    missing = models.JSONField(default=list)  # fields whose selector found nothing
    items = models.JSONField(null=True)  # of a list operation: one mapping of fields an item
    partial = models.TextField(blank=True)  # the words of a streamed answer so far; empty once it ended
    raised = models.JSONField(default=list)  # ids of the events raised here after it

    model = models.CharField(max_length=100, blank=True)
    input_tokens = models.BigIntegerField(null=True)
    output_tokens = models.BigIntegerField(null=True)
    total_tokens = models.BigIntegerField(null=True)
    cost = models.DecimalField(max_digits=14, decimal_places=6, null=True)

    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    note = models.TextField(blank=True)
    pinned = models.BooleanField(default=False)  # retention leaves it alone

    objects = RunQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["connection", "-id"], name="run_connection"),
            models.Index(fields=["resource", "operation", "-id"], name="run_operation"),
            models.Index(fields=["person", "-id"], name="run_person"),
            models.Index(fields=["resource", "-id"], name="run_resource"),
            models.Index(fields=["origin", "-id"], name="run_origin", condition=~Q(origin="person")),
            models.Index(fields=["-id"], name="run_open", condition=Q(state__in=OPEN)),
            models.Index(fields=["state", "-id"], name="run_ended_badly", condition=Q(state__in=BADLY)),
            models.Index(fields=["-id"], name="run_bad", condition=BAD),
            models.Index(fields=["-id"], name="run_tagged", condition=Q(tags__len__gt=0)),
            models.Index(fields=["connection", "id"], name="run_due", condition=Q(state__in=OPEN)),
            models.Index(fields=["bulk"], name="run_bulk", condition=Q(bulk__isnull=False)),
            models.Index(fields=["object_id", "-id"], name="run_object", condition=~Q(object_id="")),
            GinIndex(fields=["tags"], name="run_tags"),
            GinIndex(fields=["upload_paths"], name="run_uploads"),
        ]

    def __str__(self) -> str:
        return f"{self.operation_key} · {self.connection_name}"

    def get_absolute_url(self) -> str:
        """Return the address of its page."""
        return reverse("operations:run", args=[self.id])

    @property
    def ref(self) -> str:
        """The id as people see it: `run_…`."""
        return ids.encode("run", self.id)

    @property
    def operation_key(self) -> str:
        """`batches.create`."""
        return f"{self.resource}.{self.operation}"

    @property
    def created_at(self) -> datetime:
        """When it was asked for, read off the id."""
        return ids.time_of(self.id)

    def add_tag(self, tag: str) -> bool:
        """Put a tag on it; False when it has it already or there is no tag."""
        tag = " ".join(tag.split())[:40]
        if not tag or tag in self.tags:
            return False
        self.tags = sorted([*self.tags, tag])
        self.save(update_fields=["tags"])
        return True

    def values(self) -> dict[str, Any]:
        """Return what build.request takes: the inputs, and the uploads as files on disk."""
        root = Path(settings.FILES_ROOT)
        files: dict[str, Any] = {}
        for name, kept in self.uploads.items():
            refs = [
                FileRef(str(root / one["path"]), one["filename"], one["content_type"], one["size"])
                for one in kept
            ]
            files[name] = refs if len(refs) > 1 else refs[0]
        return {**self.inputs, **files}

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state in OPEN

    @property
    def duration(self) -> timedelta | None:
        """From the first claim to the end, or None while that is not known."""
        return self.finished_at - self.started_at if self.finished_at and self.started_at else None
