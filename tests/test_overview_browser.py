"""The pages of people, audit and overview in a real browser: no console message, no accessibility finding."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from connections.models import Connection
from people import invitations

pytestmark = pytest.mark.browser
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
PATHS = [
    "/",
    "/people/",
    "/people/invite/",
    "/audit/",
    "/system/",
    "/search/?q=batch",
    "/account/",
    "/account/tokens/",
    "/account/two-factor/",
    "/account/two-factor/totp/activate/",
    "/account/sessions/",
    "/api/",
    "/help/",
    "/help/read-the-log/",
    "/help/run-from-scripts/",
]


@pytest.fixture
def told(page) -> list[str]:
    """What the browser's console says while the test runs."""
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    return said


def findings(page) -> list[tuple[str, str]]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [(one["id"], node["html"][:200]) for one in found for node in one["nodes"]]


@pytest.fixture
def connection(transactional_db) -> Connection:
    return Connection.objects.create(name="Main", service="chatgpt-v1", practice=True)


@pytest.mark.parametrize("mode", [("light", 1280), ("dark", 390)], ids=["light-1280", "dark-390"])
def test_every_page_is_quiet_accessible_and_fits(
    signed_in_page, live_site, admin, connection, told, mode
) -> None:
    scheme, width = mode
    page = signed_in_page(admin)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    for path in PATHS:
        page.goto(live_site + path)
        assert findings(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert told == []


def test_the_first_person_comes_in_by_the_link_and_signs_out(page, live_site, transactional_db, told) -> None:
    link = invitations.first_link()
    page.goto(live_site + "/welcome/" + link.rsplit("/welcome/", 1)[1])
    assert findings(page) == []
    page.fill("[name=username]", "ada")
    page.fill("[name=password]", "correct horse battery")
    page.fill("[name=repeat]", "correct horse battery")
    page.click("text=Go on")
    page.wait_for_selector("text=Your first five minutes")
    page.click("text=Sign out")
    page.wait_for_selector("text=Sign in with a passkey")
    assert findings(page) == []
    assert told == []


def test_the_palette_leads_anywhere_by_keyboard_alone(
    signed_in_page, live_site, viewer, connection, told
) -> None:
    page = signed_in_page(viewer)
    page.goto(live_site)
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette[open]")
    page.keyboard.type("main")
    page.wait_for_selector("#palette a:has-text('Main')")
    assert findings(page) == []
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{connection.get_absolute_url()}")
    page.keyboard.press("?")
    page.wait_for_selector("#keys[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#keys", state="hidden")
    assert told == []


def test_a_copy_button_says_whether_it_copied(signed_in_page, live_site, viewer, connection) -> None:
    page = signed_in_page(viewer)
    page.goto(f"{live_site}{connection.get_absolute_url()}?tab=webhook")
    for does, said in [("resolve", "Copied."), ("reject", "Nothing was copied: the browser does not allow")]:
        page.evaluate(f"() => {{ navigator.clipboard.writeText = () => Promise.{does}(); }}")
        page.locator("[data-copy]").first.click()
        page.wait_for_selector(f"#toasts :text('{said}')")


def test_light_and_dark_are_kept(signed_in_page, live_site, viewer) -> None:
    page = signed_in_page(viewer)
    page.emulate_media(color_scheme="light")
    page.goto(live_site)
    page.click("[data-theme-switch]")
    page.reload()
    assert page.get_attribute("html", "data-bs-theme") == "dark"


def test_the_menu_opens_on_a_phone_without_any_script(
    browser, live_site, viewer, client_of, settings
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    cookie = client_of(viewer).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_site}])
    page = context.new_page()
    page.goto(live_site)
    assert not page.is_visible("nav >> text=People")
    page.click("label.navbar-toggler")
    page.click("nav >> text=People")
    assert page.url == f"{live_site}/people/"
    context.close()
