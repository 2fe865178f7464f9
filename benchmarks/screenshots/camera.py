"""Taking the pictures: every page, light and dark, wide and narrow, and sheets that show them together."""

import html
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

from benchmarks.screenshots.stage import Scene

SCHEMES, WIDTHS = ("light", "dark"), {"wide": (1280, 800), "narrow": (390, 844)}
SHEET = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 24px; background: {ground}; font: 13px/1.4 system-ui, sans-serif; color: {ink}; }}
main {{ display: grid; grid-template-columns: repeat({columns}, 1fr); gap: 20px 16px; }}
figure {{ margin: 0; }} figcaption {{ padding-top: 4px; }}
img {{ display: block; width: 100%; border: 1px solid #8886; border-radius: 6px; }}
</style><main>{figures}</main>"""


def pages(url: str, scene: Scene) -> Mapping[str, str]:
    """Return the main pages, name -> address."""
    run = scene.run.rstrip("/").rpartition("/")[2]
    return {
        "overview": f"{url}/",
        "connections": f"{url}/connections/",
        "connection": scene.connection,
        "webhook": f"{scene.connection}?tab=webhook",
        "operations": f"{url}/services/chatgpt-v1/",
        "form": f"{url}/services/chatgpt-v1/responses.create/?again={run}",
        "actions": f"{url}/actions/",
        "action": f"{url}/actions/chatgpt-v1/analyze_text/",
        "runs": f"{url}/runs/",
        "run": scene.run,
        "request": f"{scene.run}?tab=request",
        "spending": f"{url}/spending/",
        "log": f"{url}/log/",
        "event": scene.event,
        "refused": scene.refused,
        "endpoint": scene.endpoint,
        "people": f"{url}/people/",
        "account": f"{url}/account/",
        "tokens": f"{url}/account/tokens/",
        "audit": f"{url}/audit/",
        "system": f"{url}/system/",
        "api": f"{url}/api/",
        "search": f"{url}/search/?q=batch",
        "help": f"{url}/help/why-was-it-refused/",
    }


def look(browser: Browser, signed_in: BrowserContext, shown: Mapping[str, str], folder: Path) -> list[str]:
    """Take every picture; return what a visitor would not like: messages of the console, pages too wide."""
    found: list[str] = []
    for scheme in SCHEMES:
        for size, (width, height) in WIDTHS.items():
            context = browser.new_context(
                storage_state=signed_in.storage_state(),
                color_scheme="dark" if scheme == "dark" else "light",
                reduced_motion="reduce",
                viewport={"width": width, "height": height},
            )
            page = context.new_page()
            page.on("console", lambda message, page=page: found.append(f"{page.url}: {message.text}"))
            for name, address in shown.items():
                _take(page, address, folder / f"{name}-{scheme}-{size}.png")
                if (seen := page.evaluate("document.documentElement.scrollWidth")) > width:
                    found.append(f"{name} is {seen} wide at {width}")
            context.close()
    return found


def _take(page: Page, address: str, file: Path) -> None:
    page.goto(address)
    page.wait_for_timeout(300)  # live dots and charts find their place
    page.screenshot(path=file)


def sheet(browser: Browser, names: list[str], kind: str, folder: Path, file: Path) -> None:
    """Write one picture with all pages of a kind, such as `dark-wide`, in a grid."""
    dark, narrow = kind.startswith("dark"), kind.endswith("narrow")
    figures = "".join(
        f'<figure><img src="{name}-{kind}.png" alt=""><figcaption>{html.escape(name)}</figcaption></figure>'
        for name in names
    )
    colours = {"ground": "#0b1220" if dark else "#e9edf2", "ink": "#cdd5df" if dark else "#333c48"}
    page = folder / f"{kind}.html"
    page.write_text(SHEET.format(columns=8 if narrow else 4, figures=figures, **colours))
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    view = context.new_page()
    view.goto(page.as_uri())
    view.wait_for_load_state("networkidle")
    view.screenshot(path=file, full_page=True)
    context.close()
