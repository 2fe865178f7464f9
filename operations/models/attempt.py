"""An attempt: one time that a run's request was tried, with what went out and what came back."""

from datetime import timedelta

from django.db import models

from audit import ids
from operations.models.run import Reason, Run


class Attempt(models.Model):
    """One try of a run. `sent` says whether anything went out; None while nobody knows."""

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    run = models.ForeignKey(Run, models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=16, choices=Reason.choices)
    request = models.JSONField(null=True)  # as sent, secrets masked: method, url, headers, body, files
    started_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)  # just before the first byte
    finished_at = models.DateTimeField(null=True)
    sent = models.BooleanField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=list)  # of the answer: [name, value] pairs, credentials redacted
    address = models.CharField(max_length=60, blank=True)  # the very address it connected to
    error_code = models.CharField(max_length=60, blank=True)
    error = models.TextField(blank=True)
    retry_at = models.DateTimeField(null=True)  # when the next one was due, and why it waited that long
    retry_why = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="attempt_number")]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.run_id}"

    @property
    def duration(self) -> timedelta | None:
        """From its start to its end."""
        return self.finished_at - self.started_at if self.finished_at else None
