"""Puts cases through the door in this process, as uvicorn hands them over, many at once, on a database."""

import asyncio
import hmac
import json
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from audit import ids
from benchmarks import deliveries
from benchmarks.deliveries import Sender
from benchmarks.fuzz import bodies, headers
from benchmarks.fuzz.headers import Case
from live.hub import hub
from webhooks.door import Door
from webhooks.models import Event

AT_ONCE = 128  # requests in flight
PEERS = 2_000  # so many senders that the limit on refusals lets most be judged
TOLERANCE = 300


@dataclass
class Outcome:
    """What came of the cases: how often each status was answered, what was raised, what was wrong."""

    posts: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    stored: int = 0
    kinds: int = 0  # of forms that were posted to
    unproven: list[str] = field(default_factory=list)  # stored without a signature that fits

    def tell(self, case: Case, status: int) -> None:
        """Count an answer; a good delivery must be stored, and nothing may be answered otherwise."""
        self.posts += 1
        self.statuses[status] += 1
        if status not in ALLOWED or (not case.changes and status != 200):
            self.wrong.append(
                f"{status} for {case.changes}: {case.method} {case.path[:80]!r} {case.headers!r:.600}"
            )


ALLOWED = {200, 400, 401, 404, 405, 413, 429}


def header_sets(sender: Sender, count: int, random: Random) -> Iterator[Case]:
    """Return that many requests; one in fifty is good."""
    content = deliveries.body(1, int(time.time()))[:200] + b'"}}'
    for number in range(count):
        case = headers.signed(
            _path(sender),
            sender.key,
            f"fuzz_{random.getrandbits(60)}_{number}",
            int(time.time()),
            content,
            _peer(random),
        )
        if number % 50:
            headers.change(random, case)
        yield case


def signed_bodies(sender: Sender, count: int, random: Random) -> Iterator[Case]:
    """Return that many requests with strange bodies; nine in ten are signed by who knows the secret."""
    for number in range(count):
        at = int(time.time())
        content = bodies.body(random, number, at)
        key = sender.key if number % 10 else random.randbytes(24)
        case = headers.signed(
            _path(sender), key, f"fuzz_{random.getrandbits(60)}_{number}", at, content, _peer(random)
        )
        if key is not sender.key:
            case.changes.append("another key")
        yield case


def put_through(cases: Iterable[Case]) -> Outcome:
    """Put every case through a door of our own; return what came of them."""
    return asyncio.run(_all(iter(cases)))


async def _all(cases: Iterator[Case]) -> Outcome:
    door, outcome = Door(), Outcome()
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
            status = await post(door, case)
            if status == 503:  # not stored, as a busy database may say: a sender comes again
                outcome.statuses[status] += 1
                await asyncio.sleep(1)
                status = await post(door, case)
        except Exception as error:
            outcome.posts += 1
            outcome.wrong.append(
                f"{type(error).__name__} for {case.changes}: {error!s:.300} {case.headers!r:.300}"
            )
        else:
            outcome.tell(case, status)


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
