"""What happens before the pictures are taken: an account, runs good and bad, deliveries of all kinds."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from playwright.sync_api import Page, expect

from benchmarks.screenshots.copy import Copy

PASSWORD = "a long enough password"
EVENTS = ("batch.completed", "response.completed", "fine_tuning.job.succeeded", "response.failed")
PATIENCE = 60  # looks for a row, half a second apart
REFUSED = ("unsigned", "tampered", "expired", "unknown_type", "duplicate")
# Forms and what is put into them; practice answers 404 for an id with “missing” in it.
RUNS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("/services/chatgpt-v1/models.list/", {}),
    ("/services/chatgpt-v1/embeddings.create/", {"model": "text-embedding-3-small", "input": "A short text"}),
    ("/services/chatgpt-v1/batches.read/", {"batch_id": "batch_missing"}),
    ("/services/chatgpt-v1/files.list/", {}),
    (
        "/actions/chatgpt-v1/analyze_text/",
        {"model": "gpt-6-luna", "text": "The parcel came late, but everything in it was whole."},
    ),
    (
        "/services/chatgpt-v1/responses.create/",
        {"model": "gpt-6-luna", "input": "Which three things should stand in a good README?"},
    ),
)


@dataclass(frozen=True)
class Scene:
    """The addresses of what was made."""

    connection: str
    run: str
    event: str
    refused: str

    @property
    def endpoint(self) -> str:
        """The endpoint's own page."""
        return self.connection.replace("/connections/", "/endpoints/")


def play(page: Page, copy: Copy) -> Scene:
    """Do what a team does in its first hour; return what there is to be seen."""
    come_in(page, copy)
    return fill(page, copy)


def fill(page: Page, copy: Copy) -> Scene:
    """Do all of it but coming in."""
    connection = _practise(page, copy.url)
    run = [_run(page, copy.url + path, values) for path, values in RUNS][-1]
    _deliveries(page, copy, connection)
    _others(page, copy)
    return Scene(connection, run, *_rows(page, copy.url))


def come_in(page: Page, copy: Copy) -> None:
    """Use the one-time link and become the first admin."""
    page.goto(copy.link)
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def _practise(page: Page, url: str) -> str:
    page.goto(f"{url}/connections/")
    page.get_by_role("button", name="Practice").first.click()
    expect(page.get_by_role("heading", name="Practice")).to_be_visible()
    connection = page.url
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("It works")).to_be_visible(timeout=60_000)
    return connection


def _run(page: Page, form: str, values: Mapping[str, str]) -> str:
    """Fill a form, send it, wait for the end of the run, and return the run's address."""
    page.goto(form)
    page.wait_for_timeout(800)  # choices that the form asks for by itself are there
    for name, value in values.items():
        page.locator(f"main [name={name}]").first.fill(value)
    page.locator("main form#ask").evaluate("form => form.requestSubmit()")
    page.wait_for_url(re.compile(r"/runs/run_\w+/$"))
    expect(page.get_by_text(re.compile("^(Succeeded|Failed)$")).first).to_be_visible(timeout=60_000)
    return page.url


def _deliveries(page: Page, copy: Copy, connection: str) -> None:
    tests = connection.replace("/connections/", "/endpoints/") + "?tab=tests"
    for kind, name in [*(("signed", name) for name in EVENTS), *((kind, EVENTS[0]) for kind in REFUSED)]:
        page.goto(tests)
        page.locator("#test-type").select_option(name)
        page.locator(f"button[name=kind][value={kind}]").click()
        page.wait_for_load_state()
    page.request.post(f"{copy.url}/webhooks/{uuid.uuid4()}", data="{}")


def _others(page: Page, copy: Copy) -> None:
    """Invite a colleague, name a price, hand in a file: so that no list is empty."""
    page.goto(f"{copy.url}/people/invite/")
    page.locator("[name=note]").fill("Grace")
    page.get_by_role("button", name="Make a link").click()
    page.goto(f"{copy.url}/services/chatgpt-v1/files.create/")
    page.locator("main [name=purpose]").first.select_option("batch")
    with NamedTemporaryFile(suffix=".jsonl") as file:
        Path(file.name).write_text('{"custom_id": "1"}\n')
        page.locator("main input[type=file]").first.set_input_files(file.name)
        page.locator("main form#ask").evaluate("form => form.requestSubmit()")
        page.wait_for_url(re.compile(r"/runs/run_\w+/$"))


def _rows(page: Page, url: str) -> tuple[str, str]:
    """Return the newest completed batch of the log, and the delivery whose signature does not fit."""
    batch, refused = "kind=events&type=batch.completed", "kind=refused&cause=bad_signature"
    return _row(page, f"{url}/log/?{batch}"), _row(page, f"{url}/log/?{refused}")


def _row(page: Page, address: str) -> str:
    """Return where the first row leads; a refusal is written some time after its answer."""
    link = page.locator("#rows a").first
    for _ in range(PATIENCE):
        page.goto(address)
        if link.count():
            return str(link.evaluate("link => link.href"))
        page.wait_for_timeout(500)
    raise RuntimeError(f"There is still no row: {address}")
