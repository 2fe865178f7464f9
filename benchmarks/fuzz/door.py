"""Puts cases through the door in this process, as uvicorn hands them over, many at once, on a database."""

import asyncio
import hmac
import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from random import Random
from typing import Any

from audit import ids
from benchmarks import deliveries
from benchmarks.deliveries import Sender
from benchmarks.fuzz import bodies, headers
from benchmarks.fuzz.headers import Case
from benchmarks.fuzz.outcome import Outcome
from live.hub import hub
from webhooks.door import Door
from webhooks.models import Event

AT_ONCE = 128  # requests in flight
PEERS = 2_000  # so many senders that the limit on refusals lets most be judged
TOLERANCE = 300
TRIES = 10  # of a delivery that is answered 503

Cases = Callable[[Sender, Iterable[int], int], Iterator[Case]]


def header_sets(sender: Sender, numbers: Iterable[int], seed: int) -> Iterator[Case]:
    """Return the requests of these numbers; one in fifty is good."""
    content = deliveries.body(1, int(time.time()))[:200] + b'"}}'
    for number in numbers:
        random = Random(f"{seed} headers {number}")
        name = f"fuzz_{random.getrandbits(60)}_{number}"
        case = headers.signed(_path(sender), sender.key, name, int(time.time()), content, _peer(random))
        case.number = number
        if number % 50:
            headers.change(random, case)
        yield case


def signed_bodies(sender: Sender, numbers: Iterable[int], seed: int) -> Iterator[Case]:
    """Return the requests of these numbers with strange bodies; nine in ten are signed by who knows the
    secret.
    """
    for number in numbers:
        random = Random(f"{seed} bodies {number}")
        at = int(time.time())
        content = bodies.body(random, number, at)
        key = sender.key if number % 10 else random.randbytes(24)
        name = f"fuzz_{random.getrandbits(60)}_{number}"
        case = headers.signed(_path(sender), key, name, at, content, _peer(random))
        case.number = number
        if key is not sender.key:
            case.changes.append("another key")
        yield case


def put_through(cases: Iterable[Case], name: str = "case") -> Outcome:
    """Put every case through a door of our own; return what came of them."""
    return asyncio.run(_all(iter(cases), Outcome(name)))


async def _all(cases: Iterator[Case], outcome: Outcome) -> Outcome:
    door = Door()
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(_some(door, cases, outcome))
    finally:
        await door.close()
        await hub().close()
    return outcome


async def _some(door: Door, cases: Iterator[Case], outcome: Outcome) -> None:
    for case in cases:  # one iterator for all: each takes the next when it is free
        try:
            status = await _until_taken(door, case, outcome)
        except Exception as error:
            outcome.raised(case, error)
        else:
            outcome.tell(case, status)


async def _until_taken(door: Door, case: Case, outcome: Outcome) -> int:
    """Return the last answer; a sender that hears 503 comes again, as a starved database makes it."""
    for _ in range(TRIES):
        if (status := await post(door, case)) != 503:
            break
        outcome.statuses[status] += 1
        await asyncio.sleep(1)
    return status


async def post(door: Callable[..., Any], case: Case) -> int:
    """Return the status that the door answers to one request."""
    statuses: list[int] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": case.body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
        elif message["body"]:
            statuses.append(599)  # the door never says anything

    scope = {
        "type": "http",
        "method": case.method,
        "path": case.path,
        "query_string": b"",
        "headers": case.headers,
    }
    raw = case.path.encode("utf-8", "surrogatepass")
    await door({**scope, "raw_path": raw, "client": (case.peer, 4711)}, receive, send)
    return statuses[0] if len(statuses) == 1 else 599


def unverified(sender: Sender) -> list[str]:
    """Check every stored event's signature by a few lines of our own; return those without a right one."""
    rows = Event.objects.filter(connection=sender.connection).order_by("id")
    return [event.delivery_id for event in rows.iterator(chunk_size=2_000) if not _proven(event, sender.key)]


def _proven(event: Event, key: bytes) -> bool:
    told = dict(json.loads(event.headers) if isinstance(event.headers, str) else event.headers)
    with suppress(KeyError, ValueError):
        name, at = told["webhook-id"], told["webhook-timestamp"]
        content = f"{name}.{at}.".encode() + (event.raw or b"")
        token = "v1," + b64encode(hmac.digest(key, content, "sha256")).decode()
        age = abs(ids.time_of(event.pk).timestamp() - int(at))
        return (
            name == event.delivery_id and token in told["webhook-signature"].split() and age <= TOLERANCE + 1
        )
    return False


def _path(sender: Sender) -> str:
    return f"{sender.where}/{sender.connection.endpoint}"


def _peer(random: Random) -> str:
    return f"198.18.{random.randrange(PEERS) >> 8}.{random.randrange(256)}"
