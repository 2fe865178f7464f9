"""Someone at a browser: fills a form, sends it, waits for the end, and looks at what the page shows."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from benchmarks.accessibility import axe

PATIENCE = 60_000  # milliseconds
KIND = "light-wide"  # as the sheets of pictures call them
ENDS = re.compile("^(Succeeded|Failed|Unknown|Cancelled)$")
# What an answer looks like when it is seen: a table of fields, a list, a player, a picture, a plot, or words.
SHOWN = {
    "text": "#run pre",
    "fields": "#run table tbody tr",
    "picture": "#run img",
    "player": "#run audio",
    "plot": "#run svg.plot, #run svg[role=img]",
    "download": "#run a[download], #run a[href*='/files/']",
}


@dataclass
class Visit:
    """What became of one form."""

    name: str
    state: str = ""
    status: str = ""
    shown: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    console: list[str] = field(default_factory=list)
    axe: list[str] = field(default_factory=list)
    picture: Path | None = None

    @property
    def good(self) -> bool:
        """Whether it succeeded, the answer is to be seen, the console kept quiet, and axe found nothing."""
        return self.state == "Succeeded" and any(self.shown.values()) and not self.console + self.axe


class Visitor:
    """One page of a signed-in browser."""

    def __init__(self, page: Page, files: Path, pictures: Path) -> None:
        """Take the page, the folder of what is handed in, and the folder of what is photographed."""
        self.page, self.files, self.pictures = page, files, pictures
        self.said: list[str] = []
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))

    def visit(self, name: str, form: str, values: Mapping[str, Any]) -> Visit:
        """Run one form from the first box to the answer, and take its picture."""
        began, seen = time.perf_counter(), Visit(name)
        self.said.clear()
        self.page.goto(form)
        seen.axe = axe.once(self.page)
        self._fill(values)
        self._send()
        expect(self.page.get_by_text(ENDS).first).to_be_visible(timeout=PATIENCE)
        seen.seconds = time.perf_counter() - began
        seen.state = self.page.get_by_text(ENDS).first.inner_text().strip()
        seen.shown = {kind: self.page.locator(what).count() for kind, what in SHOWN.items()}
        seen.picture = self.pictures / f"{name}-{KIND}.png"
        self.page.screenshot(path=seen.picture)
        seen.axe += axe.once(self.page)
        seen.console = list(self.said)
        return seen

    def _fill(self, values: Mapping[str, Any]) -> None:
        self.page.evaluate("document.querySelectorAll('#ask details').forEach(one => one.open = true)")
        for name, value in values.items():
            self._put(self.page.locator(f"#ask [name='{name}']").first, value)

    def _put(self, box: Locator, value: Any) -> None:
        kind = box.evaluate("box => box.type")
        if kind == "file":
            names = value if isinstance(value, list) else [value]
            box.set_input_files([str(self.files / name) for name in names])
        elif kind.startswith("select"):
            box.select_option(value)
        else:
            box.fill(str(value))

    def _send(self) -> None:
        """Press Run; where the operation deletes or cancels, the page asks first."""
        self.page.locator("#ask [name=intent][value=run]").click()
        self.page.wait_for_load_state()
        confirm = self.page.locator("#ask [name=confirmed]")
        if confirm.count():
            confirm.click()
        self.page.wait_for_url(re.compile(r"/runs/run_\w+/"), timeout=PATIENCE)
