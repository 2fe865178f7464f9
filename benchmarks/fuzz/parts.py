"""The parts of the fuzz, each in stretches: over the wire, header sets and bodies at the door, forms."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator

from django.contrib.auth.hashers import make_password
from django.db import OperationalError, connection

from benchmarks import deliveries
from benchmarks.deliveries import Sender
from benchmarks.fuzz import door, forms, wire
from benchmarks.fuzz.door import Cases
from benchmarks.fuzz.outcome import Outcome
from benchmarks.house import House
from connections import connecting
from definitions import catalog
from operations import runs
from people.models import Person, Role
from webhooks import refusals
from webhooks.models import Dedupe, Event, Rejection, State

Part = Callable[[House, range, int], Iterator[Outcome]]
STRETCH = 20_000  # cases between two looks at the tables, which are emptied then
SETTLES_WITHIN = 300  # seconds for the worker to take in what the wire brought


def over_the_wire(house: House, numbers: range, seed: int) -> Iterator[Outcome]:
    """Post header sets and a quarter as many bodies over sockets; the worker then has to take them in."""
    web, share = house.web, len(numbers) // 5
    for name, cases, some in (
        ("headers", door.header_sets, numbers[share:]),
        ("bodies", door.signed_bodies, numbers[:share]),
    ):
        sender = Sender.of(f"Wire {deliveries.run_name()}")
        yield _proven(sender, wire.put_through(cases(sender, some, seed), house.port, f"--wire {name}"))
    yield _taken_in(house, web)


def _taken_in(house: House, web: int) -> Outcome:
    """Wait for the worker; an event that it could not take in, or a web process that died, is wrong."""
    outcome, until = Outcome(), time.monotonic() + SETTLES_WITHIN
    while Event.objects.waiting().exists() and time.monotonic() < until:
        time.sleep(0.5)
    outcome.wrong += [f"{event.delivery_id} was never taken in" for event in Event.objects.waiting()]
    failed = Event.objects.filter(state=State.FAILED)
    outcome.wrong += [f"{event.delivery_id} failed: {event.error:.200}" for event in failed]
    if house.web != web:
        outcome.wrong.append("the web process was started anew")
    return outcome


def at_the_door(cases: Cases, name: str) -> Part:
    """Return the part that puts these cases through a door in this process, in stretches."""

    def part(house: House, numbers: range, seed: int) -> Iterator[Outcome]:
        _alone(house)
        sender, complaints = Sender.of(f"Fuzz {deliveries.run_name()}"), Complaints()
        for start in range(0, len(numbers), STRETCH):
            stretch = numbers[start : start + STRETCH]
            outcome = door.put_through(cases(sender, stretch, seed), name)
            outcome.wrong += _log_of(outcome)
            outcome.busy = complaints.taken()
            yield _proven(sender, outcome)
            _empty()
        house.release_workers()

    return part


def at_the_forms(house: House, numbers: range, seed: int) -> Iterator[Outcome]:
    """Post to every form that there is, as anybody and as every role."""
    _alone(house)
    practice = connecting.practise(catalog.service("chatgpt-v1"))
    runs.start(practice, "models.list", {})
    Sender.of(f"Forms {deliveries.run_name()}")
    forms.in_memory()
    browsers = _everybody()
    views = forms.forms_of(browsers)
    for start in range(0, len(numbers), STRETCH // 10):
        yield forms.post(browsers, views, numbers[start : start + STRETCH // 10], seed, "--forms")
    house.release_workers()


PARTS: dict[str, Part] = {
    "wire": over_the_wire,
    "headers": at_the_door(door.header_sets, "--headers"),
    "bodies": at_the_door(door.signed_bodies, "--bodies"),
    "forms": at_the_forms,
}


class Complaints(logging.Handler):
    """What the door's own log says while it answers 503, each sentence once, with how often it was said."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: Counter[str] = Counter()
        logging.getLogger("webhooks").addHandler(self)
        logging.getLogger("webhooks").setLevel(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        """Count one sentence."""
        self.said[record.getMessage().lstrip("0123456789 ")[:200]] += 1

    def taken(self) -> Counter[str]:
        """Return what was said since the last time."""
        said, self.said = self.said, Counter()
        return said


def _proven(sender: Sender, outcome: Outcome) -> Outcome:
    """Add to what was answered what was stored."""
    outcome.stored = Event.objects.filter(connection=sender.connection).count()
    outcome.unproven = door.unverified(sender)
    return outcome


def _log_of(outcome: Outcome) -> list[str]:
    """Refusals stand in the log, within their bounds: once one of them kept all later ones out."""
    rows = Rejection.objects.count()
    refused = outcome.posts - outcome.statuses[200]
    right = min(refused, 1) <= rows <= 2 * refusals.MOST_ROWS  # of this endpoint and of unknown ones
    return [] if right else [f"{refused} were refused, and the log has {rows} rows of them"]


def _alone(house: House) -> None:
    """Hold the worker, which would take in each event: here it is the door that is looked at.

    Held in the middle of a transaction it would keep its locks, so it is let go until it is caught without.
    """
    while True:
        house.hold_workers()
        try:
            return _empty()
        except OperationalError:
            house.release_workers()
            time.sleep(1)


def _empty() -> None:
    tables = ", ".join(model._meta.db_table for model in (Event, Dedupe, Rejection))
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables}")


def _everybody() -> dict[str, forms.Browser]:
    name, password = deliveries.run_name(), make_password("a password of the fuzz")
    people: dict[str, Person | None] = {"anybody": None}
    for role in Role.values:
        people[role] = Person.objects.create(username=f"{role}-{name}", password=password, role=role)
    return {who: forms.Browser(person) for who, person in people.items()}
