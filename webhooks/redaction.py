"""Taking one payload away for good: what stays is a tombstone that says who, when and why."""

import hashlib

from django.db import transaction
from django.utils.translation import gettext_noop

from audit import log
from live import hub
from people.models import Person
from webhooks.marks import Added
from webhooks.models import Completion, Event, Mark, Remark


def redact(event: Event, person: Person, reason: str) -> None:
    """Erase an event's body, view and fetched object; its facts, headers and dedupe key stay."""
    told = hashlib.sha256(event.raw or b"").hexdigest()
    with transaction.atomic():
        Event.objects.filter(pk=event.pk).update(body=None, view=None, marks=Added(Mark.REDACTED))
        Completion.objects.filter(pk=event.pk).update(document=None)
        Remark.objects.create(
            row_id=event.pk,
            text=gettext_noop("Redacted: {reason}. SHA-256 of what stood here: {told}").format(
                reason=reason, told=told
            ),
            person=person,
        )
        hub.publish("log", f"evt {event.pk} {event.pk}")
        log.record("webhook.redacted", person=person, target=("event", event.code, str(event)), note=reason)
