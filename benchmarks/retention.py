"""Forgetting a million events while the door is under load: does it keep its rate, and who waits for a lock?

    python -m benchmarks.retention [--short] [--events 1000000]

A retention run goes on in this process, as it does in the worker, while the load client sends; rounds with it
and without it take turns. The longest answer of the door during a drop bounds every lock that it met.
"""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection
from django.utils import timezone

from benchmarks import ROOT, deliveries, frame, history, house, load, seed
from benchmarks.frame import Goal, Row
from connections.models import Connection
from webhooks import retention
from webhooks.models import Policy

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
    slowest: list[float] = field(default_factory=list)

    def rate(self) -> float:
        """Return answers a second at 16 connections."""
        file = ROOT / f"retention-{os.getpid()}"
        deliveries.write(file, self.sender, deliveries.names(deliveries.run_name(), PREPARED))
        done = load.send(self.house.port, file, connections=16, seconds=SECONDS)
        self.slowest.append(done.milliseconds(1.0))
        return done.rate

    def rate_meanwhile(self) -> float:
        """Return the same while old events are being forgotten."""
        thread = threading.Thread(target=self.forget)
        thread.start()
        rate = self.rate()
        thread.join()
        return rate

    def forget(self) -> None:
        """Forget the five oldest weeks that are left."""
        self.keep_weeks -= 5
        Policy.objects.update(keep_days=max(1, self.keep_weeks) * 7)
        began = time.monotonic()
        self.forgotten += retention.run(timezone.now())
        self.took += time.monotonic() - began
        connection.close()


def measure(bench: Bench, rounds: int) -> Iterator[Row]:
    """Take turns with and without."""
    bench.rate()
    bench.slowest.clear()
    medians = frame.interleaved({"alone": bench.rate, "meanwhile": bench.rate_meanwhile}, rounds)
    note = f"{bench.forgotten:,} events forgotten in {bench.took:.1f} s"
    against = ("without", medians["alone"])
    yield Row.of(
        "door while events are forgotten",
        medians["meanwhile"],
        "/s",
        against=against,
        goal=Goal("≥", 0.9),
        note=note,
    )
    yield Row.of("longest answer meanwhile", max(bench.slowest), "ms", goal=Goal("≤", 1000, "ms"))


def main() -> None:
    """Run it on a copy of its own: what it forgets, the other programs would miss."""
    asked = frame.options(__doc__ or "", events=0)
    events = asked.events or (200_000 if asked.short else 1_000_000)
    home = seed.fresh(events, runs=1_000)
    with house.House(home) as copy:
        copy.hold_workers()
        for one in Connection.objects.all():
            Policy.objects.update_or_create(connection=one)
        rows = list(measure(Bench(copy, deliveries.Sender.of("Retention")), asked.rounds))
        copy.release_workers()
    seed.forget(home)
    frame.report("Retention", rows, as_json=asked.json)


if __name__ == "__main__":
    main()
