"""Look at everything, print what was found and how much was looked at; 1 when there is a finding."""

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    ViewportSize,
    sync_playwright,
)
from playwright.sync_api import Error as PlaywrightError

from benchmarks.accessibility import axe, keyboard, places, plain
from benchmarks.accessibility.places import Place
from benchmarks.screenshots import CHROMIUM, FLAGS, copy, stage

Look = Callable[[Page], Iterable[tuple[str, str]]]
PARTS = ("axe", "keyboard", "plain", "german")
WIDE: ViewportSize = {"width": 1280, "height": 900}
CALM: dict[str, Any] = {"reduced_motion": "reduce", "viewport": WIDE, "permissions": ["clipboard-write"]}
GERMAN_WIDTHS = (1280, 390)


class Report:
    """What was found, where and in which variants; printed while it is made."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.found: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.seen: set[str] = set()
        self.places: Counter[str] = Counter()
        self.began = time.monotonic()

    def go(self, part: str, context: BrowserContext, shown: Iterable[Place], look: Look) -> None:
        """Open each place in one page of the context, look, listen to its console, and say how it goes."""
        page = context.new_page()
        page.on("console", lambda message: self._heard(message, page))
        page.on("pageerror", lambda error: self._add(f"console: {page.url}", str(error)))
        for place in shown:
            before = len(self.found)
            self.places[part] += 1
            try:
                page.set_viewport_size(WIDE)
                self.seen.add(place.open(page))
                for finding, variant in look(page):
                    self._add(f"{part}: {place.name}", finding, variant)
            except PlaywrightError as error:
                self._add(f"{part}: {place.name}", f"it could not be looked at: {error.message[:300]}")
            self._say(part, place.name, len(self.found) - before)
        page.close()

    def _say(self, part: str, name: str, findings: int) -> None:
        told = f"{findings} found" if findings else ""
        print(
            f"{time.monotonic() - self.began:4.0f} s  {part} {self.places[part]:3}  {name}  {told}",
            flush=True,
        )

    def _add(self, where: str, finding: str, variant: str = "") -> None:
        self.found[where, finding].append(variant)

    def _heard(self, message: ConsoleMessage, page: Page) -> None:
        """Keep what a console says, but for the status of a page that is asked for because it is refused."""
        if message.location.get("url") != page.url or "Failed to load resource" not in message.text:
            self._add(f"console: {page.url}", message.text)

    def lines(self) -> Iterator[str]:
        """Yield a line a finding."""
        for (where, finding), variants in self.found.items():
            told = f" ({'; '.join(dict.fromkeys(variants))})" if any(variants) else ""
            yield f"{where}: {finding}{told}"


def german(page: Page) -> Iterator[tuple[str, str]]:
    """Whether the longer words of the other language still fit."""
    for width in GERMAN_WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if (seen := page.evaluate("document.documentElement.scrollWidth")) > width:
            yield f"it is {seen} wide", f"at {width}"


def tour(browser: Browser, house: copy.Copy, parts: set[str], word: str) -> tuple[Report, int]:
    """Fill the house and go through it in every way that was asked for; return the report and axe's looks."""
    report, examiner = Report(), axe.Examiner()
    first = browser.new_context(**CALM)
    page = first.new_page()
    stage.come_in(page, house)
    if "axe" in parts and not word:
        report.go("axe", first, places.empty(house.url), examiner.look)
    scene = stage.fill(page, house)
    places.protect(page, house.url)
    shown = [place for place in places.everything(page, house.url, scene) if word in place.name]
    outside = [place for place in places.strangers(house.url) if word in place.name]
    ways: dict[str, tuple[Look, dict[str, Any]]] = {
        "axe": (examiner.look, {}),
        "keyboard": (keyboard.walk, {}),
        "plain": (plain.look, {"java_script_enabled": False}),
        "german": (german, {"locale": "de-DE"}),
    }
    for part, (look, own) in ways.items():
        if part in parts:
            for kept, those in ((first.storage_state(), shown), (None, outside)):
                context = browser.new_context(storage_state=kept, **CALM, **own)
                calm = [place for place in those if part == "axe" or not place.act]
                report.go(part, context, calm, look)
                context.close()
    return report, examiner.looks


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="one way of looking, not all")
    parser.add_argument("--page", default="", help="only pages with this word in their name")
    asked = parser.parse_args()
    parts = set(asked.only or PARTS)
    with sync_playwright() as tools, copy.running() as house:
        report, looks = tour(
            tools.chromium.launch(executable_path=CHROMIUM, args=FLAGS), house, parts, asked.page
        )
    missing = [] if asked.page or "axe" not in parts else places.unseen(report.seen)
    print("\n".join([*report.lines(), *(f"never looked at: {name}" for name in missing)]))
    counts = ", ".join(f"{part} {number}" for part, number in report.places.items())
    took = time.monotonic() - report.began
    print(f"places: {counts}; looks of axe: {looks}; findings: {len(report.found)}; {took:.0f} s")
    return int(bool(report.found or missing))


if __name__ == "__main__":
    sys.exit(main())
