"""A page through axe (WCAG 2.2 AA): light and dark, wide, at 200 % zoom and on a phone, also unfolded."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

SCHEMES = ("light", "dark")
WIDTHS = {"wide": 1280, "200 %": 640, "phone": 390}  # 1280 pixels at twice the size are 640
FEW = (("light", "wide"), ("dark", "phone"))  # enough for what is only unfolded
SOURCE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RUN = Path(__file__).with_suffix(".js").read_text()
UNFOLD = """() => {
  const folded = [...document.querySelectorAll("details:not([open])")];
  for (const one of folded) one.open = true;
  return folded.length;
}"""
DIALOGS = "() => [...document.querySelectorAll('dialog:not([open])')].map((one) => one.id)"
SHOW = "(id) => document.getElementById(id).showModal()"
CLOSE = "(id) => document.getElementById(id).close()"


def once(page: Page) -> list[str]:
    """Return what axe finds on a page as it stands."""
    page.evaluate(SOURCE)
    return list(page.evaluate(RUN))


class Examiner:
    """Looks at one place after another; a dialog, which many pages have, is looked at once."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._dialogs, self.looks = {""}, 0

    def look(self, page: Page) -> Iterator[tuple[str, str]]:
        """Yield each finding of the page as it stands, and the theme, width and state it was found in."""
        page.evaluate(SOURCE)
        for scheme, size in product(SCHEMES, WIDTHS):
            yield from self._variant(page, scheme, size, "")
        if page.evaluate(UNFOLD):
            for scheme, size in FEW:
                yield from self._variant(page, scheme, size, ", unfolded")
        for name in page.evaluate(DIALOGS):
            if name not in self._dialogs:
                yield from self._dialog(page, name)

    def _dialog(self, page: Page, name: str) -> Iterator[tuple[str, str]]:
        self._dialogs.add(name)
        page.evaluate(SHOW, name)
        for scheme, size in FEW:
            yield from self._variant(page, scheme, size, f", dialog {name}")
        page.evaluate(CLOSE, name)

    def _variant(self, page: Page, scheme: str, size: str, state: str) -> Iterator[tuple[str, str]]:
        width = WIDTHS[size]
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 900})
        self.looks += 1
        for finding in page.evaluate(RUN):
            yield finding, f"{scheme} {size}{state}"
        if (seen := page.evaluate("document.documentElement.scrollWidth")) > width:
            yield f"it is {seen} wide", f"{scheme} {size}{state}"
