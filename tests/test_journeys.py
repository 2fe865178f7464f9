"""What a newcomer does, in a real Chromium against the real site, worker, database and practice service."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx
import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from overview import watching
from people import invitations
from tests.accounts import new_signing_secret
from tests.doors import Sender, body
from tests.test_overview_browser import findings
from webhooks import tasks
from webhooks.models import Dedupe, Event, Policy

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
    come_in(page, site, link, "ada")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def come_in(page: Page, site: str, link: str, name: str) -> None:
    """Open a one-time link and choose a name and a password."""
    page.goto(site + "/welcome/" + link.rstrip("/").rpartition("/")[2] + "/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


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
    assert findings(page) == []

    page.goto(live_site + "/services/chatgpt-v1/responses.create/")
    page.get_by_label("Model").fill("gpt-6-luna")
    page.get_by_label("Input", exact=True).fill('Say "hello" and {{nothing}} else')
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/runs/run_\w+/$"))
    expect(page.get_by_text("Succeeded").first).to_be_visible()  # it comes in by itself, without a reload
    expect(page.get_by_text("practice answer").first).to_be_visible()
    assert findings(page) == []

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
    assert findings(log) == []


def ask(page: Page, values: dict[str, str]) -> None:
    """Fill the form of an operation, run it, and wait for the answer."""
    for label, value in values.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url(re.compile(r"/runs/run_\w+/$"))
    expect(page.get_by_text("Succeeded").first).to_be_visible()


def keep_and_run(page: Page, form: str) -> None:
    """Keep the form's values as a preset, come back by it, and run it and a second one."""
    page.goto(form)
    page.get_by_label("Name of the preset").fill("Short")
    page.get_by_label("Model", exact=True).fill("text-embedding-3-small")
    page.get_by_label("Input", exact=True).fill("One sentence")
    page.get_by_role("button", name="Keep values").click()
    page.get_by_role("link", name="Short", exact=True).click()
    expect(page.get_by_label("Input", exact=True)).to_have_value("One sentence")
    ask(page, {})
    page.goto(form)
    ask(page, {"Model": "text-embedding-3-small", "Input": "Another sentence"})


