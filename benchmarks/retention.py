"""Forgetting a million events while the door is under load: does it keep its rate, and who waits for a lock?

    python -m benchmarks.retention [--short] [--events 1000000]

A retention run goes on in this process, as it does in the worker, while the load client sends; rounds with it
and without it take turns. The longest answer of the door during a drop bounds every lock that it met.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.db import connection
from django.utils import timezone

from benchmarks import deliveries, frame, history, house, load, seed
from benchmarks.frame import Goal, Row
from benchmarks.rounds import Rounds
from connections.models import Connection
from webhooks import retention
from webhooks.models import Policy
from webhooks.pace import Pace

SECONDS = 4.0
PREPARED = 60_000  # requests of one reading


@dataclass
class Bench:
    """A seeded copy under load, and how long it took to forget."""

    house: house.House
    sender: deliveries.Sender
    keep_weeks: int = history.SPAN.days // 7
    forgotten: int = 0
    took: float = 0.0
    slowest: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))  # without, meanwhile

    def rate(self, meanwhile: Callable[[], None] | None = None) -> float:
        """Return answers a second at 16 connections, while something else happens."""
        wanted = deliveries.names(deliveries.run_name(), PREPARED)
        thread = threading.Thread(target=meanwhile)
        with load.prepared(self.sender, wanted) as requests:
            thread.start()
            done = load.send(self.house.port, requests, connections=16, seconds=SECONDS)
            thread.join()
        self.slowest[meanwhile is not None].append(done.milliseconds(1.0))
        return done.rate

    def forget(self) -> None:
        """Forget the four oldest weeks that are left."""
        self.keep_weeks -= 4
        Policy.objects.update(keep_days=max(1, self.keep_weeks) * 7)
        began = time.monotonic()
        retention.begin(timezone.now())
        while retention.is_open():
            self.forgotten += retention.go_on(timezone.now(), Pace())
        self.took += time.monotonic() - began
        connection.close()


def measure(bench: Bench, rounds: int) -> Iterator[Row]:
    """Take turns with and without."""
    taken = Rounds({"without": bench.rate, "meanwhile": lambda: bench.rate(bench.forget)}, rounds)
    note = f"16 connections; {bench.forgotten:,} events forgotten in {bench.took:.1f} s"
    goal = Goal("≥", 0.9)
    yield taken.row(
        "door while events are forgotten", "meanwhile", "/s", against="without", goal=goal, note=note
    )
    without, meanwhile = (max(times) for times in bench.slowest)
    note = f"bounds every lock; without: {without:,.0f} ms"
    yield Row.of("longest answer meanwhile", meanwhile, "ms", goal=Goal("≤", 1000, "ms"), note=note)
    yield from taken.weather()


def main() -> None:
    """Run it on a copy of its own: what it forgets, the other programs would miss."""
    asked = frame.options(__doc__ or "", events=0)
    events = asked.events or (60_000 if asked.short else 1_000_000)
    home = seed.fresh(events, runs=1_000)
    try:
        with house.House(home) as copy:
            copy.hold_workers()
            for one in Connection.objects.all():
                Policy.objects.update_or_create(connection=one)
            bench = Bench(copy, deliveries.Sender.of("Retention"))
            frame.report("Retention", measure(bench, asked.rounds), as_json=asked.json)
            copy.release_workers()
    finally:
        seed.forget(home)


if __name__ == "__main__":
    main()
