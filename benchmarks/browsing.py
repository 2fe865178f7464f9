"""Pages in a real browser against a running copy: first paint, bytes of the first load, layout shift.

    python -m benchmarks.browsing http://localhost:8700 COOKIE     (of somebody who is signed in)

Each page is loaded `ROUNDS` times in a cold context; medians beside the goals. Loopback only.
"""

import statistics
import sys
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = "/usr/bin/chromium-headless-shell"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PAGES = ("/", "/connections/", "/services/", "/runs/", "/log/", "/people/", "/audit/", "/system/")
ROUNDS = 5
PAINT_MS, KILOBYTES, SHIFT = 300, 250, 0.0  # the goals
WATCH = """
window.shift = 0;
new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shift += entry.value; })
  .observe({ type: "layout-shift", buffered: true });
"""
READ = """() => ({
  paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
  server: performance.getEntriesByType("navigation")[0].responseStart,
  shift: window.shift,
})"""


@dataclass(frozen=True)
class Figures:
    """One page: milliseconds to first byte and first paint, kilobytes on the wire, layout shift."""

    server: float
    paint: float
    kilobytes: float
    shift: float


def main(address: str, cookie: str) -> int:
    """Print the table; return 1 when a goal is missed."""
    if urlsplit(address).hostname not in ("localhost", "127.0.0.1"):
        raise SystemExit("Only a copy on this machine is measured.")
    missed = 0
    print(f"{'page':<16}{'first byte':>12}{'first paint':>13}{'first load':>12}{'shift':>8}")
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for path in PAGES:
            rounds = [_load(browser, address, path, cookie) for _ in range(ROUNDS)]
            one = Figures(*(statistics.median(values) for values in zip(*map(_values, rounds), strict=True)))
            bad = one.paint > PAINT_MS or one.kilobytes > KILOBYTES or one.shift > SHIFT
            missed += bad
            print(
                f"{path:<16}{one.server:>9.0f} ms{one.paint:>10.0f} ms{one.kilobytes:>9.0f} KB"
                f"{one.shift:>8.3f}{'  missed' if bad else ''}"
            )
        browser.close()
    print(f"goals: paint ≤ {PAINT_MS} ms, first load ≤ {KILOBYTES} KB compressed, no layout shift")
    return int(missed > 0)


def _values(one: Figures) -> tuple[float, ...]:
    return one.server, one.paint, one.kilobytes, one.shift


def _load(browser: Browser, address: str, path: str, cookie: str) -> Figures:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": "sid", "value": cookie, "url": address}])
    page = context.new_page()
    page.add_init_script(WATCH)
    received = 0
    session = context.new_cdp_session(page)
    session.send("Network.enable")

    def count(event: dict[str, float]) -> None:
        nonlocal received
        received += int(event["encodedDataLength"])

    session.on("Network.loadingFinished", count)
    page.goto(address + path, wait_until="load")
    page.wait_for_timeout(300)
    read = page.evaluate(READ)
    context.close()
    return Figures(read["server"], read["paint"], received / 1000, read["shift"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
