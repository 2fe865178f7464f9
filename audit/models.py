"""The audit trail: one final row for each thing that somebody did."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models

from audit import ids

SEALED = (
    "id",
    "action",
    "person_id",
    "actor",
    "address",
    "target_type",
    "target_id",
    "target_name",
    "before",
    "after",
    "note",
)


class Entry(models.Model):
    """Who did what to which thing, when and from where. Written once; the database refuses a change.

    `digest` covers the row and the digest of the row before it, so that a changed, added or removed row
    shows (threat T34). `before` and `after` hold JSON as text: jsonb would rewrite numbers under the digest.
    """

    id = models.BigIntegerField(primary_key=True, default=ids.new_id)
    action = models.CharField(max_length=64)
    # No database constraint: a person may go, what they did stays, under the name they had.
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    actor = models.CharField(max_length=150, blank=True)
    address = models.GenericIPAddressField(null=True)
    target_type = models.CharField(max_length=40, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target_name = models.CharField(max_length=200, blank=True)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)
    note = models.TextField(blank=True)
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("action", "id"), name="audit_action"),
            models.Index(fields=("person", "id"), name="audit_person"),
            models.Index(fields=("target_type", "target_id", "id"), name="audit_target"),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.target_name}".strip()

    @property
    def at(self) -> datetime:
        """When it happened: the id is the time."""
        return ids.time_of(self.id)

    @property
    def key(self) -> str:
        """The id as people see it."""
        return ids.encode("aud", self.id)

    @property
    def changes(self) -> list[tuple[str, Any, Any]]:
        """Return (name, before, after) for each value that differs, in order of name."""
        old, new = (json.loads(text) if text else {} for text in (self.before, self.after))
        return [
            (name, old.get(name), new.get(name))
            for name in sorted(old | new)
            if old.get(name) != new.get(name)
        ]

    def sealed(self, previous: str) -> str:
        """Return the digest that this row must have when it follows the row with the digest `previous`."""
        content = json.dumps([previous, *(getattr(self, name) for name in SEALED)], ensure_ascii=True)
        return hashlib.sha256(content.encode()).hexdigest()
