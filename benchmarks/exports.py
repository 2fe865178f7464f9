"""The log as a file at a million events: its first byte, its rows a second, what it costs in memory.

python -m benchmarks.exports [--short] [--events 1000000]
"""

import time
from collections.abc import Iterator

import httpx
from django.conf import settings

from benchmarks import frame, house, pages, proc, seed
from benchmarks.frame import Goal, Row

ASKED = {
    "CSV": "format=csv",
    "JSON Lines": "format=jsonl",
    "CSV of one type": "format=csv&type=batch.failed",
    "CSV by a JSON path": "format=csv&path=data.metadata.team%3Dgranite",
    "CSV of a mark": "format=csv&mark=duplicate",
    "CSV of the refused": "format=csv&kind=refused",
}
LARGEST = 64  # MiB that the web process may grow by, whatever it sends


def measure(copy: house.House, seconds: float) -> Iterator[Row]:
    """Yield two lines for each export: its first byte, and its rate in the seconds after it."""
    cookie = pages.signed_in().cookies[settings.SESSION_COOKIE_NAME]
    with httpx.Client(base_url=copy.url, cookies={cookie.key: cookie.value}, timeout=60) as http:
        http.get("/log/")
        for name, query in ASKED.items():
            before = proc.resident(copy.web)
            first, rows, took = _read(http, f"/log/export/?{query}", seconds)
            grown = proc.resident(copy.web) - before
            note = f"{rows:,} rows in {took:.1f} s; the web process grew by {grown:.0f} MiB"
            yield Row.of(f"{name}: first byte", first, "ms", goal=Goal("≤", 500, "ms"))
            yield Row.of(f"{name}: rate", rows / took, "rows/s", note=note)
            assert grown < LARGEST, f"{name}: {note}"


def _read(http: httpx.Client, address: str, seconds: float) -> tuple[float, int, float]:
    """Return the milliseconds to the first byte, and how many lines came in how many seconds."""
    began, first, lines = time.perf_counter(), 0.0, 0
    with http.stream("GET", address) as answer:
        answer.raise_for_status()
        for piece in answer.iter_raw():
            first = first or (time.perf_counter() - began) * 1000
            lines += piece.count(b"\n")
            if time.perf_counter() - began > seconds:
                break
    return first, lines, time.perf_counter() - began


def main() -> None:
    """Run it."""
    asked = frame.options(__doc__ or "", events=1_000_000)
    with house.House(seed.store(asked.events, asked.events)) as copy:
        copy.hold_workers()
        rows = list(measure(copy, 5 if asked.short else 15))
        copy.release_workers()
    frame.report(f"Exports at {asked.events:,} events", rows, as_json=asked.json)


if __name__ == "__main__":
    main()
