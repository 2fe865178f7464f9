"""The live log in a real browser: pause, the pill, two pages at once, and a server that restarts under it."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from config import processes
from tests.conftest import _uvicorn
from tests.doors import Sender, body
from tests.test_overview_browser import findings

expect.set_options(timeout=20_000)  # ms: the first page of a fresh server on a busy machine
pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def deliver(site: str, sender: Sender, object_id: str) -> None:
    said = body(data={"id": object_id})
    answer = httpx.post(site + sender.path, content=said, headers=list(sender.headers(said)), timeout=30)
    assert answer.status_code == 200


def opened(page: Page, site: str) -> Page:
    page.goto(site + "/log/")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    return page


def test_pages_pause_hold_and_let_go(signed_in_page, context, live_site, operator):
    sender = Sender.of()
    one = opened(signed_in_page(operator), live_site)
    two = opened(context.new_page(), live_site)
    deliver(live_site, sender, "batch_first")
    for page in (one, two):
        expect(page.locator("#rows tr")).to_have_count(1)
    one.get_by_role("button", name="Pause").click()
    expect(one.locator("#log-state")).to_have_text("Paused")
    deliver(live_site, sender, "batch_second")
    deliver(live_site, sender, "batch_third")
    expect(two.locator("#rows tr")).to_have_count(3)
    expect(one.locator("#rows tr")).to_have_count(1)
    expect(one.locator("#log-pill")).to_have_text("2 new")
    one.locator("#log-pill").click()
    expect(one.locator("#rows tr")).to_have_count(3)
    expect(one.locator("#rows tr").first).to_contain_text("batch_third")
    assert findings(one) == []


HIDDEN = """hidden => {
    Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
    document.dispatchEvent(new Event('visibilitychange'));
}"""


def test_a_log_that_nobody_looks_at_holds_no_line_and_catches_up(signed_in_page, live_site, operator):
    sender, page = Sender.of(), opened(signed_in_page(operator), live_site)
    deliver(live_site, sender, "batch_seen")
    expect(page.locator("#rows tr")).to_have_count(1)
    with page.expect_event("requestfailed", lambda request: "topic=log" in request.url):
        page.evaluate(HIDDEN, arg=True)
    deliver(live_site, sender, "batch_unseen")
    page.evaluate(HIDDEN, arg=False)
    expect(page.locator("#rows tr")).to_have_count(2)
    expect(page.locator("#rows tr").first).to_contain_text("batch_unseen")


def test_who_reads_further_down_is_not_moved(signed_in_page, live_site, operator):
    sender = Sender.of()
    for number in range(40):
        deliver(live_site, sender, f"batch_{number}")
    page = opened(signed_in_page(operator), live_site)
    page.mouse.wheel(0, 900)
    page.wait_for_function("window.scrollY > 200")
    deliver(live_site, sender, "batch_new")
    expect(page.locator("#log-pill")).to_have_text("1 new")
    expect(page.get_by_text("batch_new")).to_have_count(0)
    page.locator("#log-pill").click()
    expect(page.locator("#rows tr").first).to_contain_text("batch_new")


@pytest.fixture
def server(free_port, product_environment, tmp_path):
    """Return a starter of one more web process, always on the same port."""
    port, started = free_port(), []

    def start():
        started.append(
            _uvicorn("config.asgi:application", port, tmp_path / f"{len(started)}", product_environment)
        )
        return started[-1]

    start.site = f"http://127.0.0.1:{port}"
    yield start
    for process in started:
        processes.stop(process)


def test_a_restart_of_the_server_loses_nothing_and_doubles_nothing(
    signed_in_page, live_site, operator, server
):
    sender, page = Sender.of(), signed_in_page(operator)
    first = server()
    opened(page, server.site)
    deliver(server.site, sender, "batch_before")
    expect(page.locator("#rows tr")).to_have_count(1)
    processes.stop(first)
    expect(page.locator("#log-state")).to_contain_text("Not connected")
    deliver(live_site, sender, "batch_meanwhile")
    server()
    expect(page.locator("#log-state")).to_have_text("Live")
    expect(page.locator("#rows tr")).to_have_count(2)
    deliver(server.site, sender, "batch_after")
    expect(page.locator("#rows tr")).to_have_count(3)
    objects = page.locator("#rows .log-object")
    assert objects.all_inner_texts() == ["batch_after", "batch_meanwhile", "batch_before"]
