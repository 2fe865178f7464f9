"""What people keep around runs: presets, saved views, bulk jobs, and the definitions that runs were made
with."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.urls import reverse
from django.utils.http import urlencode

from audit import ids
from operations.models.run import Run


class Preset(models.Model):
    """Named values for one form, shared by everybody; never a credential, never a file."""

    name = models.CharField(max_length=60)
    service = models.CharField(max_length=100)
    operation = models.CharField(max_length=200)  # "batches.create"
    action = models.CharField(max_length=100, blank=True)
    values = models.JSONField(default=dict)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "operation", "action", "name"], name="preset_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class View(models.Model):
    """A named set of filters of the history."""

    name = models.CharField(max_length=60, unique=True)
    query = models.TextField()
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the history with these filters."""
        return f"{reverse('operations:run_list')}?{self.query}"


class Bulk(models.Model):
    """One thing done to many runs, or their export: counted before it starts, followed, stoppable."""

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    verb = models.CharField(max_length=16)  # again, cancel, tag, export
    word = models.CharField(max_length=40, blank=True)  # the tag; the kind of file
    runs = models.JSONField()  # the ids, oldest first; none for an export, which is counted only
    count = models.PositiveIntegerField(default=0)
    place = models.PositiveIntegerField(default=0)  # how many were looked at: where a killed worker goes on
    done = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    stop_asked = models.BooleanField(default=False)
    finished_at = models.DateTimeField(null=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.verb} {self.total} runs"

    def get_absolute_url(self) -> str:
        """Return the page that follows it."""
        return reverse("operations:bulk", args=[self.id])

    @property
    def ref(self) -> str:
        """The id as people see it: `bulk_…`."""
        return ids.encode("bulk", self.id)

    @property
    def total(self) -> int:
        """How many runs it is about."""
        return len(self.runs) or self.count

    @property
    def runs_url(self) -> str:
        """The history of what it started."""
        return f"{reverse('operations:run_list')}?{urlencode({'bulk': self.ref})}"


class Version(models.Model):
    """An operation as its definition described it when something ran: what "changed since" is told from."""

    service = models.CharField(max_length=100)
    operation = models.CharField(max_length=200)
    version = models.CharField(max_length=12)
    document = models.JSONField()
    seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "operation", "version"], name="version_once")
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.operation} {self.version}"


class Words(models.Model):
    """The words of a run's inputs and answer, for the search; apart, so that no list drags them along."""

    run = models.OneToOneField(Run, models.CASCADE, primary_key=True, related_name="words")
    vector = SearchVectorField()

    class Meta:
        indexes = [GinIndex(fields=["vector"], name="run_words")]

    def __str__(self) -> str:
        return f"words of {self.run_id}"
