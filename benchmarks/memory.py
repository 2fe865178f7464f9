"""The web process's memory under minutes of deliveries: does it keep within its bounds, does it grow?

    python -m benchmarks.memory [--short] [--minutes 5]

Deliveries come over 64 connections, slice after slice; worker, beat and simulator are held. What is grown is
the last quarter of the slices over the first one, after a slice that warms up.
"""

import statistics
import time
from collections.abc import Iterator

from benchmarks import deliveries, door, frame, house, proc
from benchmarks.frame import Goal, Row

SECONDS = 5.0  # of one slice


def measure(bench: door.Bench, minutes: float) -> Iterator[Row]:
    """Send for so long and look at the process after each slice."""
    sizes: list[float] = []
    until, rates = time.monotonic() + minutes * 60, []
    bench.house.hold_workers()
    while time.monotonic() < until or len(sizes) < 5:
        rates.append(bench.rate("door", 64))
        sizes.append(proc.resident(bench.house.web))
        frame.say(f"  {sizes[-1]:.1f} MiB after {rates[-1]:,.0f} deliveries a second")
    bench.house.release_workers()
    first, *kept = sizes
    quarter = max(1, len(kept) // 4)
    early, late = statistics.median(kept[:quarter]), statistics.median(kept[-quarter:])
    note = f"{bench.note('door')}; {statistics.median(rates):,.0f}/s; {first:.1f} MiB after the first slice"
    what = f"memory of the web process, {minutes:g} minutes at 64 connections"
    yield Row.of(what, max(sizes), "MiB", goal=Goal("≤", 150, "MiB"), note=note)
    note = f"{late:.1f} MiB in the last quarter"
    against = ("first quarter", early)
    yield Row.of(
        "the same, grown",
        late - early,
        "MiB",
        against=against,
        ratio=late / early,
        goal=Goal("≤", 1.02),
        note=note,
    )
    none = Goal("≤", 0, "deliveries")
    yield Row.of("answered 200 and not stored meanwhile", bench.missing, "deliveries", goal=none)


def main() -> None:
    """Run it."""
    asked = frame.options(__doc__ or "", minutes=0.0)
    with house.House() as copy:
        copy.settle()
        bench = door.Bench(copy, deliveries.Sender.of("Memory"), 2.0 if asked.short else SECONDS)
        minutes = asked.minutes or (0.4 if asked.short else 5.0)
        frame.report("Memory", measure(bench, minutes), as_json=asked.json)


if __name__ == "__main__":
    main()
