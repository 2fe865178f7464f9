"""What a thin event was completed with: the object that the resource's own read operation answered."""

from django.db import models
from django.urls import reverse

from connections.models import Connection


class Completion(models.Model):
    """One event's completion, kept apart from the envelope, with its own time and hash."""

    event_id = models.BigIntegerField(primary_key=True)
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, db_constraint=False, related_name="+"
    )
    run_id = models.BigIntegerField(null=True)  # the call that fetched it
    done = models.BooleanField(default=False)
    document = models.BinaryField(null=True)  # the object's bytes as they were answered
    sha256 = models.TextField(default="")
    fetched_at = models.DateTimeField(null=True)
    reason = models.TextField(default="")  # why the event stayed thin

    class Meta:
        """The open ones are few, and looked for every ten seconds."""

        indexes = [models.Index(fields=["event_id"], name="completion_open", condition=models.Q(done=False))]

    def __str__(self) -> str:
        return str(self.event_id)

    @property
    def run_url(self) -> str:
        """The page of the call that fetched it, "" while there is none."""
        return reverse("operations:run", args=[self.run_id]) if self.run_id else ""
