"""Every page and state through axe (WCAG 2.2 AA): light and dark, wide, at 200 % zoom and on a phone.

    python -m benchmarks.accessibility

A copy is brought up, filled as for the pictures, and thrown away. Motion is reduced in all of it; a page
that is wider than its window is a finding, too. Returns 1 when there is any.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import product

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.screenshots import CHROMIUM, FLAGS, camera, copy, stage

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
SCHEMES = ("light", "dark")
WIDTHS = {"wide": 1280, "200 %": 640, "phone": 390}  # 1280 pixels at twice the size are 640
Act = Callable[[Page], object]
# States that an address alone does not show: the page, and what is done there first.
STATES: Mapping[str, tuple[str, Act]] = {
    "palette": ("/", lambda page: page.keyboard.press("Control+k")),
    "keys": ("/runs/", lambda page: page.keyboard.press("?")),
    "form with errors": (
        "/services/chatgpt-v1/responses.create/",
        lambda page: page.get_by_role("button", name="Run", exact=True).click(),
    ),
    "preview": (
        "/services/chatgpt-v1/models.list/",
        lambda page: page.get_by_role("button", name="Preview", exact=True).click(),
    ),
    "confirmation": ("/log/?kind=events", lambda page: page.evaluate(OPEN_DIALOG)),
    "menu": ("/log/", lambda page: page.locator("summary").first.click()),
    "toast": ("/runs/", lambda page: _copied(page)),
}
OPEN_DIALOG = "() => document.querySelector('dialog.confirm:not(#keys, #palette)')?.showModal()"
MORE = {
    "nothing matches: runs": "/runs/?state=unknown",
    "nothing matches: log": "/log/?kind=events&type=nothing.here",
    "wrong filter": "/runs/?since=never",
    "not found": "/nothing-here/",
    "new connection": "/connections/new/chatgpt-v1/",
    "invite": "/people/invite/",
    "second factor": "/account/two-factor/",
    "sessions": "/account/sessions/",
    "files": "/services/chatgpt-v1/files.create/",
    "pictures": "/actions/chatgpt-v1/analyze_images/",
    "export": "/runs/export/",
    "help": "/help/",
}
STRANGERS = {"sign in": "/sign-in/", "used link": "/welcome/nothing-of-the-kind/"}
TABS = {
    "run": ("answer", "request", "attempts"),
    "connection": ("credentials", "webhook", "access"),
    "event": ("payload", "raw", "headers", "verification", "timeline", "notes"),
    "refused": ("verification", "payload", "raw", "headers", "notes"),
    "endpoint": ("missing", "silence", "keeping", "tests"),
}


def main() -> int:
    """Print what was found and how much was looked at."""
    found: list[str] = []
    looked = 0
    with sync_playwright() as tools, copy.running() as house:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        signed_in = browser.new_context(viewport={"width": 1280, "height": 800})
        shown = _addresses(house.url, stage.play(signed_in.new_page(), house))
        for scheme, (size, width) in product(SCHEMES, WIDTHS.items()):
            for name, findings in _look(browser, signed_in, house.url, shown, scheme, width):
                looked += 1
                found += [f"{name}, {scheme}, {size}: {finding}" for finding in findings]
        browser.close()
    print("\n".join(found))
    kinds = len(SCHEMES) * len(WIDTHS)
    print(
        f"{looked // kinds} pages and states × {kinds} (themes × widths) = {looked} looked at, "
        f"{len(found)} findings"
    )
    return int(bool(found))


def _addresses(url: str, scene: stage.Scene) -> dict[str, str]:
    plain = dict(camera.pages(url, scene))
    tabs = {f"{name}, {tab}": f"{plain[name]}?tab={tab}" for name, kept in TABS.items() for tab in kept}
    return plain | tabs | {name: url + path for name, path in MORE.items()}


def _look(
    browser: Browser, signed_in: BrowserContext, url: str, shown: Mapping[str, str], scheme: str, width: int
) -> Iterator[tuple[str, list[str]]]:
    kept = signed_in.storage_state()
    own = {"color_scheme": scheme, "reduced_motion": "reduce", "viewport": {"width": width, "height": 900}}
    context = browser.new_context(storage_state=kept, **own)  # type: ignore[arg-type]
    page = context.new_page()
    for name, address in shown.items():
        page.goto(address)
        yield name, _findings(page, width)
    for name, (path, act) in STATES.items():
        page.goto(url + path)
        act(page)
        page.wait_for_timeout(300)
        yield name, _findings(page, width)
    context.close()
    stranger = browser.new_context(**own)  # type: ignore[arg-type]
    page = stranger.new_page()
    for name, path in STRANGERS.items():
        page.goto(url + path)
        yield name, _findings(page, width)
    stranger.close()


def _copied(page: Page) -> None:
    """Copy the id of the newest run, which a toast confirms."""
    page.locator("a[href^='/runs/run_']").first.click()
    page.locator("[data-copy]").first.click()


def _findings(page: Page, width: int) -> list[str]:
    page.wait_for_timeout(100)
    found = Axe().run(page, options=RULES).response["violations"]
    told = [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]
    if (seen := page.evaluate("document.documentElement.scrollWidth")) > width:
        told.append(f"it is {seen} wide at {width}")
    return told


if __name__ == "__main__":
    sys.exit(main())
