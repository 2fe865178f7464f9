"""What happens when a house grows: door, log, search and live line at several sizes, drawn into docs/curves/.

python -m benchmarks.growth [--short] [--sizes 10000,1000000,10000000] [--only log,door,live]
"""

import statistics
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

from benchmarks import deliveries, door, frame, house, live, log, proc, seed
from benchmarks.curves import Chart, Points
from benchmarks.frame import Goal, Row
from benchmarks.pgbench import Pgbench
from benchmarks.rounds import Rounds
from benchmarks.viewers import Seen

CURVES = house.BASE / "docs" / "curves"
SECONDS = 2.0  # of one reading
LISTS = ("first page", "at random depth", "busy connection", "rare type", "one day")
SEARCHES = ("identifier", "common word", "none found", "JSON path")


def doors(sizes: list[int], rounds: int) -> Iterator[Row]:
    """Draw the door's rate over its rate in an empty copy, by the number of events that are stored.

    All copies run at once and take turns; only one is asked at a time.
    """
    with ExitStack() as open_copies:
        copies = {size: open_copies.enter_context(_copy(size)) for size in (0, *sizes)}
        benches = {}
        for size, copy in copies.items():
            copy.use()
            sender = deliveries.Sender.of(f"Growth {deliveries.run_name()}")
            benches[size] = door.Bench(copy, sender, SECONDS)
        limit = Pgbench(copies[0].home, benches[0].sender)
        measures = {f"{size:,} stored": partial(_rate, bench) for size, bench in benches.items()}
        taken = Rounds({"pgbench": lambda: limit.rate(64, int(SECONDS)), **measures}, rounds)
        for size in sizes:
            copies[size].use()
            benches[size].forget()
        empty, title = "0 stored", "The door over its rate in an empty copy, 64 connections"
        points = [(1.0, 1.0), *((size, taken.ratio(f"{size:,} stored", empty) or 0) for size in sizes)]
        yield from _drawn("door", Chart(title, "stored events", "×", {"door": points}))
        for name in [name for name in measures if name != empty]:
            what = f"door, 64 connections, {name}"
            yield taken.row(what, name, "/s", against=empty, goal=Goal("≥", 0.9))
        yield from taken.weather()


def _copy(size: int) -> house.House:
    return house.House(seed.store(size, min(size, log.MOST_RUNS)) if size else None)


def _rate(bench: door.Bench) -> float:
    bench.house.use()
    bench.house.hold_workers()
    return bench.rate("door", 64)


def log_sizes(sizes: list[int], rounds: int) -> list[log.Size]:
    """Measure the queries of every list at all sizes, by turns."""
    measured = [log.Size(size) for size in sizes]
    with ExitStack() as servers:
        for size in measured:
            servers.enter_context(seed.opened(size.home))
            size.find()
        for number in range(rounds + 1):
            for size in measured:
                size.round()
            frame.say(f"  log: round {number or 'warm-up'} done")
    log.show_plans(measured[-1])
    return measured


def live_curves(crowds: list[int], rounds: int) -> tuple[dict[str, Points], list[Row]]:
    """Return how late events reach a page, by the number of open pages, ten events a second."""
    seen: dict[int, list[Seen]] = {}
    with house.House() as copy:
        connection = deliveries.Sender.of("Growth").connection
        bench = live.Bench(copy, connection, live.signed_in(), SECONDS)
        copy.hold_workers()
        for count in crowds:
            before = proc.resident(copy.web)
            with bench.pages(count) as pages:
                weight = (proc.resident(copy.web) - before) * 1024 / count
                frame.say(f"  {count:,} pages open after {pages.opened:.1f} s, {weight:.1f} KiB each")
                seen[count] = [bench.seen(pages, 10) for _ in range(rounds + 1)][1:]
        copy.release_workers()
    curves: dict[str, Points] = {
        name: [(count, statistics.median(one.late(share) for one in found)) for count, found in seen.items()]
        for name, share in {"p50": 0.5, "p99": 0.99}.items()
    }
    late = dict(curves["p99"])
    lines = [
        (f"live, {count:,} pages, 10 events/s: p99", late[count], live.note(seen[count])) for count in seen
    ]
    return curves, [Row.of(what, value, "ms", note=note) for what, value, note in lines]


def _times(sizes: list[log.Size], name: str) -> Points:
    return [(size.events, size.median(name)) for size in sizes if name in size.times]


def logs(sizes: list[int], rounds: int) -> Iterator[Row]:
    """Draw lists and searches over the number of events, and yield the lines of all of them."""
    measured = log_sizes(sizes, rounds)
    for name, title, cases in (("log", "Pages of the log", LISTS), ("search", "Searches", SEARCHES)):
        prefix = "log: " if name == "log" else "log, search: "
        curves = {case: _times(measured, prefix + case) for case in cases}
        yield from _drawn(name, Chart(title, "stored events", "ms in the database", curves))
    yield from log.rows(measured)


def lives(crowds: list[int], rounds: int) -> Iterator[Row]:
    """Draw how late events reach a page over the number of pages, and yield the ends."""
    late, rows = live_curves(crowds, rounds)
    yield from _drawn("live", Chart("From commit to the open page", "open pages", "ms", late))
    yield from rows


def _drawn(name: str, chart: Chart) -> Iterator[Row]:
    chart.write(CURVES / f"{name}.svg")
    for curve, points in chart.curves.items():
        if points:
            first, last = points[0], points[-1]
            what, against = f"{chart.title}: {curve}", (f"at {first[0]:,}", first[1])
            yield Row.of(what, last[1], chart.unit, against=against, note=f"at {last[0]:,}")


def main() -> None:
    """Run it."""
    asked = frame.options(__doc__ or "", sizes="", only="log,door,live")
    default = "10000,100000,1000000" if asked.short else "10000,1000000,10000000"
    sizes = [int(size) for size in (asked.sizes or default).split(",")]
    crowds = [100, 500, 1_000] if asked.short else [100, 1_000, 5_000]
    parts = {"log": partial(logs, sizes), "door": partial(doors, sizes), "live": partial(lives, crowds)}
    rows = (row for name in asked.only.split(",") for row in parts[name](asked.rounds))
    frame.report("Growth", rows, as_json=asked.json)


if __name__ == "__main__":
    main()
