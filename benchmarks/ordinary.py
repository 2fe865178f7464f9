"""The same work as the door's, written as an ordinary Django view with the ORM: what the door is compared with."""

import time

from django.core.asgi import get_asgi_application

pages = get_asgi_application()

from django.contrib.auth.decorators import login_not_required  # noqa: E402
from django.db import transaction  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402
from django.views.decorators.http import require_POST  # noqa: E402

from connections import endpoints  # noqa: E402
from definitions import catalog  # noqa: E402
from live import hub  # noqa: E402
from webhooks import signatures  # noqa: E402
from webhooks.deliveries import Delivery  # noqa: E402
from webhooks.models import Dedupe, Event  # noqa: E402
from webhooks.payload import envelope  # noqa: E402


@csrf_exempt
@login_not_required
@require_POST
def receive(request: HttpRequest, endpoint: str) -> HttpResponse:
    """Verify, dedupe, store, tell the live pages, answer."""
    found = endpoints.load(endpoint)
    delivery = Delivery.of(request.scope)
    scheme = catalog.service(found.service).webhooks
    verdict = signatures.verify(scheme, delivery.headers, request.body, found.secrets, time.time())
    if verdict.cause:
        return HttpResponse(status=verdict.status)
    said = envelope(scheme, dict(delivery.headers), request.body)
    with transaction.atomic():
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
        named = {"connection_id": found.connection_id, "delivery_id": verdict.delivery_id}
        _, new = Dedupe.objects.get_or_create(**named, defaults={"event_id": event.pk, "digest": b""})
        if new:
            event.save(force_insert=True)
            hub.publish("log", f"evt {event.pk} {event.pk}")
    return HttpResponse()


urlpatterns = [path("webhooks/<uuid:endpoint>", receive)]
application = pages
