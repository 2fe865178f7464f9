"""The public door of a whole running copy, against pgbench's single-row INSERT and an ordinary Django view.

    python -m benchmarks.door [--short] [--seconds 3] [--plain 1]

A delivery is 1 KB of JSON with the headers of Standard Webhooks; a 200 means that it is on the disk (fsync
on). Worker, beat and simulator are held during a round, on both sides of each ratio. With `--plain 1` the
plain design that the goal was measured with (`plain.py`) takes its turns, too.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from django.db import connection

from benchmarks import deliveries, frame, house, load, plain, proc
from benchmarks.frame import Goal, Row
from benchmarks.pgbench import Pgbench
from benchmarks.rounds import Rounds
from config import home as homes
from webhooks.models import Completion, Dedupe, Event

VIEW = "/benchmark/view"  # the ordinary view of benchmarks/urls.py
MOST = 24_000  # deliveries that are prepared for a second of the first round; the client stops in time


@dataclass
class Bench:
    """One copy, who sends to it, and what was counted on the way."""

    house: house.House
    sender: deliveries.Sender
    seconds: float
    latency: dict[str, list[float]] = field(default_factory=dict)
    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    missing: int = 0  # answered 200 and not in the database
    broken: int = 0
    lost: int = 0
    expected: dict[str, float] = field(default_factory=dict)  # what a second may take, twice the last rate

    def rate(
        self, name: str, connections: int, *, sender: deliveries.Sender | None = None, repeats: int = 1
    ) -> float:
        """Return answers a second, and check that what was answered 200 is stored."""
        count = int(self.expected.get(name, MOST) * self.seconds)
        wanted = (deliveries.names(deliveries.run_name(), count // repeats + 1) * repeats)[:count]
        with load.prepared(sender or self.sender, wanted) as requests:
            done = load.send(self.house.port, requests, connections=connections, seconds=self.seconds)
        self._count(name, done, wanted)
        self.expected[name] = max(1_000, 2 * done.rate)
        return done.rate

    def forget(self) -> None:
        """Remove what was delivered, so that a kept history is what it was: its worker would work on it for
        minutes beside whatever is measured next.
        """
        ours = {"connection_id": self.sender.connection.pk}
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            for model in (Completion, Dedupe, Event):
                model._base_manager.filter(**ours)._raw_delete("default")
            cursor.execute("VACUUM webhooks_event, webhooks_dedupe")

    def _count(self, name: str, done: load.Load, wanted: list[str]) -> None:
        self.latency.setdefault(name, []).append(done.milliseconds(0.99))
        self.statuses.setdefault(name, Counter()).update(done.counts())
        self.broken += done.broken
        self.lost += done.lost
        told = {wanted[index] for index in done.with_status(200)}
        self.missing += len(told) - stored(self.sender, told)

    def note(self, name: str) -> str:
        """Return the line's counts: answers by status."""
        return ", ".join(f"{count:,} × {status}" for status, count in sorted(self.statuses[name].items()))


def stored(sender: deliveries.Sender, names: set[str]) -> int:
    """Return how many of these deliveries have both their key and their event."""
    keys = Dedupe.objects.filter(connection_id=sender.connection.pk, delivery_id__in=names)
    events = keys.values_list("event_id", flat=True)
    return Event.objects.filter(id__in=list(events)).count() if names else 0


