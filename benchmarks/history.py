"""What half a year of a busy house looks like: events, refusals and runs, spread over its weeks."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from django.utils import timezone

from audit import ids
from benchmarks.copying import Copying, escaped, raw
from connections.models import Connection
from operations.models import Attempt, Run, Words
from webhooks.models import Cause, Dedupe, Event, Rejection

SPAN = timedelta(weeks=26)
TYPES = {
    "response.completed": 55,
    "batch.completed": 20,
    "response.failed": 8,
    "fine_tuning.job.succeeded": 5,
    "batch.failed": 5,
    "fine_tuning.job.failed": 3,
    "batch.cancelled": 2,
    "batch.expired": 1,
    "response.cancelled": 1,
}
STATES = ("processed",) * 9_990 + ("failed",) * 9 + ("received",)
MARKS = (
    ("{}",) * 960
    + ("{duplicate}",) * 25
    + ("{late}",) * 8
    + ("{out_of_order}",) * 4
    + ("{unknown_type}",) * 3
)
BUSY = 0.6  # share of the first connection; the last one gets 0.01 %, and one nothing at all
WORDS = ("alpha", "bravo", "carbon", "delta", "ember", "flint", "granite", "harbour", "indigo", "juniper")
OPERATIONS = ("chat_completions.create", "embeddings.create", "batches.create", "batches.read", "files.list")
HEADERS = [
    ["host", "switchboard.example"],
    ["user-agent", "OpenAI-Webhooks/1.0"],
    ["content-type", "application/json"],
    ["accept", "*/*"],
    ["accept-encoding", "gzip, deflate"],
    ["x-forwarded-proto", "https"],
    ["webhook-timestamp", "1800000000"],
    ["webhook-signature", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="],
]


@dataclass(frozen=True, slots=True)
class Made:
    """One event in the making: its place in time, whose it is, what it is about."""

    id: int
    connection: str
    type: str
    object: str
    at: int  # seconds since 1970

    @property
    def body(self) -> str:
        """The envelope as the service sends it, with one word of its own."""
        said = {"id": f"evt_{self.id:032x}", "object": "event", "created_at": self.at, "type": self.type}
        metadata = {"team": WORDS[self.id % 10], "ticket": f"T{self.id % 1_000_003}"}
        return json.dumps({**said, "data": {"id": self.object, "metadata": metadata}})


def events(connections: Sequence[Connection], count: int) -> Iterator[Made]:
    """Yield that many events, oldest first, up to now."""
    chance = random.Random(count)  # the same history each time
    names = _shares([str(one.pk) for one in connections])
    kinds = [kind for kind, weight in TYPES.items() for _ in range(weight)]
    step = SPAN.total_seconds() / count
    start = (timezone.now() - SPAN).timestamp()
    for number in range(count):
        at = start + number * step
        kind = kinds[chance.randrange(len(kinds))]
        thing = f"{kind.split('.')[0]}_{number // 2:024x}"  # about two events of each object
        yield Made(ids.new_id(at), names[chance.randrange(len(names))], kind, thing, int(at))


def write_events(connections: Sequence[Connection], count: int) -> None:
    """COPY the events, and the keys that outlive them."""
    secret, chance = str(uuid4()), random.Random(1)
    sample = Event(
        headers=json.dumps(HEADERS),
        peer="203.0.113.7",
        secret_id=secret,
        secret_label="current",
        hydration="hydrated",
    )
    varying = (
        "id",
        "connection_id",
        "delivery_id",
        "type",
        "object_id",
        "created_at",
        "marks",
        "state",
        "path",
    )
    copying = Copying(sample, (*varying, "body", "size", "view", "processed_at"))
    copying.write(_event(made, chance) for made in events(connections, count))
    keys = Copying(Dedupe(digest=bytes(16)), ("connection_id", "delivery_id", "event_id"))
    keys.write((made.connection, f"wh_{made.id:x}", made.id) for made in events(connections, count))


def _event(made: Made, chance: random.Random) -> Sequence[object]:
    at, body = datetime.fromtimestamp(made.at, UTC).isoformat(), made.body
    marks = MARKS[chance.randrange(len(MARKS))]
    state = STATES[chance.randrange(len(STATES))]
    known = (made.id, made.connection, f"wh_{made.id:x}", made.type, made.object, at, marks, state)
    return (*known, f"/webhooks/{made.connection}", raw(body.encode()), len(body), escaped(body), at)


def write_refusals(connections: Sequence[Connection], each: int = 500) -> None:
    """Write as many refusals as the house keeps."""
    now, causes = timezone.now(), Cause.values
    rows = [
        Rejection(
            id=ids.new_id((now - SPAN * number / each).timestamp()),
            connection=connection,
            cause=causes[number % len(causes)],
            status=401,
            last_at=now - SPAN * number / each,
            peer="203.0.113.9",
            delivery_id=f"wh_refused_{number}",
        )
        for connection in connections
        for number in range(each)
    ]
    Rejection.objects.bulk_create(rows, batch_size=1000)


def write_runs(connections: Sequence[Connection], count: int) -> None:
    """COPY the runs, one attempt of each, and the words that a search finds."""
    chance = random.Random(count)
    start, step = (timezone.now() - SPAN).timestamp(), SPAN.total_seconds() / count
    born = [ids.new_id(start + number * step) for number in range(count)]
    sample = Run(
        service=connections[0].service, status=200, attempt_count=1, model="gpt-4o-mini", input_tokens=41,
        output_tokens=120, total_tokens=161, inputs={"model": "gpt-4o-mini"},
        connection_name=connections[0].name,
    )  # fmt: skip
    varying = ("id", "connection_id", "resource", "operation", "state", "summary", "object_id", "tags")
    copying = Copying(sample, (*varying, "idempotency_key", "started_at", "finished_at"))
    copying.write(_run(row, connections, chance) for row in born)
    attempt = Attempt(number=1, reason="initial", status=200, sent=True, request={"method": "POST"})
    Copying(attempt, ("id", "run_id", "started_at", "finished_at")).write(
        (row + 1, row, _time(row), _time(row, 0.4)) for row in born
    )
    Copying(Words(vector=""), ("run_id", "vector")).write((row, _vector(row)) for row in born)


def _run(row: int, connections: Sequence[Connection], chance: random.Random) -> Sequence[object]:
    resource, operation = OPERATIONS[row // 7 % len(OPERATIONS)].split(".")
    state = (
        "succeeded" if chance.random() < 0.97 else chance.choice(("failed", "failed", "cancelled", "unknown"))
    )
    known = (row, connections[chance.randrange(len(connections) - 2)].pk, resource, operation, state)
    summary, thing, tags = " ".join(_said(row)), f"batch_{row:024x}", "{nightly}"
    tags = tags if chance.random() < 0.01 else "{}"
    return (*known, summary, thing, tags, uuid4(), _time(row), _time(row, 0.4))


def _said(row: int) -> tuple[str, ...]:
    """Return the words of a run's answer."""
    return (WORDS[(row >> ids.SHIFT) % 10], "answered", "for", "ticket", str((row >> ids.SHIFT) % 1_000_003))


def _vector(row: int) -> str:
    return " ".join(f"'{word}':{place}" for place, word in enumerate(_said(row), 1))


def _time(row: int, later: float = 0) -> str:
    return (ids.time_of(row) + timedelta(seconds=later)).isoformat()


def _shares(names: list[str]) -> list[str]:
    """Return 10,000 names in the shares of a real house: one busy, one rare, one silent, the rest alike."""
    busy, rare, _, *others = names
    rest = [others[number % len(others)] for number in range(int(10_000 * (1 - BUSY)) - 1)]
    return [busy] * int(10_000 * BUSY) + rest + [rare]
