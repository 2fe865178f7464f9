"""Verifying again: a refused delivery becomes an event, once, when what was wrong on our side has been
put right.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from audit import ids, log
from connections import endpoints
from connections.models import Connection
from live import hub
from people.models import Person
from webhooks import payload, signatures
from webhooks.digests import digest
from webhooks.models import Dedupe, Event, Mark, Rejection, Remark
from webhooks.wake import wake

AT_ONCE = 500  # as many as an endpoint keeps


class StillRefused(Exception):
    """The delivery is refused as before; the text says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of several refused deliveries."""

    accepted: int
    refused: int


def verify_again(rejection: Rejection, person: Person | None = None) -> Event:
    """Return the event that a refused delivery becomes. Raises StillRefused.

    Its age is judged at the time when it arrived. Twice gives the same event; so does a delivery whose
    sender came again in the meantime and was let in.
    """
    connection, body = rejection.connection, rejection.raw
    if connection is None or body is None:
        raise StillRefused(gettext("Its body is not kept, so there is nothing to verify."))
    verdict = _verdict(rejection, connection, body)
    with transaction.atomic():
        locked = Rejection.objects.select_for_update(of=("self",)).get(pk=rejection.pk)
        event, made = _stored(locked, connection, verdict, body)
        Rejection.objects.filter(pk=rejection.pk).update(event_id=event.pk)
        if made:
            before = rejection.get_cause_display().lower()
            text = gettext_noop("Verified again from {code}, refused before: {before}").format(
                code=rejection.code, before=before
            )
            Remark.objects.create(row_id=event.pk, text=text, person=person)
        hub.publish("log", f"evt {event.pk} {event.pk}")
        hub.publish("log", f"rej {rejection.pk} {rejection.pk}")
        transaction.on_commit(lambda: wake("process_events"))
        log.record("webhook.verified_again", person=person, target=("event", event.code, str(event)))
    return event


def verify_all(rejection: Rejection, person: Person | None = None) -> Outcome:
    """Verify again all refused deliveries of the same endpoint and cause, oldest first."""
    alike = Rejection.objects.filter(connection=rejection.connection_id, cause=rejection.cause, event_id=None)
    accepted = refused = 0
    for one in alike.exclude(connection=None).select_related("connection").order_by("pk")[:AT_ONCE]:
        try:
            verify_again(one, person)
            accepted += 1
        except StillRefused:
            refused += 1
    return Outcome(accepted, refused)


def _verdict(rejection: Rejection, connection: Connection, body: bytes) -> signatures.Verdict:
    endpoint = endpoints.load(connection.endpoint)
    if endpoint is None or not endpoint.enabled:
        raise StillRefused(gettext("The connection is switched off or was deleted."))
    scheme, at = connection.definition.webhooks, rejection.arrived_at.timestamp()
    verdict = signatures.verify(scheme, _headers(rejection), body, endpoint.secrets, at)
    if verdict.cause:
        raise StillRefused(gettext("It is still refused: {detail}").format(detail=verdict.detail))
    return verdict


def _stored(
    rejection: Rejection, connection: Connection, verdict: signatures.Verdict, body: bytes
) -> tuple[Event, bool]:
    event_id = ids.new_id(rejection.arrived_at.timestamp())
    key, made = Dedupe.objects.get_or_create(
        connection_id=connection.pk,
        delivery_id=verdict.delivery_id,
        defaults={"event_id": event_id, "digest": digest(body)},
    )
    if not made:
        known = Event.objects.filter(pk=key.event_id).first()
        if known is None:
            raise StillRefused(gettext("Its event was here, and is no longer kept."))
        return known, False
    said = payload.envelope(connection.definition.webhooks, dict(_headers(rejection)), body)
    return Event.objects.create(
        id=event_id,
        connection=connection,
        delivery_id=verdict.delivery_id,
        type=said.type,
        object_id=said.object_id,
        created_at=payload.moment(said.created_at),
        marks=[str(mark) for mark in (Mark.LATE_VERIFIED, said.mark) if mark],
        path=rejection.path,
        peer=rejection.peer,
        headers=rejection.headers,
        body=body,
        size=len(body),
        secret_id=verdict.secret.id if verdict.secret else None,
        secret_label=verdict.secret.label if verdict.secret else "",
    ), True


def _headers(rejection: Rejection) -> list[tuple[bytes, bytes]]:
    return [
        (name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in rejection.header_pairs
    ]
