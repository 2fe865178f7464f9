"""A page whose scripts never came: it has its words, and nothing on it pretends to do what it cannot."""

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

LOOK = Path(__file__).with_suffix(".js").read_text()


def look(page: Page) -> Iterator[tuple[str, str]]:
    """Yield what does not work on a page that was loaded with scripts off."""
    yield from ((finding, "") for finding in page.evaluate(LOOK))
