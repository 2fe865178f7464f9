"""`python -m benchmarks.canaries`: plant, use, search, print one table; exit 1 unless every sink is clean."""

import json
import sys
from dataclasses import asdict, dataclass

from benchmarks.canaries import planting, sinks
from benchmarks.canaries.echo import Echo
from benchmarks.canaries.planting import Plot
from benchmarks.canaries.spellings import hits, spellings
from benchmarks.canaries.visitor import Visitor
from benchmarks.house import ROOT, House

# What must stand in a sink that the control, a name that people gave, does not reach: it proves the reading.
MARKS = {
    "sessions and cache": b"_auth_user_id",
    "Valkey: kept and on disk": b"_kombu",
    "Celery messages (MONITOR)": b"LPUSH",
    "web log at DEBUG": b"request_started",
    "worker, beat and practice log at DEBUG": b"execute_run",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One sink: how much was read, whether what must stand there was seen, and what must not was found."""

    sink: str
    size: int
    sees: bool
    found: tuple[tuple[str, str], ...]


def search() -> tuple[Plot, list[Row]]:
    """Do it all on a copy of its own; return what was planted and a row for each sink."""
    plot, home = Plot(), ROOT / "canaries"
    house = House(home, **plot.environment(home))
    with Echo() as service, house, Visitor(house.url) as admin:
        monitor = sinks.Monitor(home)
        sinks.log_every_statement(home)
        visitors = planting.come_in(house, plot, admin)
        ids = planting.connect(house, plot, admin, service)
        planting.protect(plot, admin)
        planting.use(house, plot, admin, ids)
        places = sinks.sinks(house, plot, visitors, monitor)
        return plot, [_row(name, read(), plot) for name, read in places.items()]


def _row(name: str, content: bytes, plot: Plot) -> Row:
    mark = MARKS.get(name, plot.control.encode())
    return Row(name, len(content), mark in content, tuple(sorted(hits(content, plot.canaries))))


def main() -> int:
    """Print the table, or with --json one object."""
    plot, rows = search()
    if "--json" in sys.argv:
        print(json.dumps({"planted": sorted(plot.canaries), "sinks": [asdict(row) for row in rows]}))
    else:
        print(f"{len(plot.canaries)} secrets, {len(spellings('x'))} spellings, {len(rows)} sinks")
        for row in rows:
            seen = "read" if row.sees else "NOT READ"
            print(f"{row.sink:<34} {row.size:>12,} bytes  {seen:<9} {len(row.found)} found {row.found or ''}")
    return 0 if all(row.sees and not row.found for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