def measure(bench: Bench, rounds: int) -> Iterator[Row]:
    """Take turns and yield the lines."""
    limit, seconds = Pgbench(bench.house.home, bench.sender), max(1, int(bench.seconds))
    view, forged = bench.sender.to(VIEW), bench.sender.forged()
    bench.house.hold_workers()
    before = proc.resident(bench.house.web)
    # The views are last and slow: what repeats and refusals leave to be written is written beside them, and
    # not beside the next round's first reading.
    taken = Rounds(
        {
            "pgbench 16": lambda: limit.rate(16, seconds),
            "door 16": lambda: bench.rate("door 16", 16),
            "pgbench 64": lambda: limit.rate(64, seconds),
            "door 64": lambda: bench.rate("door 64", 64),
            "duplicates 64": lambda: bench.rate("duplicates 64", 64, repeats=20),
            "forged 64": lambda: bench.rate("forged 64", 64, sender=forged),
            "view 16": lambda: bench.rate("view 16", 16, sender=view),
            "view 64": lambda: bench.rate("view 64", 64, sender=view),
        },
        rounds,
    )
    memory = proc.resident(bench.house.web)
    bench.house.release_workers()
    yield from _against_limits(bench, limit, taken)
    note = bench.note("duplicates 64") + "; each delivery 20 times"
    yield taken.row("repeats, 64 connections", "duplicates 64", "/s", against="door 64", note=note)
    yield taken.row(
        "refused, 64 connections", "forged 64", "/s",
        against="door 64", goal=Goal("≥", 1.5), note=bench.note("forged 64"),
    )  # fmt: skip
    note = f"{before:.0f} MiB before the load; `memory` looks at it for minutes"
    yield Row.of("memory of the web process", memory, "MiB", goal=Goal("≤", 150, "MiB"), note=note)
    none = Goal("≤", 0, "deliveries")
    note = f"{bench.broken} connections broken, {bench.lost} requests never answered"
    yield Row.of("answered 200 and not stored", bench.missing, "deliveries", goal=none, note=note)
    yield from taken.weather()


def _against_limits(bench: Bench, limit: Pgbench, taken: Rounds) -> Iterator[Row]:
    for count, goal in ((16, Goal("≥", 1.0)), (64, Goal("≥", 1.3))):
        door, what = f"door {count}", f"door, {count} connections"
        yield taken.row(what, door, "/s", against=f"pgbench {count}", goal=goal, note=bench.note(door))
        note = "the view: " + bench.note(f"view {count}")
        yield taken.row(what, door, "/s", against=f"view {count}", goal=Goal("≥", 10), note=note)
    p99 = frame.percentile(bench.latency["door 64"], 0.5)
    against = ("pgbench 64", frame.percentile(limit.p99[64], 0.5))
    yield Row.of("door, p99 at 64 connections", p99, "ms", against=against, goal=Goal("≤", 10, "ms"))


def against_plain(bench: Bench, rounds: int) -> Iterator[Row]:
    """Let pgbench, the plain design and the door take turns."""
    limit, seconds = Pgbench(bench.house.home, bench.sender), max(1, int(bench.seconds))
    key, connection = bench.sender.key, str(bench.sender.connection.pk)
    bench.house.hold_workers()
    with plain.running(homes.sockets(bench.house.home), key, connection) as port:
        taken = Rounds(
            {
                f"{name} {count}": measured
                for count in (16, 64)
                for name, measured in {
                    "pgbench": partial(limit.rate, count, seconds),
                    "plain": partial(_plain, bench, port, count),
                    "door": partial(bench.rate, f"door {count}", count),
                }.items()
            },
            rounds,
        )
    bench.house.release_workers()
    for count in (16, 64):
        limit_, plain_, door = (f"{name} {count}" for name in ("pgbench", "plain", "door"))
        yield taken.row(f"plain design, {count} connections", plain_, "/s", against=limit_)
        yield taken.row(f"door, {count} connections", door, "/s", against=limit_)
        yield taken.row(f"door, {count} connections", door, "/s", against=plain_)
        against = (limit_, frame.percentile(limit.p99[count], 0.5))
        for name in (plain_, door):
            p99 = frame.percentile(bench.latency[name], 0.5)
            yield Row.of(f"{name}: p99", p99, "ms", against=against)
    yield from taken.weather()


def _plain(bench: Bench, port: int, connections: int) -> float:
    wanted = deliveries.names(deliveries.run_name(), int(MOST * bench.seconds))
    with load.prepared(bench.sender, wanted) as requests:
        done = load.send(port, requests, connections=connections, seconds=bench.seconds)
    assert set(done.counts()) == {200}, done.counts()
    bench.latency.setdefault(f"plain {connections}", []).append(done.milliseconds(0.99))
    return done.rate


def main() -> None:
    """Run it."""
    asked = frame.options(__doc__ or "", seconds=0.0, plain=0)
    with house.House() as copy:
        bench = Bench(copy, deliveries.Sender.of("Benchmark"), asked.seconds or (1.0 if asked.short else 3.0))
        lines = against_plain if asked.plain else measure
        frame.report("The door", lines(bench, asked.rounds), as_json=asked.json)


if __name__ == "__main__":
    main()
