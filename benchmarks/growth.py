"""What happens when a house grows: door, log, search and live line at several sizes, drawn into docs/curves/.

python -m benchmarks.growth [--short] [--sizes 10000,1000000,10000000]
"""

from contextlib import ExitStack
from pathlib import Path

from benchmarks import deliveries, door, frame, house, live, log, seed
from benchmarks.curves import Chart, Points
from benchmarks.frame import Row
from benchmarks.pgbench import Pgbench

CURVES = house.BASE / "docs" / "curves"
LISTS = ("first page", "at random depth", "busy connection", "rare type", "one day")
SEARCHES = ("identifier", "common word", "none found", "JSON path")


def door_curve(sizes: list[int], rounds: int) -> Points:
    """Return the door's rate over pgbench's in the same server, by the number of events that are stored."""
    points = []
    for size in sizes:
        with house.House(seed.store(size, min(size, log.MOST_RUNS))) as copy:
            copy.hold_workers()
            bench = door.Bench(copy, deliveries.Sender.of(f"Growth {deliveries.run_name()}"), 2.0)
            limit = Pgbench(copy.home, bench.sender)
            measures = {
                "pgbench": lambda of=limit: of.rate(64, 2),
                "door": lambda of=bench: of.rate("door", 64),
            }
            medians = frame.interleaved(measures, rounds)
            copy.release_workers()
        points.append((size, medians["door"] / medians["pgbench"]))
    return points


def log_curves(sizes: list[int], rounds: int) -> tuple[dict[str, Points], dict[str, Points]]:
    """Return the times of lists and of searches in the database, by the number of events."""
    measured = [log.Size(size) for size in sizes]
    with ExitStack() as servers:
        for size in measured:
            servers.enter_context(seed.opened(size.home))
            size.find()
        for _ in range(rounds + 1):
            for size in measured:
                size.round()
    lists = {name: _times(measured, f"log: {name}") for name in LISTS}
    return lists, {name: _times(measured, f"log, search: {name}") for name in SEARCHES}


def live_curves(crowds: list[int], seconds: float) -> dict[str, Points]:
    """Return how late events reach a page, by the number of open pages, ten events a second."""
    with house.House() as copy:
        bench = live.Bench(copy, deliveries.Sender.of("Growth").connection, live.signed_in())
        copy.hold_workers()
        bench.crowd(20, 10, 1)
        seen = [(count, bench.crowd(count, 10, seconds).latencies) for count in crowds]
        copy.release_workers()
    shares = {"p50": 0.5, "p99": 0.99}
    return {
        name: [(count, frame.percentile(times, share)) for count, times in seen]
        for name, share in shares.items()
    }


def _times(sizes: list[log.Size], name: str) -> Points:
    return [(size.events, size.median(name)) for size in sizes if name in size.times]


def main() -> None:
    """Measure, draw, and print the ends of each curve."""
    asked = frame.options(__doc__ or "", sizes="")
    default = "10000,100000,1000000" if asked.short else "10000,1000000,10000000"
    sizes = [int(size) for size in (asked.sizes or default).split(",")]
    lists, searches = log_curves(sizes, asked.rounds)
    crowds = [100, 500, 1_000] if asked.short else [100, 1_000, 5_000]
    events, database = "stored events", "ms in the database"
    charts = {
        "door": Chart(
            "The door over pgbench, 64 connections", events, "×", {"door": door_curve(sizes, asked.rounds)}
        ),
        "log": Chart("Pages of the log", events, database, lists),
        "search": Chart("Searches", events, database, searches),
        "live": Chart("From commit to the open page", "open pages", "ms", live_curves(crowds, 5.0)),
    }
    for name, chart in charts.items():
        chart.write(Path(CURVES) / f"{name}.svg")
    rows = [
        Row.of(
            f"{chart.title}: {name}",
            points[-1][1],
            chart.unit,
            against=(f"at {points[0][0]:,}", points[0][1]),
        )
        for chart in charts.values()
        for name, points in chart.curves.items()
        if points
    ]
    frame.report("Growth", rows, as_json=asked.json)


if __name__ == "__main__":
    main()
