"""A page by keyboard alone: Tab reaches all that can be used, each stop can be seen, and the way ends."""

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

MOST = 400  # stops; a page with more has a trap
WALK = Path(__file__).with_suffix(".js").read_text()


def walk(page: Page) -> Iterator[tuple[str, str]]:
    """Press Tab through the whole page and yield what a hand on the keys would miss."""
    page.evaluate(WALK)
    page.evaluate("walk.begin()")
    for _ in range(MOST):
        page.keyboard.press("Tab")
        if not page.evaluate("walk.stop()"):
            break
    else:
        yield "Tab never comes to an end", ""
    yield from ((finding, "") for finding in page.evaluate("walk.told()"))
