"""What a newcomer does, in a real Chromium against the real site, worker, database and practice service."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from people import invitations

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
PASSWORD = "a long enough password"


@pytest.fixture
def silent(context) -> Iterator[list[str]]:
    """Every console message, error and CSP violation of every page that a journey opens; there must be
    none."""
    heard: list[str] = []

    def listen(opened: Page) -> None:
        opened.on("console", lambda message: heard.append(_words(message)))
        opened.on("pageerror", lambda error: heard.append(str(error)))

    context.on("page", listen)
    yield heard
    assert heard == []


def _words(message: ConsoleMessage) -> str:
    return f"{message.type}: {message.text} ({message.location.get('url')})"


def set_up(page: Page, site: str) -> None:
    """Open the one-time link and become the first admin."""
    link = invitations.first_link()
    assert link
    page.goto(site + "/welcome/" + link.rstrip("/").rpartition("/")[2] + "/")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def practise(page: Page, site: str) -> None:
    """Connect the practice service in one click and land on its page."""
    page.goto(site + "/connections/")
    page.get_by_role("button", name="Practice").first.click()
    expect(page.get_by_role("heading", name="Practice")).to_be_visible()


@pytest.fixture
def started(silent, context, live_site, worker) -> Callable[[], Page]:
    """Return a starter: a page of a newcomer who has set up the first account and connected Practice."""

    def start() -> Page:
        page = context.new_page()
        set_up(page, live_site)
        practise(page, live_site)
        return page

    return start


def test_a_newcomer_sets_up_connects_runs_and_sees_a_webhook_arrive(started, context, live_site):
    page = started()
    connection = page.url

    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("It works")).to_be_visible()

    page.goto(live_site + "/services/chatgpt-v1/responses.create/")
    page.get_by_label("Model").fill("gpt-6-luna")
    page.get_by_label("Input", exact=True).fill('Say "hello" and {{nothing}} else')
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/runs/run_\w+/$"))
    expect(page.get_by_text("Succeeded").first).to_be_visible()  # it comes in by itself, without a reload
    expect(page.get_by_text("practice answer").first).to_be_visible()

    log = context.new_page()
    log.goto(live_site + "/log/")
    expect(log.get_by_text("Live", exact=True)).to_be_visible()
    page.goto(connection + "?tab=webhook")
    page.get_by_role("button", name="Send a test event").click()
    row = log.locator("#rows tr").first
    expect(row).to_contain_text("Practice")
    row.get_by_role("link").first.click()
    expect(log.get_by_role("link", name="Verification")).to_be_visible()


def test_a_refused_delivery_appears_on_the_open_log_with_its_cause(started, context, live_site):
    page = started()
    log = context.new_page()
    log.goto(live_site + "/log/")
    expect(log.get_by_text("Live", exact=True)).to_be_visible()
    page.goto(page.url + "?tab=webhook")
    page.get_by_text("Other tests").click()
    page.get_by_role("button", name="Changed after signing").click()
    row = log.locator("#rows tr").first
    expect(row).to_contain_text("Refused")
    row.get_by_role("link").first.click()
    expect(log.get_by_role("heading", level=1)).to_contain_text("signature", ignore_case=True)
