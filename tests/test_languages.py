"""Languages: what a page speaks, that German is complete, and that no text of a page forgot to be marked."""

import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import partial
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, gettext_noop
from django.utils.translation.trans_real import translation as catalogue

from audit import ids, log, retelling
from live.channel import Channel
from live.topics import Frame, Topic
from live.viewers import View
from operations.models import Attempt, Run, State
from tests.accounts import connected
from tests.test_webhooks_processing import arrived, processed
from webhooks.models import Rejection

GERMAN = {"accept-language": "de-DE,de;q=0.9,en;q=0.5"}
SPOKEN = ("title", "aria-label", "placeholder", "alt", "data-confirm")
# Words of the service's own definition that the catalogue has, too, and the name of who is signed in.
DEFINED = {"Runs", "Create", "Endpoint", "How far it is", "admin"}
DATA = (
    "code",
    "pre",
    "kbd",
    "script",
    "style",
    "textarea",
    "template",
)  # no texts of ours


@pytest.fixture(autouse=True)
def the_thread_speaks_english_again():
    """A request leaves its language with the thread, for the next request to set."""
    yield
    translation.deactivate()


def test_every_text_is_in_the_german_catalogue_with_its_placeholders() -> None:
    done = subprocess.run(
        [sys.executable, "bin/messages", "--check"], cwd=settings.BASE_DIR, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def language_of(response) -> str:
    return re.search(r'<html lang="(\w+)"', response.content.decode())[1]


def test_the_browser_says_which_language_a_page_speaks(db) -> None:
    assert language_of(Client().get("/sign-in/")) == "en"
    assert language_of(Client(headers=GERMAN).get("/sign-in/")) == "de"
    assert language_of(Client(headers={"accept-language": "fr"}).get("/sign-in/")) == "en"


def test_the_language_of_the_account_counts_more_than_that_of_the_browser(viewer, viewer_client) -> None:
    page = viewer_client.post("/account/language/", {"language": "de", "next": "/account/"}, follow=True)
    assert language_of(page) == "de"
    assert "Eigenes Konto" in page.content.decode()
    viewer.refresh_from_db()
    assert viewer.language == "de"
    viewer_client.post("/account/language/", {"language": ""})
    assert language_of(viewer_client.get("/account/")) == "en"


def test_a_language_can_be_chosen_before_signing_in(db) -> None:
    browser = Client()
    assert language_of(
        browser.post("/account/language/", {"language": "de", "next": "/sign-in/"}, follow=True)
    )
    assert language_of(browser.get("/sign-in/")) == "de"


@pytest.mark.parametrize("asked", ["xx", "../de", "de-x"])
def test_a_language_that_is_not_spoken_here_is_none(viewer, viewer_client, asked) -> None:
    viewer_client.post("/account/language/", {"language": asked})
    viewer.refresh_from_db()
    assert viewer.language == ""


def test_the_choice_leads_to_no_other_site(viewer_client) -> None:
    answer = viewer_client.post("/account/language/", {"language": "de", "next": "https://evil.example/"})
    assert answer.headers["location"] == "/"


def test_the_api_speaks_english_whatever_the_browser_asks(db) -> None:
    answer = Client(headers=GERMAN).get("/api/v1/runs")
    assert answer.status_code == 401
    assert "Send a" in answer.content.decode()


def test_the_live_line_renders_in_the_language_of_its_page() -> None:
    view = View(frozenset(), None)
    topic = Topic(render=lambda keys, among: [Frame(lambda: gettext("Runs"))])
    drawn = [
        Channel(topic, language)._shares(partial(topic.render, ["1"], None), {view})[1][view][1]
        for language in ("en", "de")
    ]
    assert "Runs" in drawn[0].decode()
    assert "Läufe" in drawn[1].decode()


TOLD = {
    "The endpoint has no signing secret.": "Der Endpunkt hat kein Signaturgeheimnis.",
    "It was signed 620 s before it arrived.": "Es wurde 620 s vor der Ankunft signiert.",
    "webhook-id is missing.": "webhook-id fehlt.",
    "3 items": "3 Einträge",
    "The service answered 400: No. Not now. Check the inputs.": (
        "Der Dienst hat mit 400 geantwortet: No. Not now. Die Eingaben prüfen."
    ),
    "Somebody else's words.": "Somebody else's words.",
    "": "",
}


@pytest.mark.parametrize("stored", TOLD)
def test_a_stored_sentence_is_told_in_the_language_of_the_page(stored) -> None:
    with translation.override("de"):
        assert retelling.told(stored) == TOLD[stored]
    assert retelling.told(stored) == stored


class Words(HTMLParser):
    """The texts of a page as people read or hear them, without data."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in SPOKEN and value]
        if tag in DATA:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside and data.strip():
            self.found.append(" ".join(data.split()))


def english() -> list[str]:
    """The texts of the catalogue that read otherwise in German, without placeholders."""
    texts = list(catalogue("de")._catalog.items())
    plain = [(key, text) for key, text in texts if isinstance(key, str) and not re.search(r"[%{<]", key)]
    german = {text for key, text in texts}  # “Filter” is English, and German for “Filters”
    return [key for key, text in plain if key and key != text and key not in german]


def left_in_english(page: str) -> set[str]:
    """Short texts that stand alone, and whole sentences that stand anywhere."""
    words = Words(page).found
    sources = english()
    sentences = [text for text in sources if text.count(" ") >= 3]
    known = set(sources)
    return {word for word in words if word in known} | {
        text for word in words for text in sentences if text in word
    }


@pytest.fixture
def house(admin):
    """One of everything: a connection, runs of each end, events, refusals, lines of the audit trail."""
    research = connected(webhook_secret="")
    runs = [make_run(research, state) for state in State]
    Attempt.objects.create(
        run=runs[4],
        number=1,
        reason="initial",
        error=gettext_noop("Check the inputs."),
        started_at=datetime.now(UTC),
    )
    event = processed(arrived(research, type="batch.completed"))
    refusal = Rejection.objects.create(
        connection=research,
        cause="bad_signature",
        status=401,
        last_at=datetime.now(UTC),
        detail="No signature fits any of the endpoint's secrets.",
    )
    log.record("person.signed_in", person=admin)
    admin.language = "de"
    admin.save()
    return research, runs, event, refusal


def make_run(connection, state) -> Run:
    return Run.objects.create(
        id=ids.new_id(time.time()),
        connection=connection,
        connection_name=connection.name,
        service=connection.service,
        resource="models",
        operation="list",
        state=state,
        error="The service answered 400: Bad. Check the inputs." if state == State.FAILED else "",
    )


PLAIN = """
    / /connections/ /services/ /actions/ /runs/ /runs/export/ /spending/ /log/ /people/ /people/invite/
    /audit/ /system/ /search/ /account/ /account/tokens/ /account/tokens/api/ /help/ /nowhere/
    /log/?q=nothinglikethis /runs/?q=nothinglikethis /audit/?q=nothinglikethis
"""
CONNECTION = (
    "?tab=overview ?tab=credentials ?tab=webhook ?tab=access edit/ access/ delete/ signing-secret/ limits/"
)
ENDPOINT = "?tab=coverage ?tab=missing ?tab=silence ?tab=keeping ?tab=tests"
RUN = "?tab=result ?tab=answer ?tab=request ?tab=attempts"
EVENT = "?tab=payload ?tab=headers ?tab=fields ?tab=verification ?tab=timeline ?tab=raw ?tab=notes compare/"
REFUSAL = "?tab=doctor ?tab=headers ?tab=verification ?tab=raw ?tab=notes"


def addresses(house) -> list[str]:
    research, runs, event, refusal = house
    endpoint = reverse("webhooks:endpoint", args=[research.pk])
    return [
        *PLAIN.split(),
        reverse("connections:choose"),
        reverse("connections:new", args=[research.service]),
        reverse("operations:catalogue", args=[research.service]),
        reverse("operations:operation", args=[research.service, "batches.create"]),
        *(run.get_absolute_url() for run in runs),
        *(research.get_absolute_url() + part for part in CONNECTION.split()),
        *(endpoint + part for part in ENDPOINT.split()),
        *(runs[4].get_absolute_url() + part for part in RUN.split()),
        *(event.get_absolute_url() + part for part in EVENT.split()),
        *(refusal.get_absolute_url() + part for part in REFUSAL.split()),
    ]


def test_no_page_in_german_says_anything_in_english(house, admin_client) -> None:
    left = {}
    for address in addresses(house):
        page = admin_client.get(address, follow=True)
        assert language_of(page) == "de", address
        if found := left_in_english(page.content.decode()) - DEFINED:
            left[address] = found
    assert not left, "\n".join(f"{address}: {sorted(texts)}" for address, texts in left.items())


def test_that_test_can_fail() -> None:
    page = (
        '<p title="Sign in">Läufe</p><p>Runs</p><code>Log</code><p>The endpoint has no signing secret. 1</p>'
    )
    assert left_in_english(page) == {"Sign in", "Runs", "The endpoint has no signing secret."}