def test_values_are_kept_runs_compared_exported_and_tagged_in_the_background(started, live_site):
    page = started()
    keep_and_run(page, live_site + "/services/chatgpt-v1/embeddings.create/")
    page.goto(live_site + "/runs/")
    for box in page.locator("#rows input[name=run]").all()[:2]:
        box.check()
    page.get_by_role("button", name="Compare two").click()
    expect(page.locator("tr.table-warning").filter(has_text="Another sentence").first).to_be_visible()
    assert findings(page) == []

    page.goto(live_site + "/runs/")
    page.get_by_role("link", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert "Another sentence" in download.value.path().read_text()
    expect(page.locator("#toasts")).to_contain_text("The export is complete")  # and the page stays
    expect(page.locator("#progress")).to_contain_text(re.compile(r"\d runs sent\."))
    assert findings(page) == []

    page.goto(live_site + "/runs/?operation=embeddings.create")
    page.get_by_label("Tag", exact=True).last.fill("weekly")
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_role("button", name=re.compile("^Tag: 2 runs")).click()
    page.goto(live_site + "/people/")
    expect(page.locator("#toasts")).to_contain_text("The job is over: 2 of 2 runs done")
    assert findings(page) == []
    assert page.title().startswith("(1) ")  # the account has no second factor


def lose_a_batch(page: Page, site: str) -> None:
    """Create a batch whose event arrives, and take the event away, as an old backup would."""
    page.goto(site + "/services/chatgpt-v1/batches.create/")
    page.locator("#ask [name=input_file_id]").fill("file-1")
    page.locator("#ask [name=endpoint]").select_option("/v1/responses")
    ask(page, {})
    page.goto(site + "/log/")
    expect(page.locator("#rows tr").first).to_contain_text("batch.completed")  # practice calls back
    for lost in (Event, Dedupe):
        lost.objects.all().delete()


def process_again(page: Page, site: str) -> None:
    """Replay what the log's filter shows, and wait for the toast that it is done."""
    page.goto(site + "/log/?kind=events")
    expect(page.locator("#rows tr").first).to_contain_text("Processed")
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Process again").click()
    page.locator("dialog[open] button[type=submit]").click()
    expect(page.get_by_text("being processed again")).to_be_visible()
    expect(page.locator("#rows tr").first).to_contain_text("Processed")
    watching.look()
    expect(page.locator("#toasts")).to_contain_text("processed again")


def test_lost_events_are_found_replayed_and_forgotten_and_toasts_tell_it(started, live_site):
    page = started()
    endpoint = page.url.replace("/connections/", "/endpoints/")
    lose_a_batch(page, live_site)
    page.goto(f"{endpoint}?tab=missing")
    page.get_by_role("button", name="Compare now").click()
    expect(page.locator("#missing")).to_contain_text("and no batch.completed came")
    watching.look()
    expect(page.locator("#toasts")).to_contain_text("asked for what is missing")
    assert findings(page) == []
    page.get_by_role("button", name="Create the missing events").click()
    expect(page.get_by_text("marked as recovered")).to_be_visible()
    process_again(page, live_site)
    Policy.objects.create(connection=Event.objects.first().connection, keep_count=0)
    tasks.keep_house()
    tasks.forget_events()
    expect(page.locator("#toasts")).to_contain_text("Retention removed")
    assert findings(page) == []


def test_a_refused_delivery_is_understood_verified_again_and_replayed(
    silent, signed_in_page, live_site, admin, context
):
    sender, right = Sender.of(), new_signing_secret()
    said = body()
    headers = list(replace(sender, secret=right).headers(said))
    assert httpx.post(live_site + sender.path, content=said, headers=headers).status_code == 401

    page = signed_in_page(admin)
    page.goto(live_site + "/log/?kind=refused")
    page.locator("#rows").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Refused: bad signature")
    page.get_by_label("Signing secret to try").fill(right)
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("signed with the secret that you tried")).to_be_visible()
    refused = page.url
    page.goto(f"{live_site}{sender.connection.get_absolute_url()}signing-secret/")
    page.locator("main input[type=password]").first.fill(right)
    page.locator("main button[type=submit]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Research")
    page.goto(refused)
    page.get_by_role("button", name="Verify again", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("batch.completed")
    page.keyboard.press("r")
    page.get_by_role("link", name="Timeline").click()
    expect(page.get_by_text("Processed again").first).to_be_visible()
    assert findings(page) == []


def test_people_are_invited_and_each_role_sees_what_it_may(silent, signed_in_page, live_site, admin, browser):
    page = signed_in_page(admin)
    page.goto(live_site + "/people/")
    page.get_by_role("link", name="Invite someone").click()
    page.locator("[name=note]").fill("Grace")
    page.get_by_label("Role").select_option("operator")
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_label("One-time link").input_value()

    context = browser.new_context()
    grace = context.new_page()
    come_in(grace, live_site, link, "grace")
    menu = grace.get_by_role("navigation", name="Main")
    expect(menu.get_by_role("link", name="System")).to_be_visible()
    expect(menu.get_by_role("link", name="Audit")).to_have_count(0)

    page.goto(live_site + "/people/")
    page.get_by_role("link", name="grace").click()
    page.get_by_label("Role").select_option("viewer")
    page.get_by_role("button", name="Save").click()
    grace.reload()
    expect(menu.get_by_role("link", name="System")).to_have_count(0)
    assert grace.goto(live_site + "/system/").status == 403
    assert findings(grace) == []
    context.close()


def test_the_keyboard_is_enough_and_so_are_pages_without_script(started, live_site, browser):
    by_keyboard(started(), live_site)
    context = browser.new_context(java_script_enabled=False)
    without_script(context.new_page(), live_site)
    context.close()


def by_keyboard(page: Page, site: str) -> None:
    """Find an operation, run it, and open its run from the list, with keys only."""
    page.keyboard.press("Control+k")
    page.keyboard.type("models.list")
    expect(page.locator("#palette [data-row]").filter(has_text="models.list").first).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/models.list/")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/runs/run_\w+/$"))
    expect(page.get_by_text("Succeeded").first).to_be_visible()
    page.goto(site + "/runs/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/runs/run_\w+/$"))


def without_script(plain: Page, site: str) -> None:
    """Sign in, run an operation, read its answer, receive an event and open it, with plain pages."""
    plain.goto(site + "/sign-in/")
    plain.locator("[name=login]").fill("ada")
    plain.locator("[name=password]").fill(PASSWORD)
    plain.locator("main button[type=submit]").first.click()
    plain.goto(site + "/services/chatgpt-v1/models.list/")
    plain.get_by_role("button", name="Run", exact=True).click()
    for _ in range(50):
        if plain.get_by_text("Succeeded").count():
            break
        plain.reload()
    plain.get_by_role("link", name="Answer", exact=True).click()
    expect(plain.locator("main .json-tree").first).to_be_visible()
    plain.goto(site + "/connections/")
    plain.get_by_role("link", name="Practice").first.click()
    plain.get_by_role("link", name="Webhook", exact=True).click()
    plain.get_by_role("button", name="Send a test event").click()
    plain.goto(site + "/log/")
    plain.locator("#rows").get_by_role("link").first.click()
    expect(plain.get_by_role("link", name="Verification")).to_be_visible()
