"""Doing it again: process an event once more, or send it, signed anew, to a URL that a person gives."""

import secrets
import time
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from connections import endpoints
from live import hub
from operations import build
from people.models import Person
from webhooks import signatures
from webhooks.models import Event, Remark, State
from webhooks.sends import CannotSend, post
from webhooks.wake import wake

MOST = 500  # events of one replay
TIMEOUT = 20.0  # seconds for a delivery to somebody's URL
TYPED = gettext_noop("the address that you entered")


def process_again(events: Iterable[Event], person: Person) -> int:
    """Let these events be processed once more; return how many there are."""
    ids = [event.pk for event in events][:MOST]
    with transaction.atomic():
        count = Event.objects.filter(pk__in=ids).update(state=State.RECEIVED, processed_at=None, error="")
        Remark.objects.bulk_create(
            Remark(row_id=pk, text=gettext_noop("Processed again"), person=person) for pk in ids
        )
        for pk in ids:
            hub.publish("log", f"evt {pk} {pk}")
        transaction.on_commit(lambda: wake("process_events"))
    return count


def resend(event: Event, url: str, person: Person) -> int:
    """Post an event's bytes to `url`, with its own id, a new time and a new signature; return the status.

    Raises CannotSend: nothing to send, no secret, or the address is refused or silent (the outgoing
    door's rules).
    """
    body = event.raw
    if body is None or event.connection is None:
        raise CannotSend(gettext("Its body is no longer kept, so there is nothing to send."))
    endpoint = endpoints.load(event.connection.endpoint)
    if endpoint is None or not endpoint.secrets:
        raise CannotSend(
            gettext("There is no signing secret to sign with: enter one on the connection's page.")
        )
    name, now = event.delivery_id or f"resent_{secrets.token_hex(12)}", int(time.time())
    headers = (
        ("Content-Type", "application/json"),
        ("webhook-id", name),
        ("webhook-timestamp", str(now)),
        ("webhook-signature", signatures.sign(endpoint.secrets[0].key, name, now, body)),
    )
    status = post(build.Request("POST", url, headers, body), TYPED, TIMEOUT)
    Remark.objects.create(
        row_id=event.pk,
        text=gettext_noop("Sent again to {url}, answered {status}").format(url=url[:300], status=status),
        person=person,
    )
    return status
