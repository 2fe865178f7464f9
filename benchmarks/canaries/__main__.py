"""`python -m benchmarks.canaries`: plant, use, search, and print one table; exit 1 when a secret was found."""

import sys
from dataclasses import dataclass

from benchmarks.canaries import planting, sinks
from benchmarks.canaries.echo import Echo
from benchmarks.canaries.planting import Plot
from benchmarks.canaries.spellings import hits, spellings
from benchmarks.canaries.visitor import Visitor
from benchmarks.house import ROOT, House


@dataclass(frozen=True, slots=True)
class Row:
    """One sink: how much was read, whether the control was seen in it, what was found that must not be there."""

    sink: str
    size: int
    sees: bool
    found: tuple[tuple[str, str], ...]


def search() -> tuple[dict[str, str], list[Row]]:
    """Do it all on a copy of its own; return the secrets planted and a row for each sink."""
    plot, home = Plot(), ROOT / "canaries"
    house = House(home, **plot.environment(home))
    with Echo() as service, house, Visitor(house.url) as admin:
        monitor = sinks.Monitor(home)
        sinks.log_every_statement(home)
        visitors = planting.come_in(house, plot, admin)
        ids = planting.connect(house, plot, admin, service)
        planting.protect(plot, admin)
        planting.use(house, plot, admin, ids)
        rows = [
            _row(name, read(), plot) for name, read in sinks.sinks(house, plot, visitors, monitor).items()
        ]
    return plot.canaries, rows


def _row(name: str, content: bytes, plot: Plot) -> Row:
    return Row(name, len(content), plot.control.encode() in content, tuple(hits(content, plot.canaries)))


def main() -> int:
    """Print the table."""
    canaries, rows = search()
    count = len(spellings("x"))
    print(f"{len(canaries)} secrets in {count} spellings, searched in {len(rows)} sinks")
    for row in rows:
        seen = "control seen" if row.sees else "no control"
        print(
            f"{row.sink:<34} {row.size:>12,} bytes  {seen:<13} {len(row.found)} found {sorted(set(row.found)) or ''}"
        )
    return 1 if any(row.found for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
