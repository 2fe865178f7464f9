"""The public door: a plain ASGI application that answers 200 only after the commit, and says nothing else.

200 stored or a repeat · 400 headers that make no sense · 401 not verified, too old, too new · 404 unknown
or disabled · 405 · 413 · 429 and 503 with Retry-After (not stored). Bodies are always empty; the reasons
stand in the log (threats.md).
"""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from functools import partial
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
from webhooks.inbox import Fate, Inbox
from webhooks.models import Mark
from webhooks.news import News
from webhooks.payload import Envelope, envelope
from webhooks.tally import Tally
from webhooks.waker import Waker

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Answer = Callable[[int], None]

AGAIN = b"5"  # seconds after which a sender may come again
LATE = 600  # seconds between what the envelope calls created and its arrival that the log marks

log = logging.getLogger(__name__)


class Door:
    """The application; its parts live in the event loop that serves the first delivery."""

    def __init__(self) -> None:
        self._parts: _Parts | None = None
        self.answered: Counter[int] = Counter()  # by status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one delivery and answer it."""
        try:
            status = await self._opened().take(Delivery.of(scope), receive)
        except Gone:
            return
        self.answered[status] += 1
        await send({"type": "http.response.start", "status": status, "headers": HEADERS[status]})
        await send({"type": "http.response.body", "body": b""})

    def take_whole(self, delivery: Delivery, answer: Answer) -> bool:
        """Call `answer(status)` now or after the commit; return False when `__call__` has to look the
        endpoint up.
        """
        return self._opened().take_whole(delivery, partial(self._count, answer))

    def _count(self, answer: Answer, status: int) -> None:
        self.answered[status] += 1
        answer(status)

    def _opened(self) -> "_Parts":
        if self._parts is None:
            self._parts = _Parts()
        return self._parts

    async def close(self) -> None:
        """Write what is still to be written and let go of every connection."""
        if self._parts is not None:
            await self._parts.close()
            self._parts = None


EMPTY = [(b"content-length", b"0")]
HEADERS: dict[int, list[tuple[bytes, bytes]]] = defaultdict(lambda: EMPTY)
HEADERS |= {
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
        self.inbox = Inbox(self._heard)
        self.tally = Tally()
        self.waker = Waker()
        self.refused = limits.Window(limits.WINDOW)
        self.taken = limits.Window(1.0)
        self.turned_away = limits.Window(limits.TOLD)

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
            endpoint = self._admit(place, delivery)
            await delivery.read(receive)
            told: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            self._keep(delivery, endpoint, place.named_type, partial(_tell, told))
            return await told
        except Refused as refused:
            return self._refuse(delivery, place.connection_id, refused)
        except Away as away:
            return self._turn_away(delivery, place, away)

    def take_whole(self, delivery: Delivery, answer: Answer) -> bool:
        """Do the same for a delivery whose body is there already; False: its endpoint is not known here."""
        place = self.directory.known(delivery.path)
        if place is None:
            return False
        try:
            self._keep(delivery, self._admit(place, delivery), place.named_type, answer)
        except Refused as refused:
            answer(self._refuse(delivery, place.connection_id, refused))
        except Away as away:
            answer(self._turn_away(delivery, place, away))
        return True

    def _admit(self, place: Place, delivery: Delivery) -> Endpoint:
        """Return the endpoint for a delivery of which the head is known. Raises Refused and Away."""
        endpoint = _open(place, delivery)
        self._not_too_often(endpoint)
        delivery.check()
        return endpoint

    def _keep(self, delivery: Delivery, endpoint: Endpoint, named_type: str, answer: Answer) -> None:
        """Verify a whole delivery and have it stored. Raises Refused and Away."""
        scheme = catalog.service(endpoint.service).webhooks
        verdict = signatures.verify(scheme, delivery.headers, delivery.body, endpoint.secrets, delivery.at)
        if verdict.cause:
            raise Refused(verdict.cause, verdict.status, verdict.detail, verdict.delivery_id)
        named = dict(delivery.headers) if scheme.type_header else {}
        said = envelope(scheme, named, delivery.body)
        arrival = _arrival(delivery, endpoint, verdict, said, named_type)
        self.inbox.put(arrival, partial(self._settle, arrival, answer))

    def _settle(self, arrival: Arrival, answer: Answer, fate: Fate) -> None:
        if fate is Fate.REPEATED:
            self.tally.repeat(arrival.connection_id, arrival.delivery_id, arrival.digest)
        if fate is not Fate.AWAY and arrival.secret_id:
            self.tally.used(arrival.secret_id)
        answer(503 if fate is Fate.AWAY else 200)

    def _heard(self, low: int, high: int) -> None:
        """New events are on the disk: the worker and the live pages want to know."""
        self.news.tell(low, high)
        self.waker.wake()

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

    def _turn_away(self, delivery: Delivery, place: Place, away: Away) -> int:
        """Tell the log why deliveries are not stored, once for each reason: a flood would fill it."""
        if self.turned_away.count((place.connection_id, str(away))) == 1:
            name = place.endpoint.name if place.endpoint else ""
            log.warning("Deliveries for “%s” (%s) are answered 503. %s", name, delivery.shown_path, away)
        return 503

    def _refused_too_often(self, connection_id: UUID | None, peer: str) -> bool:
        return self.refused.count((connection_id, peer)) > limits.MOST_REFUSED


def _tell(told: "asyncio.Future[int]", status: int) -> None:
    if not told.done():
        told.set_result(status)


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
        raise Away(f"{place.endpoint.locked} `manage.py keys doctor` says more.")
    return place.endpoint


SHUT = {
    "unknown_endpoint": gettext_noop("No endpoint has this address."),
    "disabled": gettext_noop("The connection is switched off."),
}


def _arrival(
    delivery: Delivery, endpoint: Endpoint, verdict: signatures.Verdict, said: Envelope, named_type: str
) -> Arrival:
    secret = verdict.secret
    return Arrival(  # in order: with names it takes twice as long
        ids.new_id(delivery.at),
        endpoint.connection_id,
        verdict.delivery_id,
        said.type or named_type,
        said.object_id,
        said.created_at,
        ",".join(filter(None, _marks(delivery, endpoint, verdict, said, named_type))),
        delivery.shown_path,
        delivery.peer,
        delivery.headers_json(),
        secret.id if secret else None,
        secret.label if secret else "",
        digest(delivery.body),
        delivery.body,
    )


def _marks(
    delivery: Delivery, endpoint: Endpoint, verdict: signatures.Verdict, said: Envelope, named_type: str
) -> Iterable[str]:
    """What can be told at once, "" for what does not hold; the rest is found when the event is processed."""
    return (
        said.mark,
        Mark.TEST if verdict.delivery_id.startswith(TEST) else "",
        Mark.MISMATCH if named_type and said.type and named_type != said.type else "",
        Mark.LATE if said.created_at is not None and delivery.at - said.created_at > LATE else "",
        Mark.HELD if endpoint.paused else "",
    )
