"""What a page costs whoever looks at it, with a long history behind it, in one table: milliseconds of the
server, statements, first paint, bytes of the first load, and what moves when live rows arrive.

    python -m benchmarks.browsing [--events 1000000] [--runs 1000000]

Each page is loaded in a cold context of Chromium, rounds take turns; medians beside the goals. Loopback only.
"""

import http.client
import os
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields

from django.conf import settings
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import deliveries, frame, house, pages, seed
from benchmarks.screenshots import CHROMIUM, FLAGS

SERVER_MS, QUERIES, PAINT_MS, KILOBYTES, SHIFT = 150, 12, 300, 250, 0.0  # the goals, in the table's order
ARRIVING = 5  # deliveries while a page is looked at
WATCH = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
PAINT = """() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0"""
TITLES = ("page", "server", "queries", "first paint", "first load", "shift", "shift, live rows", "")


@dataclass(frozen=True)
class Figures:
    """One page: server and first paint in ms, statements, kilobytes, layout shift at rest and under news."""

    server: float
    queries: float
    paint: float
    kilobytes: float
    shift: float
    live: float

    def verdict(self) -> str:
        """Name the goals that are missed."""
        goals = (SERVER_MS, QUERIES, PAINT_MS, KILOBYTES, SHIFT, SHIFT)
        pairs = zip(fields(self), goals, strict=True)
        return ", ".join(one.name for one, most in pairs if getattr(self, one.name) > most)

    def line(self, name: str) -> str:
        """Return the page's line of the table."""
        told = (
            f"{self.server:.0f} ms",
            f"{self.queries:.0f}",
            f"{self.paint:.0f} ms",
            f"{self.kilobytes:.0f} KB",
            f"{self.shift:.5f}",
            f"{self.live:.5f}",
        )
        missed = self.verdict()
        return _columns((name, *told, f"missed: {missed}" if missed else "reached"))


class Visit:
    """Cold looks at the pages of one copy, by somebody who is signed in."""

    def __init__(self, browser: Browser, copy: house.House, cookie: str, sender: deliveries.Sender) -> None:
        """Take the browser, the running copy, the session's cookie, and who sends the live rows."""
        self._browser, self._copy, self._cookie, self._sender = browser, copy, cookie, sender
        self._number = 0

    def look(self, url: str) -> tuple[float, float, float, float]:
        """Return first paint, kilobytes, shift at rest, and shift while deliveries come in."""
        context = self._browser.new_context(viewport={"width": 1280, "height": 900})
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": self._cookie, "url": self._copy.url}
        context.add_cookies([cookie])
        page = context.new_page()
        page.add_init_script(WATCH)
        received = _received(page)
        page.goto(self._copy.url + url, wait_until="load")
        page.wait_for_timeout(400)
        paint, rest = page.evaluate(PAINT), page.evaluate("window.shift")
        self._deliver()
        page.wait_for_timeout(600)
        live = page.evaluate("window.shift") - rest
        context.close()
        return paint, sum(received) / 1000, rest, live

    def _deliver(self) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self._copy.port)
        line.connect()
        for _ in range(ARRIVING):
            self._number += 1
            at = int(time.time())
            said = deliveries.body(self._number, at)
            line.sock.sendall(self._sender.request(f"look_{at}_{self._number}", said, at))
            answer = http.client.HTTPResponse(line.sock)
            answer.begin()
            answer.read()
            assert answer.status == 200, answer.status
        line.close()


def _received(page: Page) -> list[int]:
    """Return a list that grows by the bytes of each response as it came over the wire."""
    sizes: list[int] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    return sizes


def measure(copy: house.House, rounds: int) -> Iterator[tuple[str, Figures]]:
    """Look at every page in turns and yield its name and medians."""
    client = pages.signed_in()
    visitor, shown = pages.Visitor(copy.port, client), pages.addresses()
    sender = deliveries.Sender.of(f"Live rows {os.getpid()}")
    with sync_playwright() as tools:  # in its event loop Django asks the database nothing
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        visit = Visit(browser, copy, client.cookies[settings.SESSION_COOKIE_NAME].value, sender)
        seen: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in shown}
        for number in range(rounds + 1):
            for name, url in shown.items():
                looked = visit.look(url)
                if number:  # one round warms up
                    seen[name].append(looked)
        browser.close()
    for name, url in shown.items():
        looks = [statistics.median(values) for values in zip(*seen[name], strict=True)]
        yield name, Figures(visitor.milliseconds(url), pages.count_queries(client, url), *looks)


def _columns(cells: tuple[str, ...]) -> str:
    widths = (24, 9, 9, 13, 12, 10, 18, 0)
    return (
        "".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(cells[:-1], widths[:-1], strict=True))
        )
        + f"  {cells[-1]}"
    )


def main() -> int:
    """Print the table; return 1 when a goal is missed."""
    asked = frame.options(__doc__ or "", events=1_000_000, runs=1_000_000)
    home = seed.store(asked.events, asked.runs)
    missed = 0
    with house.House(home) as copy:
        copy.settle()
        print(
            f"\nPages with {asked.events:,} events and {asked.runs:,} runs behind them\n{frame.machine()}\n"
        )
        print(_columns(TITLES))
        for name, found in measure(copy, asked.rounds):
            missed += bool(found.verdict())
            print(found.line(name), flush=True)
    print(
        f"goals: server ≤ {SERVER_MS} ms, ≤ {QUERIES} queries, first paint ≤ {PAINT_MS} ms, "
        f"first load ≤ {KILOBYTES} KB compressed, no layout shift"
    )
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
