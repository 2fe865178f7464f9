"""The web process's memory under minutes of deliveries: does it keep within its bounds, does it grow?

    python -m benchmarks.memory [--short] [--minutes 5]

Deliveries come over 64 connections, slice after slice; worker, beat and simulator are held. What is grown is
the last quarter of the slices over the first one, after a minute that warms up: a process grows until it has
seen its largest batch and its longest answer, which took a minute and a half when it was measured. How far
it grew in that minute is told beside it.
"""

import statistics
import time
from collections.abc import Iterator

from benchmarks import deliveries, door, frame, house, proc
from benchmarks.frame import Goal, Row

SECONDS, SHORT = 5.0, 2.0  # of one slice
WARM_UP = 12  # slices


def measure(bench: door.Bench, minutes: float, warm_up: int) -> Iterator[Row]:
    """Send for so long and look at the process after each slice."""
    bench.house.hold_workers()
    rates, sizes = [], []
    first, *_, warm = [_slice(bench)[1] for _ in range(warm_up)]
    until = time.monotonic() + minutes * 60
    while time.monotonic() < until or len(sizes) < 4:
        rate, size = _slice(bench)
        rates.append(rate)
        sizes.append(size)
    bench.house.release_workers()
    quarter = max(1, len(sizes) // 4)
    early, late = statistics.median(sizes[:quarter]), statistics.median(sizes[-quarter:])
    what = f"memory of the web process, {minutes:g} minutes at 64 connections"
    note = f"{bench.note('door')}; {statistics.median(rates):,.0f}/s"
    yield Row.of(what, max(sizes), "MiB", goal=Goal("≤", 150, "MiB"), note=note)
    against = ("first quarter", early)
    note = f"{late:.1f} MiB in the last quarter; {first:.1f} to {warm:.1f} while it warmed up"
    yield Row.of("the same, grown", late - early, "MiB", against=against, ratio=late / early,
                 goal=Goal("≤", 1.02), note=note)  # fmt: skip
    none = Goal("≤", 0, "deliveries")
    yield Row.of("answered 200 and not stored meanwhile", bench.missing, "deliveries", goal=none)


def _slice(bench: door.Bench) -> tuple[float, float]:
    """Return deliveries a second and the MiB of the web process after them."""
    rate = bench.rate("door", 64)
    size = proc.resident(bench.house.web)
    frame.say(f"  {size:.1f} MiB after {rate:,.0f} deliveries a second")
    return rate, size


def main() -> None:
    """Run it."""
    asked = frame.options(__doc__ or "", minutes=0.0)
    with house.House() as copy:
        copy.settle()
        bench = door.Bench(copy, deliveries.Sender.of("Memory"), SHORT if asked.short else SECONDS)
        minutes = asked.minutes or (0.4 if asked.short else 5.0)
        warm_up = 2 if asked.short else WARM_UP
        frame.report("Memory", measure(bench, minutes, warm_up), as_json=asked.json)


if __name__ == "__main__":
    main()
