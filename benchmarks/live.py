"""Live pages of a running copy: how long from an event's commit to the bytes at every open page.

    python -m benchmarks.live [--short] [--seconds 5] [--only crowds,door,slow,storm]

This process stores and publishes events at a steady pace; a client in C holds the pages. Times are taken on
one monotonic clock: just after the commit, and when the bytes with the event's row arrive. The plain
alternative is a process that writes each row to as many connections at once, and does nothing else.
"""

import os
import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connections, transaction
from django.test import Client

from benchmarks import deliveries, door, fanout, frame, house, proc
from benchmarks.frame import Goal, Row
from benchmarks.rounds import Rounds
from benchmarks.viewers import Crowd, Seen, crowd
from config import ports
from connections.models import Connection
from live import hub
from people.models import Person, Role
from webhooks import feed
from webhooks.models import Event

MEGABYTE = 1 << 20
CROWDS = (
    (100, {20: Goal("≤", 50, "ms")}),
    (1_000, {10: Goal("≤", 50, "ms"), 200: Goal("≤", 150, "ms")}),
    (5_000, {20: None}),
)
SLOW = 10  # of 100 pages


@dataclass
class Bench:
    """A copy, somebody who is signed in, and an endpoint whose events they look at."""

    house: house.House
    connection: Connection
    cookie: str
    seconds: float

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

    def seen(self, pages: Crowd, pace: float) -> Seen:
        """Let events happen at this pace and return what the pages saw of them."""
        committed = self.happen(pace, self.seconds)
        _settle(pages)
        return pages.told(committed)

    def row_size(self) -> int:
        """Return the bytes of one event on its way to a page."""
        self.happen(1000, 0.001)
        newest = Event.objects.order_by("-pk")[0]
        return len(feed.render([f"evt {newest.pk} {newest.pk}"])[0].encode())

    def flood(self) -> None:
        """Send each page ten megabytes: more than the buffers of a connection that nobody reads can take."""
        size = self.row_size()
        self.happen(1000, feed.MOST / 1000)
        newest = list(Event.objects.order_by("-pk").values_list("pk", flat=True)[: feed.MOST])
        for _ in range(10 * MEGABYTE // (feed.MOST * size)):
            with transaction.atomic():
                hub.publish("log", f"evt {newest[-1]} {newest[0]}")
            time.sleep(0.2)

    def pages(self, viewers: int, **more: Any) -> AbstractContextManager[Crowd]:
        """Open pages of the log."""
        return crowd(self.house.port, self.cookie, viewers, **more)


def _settle(pages: Crowd) -> None:
    """Wait until the last frames have arrived: three times what the slowest of so many pages waited."""
    time.sleep(0.5 + pages.viewers / 3_000)


def crowds(bench: Bench, rounds: int, *, short: bool) -> Iterator[Row]:
    """Yield the lines of each crowd: latencies, fairness, memory."""
    size = bench.row_size()
    for viewers, paces in CROWDS[: 2 if short else 3]:
        before, kept = proc.resident(bench.house.web), {pace: list[Seen]() for pace in paces}
        with bench.pages(viewers) as pages, fanout.running(size) as bare, bare_pages(bare, viewers) as plain:
            weight = (proc.resident(bench.house.web) - before) * 1024 / viewers

            def late(pace: int, pages: Crowd = pages, kept: dict[int, list[Seen]] = kept) -> float:
                kept[pace].append(bench.seen(pages, pace))
                return kept[pace][-1].late(0.99)

            def bare_late(pace: int, plain: Crowd = plain, bare: fanout.Fanout = bare) -> float:
                asked = bare.happen(pace, bench.seconds)
                _settle(plain)
                return plain.told(asked).late(0.99)

            measures: dict[str, Callable[[], float]] = {}
            for pace in paces:
                measures[f"plain fan-out {pace}/s"] = partial(bare_late, pace)
                measures[f"{pace}/s"] = partial(late, pace)
            taken = Rounds(measures, rounds)
        for pace, goal in paces.items():
            what = f"live, {viewers:,} pages, {pace} events/s: p99"
            yield taken.row(
                what, f"{pace}/s", "ms",
                against=f"plain fan-out {pace}/s", goal=goal, note=note(kept[pace][1:]),
            )  # fmt: skip
        if viewers == 1_000:
            yield Row.of("memory of one page", weight, "KiB", goal=Goal("≤", 16, "KiB"))
        yield from taken.weather()


def bare_pages(bare: fanout.Fanout, viewers: int) -> AbstractContextManager[Crowd]:
    """Open as many connections to the plain fan-out."""
    return crowd(bare.port, "", viewers)


def note(seen: list[Seen]) -> str:
    """Return what is said beside a latency: the middle, fairness, what was lost."""
    half = statistics.median(one.late(0.5) for one in seen)
    worst = statistics.median(one.worst for one in seen)
    count = sum(len(one.latencies) + one.lost for one in seen)
    lost = sum(one.lost for one in seen)
    return (
        f"p50 {half:.1f} ms; p99 of the page that fared worst {worst:.1f} ms; "
        f"{lost:,} of {count:,} lost, {seen[-1].cut_off} pages cut off"
    )


def beside_the_door(bench: Bench, rounds: int) -> Iterator[Row]:
    """Yield the door's rate while a thousand pages are open, over its rate without them."""
    entry = door.Bench(bench.house, deliveries.Sender.of("Beside live pages"), bench.seconds)

    cut_off: list[int] = []

    def watched(query: str, pace: float) -> float:
        with bench.pages(1_000, query=query) as pages:
            events = threading.Thread(target=_in_a_thread, args=(bench, pace))
            events.start()
            rate = entry.rate("door", 64)
            events.join()
            cut_off.append(pages.told({}).cut_off)
        return rate

    ours = f"&connection={bench.connection.pk}"
    taken = Rounds(
        {
            "door alone": lambda: entry.rate("door", 64),
            "with pages": lambda: watched(ours, 10),
            "with pages of everything": lambda: watched("", 0),
        },
        rounds,
    )
    what, note = "door while 1,000 pages see 10 events/s of another endpoint", entry.note("door")
    yield taken.row(what, "with pages", "/s", against="door alone", goal=Goal("≥", 0.85), note=note)
    what = "door while 1,000 pages see all its deliveries"
    note = f"{max(cut_off)} of the pages cut off at most"
    yield taken.row(what, "with pages of everything", "/s", against="door alone", note=note)
    yield from taken.weather()


def _in_a_thread(bench: Bench, pace: float) -> None:
    bench.happen(pace, bench.seconds + 1)
    connections["default"].close()


def beside_slow_ones(bench: Bench, rounds: int) -> Iterator[Row]:
    """Yield how late events are where every tenth page reads nothing, over where all read; a flood before."""
    kept: dict[int, list[Seen]] = {0: [], SLOW: []}

    def late(slow: int) -> float:
        with bench.pages(90 + slow, slow=slow) as pages:
            bench.flood()
            kept[slow].append(bench.seen(pages, 200))
        return kept[slow][-1].late(0.99)

    taken = Rounds({"90 that read": lambda: late(0), "and 10 that do not": lambda: late(SLOW)}, rounds)
    cut_off = min(one.slow_cut_off for one in kept[SLOW])
    what = "live, 90 pages beside 10 that never read: p99"
    said = note(kept[SLOW][1:])
    yield taken.row(what, "and 10 that do not", "ms", against="90 that read", note=said)
    yield Row.of("pages that never read, cut off", cut_off, "pages", goal=Goal("≥", SLOW, "pages"))
    yield from taken.weather()


def storms(bench: Bench, rounds: int, *, short: bool) -> Iterator[Row]:
    """Yield how long it takes until all pages are back after the web process was killed."""
    for viewers in (1_000,) if short else (1_000, 5_000):
        away: list[float] = []

        def back(viewers: int = viewers, away: list[float] = away) -> float:
            with bench.pages(viewers, at_once=viewers) as pages:
                os.kill(bench.house.web, signal.SIGKILL)
                began = time.monotonic()
                while not ports.serves("127.0.0.1", bench.house.port):
                    time.sleep(0.01)
                away.append(time.monotonic() - began)
                return pages.again()

        taken = Rounds({"storm": back}, rounds)
        note = f"all at once, after the web process was killed; it was away for {max(away):.1f} s at most"
        yield taken.row(f"{viewers:,} pages come back, all greeted", "storm", "s", note=note)
        yield from taken.weather()


def signed_in() -> str:
    """Return the cookie of a new admin."""
    person = Person.objects.create(username="live", password="!", role=Role.ADMIN)
    client = Client(SERVER_NAME="localhost")
    client.force_login(person)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def measure(bench: Bench, rounds: int, parts: str, *, short: bool) -> Iterator[Row]:
    """Yield the lines of the parts that were asked for."""
    few = min(rounds, 2) if short else rounds  # a flood takes four seconds, a restart five
    every: dict[str, Callable[[], Iterator[Row]]] = {
        "crowds": lambda: crowds(bench, rounds, short=short),
        "door": lambda: beside_the_door(bench, rounds),
        "slow": lambda: beside_slow_ones(bench, few),
        "storm": lambda: storms(bench, few, short=short),
    }
    for name in parts.split(",") if parts else every:
        yield from every[name]()


def main() -> None:
    """Run it."""
    asked = frame.options(__doc__ or "", seconds=0.0, only="")
    with house.House() as copy:
        connection = deliveries.Sender.of("Live").connection
        bench = Bench(copy, connection, signed_in(), asked.seconds or (1.0 if asked.short else 4.0))
        copy.hold_workers()
        rows = measure(bench, asked.rounds, asked.only, short=asked.short)
        frame.report("The live line", rows, as_json=asked.json)
        copy.release_workers()


if __name__ == "__main__":
    main()
