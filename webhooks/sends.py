"""Test deliveries: made here, sent over HTTP to our own public URL, so that everything on their way is
tested too."""

import asyncio
import base64
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.retelling import told
from connections import endpoints
from connections.models import Connection
from definitions.schema import Service
from live import hub
from operations import build, outbound
from operations.errors import SendError
from webhooks import signatures
from webhooks.deliveries import MADE_UP, TEST
from webhooks.marks import Added
from webhooks.models import Dedupe, Event, Mark

TIMEOUT = 10.0  # seconds for a delivery to our own door
OUR_TYPE = "switchboard.test"  # no service knows it, and none shall: it shows what an unknown type comes to
STALE = 3600  # seconds that the expired one is too old
KINDS: Mapping[str, str | Promise] = {
    "signed": _("Signed"),
    "unsigned": _("Without a signature"),
    "tampered": _("Changed after signing"),
    "expired": _("Too old"),
    "duplicate": _("The same twice"),
    "unknown_type": _("Unknown type"),
}
EXPECTED: Mapping[str, tuple[int, ...]] = {
    "signed": (200,),
    "unsigned": (400,),
    "tampered": (401,),
    "expired": (401,),
    "duplicate": (200, 200),
    "unknown_type": (200,),
}


class CannotSend(Exception):
    """No test delivery could be sent; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Message:
    """A delivery that is about to be sent."""

    name: str
    at: int
    body: bytes
    key: bytes | None
    sent_body: bytes  # differs from `body` when it was changed after signing

    def request(self, url: str) -> build.Request:
        """Return the request that delivers it, in the headers of Standard Webhooks."""
        headers = [
            ("Content-Type", "application/json"),
            ("webhook-id", self.name),
            ("webhook-timestamp", str(self.at)),
        ]
        if self.key is not None:
            headers.append(("webhook-signature", signatures.sign(self.key, self.name, self.at, self.body)))
        return build.Request("POST", url, tuple(headers), self.sent_body)


def send(connection: Connection, kind: str, event_type: str = "") -> list[int]:
    """Send a test delivery of this kind and return what our door answered. Raises CannotSend."""
    service, endpoint = connection.definition, endpoints.load(connection.endpoint)
    if endpoint is None or not endpoint.secrets:
        raise CannotSend(
            gettext("There is no signing secret to sign with: enter one on the connection's page.")
        )
    key = endpoint.secrets[0].key
    if connection.practice and kind == "signed":
        return [_by_the_practice_service(connection, key, event_type or _a_type(service))]
    message = _message(key, kind, event_type or _a_type(service))
    return [post(message.request(connection.endpoint_url), "SWITCHBOARD_URL") for _ in EXPECTED[kind]]


def post(request: build.Request, address: str, timeout: float = TIMEOUT) -> int:
    """Send one request and return the status. Raises CannotSend with the reason as a sentence, which names
    the `address` as what to check.
    """
    return _reply(request, address, timeout).status


def _reply(
    request: build.Request, address: str, timeout: float = TIMEOUT, *, simulator: bool = False
) -> outbound.Reply:
    permit = outbound.Permit(simulator=simulator, total=timeout, keep=64 << 10)
    try:
        return asyncio.run(outbound.send(request, permit))
    except SendError as error:
        error.facts["address"] = address
        raise CannotSend(told(error.sentence)) from None


def _message(key: bytes, kind: str, event_type: str) -> Message:
    token, now = secrets.token_hex(12), int(time.time())
    said = {
        "id": f"evt_{token}",
        "object": "event",
        "type": OUR_TYPE if kind == "unknown_type" else event_type,
        "created_at": now,
        "data": {"id": f"{MADE_UP}{token}"},
    }
    body = json.dumps(said).encode()
    message = Message(f"{TEST}{token}", now, body, key, body)
    changes: Mapping[str, Mapping[str, object]] = {
        "unsigned": {"key": None},
        "tampered": {"sent_body": body.replace(MADE_UP.encode(), b"tset_")},
        "expired": {"at": now - STALE},
    }
    return replace(message, **changes.get(kind, {}))  # type: ignore[arg-type]


def _by_the_practice_service(connection: Connection, key: bytes, event_type: str) -> int:
    """Let the practice service send: it makes the object, too, so that the event can be completed."""
    if not settings.SIMULATOR_URL:
        raise CannotSend(gettext("The practice service is not running: start Switchboard with `make run`."))
    asked = {
        "service": connection.service,
        "type": event_type,
        "url": connection.endpoint_url,
        "secret": "whsec_" + base64.b64encode(key).decode(),
    }
    headers = (("Content-Type", "application/json"), ("x-practice-control", "1"))
    url = f"{settings.SIMULATOR_URL}/__simulator__/events"
    request = build.Request("POST", url, headers, json.dumps(asked).encode())
    reply = _reply(request, "SWITCHBOARD_SIMULATOR_URL", simulator=True)
    said = json.loads(reply.body)
    if "error" in said:
        raise CannotSend(
            gettext("The practice service could not deliver it: {error}").format(error=said["error"])
        )
    _mark(connection, str(said.get("delivery_id", "")))
    return int(said["status"])


def _mark(connection: Connection, delivery_id: str) -> None:
    """Mark what the practice service sent for us as a test: its ids are its own, so the door could not
    tell.
    """
    known = Dedupe.objects.filter(connection_id=connection.pk, delivery_id=delivery_id).values_list(
        "event_id"
    )
    with transaction.atomic():
        Event.objects.filter(pk__in=known).update(marks=Added(Mark.TEST))
        for (event_id,) in known:
            hub.publish("log", f"evt {event_id} {event_id}")


def _a_type(service: Service) -> str:
    """Return the first type that the service delivers, the likeliest to be understood."""
    types = delivered(service)
    return types[0] if types else OUR_TYPE


def delivered(service: Service) -> list[str]:
    """Return the types that the service really posts."""
    events = (event for resource in service.resources for event in resource.events)
    return [event.type for event in events if event.delivered == "delivered"]
