"""The same work as the door's, written as an ordinary Django view with the ORM: what the door is compared
with."""

import time
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from connections import endpoints
from definitions import catalog
from live import hub
from webhooks import signatures
from webhooks.deliveries import Delivery
from webhooks.models import Dedupe, Event
from webhooks.payload import envelope


@csrf_exempt
@login_not_required
@require_POST
def receive(request: HttpRequest, endpoint: UUID) -> HttpResponse:
    """Verify, dedupe, store, tell the live pages, answer."""
    found = endpoints.load(endpoint)
    if found is None:
        return HttpResponse(status=404)
    delivery = Delivery.of(vars(request)["scope"])
    scheme = catalog.service(found.service).webhooks
    verdict = signatures.verify(scheme, delivery.headers, request.body, found.secrets, time.time())
    if verdict.cause:
        return HttpResponse(status=verdict.status)
    said = envelope(scheme, dict(delivery.headers), request.body)
    event = Event(
        connection_id=found.connection_id,
        delivery_id=verdict.delivery_id,
        type=said.type,
        object_id=said.object_id,
        path=request.path,
        peer=delivery.peer,
        headers=delivery.headers_json(),
        body=request.body,
        size=len(request.body),
    )
    _store(event)
    return HttpResponse()


def _store(event: Any) -> None:
    named = {"connection_id": event.connection_id, "delivery_id": event.delivery_id}
    with transaction.atomic():
        _, new = Dedupe.objects.get_or_create(**named, defaults={"event_id": event.pk, "digest": b""})
        if new:
            event.save(force_insert=True)
            hub.publish("log", f"evt {event.pk} {event.pk}")
