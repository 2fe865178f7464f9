"""Deliveries that were refused."""

import uuid

from django.db import models
from django.urls import reverse
from django.utils import translation
from django.utils.text import slugify

from audit.pages import Words
from webhooks.models.arrived import Arrived, ArrivedQuerySet
from webhooks.models.choices import Cause, Mark


class Rejection(Arrived):
    """Refused deliveries of one kind: one cause, endpoint, peer, minute and, where it matters, webhook-id.

    The row keeps the first one as a sample and counts the others (webhooks/refusals.py).
    """

    PREFIX = "rej"
    LISTED = ("id", "connection_id", "delivery_id", "path", "cause", "detail", "count", "test", "event_id")
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

    objects = ArrivedQuerySet.as_manager()

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
    def badges(self) -> list[tuple[str, Words]]:
        """The marks that a list shows: name and words."""
        told: tuple[tuple[bool, str, Words], ...] = (
            (self.count > 1, "count", f"{self.count:,}×"),
            (self.test, Mark.TEST.value, Mark.TEST.label),
            (self.event_id is not None, Mark.LATE_VERIFIED.value, Mark.LATE_VERIFIED.label),
        )
        return [(name, label) for holds, name, label in told if holds]

    @property
    def anchor(self) -> str:
        """Where docs/why-was-it-refused.md, which is English, explains the cause."""
        with translation.override("en"):
            return slugify(self.get_cause_display())
