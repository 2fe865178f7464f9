"""Live pages of a running copy: how long from an event's commit to the bytes at every open page.

    python -m benchmarks.live [--short] [--seconds 10]

This process stores and publishes events at a steady pace; another one reads the pages (viewers.py). Times
are taken on one monotonic clock: just after the commit, and when the bytes with the event's row arrive.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.test import Client

from benchmarks import deliveries, frame, house, proc
from benchmarks.frame import Goal, Row
from connections.models import Connection
from live import hub
from people.models import Person, Role
from webhooks.models import Event

SETTLE = 3.0  # seconds for the last frames to arrive


@dataclass(frozen=True, slots=True)
class Seen:
    """What one crowd of pages saw."""

    latencies: list[float]  # ms, of every event at every page
    lost: int  # events that a page never got
    cut_off: int
    per_viewer: float  # KiB of the web process
    worst: float  # ms: the 99th percentile of the page that fared worst


@dataclass
class Bench:
    """A copy, somebody who is signed in, and an endpoint whose events they look at."""

    house: house.House
    connection: Connection
    cookie: str

    def crowd(self, viewers: int, pace: float, seconds: float, *, slow: int = 0) -> Seen:
        """Open so many pages, let events happen at this pace, and return what was seen."""
        before = proc.resident(self.house.web)
        with _viewers(self.house.port, viewers, self.cookie, slow) as pages:
            weight = (proc.resident(self.house.web) - before) * 1024 / viewers
            committed = self.happen(pace, seconds)
            time.sleep(SETTLE)
            told = _told(pages)
        return _judged(told, committed, weight, slow)

    def happen(self, pace: float, seconds: float) -> dict[str, float]:
        """Store events at a steady pace; return when each was committed, by its code."""
        committed = {}
        began = time.monotonic()
        for number in range(int(pace * seconds)):
            time.sleep(max(0.0, began + number / pace - time.monotonic()))
            event = Event(
                connection=self.connection, type="batch.completed", object_id="batch_1", state="processed"
            )
            with transaction.atomic():
                event.save(force_insert=True)
                hub.publish("log", f"evt {event.pk} {event.pk}")
            committed[event.code] = time.monotonic()
        return committed

    def storm(self, viewers: int) -> float:
        """Let all pages come at once, as after a restart; return the seconds until the last one was
        greeted."""
        began = time.monotonic()
        with _viewers(self.house.port, viewers, self.cookie, 0) as pages:
            took = time.monotonic() - began
            _told(pages)
        return took


@contextmanager
def _viewers(port: int, count: int, cookie: str, slow: int) -> Iterator[subprocess.Popen[str]]:
    command = [
        sys.executable,
        str(Path(__file__).with_name("viewers.py")),
        str(port),
        str(count),
        cookie,
        str(slow),
    ]
    pages = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert pages.stdout
        assert pages.stdout.readline().startswith("open"), "the live pages could not be opened"
        yield pages
    finally:
        pages.kill()
        pages.wait()


def _told(pages: subprocess.Popen[str]) -> dict[str, Any]:
    assert pages.stdin
    assert pages.stdout
    pages.stdin.write("tell\n")
    pages.stdin.flush()
    told: dict[str, Any] = json.loads(pages.stdout.readline())
    return told


def _judged(told: dict[str, Any], committed: dict[str, float], weight: float, slow: int) -> Seen:
    pages = told["seen"][: len(told["seen"]) - slow]
    each = [[(seen[code] - at) * 1000 for code, at in committed.items() if code in seen] for seen in pages]
    lost = sum(len(committed) - len(times) for times in each)
    worst = max(frame.percentile(times, 0.99) for times in each)
    return Seen([one for times in each for one in times], lost, sum(told["cut_off"]), weight, worst)


CROWDS = (
    (100, 20, Goal("≤", 50, "ms")),
    (1_000, 10, Goal("≤", 50, "ms")),
    (1_000, 200, Goal("≤", 150, "ms")),
    (5_000, 20, None),
)


def measure(bench: Bench, seconds: float, *, short: bool) -> Iterator[Row]:
    """Yield the lines of each crowd."""
    bench.crowd(20, 10, 1)
    for viewers, pace, goal in CROWDS[: 3 if short else 4]:
        seen = bench.crowd(viewers, pace, seconds)
        name = f"live, {viewers:,} pages, {pace} events/s"
        frame.say(f"  {name}: p99 {frame.percentile(seen.latencies, 0.99):.1f} ms")
        half, late = frame.percentile(seen.latencies, 0.5), frame.percentile(seen.latencies, 0.99)
        note = f"p50 {half:.1f} ms; page that fared worst {seen.worst:.1f} ms; {seen.lost} of "
        note += f"{len(seen.latencies) + seen.lost:,} lost, {seen.cut_off} pages cut off"
        yield Row.of(f"{name}: p99", late, "ms", goal=goal, note=note)
        if viewers == 1_000 and pace == 10:
            yield Row.of("memory of one page", seen.per_viewer, "KiB", goal=Goal("≤", 16, "KiB"))
    yield Row.of("1,000 pages come at once", bench.storm(1_000), "s", note="all greeted")


def signed_in() -> str:
    """Return the cookie of a new admin."""
    person = Person.objects.create(username="live", password="!", role=Role.ADMIN)
    client = Client(SERVER_NAME="localhost")
    client.force_login(person)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def main() -> None:
    """Run it."""
    asked = frame.options(__doc__ or "", seconds=0.0)
    with house.House() as copy:
        bench = Bench(copy, deliveries.Sender.of("Live").connection, signed_in())
        copy.hold_workers()
        rows = list(measure(bench, asked.seconds or (4 if asked.short else 10), short=asked.short))
        copy.release_workers()
    frame.report("The live line", rows, as_json=asked.json)


if __name__ == "__main__":
    main()
