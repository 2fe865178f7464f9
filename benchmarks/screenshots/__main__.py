"""Bring up a copy, fill it, take the pictures, write docs/screenshots."""

import argparse
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.screenshots import CHROMIUM, FLAGS, camera, copy, stage

TARGET = copy.BASE / "docs" / "screenshots"
# The single pictures of README and docs; all the others stand on the sheets.
SINGLES = {
    "log": "log-light-wide",
    "overview": "overview-dark-wide",
    "form": "form-light-wide",
    "run": "run-light-wide",
    "refused": "refused-light-wide",
    "phone": "log-dark-narrow",
}
SHEETS = {"all-light": "light-wide", "all-dark": "dark-wide", "all-phone": "light-narrow"}
MOST = 4_000_000  # bytes of all pictures together


def main() -> None:
    """Run it; complain of pages wider than their window, of words on the console, of too large pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="a folder that keeps every single picture")
    kept: Path | None = parser.parse_args().keep
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = kept or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        found = {"executable_path": CHROMIUM} if Path(CHROMIUM).exists() else {}
        complaints = _pictures(playwright.chromium.launch(args=FLAGS, **found), folder)
    size = sum(file.stat().st_size for file in TARGET.glob("*.png"))
    print(f"{TARGET}: {len(list(TARGET.glob('*.png')))} pictures, {size / 1e6:.1f} MB")
    if size > MOST:
        complaints.append(f"The pictures have {size:,} bytes; {MOST:,} are enough.")
    if complaints:
        raise SystemExit("\n".join(complaints))


def _pictures(browser: Browser, folder: Path) -> list[str]:
    with copy.running() as house:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        shown = camera.pages(house.url, stage.play(context.new_page(), house))
        complaints = camera.look(browser, context, shown, folder)
    TARGET.mkdir(exist_ok=True)
    for name, source in SINGLES.items():
        shutil.copy(folder / f"{source}.png", TARGET / f"{name}.png")
    for name, kind in SHEETS.items():
        camera.sheet(browser, list(shown), kind, folder, TARGET / f"{name}.png")
    browser.close()
    return complaints


main()
