"""The public door: a plain ASGI application that answers 200 only after the commit, and says nothing else.

200 stored or a repeat · 400 headers that make no sense · 401 not verified, too old, too new · 404 unknown
or disabled · 405 · 413 · 429 and 503 with Retry-After (not stored). Bodies are always empty; the reasons
stand in the log (threats.md).
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_noop

from audit import ids
from connections.endpoints import Endpoint
from definitions import catalog
from webhooks import limits, signatures
from webhooks.arrivals import Arrival
from webhooks.deliveries import TEST, Delivery, Gone, Receive, Refused, Scope
from webhooks.digests import digest
from webhooks.directory import Away, Directory, Place
from webhooks.inbox import Inbox
from webhooks.models import Mark
from webhooks.news import News
from webhooks.payload import Envelope, envelope
from webhooks.tally import Tally
from webhooks.waker import Waker

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

AGAIN = b"5"  # seconds after which a sender may come again
LATE = 600  # seconds between what the envelope calls created and its arrival that the log marks


class Door:
    """The application; its parts live in the event loop that serves the first delivery."""

    def __init__(self) -> None:
        self._parts: _Parts | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one delivery and answer it."""
        if self._parts is None:
            self._parts = _Parts()
        try:
            status = await self._parts.take(Delivery.of(scope), receive)
        except Gone:
            return
        await send({"type": "http.response.start", "status": status, "headers": HEADERS.get(status, EMPTY)})
        await send({"type": "http.response.body", "body": b""})

    async def close(self) -> None:
        """Write what is still to be written and let go of every connection."""
        if self._parts is not None:
            await self._parts.close()
            self._parts = None


EMPTY = [(b"content-length", b"0")]
HEADERS = {
    405: [*EMPTY, (b"allow", b"POST")],
    413: [*EMPTY, (b"connection", b"close")],  # what is still to come is not read
    429: [*EMPTY, (b"retry-after", AGAIN)],
    503: [*EMPTY, (b"retry-after", AGAIN)],
}


class _Parts:
    """What one door needs in its event loop."""

    def __init__(self) -> None:
        self.directory = Directory()
        self.news = News()
        self.inbox = Inbox(self.news.tell)
        self.tally = Tally()
        self.waker = Waker()
        self.refused = limits.Window(limits.WINDOW)
        self.taken = limits.Window(1.0)

    async def close(self) -> None:
        """Close the parts in the order in which they hand on."""
        await self.directory.close()
        await self.inbox.close()
        await self.news.close()
        await self.tally.close()

    async def take(self, delivery: Delivery, receive: Receive) -> int:
        """Return the status for a delivery, after everything that it promises has been done."""
        place = Place()
        try:
            place = await self.directory.find(delivery.path)
            endpoint = _open(place, delivery)
            self._not_too_often(endpoint)
            delivery.check()
            await delivery.read(receive)
            return await self._keep(delivery, endpoint, place.named_type)
        except Refused as refused:
            return self._refuse(delivery, place.connection_id, refused)
        except Away:
            return 503

    async def _keep(self, delivery: Delivery, endpoint: Endpoint, named_type: str) -> int:
        scheme = catalog.service(endpoint.service).webhooks
        verdict = signatures.verify(scheme, delivery.headers, delivery.body, endpoint.secrets, delivery.at)
        if verdict.cause:
            raise Refused(verdict.cause, verdict.status, verdict.detail, verdict.delivery_id)
        said = envelope(scheme, dict(delivery.headers), delivery.body)
        arrival = _arrival(delivery, endpoint, verdict, said, named_type)
        if await self.inbox.put(arrival):
            self.waker.wake()
        else:
            self.tally.repeat(endpoint.connection_id, verdict.delivery_id, arrival.digest)
        if arrival.secret_id:
            self.tally.used(arrival.secret_id)
        return 200

    def _not_too_often(self, endpoint: Endpoint) -> None:
        limit = settings.WEBHOOK_RATE
        if limit and self.taken.count(endpoint.endpoint_id) > limit:
            raise Refused(
                "rate_limited",
                429,
                gettext_noop("More than {limit} deliveries in one second.").format(limit=limit),
            )

    def _refuse(self, delivery: Delivery, connection_id: UUID | None, refused: Refused) -> int:
        """Count the refusal; a peer that is refused too often is told to wait, whatever else is wrong with
        it.
        """
        if refused.status in (400, 401) and self._refused_too_often(connection_id, delivery.peer):
            refused = Refused("rate_limited", 429, f"{TOO_OFTEN} {refused.detail}")
        self.tally.refuse(delivery, connection_id, refused)
        return refused.status

    def _refused_too_often(self, connection_id: UUID | None, peer: str) -> bool:
        return self.refused.count((connection_id, peer)) > limits.MOST_REFUSED


TOO_OFTEN = gettext_noop("More than {most_refused} refused deliveries in {window:.0f} s.").format(
    most_refused=limits.MOST_REFUSED, window=limits.WINDOW
)


def _open(place: Place, delivery: Delivery) -> Endpoint:
    """Return the endpoint that may take this delivery. Raises Refused, and Away while its secrets are
    locked.
    """
    if place.endpoint is None:
        raise Refused(place.cause, 404, SHUT[place.cause])
    if delivery.method != "POST":
        raise Refused(
            "method",
            405,
            gettext_noop("It was a {method}, and deliveries are POSTs.").format(method=delivery.method[:20]),
        )
    if place.endpoint.locked and not place.endpoint.secrets:
        raise Away(place.endpoint.locked)
    return place.endpoint


SHUT = {
    "unknown_endpoint": gettext_noop("No endpoint has this address."),
    "disabled": gettext_noop("The connection is switched off."),
}


def _arrival(
    delivery: Delivery, endpoint: Endpoint, verdict: signatures.Verdict, said: Envelope, named_type: str
) -> Arrival:
    secret = verdict.secret
    return Arrival(
        id=ids.new_id(delivery.at),
        connection_id=endpoint.connection_id,
        delivery_id=verdict.delivery_id,
        type=said.type or named_type,
        object_id=said.object_id,
        created_at=said.created_at,
        marks=",".join(_marks(delivery, endpoint, verdict, said, named_type)),
        path=delivery.shown_path,
        peer=delivery.peer,
        headers=delivery.headers_json(),
        secret_id=secret.id if secret else None,
        secret_label=secret.label if secret else "",
        digest=digest(delivery.body),
        body=delivery.body,
    )


def _marks(
    delivery: Delivery, endpoint: Endpoint, verdict: signatures.Verdict, said: Envelope, named_type: str
) -> list[str]:
    """What can be told at once; the rest is found when the event is processed."""
    told = {
        said.mark: bool(said.mark),
        Mark.TEST: verdict.delivery_id.startswith(TEST),
        Mark.MISMATCH: bool(named_type and said.type and named_type != said.type),
        Mark.LATE: said.created_at is not None and delivery.at - said.created_at > LATE,
        Mark.HELD: endpoint.paused,
    }
    return [mark for mark, holds in told.items() if holds]
