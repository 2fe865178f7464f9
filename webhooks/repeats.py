"""Deliveries that came again: counted on the event they repeat, and marked when the body was another."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from live import hub
from webhooks.marks import Added
from webhooks.models import Dedupe, Event, Mark


@dataclass(slots=True)
class Repeat:
    """How often a delivery came again, and with which bodies."""

    count: int = 0
    last_at: float = 0.0
    digests: set[bytes] = field(default_factory=set)

    def add(self, other: "Repeat") -> None:
        """Count what another process or moment counted."""
        self.count += other.count
        self.last_at = max(self.last_at, other.last_at)
        self.digests |= other.digests


Key = tuple[UUID, str]  # connection, webhook-id


def write(repeats: dict[Key, Repeat]) -> None:
    """Add these repeats to their events; one whose event is no longer kept is nobody's news."""
    for (connection_id, delivery_id), repeat in sorted(repeats.items()):
        known = Dedupe.objects.filter(connection_id=connection_id, delivery_id=delivery_id).first()
        if known:
            _count(known, repeat)


def _count(known: Dedupe, repeat: Repeat) -> None:
    conflict = repeat.digests - {bytes(known.digest)}
    marks = [Mark.DUPLICATE, Mark.CONFLICT] if conflict else [Mark.DUPLICATE]
    with transaction.atomic():
        Event.objects.filter(pk=known.event_id).update(
            duplicates=F("duplicates") + repeat.count,
            last_duplicate_at=datetime.fromtimestamp(repeat.last_at, UTC),
            marks=Added(*marks),
        )
        hub.publish("log", f"evt {known.event_id} {known.event_id}")
