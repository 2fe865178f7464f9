"""What the database and the other sides say at the end, compared."""

import time
from collections import Counter
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import QuerySet

from audit import ids
from benchmarks.chaos.load import Deliveries, Runs, Service
from operations.claiming import LEASE
from operations.models import Run, State
from overview import figures, sight
from people.models import Person
from webhooks.models import Event

SETTLES_WITHIN = LEASE.total_seconds() + 60  # seconds: a lease, and the minute that the reaper may take


@dataclass(frozen=True)
class Check:
    """One line of the verdict: what must hold, how much was looked at, how much was wrong."""

    what: str
    looked_at: int
    wrong: int
    note: str = ""


def wait_until_settled() -> float:
    """Wait until no started run is open and no event unprocessed; return the seconds that it took.

    Completions go on behind them, a read for each event: they are not waited for.
    """
    began = time.monotonic()
    while time.monotonic() - began < SETTLES_WITHIN:
        if not _open().exists() and not Event.objects.waiting().exists():
            break
        connection.close()
        time.sleep(1)
    return time.monotonic() - began


def _open() -> QuerySet[Run]:
    return Run.objects.open().filter(resource="embeddings")


def checks(deliveries: Deliveries, runs: Runs, service: Service) -> list[Check]:
    """Return every line of the verdict."""
    return [*_deliveries(deliveries), *_runs(runs, service), _counters()]


def _deliveries(sent: Deliveries) -> list[Check]:
    stored = Counter(
        Event.objects.filter(connection=sent.sender.connection).values_list("delivery_id", flat=True)
    )
    waiting = Event.objects.waiting().count()
    return [
        Check("an acknowledged delivery is stored", len(sent.stored), len(sent.stored - stored.keys())),
        Check("a delivery is stored once", len(stored), sum(count > 1 for count in stored.values())),
        Check("no event is stuck after lease + 60 s", len(stored), waiting),
    ]


def _runs(started: Runs, service: Service) -> list[Check]:
    found = dict(Run.objects.filter(id__in=started.accepted.values()).values_list("id", "state"))
    tries = dict(Run.objects.filter(id__in=found).values_list("id", "attempt_count"))
    text_of = {run_id: text for text, run_id in started.accepted.items()}
    twice = [run for run in found if service.received[text_of[run]] > max(1, tries[run])]
    unasked = [
        run for run, state in found.items() if state == State.SUCCEEDED and not service.received[text_of[run]]
    ]
    silent = [
        run
        for run, state in found.items()
        if service.received[text_of[run]] and state not in (State.SUCCEEDED, State.UNKNOWN, State.FAILED)
    ]
    states = Counter(found.values())
    ended = ", ".join(f"{number} {state}" for state, number in states.items())
    open_ones = _open().count()
    return [
        Check("an accepted run is there", len(started.accepted), len(started.accepted) - len(found)),
        Check("no run is stuck after lease + 60 s", len(found), open_ones, ended),
        Check("nothing was sent twice unmarked", sum(service.received.values()), len(twice)),
        Check("no success without a receipt", states[State.SUCCEEDED], len(unasked)),
        Check("what was sent is not called unsent", len(found), len(silent)),
    ]


@transaction.atomic
def _counters() -> Check:
    with connection.cursor() as cursor:  # completions may still go on: both sides look at one moment
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    admin, _ = Person.objects.get_or_create(username="chaos", defaults={"role": "admin"})
    page = figures.last_day(sight.of(admin))
    start = ids.id_at(page.since)
    runs = Run.objects.filter(id__gte=start).count()
    events = Event.objects.filter(id__gte=start).count()
    wrong = abs(page.runs.hours.total() - runs) + abs(page.events.total() - events)
    return Check("the page's counters equal the database's", runs + events, wrong)
