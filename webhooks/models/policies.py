"""What people decide about an endpoint's events: completing, keeping, watching, and their own views of
the log.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from connections.models import Connection
from people.models import Person


class Policy(models.Model):
    """One connection's choices; without a row the defaults hold."""

    connection = models.OneToOneField(
        Connection, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    hydrate = models.BooleanField(_("Complete thin events"), default=True)
    not_hydrated = ArrayField(
        models.TextField(), default=list, blank=True
    )  # types left thin: each costs a call
    keep_days = models.PositiveIntegerField(_("Days to keep events"), null=True, blank=True)
    keep_count = models.PositiveIntegerField(_("Events to keep at most"), null=True, blank=True)
    forgetting = models.BigIntegerField(null=True, editable=False)  # a pass is under way: the first id kept
    forgotten = models.IntegerField(default=0, editable=False)  # events that went with it so far

    def __str__(self) -> str:
        return f"Policy of {self.connection_id}"

    def hydrates(self, type: str) -> bool:
        """Tell whether thin events of this type are to be completed."""
        return self.hydrate and type not in self.not_hydrated


class Silence(models.Model):
    """Somebody wants to hear of it when nothing of a type came for some hours."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    type = models.TextField()
    hours = models.PositiveIntegerField()
    since = models.DateTimeField(auto_now_add=True)
    silent = models.BooleanField(default=False)  # told already; the next event of the type ends it

    class Meta:
        """One watch a type."""

        constraints = [models.UniqueConstraint(fields=["connection", "type"], name="silence_once")]

    def __str__(self) -> str:
        return f"{self.type} within {self.hours} h"


class SavedView(models.Model):
    """A filter of the log under a name."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    query = models.TextField()

    class Meta:
        """One of a name for each person."""

        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["person", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the log as this view filters it."""
        return f"{reverse('webhooks:log')}?{self.query}"
